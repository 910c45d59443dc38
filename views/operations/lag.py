"""How far the workers are behind: by topic and partition, in records and in seconds.

A record is folded when Redis has the step that folded it, and the position after it: so the positions are Redis's. Where
Redis does not answer they are the offsets that the group has committed, which follow within a second.
"""

import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Literal

from aiokafka import TopicPartition
from msgspec import Struct
from redis.exceptions import RedisError

from relationship.contract.messages import MESSAGE_TYPES
from streams.config.settings import Settings
from streams.health.table import read_positions
from streams.kafka.admin import admin_client
from streams.kafka.groups import committed_offsets
from streams.kafka.reading import Backlog, read_backlogs
from views.errors import server_errors

Source = Literal["table", "group"]


class PartitionLag(Struct, frozen=True):
    """How far one partition of a topic is behind.

    Attributes:
        topic, partition: which one.
        position: the offset of the first record that is not folded.
        end: the offset that the next new record will have.
        records: how many offsets wait: end - position.
        seconds: the age of the oldest record that waits, since Kafka stored it; 0 where none does.
    """

    topic: str
    partition: int
    position: int
    end: int
    records: int
    seconds: float


class TopicLag(Struct, frozen=True):
    """How far a topic is behind: the records of all its partitions, and the age of the oldest of them in seconds."""

    topic: str
    records: int
    seconds: float


class Lag(Struct, frozen=True):
    """How far a group is behind.

    Attributes:
        group: its name.
        as_of: when it was asked.
        source: what the positions are taken from: the table in Redis, or the group's committed offsets.
        records: of all topics.
        seconds: the age of the oldest record that waits in any.
        topics: by topic of the intake, in the order in which events of a moment are folded.
        partitions: by topic and partition, in the same order.
    """

    group: str
    as_of: datetime
    source: Source
    records: int
    seconds: float
    topics: list[TopicLag]
    partitions: list[PartitionLag]


async def lag(settings: Settings) -> Lag:
    """Return how far the group is behind in every topic of the intake. Raises ServerError, TopicsError."""
    with server_errors(settings):
        positions, source = await _positions(settings)
        backlogs = await read_backlogs(settings, MESSAGE_TYPES, positions)
    return lag_of(settings.group, source, backlogs, time.time_ns() // 1_000_000)


async def _positions(settings: Settings) -> tuple[Mapping[TopicPartition, int], Source]:
    """Return the positions: Redis's, the group's where Redis has none yet, and the group's alone where Redis is away."""
    async with admin_client(settings) as client:
        committed = await committed_offsets(client, settings.group)
    try:
        return {**committed, **await read_positions(settings)}, "table"
    except RedisError:
        return committed, "group"


def lag_of(group: str, source: Source, backlogs: Mapping[TopicPartition, Backlog], now_ms: int) -> Lag:
    """Return the backlogs of a group's partitions as an answer, at a moment (ms since the epoch)."""
    order = {topic: rank for rank, topic in enumerate(MESSAGE_TYPES)}
    ranked = sorted(backlogs.items(), key=lambda each: (order.get(each[0].topic, len(order)), each[0]))
    partitions = [_partition(tp, backlog, now_ms) for tp, backlog in ranked]
    topics = [_topic(topic, [p for p in partitions if p.topic == topic]) for topic in {p.topic: 0 for p in partitions}]
    return Lag(
        group=group,
        as_of=datetime.fromtimestamp(now_ms / 1000, UTC),
        source=source,
        records=sum(each.records for each in topics),
        seconds=max((each.seconds for each in topics), default=0.0),
        topics=topics,
        partitions=partitions,
    )


def _partition(tp: TopicPartition, backlog: Backlog, now_ms: int) -> PartitionLag:
    seconds = 0.0 if backlog.oldest_ms is None else max(0.0, (now_ms - backlog.oldest_ms) / 1000)
    return PartitionLag(
        tp.topic, tp.partition, backlog.start, backlog.end, backlog.end - backlog.start, round(seconds, 3)
    )


def _topic(topic: str, partitions: Iterable[PartitionLag]) -> TopicLag:
    found = list(partitions)
    return TopicLag(topic, sum(each.records for each in found), max(each.seconds for each in found))
