"""What the client's Kafka tests share: the topics, what is written to them, and followers in processes of their own."""

import asyncio
import json
import os
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from decisions_support import encoded

from clientward_client import RECLASSIFIED, STATE, Decision

KAFKA = os.environ.get("CLIENT_TEST_KAFKA")
PARTITIONS = 4
WITHIN_SECONDS = 60.0
FOLLOWER = Path(__file__).with_name("follower.py")
COMPACTED = {"cleanup.policy": "compact", "message.timestamp.type": "LogAppendTime"}
KEPT = {"cleanup.policy": "delete", "message.timestamp.type": "LogAppendTime"}


def embedded() -> Any:
    """Return the checkout's servers."""
    try:
        return import_module("streams.embedded")
    except ModuleNotFoundError:
        pytest.fail("outside of the project's checkout set CLIENT_TEST_KAFKA to a running broker")


class Topics:
    """The topics of the output on a broker."""

    def __init__(self, bootstrap: str, admin: AIOKafkaAdminClient) -> None:
        self.bootstrap = bootstrap
        self._admin = admin
        self._producer: Any = None

    async def make(self) -> None:
        """Make the topics, and return when the broker tells of them."""
        await self._until_gone()
        topics = [
            NewTopic(RECLASSIFIED, PARTITIONS, 1, topic_configs=KEPT),
            NewTopic(STATE, PARTITIONS, 1, topic_configs=COMPACTED),
        ]
        await self._admin.create_topics(topics)
        async with asyncio.timeout(WITHIN_SECONDS):
            while not {RECLASSIFIED, STATE} <= set(await self._admin.list_topics()):  # noqa: ASYNC110 - as below
                await asyncio.sleep(0.05)

    async def delete(self) -> None:
        """Delete them."""
        await self._admin.delete_topics([RECLASSIFIED, STATE])
        await self._until_gone()

    async def _until_gone(self) -> None:
        async with asyncio.timeout(WITHIN_SECONDS):
            while {RECLASSIFIED, STATE} & set(await self._admin.list_topics()):  # noqa: ASYNC110 - Kafka tells nobody
                await asyncio.sleep(0.05)

    async def __aenter__(self) -> Self:
        self._producer = AIOKafkaProducer(bootstrap_servers=self.bootstrap, acks="all", enable_idempotence=True)
        await self._producer.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._producer.stop()

    async def decide(self, *decisions: Decision) -> None:
        """Write decisions, and return when they are stored."""
        for each in decisions:
            headers = [("ce_id", each.event_id.encode())]
            sent = await self._producer.send(RECLASSIFIED, encoded(each), each.account_id.encode(), headers=headers)
            if each is decisions[-1]:
                await _past((await sent).timestamp)
        await self._producer.flush()

    async def state(self, account: str, value: dict[str, Any] | None, event_id: str = "s") -> None:
        """Write a state, or a tombstone."""
        raw = None if value is None else json.dumps(value).encode()
        headers = [("ce_id", event_id.encode()), ("ce_time", b"2026-01-02T00:00:00Z")]
        stored = await self._producer.send_and_wait(STATE, raw, account.encode(), headers=headers)
        await _past(stored.timestamp)

    async def committed(self, group: str, topic: str = RECLASSIFIED) -> int:
        """Return how many records of a topic the group has behind it."""
        found = await self._admin.list_consumer_group_offsets(group)
        return sum(at.offset for tp, at in found.items() if tp.topic == topic and at.offset > 0)


@asynccontextmanager
async def topics_on(bootstrap: str) -> AsyncIterator[Topics]:
    """Give Clientward's two output topics on a broker, empty; they are deleted at the end."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        topics = Topics(bootstrap, admin)
        await topics.make()
        async with topics:
            yield topics
        await topics.delete()
    finally:
        await admin.close()


async def _past(stored_ms: int) -> None:
    """Return when the broker's clock, which is this machine's, has gone on: records of one millisecond have no order."""
    while time.time_ns() // 1_000_000 <= stored_ms:  # noqa: ASYNC110 - a clock tells nobody
        await asyncio.sleep(0)


def state_of(account: str, status: str = "client", seq: int = 1) -> dict[str, Any]:
    """Return an account's state as it travels."""
    return {
        "account_id": account,
        "status": status,
        "since": "2026-01-01T00:00:00Z",
        "score": 70.0,
        "confidence": 0.9,
        "segment": {"industry": "law", "party": None, "scope": "external", "market": None, "standing": "loyal"},
        "play": "keep",
        "policy": {"id": "p", "version": "1"},
        "transition_seq": seq,
        "held_until": None,
        "as_of": "2026-01-02T00:00:00Z",
        "schema_version": "1.0",
    }


class Follower:
    """A process that follows the decisions of a group, and writes down each that it handles."""

    def __init__(self, process: Process, book: Path) -> None:
        self.process = process
        self.book = book

    async def until(self, count: int) -> list[str]:
        """Return the ids that are in the book, once there are so many different ones."""
        async with asyncio.timeout(WITHIN_SECONDS):
            while len(set(found := written(self.book))) < count:
                assert self.process.returncode is None, "the follower has ended"
                await asyncio.sleep(0.02)
        return found

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.send_signal(signal.SIGKILL)

    async def stop(self) -> int | None:
        """Tell it to stop, and return its exit code."""
        self.process.terminate()
        async with asyncio.timeout(WITHIN_SECONDS):
            return await self.process.wait()


def written(book: Path) -> list[str]:
    """Return the ids of a book; a line that a crash cut short is none."""
    if not book.exists():
        return []
    return [line.decode() for line in book.read_bytes().split(b"\n")[:-1]]


@asynccontextmanager
async def follower(bootstrap: str, group: str, book: Path, *arguments: str) -> AsyncIterator[Follower]:
    """Run a follower, and end it with the block, whatever happens."""
    environment = {name: text for name, text in os.environ.items() if not name.startswith("CLIENTWARD_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(FOLLOWER),
        group,
        str(book),
        *arguments,
        env=environment | {"CLIENTWARD_KAFKA_BOOTSTRAP": bootstrap},
        stderr=PIPE,
    )
    try:
        yield Follower(process, book)
    finally:
        if process.returncode is None:
            process.kill()
        _, errors = await process.communicate()
        if errors:
            sys.stderr.write(errors.decode())


async def collect(messages: Any, count: int, *, within: float = WITHIN_SECONDS) -> list[Any]:
    """Return so many messages of a subscription."""
    found: list[Any] = []
    async with asyncio.timeout(within):
        async for message in messages:
            found.append(message)
            if len(found) == count:
                messages.stop()
    return found


def partitions_of(topic: str) -> Iterable[TopicPartition]:
    """Return a topic's partitions."""
    return [TopicPartition(topic, number) for number in range(PARTITIONS)]
