"""Real servers for the tests: one Kafka and one Redis for the whole run, handed to each test empty.

A server that cannot start fails the tests that want it; nothing here skips.
"""

import signal
from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from deleted import until_deleted
from redis import Redis

from streams.embedded import KafkaServer, RedisServer, kafka_server, redis_server

# A runner started with nohup, or behind `&`, ignores these, and whatever the tests start would too: a signal that a test
# sends to see what it does must not be lost on the way.
for number, usual in ((signal.SIGHUP, signal.SIG_DFL), (signal.SIGINT, signal.default_int_handler)):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, usual)


@pytest.fixture(scope="session")
def kafka() -> Iterator[KafkaServer]:
    """One broker for the run; a test that kills or pauses a broker starts one of its own with `kafka_server`."""
    with kafka_server() as server:
        yield server


@pytest.fixture(scope="session")
def redis() -> Iterator[RedisServer]:
    """One Redis for the run, with an append-only file; a test that kills it starts one of its own."""
    with redis_server() as server:
        yield server


@pytest.fixture
async def kafka_bootstrap(kafka: KafkaServer) -> AsyncIterator[str]:
    """The run's broker without topics: what a test made is deleted after it, whatever its name."""
    yield kafka.bootstrap
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    try:
        left = [topic for topic in await admin.list_topics() if not topic.startswith("__")]
        if left:
            await admin.delete_topics(left)
            await until_deleted(admin, left)
    finally:
        await admin.close()


@pytest.fixture
def redis_url(redis: RedisServer) -> str:
    """The run's Redis, emptied in every database before the test."""
    with Redis.from_url(redis.url) as client:
        client.flushall()
    return redis.url


@pytest.fixture
def unique() -> str:
    """A name that no other test uses: lower-case letters and digits, good for a group, a topic or a key."""
    return f"t{uuid4().hex[:12]}"


@pytest.fixture
def topic_prefix(unique: str) -> str:
    """A beginning for this test's topics."""
    return f"{unique}."


@pytest.fixture
def group(unique: str) -> str:
    """A consumer group, and so a Faust app id, of this test alone."""
    return f"group-{unique}"
