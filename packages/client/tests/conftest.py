"""A real Kafka for the client's tests, with topics of each test's own.

In the project's checkout it is started by `streams.embedded`. CLIENT_TEST_KAFKA names one that is there instead: it must be
empty of Clientward's topics, which the tests make and delete. What kills or freezes a broker runs in the checkout only.
"""

from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import pytest
from client_support import KAFKA, Topics, embedded, topics_on


@pytest.fixture(scope="session")
def kafka_of_run() -> Iterator[str]:
    """The address of one broker for the run."""
    if KAFKA:
        yield KAFKA
    else:
        with embedded().kafka_server() as server:
            yield server.bootstrap


@pytest.fixture
async def topics(kafka_of_run: str) -> AsyncIterator[Topics]:
    """Clientward's two output topics, empty; they are deleted after the test."""
    async with topics_on(kafka_of_run) as made:
        yield made


@pytest.fixture
def group() -> str:
    """A consumer group of this test alone."""
    return f"client-{uuid4().hex[:12]}"
