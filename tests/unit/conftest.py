"""In unit tests `redis` and `kafka` are those in memory: none of them starts a server. And the users of a console."""

from pathlib import Path

import pytest
from memory_kafka import Kafka
from memory_store import Redis


@pytest.fixture
def redis() -> Redis:
    """A Redis that holds nothing."""
    return Redis()


@pytest.fixture
def kafka() -> Kafka:
    """Brokers without a record."""
    return Kafka()


@pytest.fixture(scope="module")
def users(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A console's file with a user of each role; hashing is slow on purpose, so it is made once for a file of tests."""
    from console_support import users_file  # noqa: PLC0415 - the console's libraries, for its tests alone

    return users_file(tmp_path_factory.mktemp("users"))
