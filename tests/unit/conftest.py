"""In unit tests `redis` and `kafka` are those in memory: none of them starts a server."""

import pytest
from partition_fakes import Kafka, Redis


@pytest.fixture
def redis() -> Redis:
    """A Redis that holds nothing."""
    return Redis()


@pytest.fixture
def kafka() -> Kafka:
    """Brokers without a record."""
    return Kafka()
