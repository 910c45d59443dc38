"""Real servers for the store's tests, each handed over without the test's own keys and topics.

In the project's checkout they are started by `streams.embedded`. STORE_TEST_REDIS_URL and STORE_TEST_KAFKA name servers
that are there instead: then the tests touch nothing on them but what bears their own names, and need nothing of the
checkout, so that they run on the installed wheel alone. Nobody else may use that Redis meanwhile, since some count its
commands. Tests that kill, freeze or reconfigure a server of their own skip outside of the checkout, and nowhere else.
"""

import os
from collections.abc import AsyncIterator, Iterator
from importlib import import_module
from typing import Any
from uuid import uuid4

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from redis import Redis
from store_support import delete_keys

REDIS = os.environ.get("STORE_TEST_REDIS_URL")
KAFKA = os.environ.get("STORE_TEST_KAFKA")


def embedded() -> Any:
    """Return the checkout's servers."""
    try:
        return import_module("streams.embedded")
    except ModuleNotFoundError:
        pytest.fail(
            "outside of the project's checkout set STORE_TEST_REDIS_URL and STORE_TEST_KAFKA to running servers"
        )


@pytest.fixture(scope="session")
def redis_of_run() -> Iterator[str]:
    """The URL of one Redis for the run."""
    if REDIS:
        yield REDIS
    else:
        with embedded().redis_server() as server:
            yield server.url


@pytest.fixture(scope="session")
def kafka_of_run() -> Iterator[str]:
    """The address of one broker for the run."""
    if KAFKA:
        yield KAFKA
    else:
        with embedded().kafka_server() as server:
            yield server.bootstrap


@pytest.fixture
def redis_url(redis_of_run: str, group: str) -> Iterator[str]:
    """The run's Redis; the test's keys are deleted after it."""
    yield redis_of_run
    with Redis.from_url(redis_of_run) as client:
        delete_keys(client, group)


@pytest.fixture
async def kafka_bootstrap(kafka_of_run: str, group: str) -> AsyncIterator[str]:
    """The run's broker; the topics whose names begin with the test's group are deleted after it."""
    yield kafka_of_run
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_of_run)
    await admin.start()
    try:
        await admin.delete_topics([topic for topic in await admin.list_topics() if topic.startswith(group)])
    finally:
        await admin.close()


@pytest.fixture
def group() -> str:
    """A Faust app id, and so a consumer group and a beginning of keys, of this test alone."""
    return f"store-{uuid4().hex[:12]}"
