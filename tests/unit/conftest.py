"""In unit tests `redis` and `kafka` are those in memory: none of them starts a server."""

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
