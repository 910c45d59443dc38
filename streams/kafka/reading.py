"""Read topics as a person or a tool does: without a group, so without leaving a trace on the brokers.

A reader without a group is not told when a topic is missing or not for it to read, so the topic is looked up first.
"""

import math
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, Literal, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.config.settings import Settings
from streams.kafka.admin import REQUEST_TIMEOUT_MS, TopicsError, admin_client, read_topics
from streams.kafka.partitioning import partition_of_key

# How long a fetch may wait for more, in ms: short enough that Ctrl-C and a limit feel immediate.
POLL_MS: Final = 500
# A reader up to the end gives up after this many empty polls: the last offsets of a compacted topic may hold nothing.
QUIET_POLLS: Final = 6
# Bytes of a partition that a fetch brings, unless told otherwise; aiokafka's own default. Kafka never brings less than the
# first batch whole, so that 1 means "one batch".
FETCH_BYTES: Final = 1_048_576
# Places of a partition from which a sample of a time is taken, and bytes of a fetch for it: some hundred records.
SLICES: Final = 4
SAMPLE_BYTES: Final = 65_536


class Backlog(NamedTuple):
    """What a partition holds from a position on.

    Attributes:
        start: the position; the partition's beginning, where what comes before that is gone.
        end: the offset that the next new record will have.
        oldest_ms: when Kafka stored the first record from there, in ms since the epoch; None where there is none.
    """

    start: int
    end: int
    oldest_ms: int | None


@asynccontextmanager
async def reader(
    settings: Settings,
    *topics: str,
    key: bytes | None = None,
    fetch_bytes: int = FETCH_BYTES,
    on_reset: Literal["latest", "none"] = "latest",
) -> AsyncIterator[tuple[AIOKafkaConsumer, list[TopicPartition]]]:
    """Give a consumer with the topics' partitions assigned: all, or of each the one that has a `key`.

    With `on_reset="none"` a position that a partition does not have (any more) is an OffsetOutOfRangeError, and no jump to
    its end. Raises TopicsError where there is no such topic.
    """
    async with admin_client(settings) as client:
        found = await read_topics(client, topics)
    missing = [topic for topic in topics if topic not in found]
    if missing:
        raise TopicsError(f"there is no topic {', '.join(missing)}; run `clientward topics apply`")
    partitions = [TopicPartition(topic, n) for topic in topics for n in _numbers(found[topic].partitions, key)]
    consumer = AIOKafkaConsumer(
        **settings.kafka_client_options(),
        enable_auto_commit=False,
        request_timeout_ms=REQUEST_TIMEOUT_MS,
        max_partition_fetch_bytes=fetch_bytes,
        auto_offset_reset=on_reset,
    )
    await consumer.start()
    try:
        consumer.assign(partitions)
        yield consumer, partitions
    finally:
        await consumer.stop()


def _numbers(count: int, key: bytes | None) -> Collection[int]:
    return range(count) if key is None else (partition_of_key(key, count),)


async def follow(
    settings: Settings, topic: str, *, from_beginning: bool, key: bytes | None = None
) -> AsyncGenerator[Any, None]:
    """Give the topic's records as they come, without end; first those that are there, with `from_beginning`.

    With a `key`, those of its partition.
    """
    async with reader(settings, topic, key=key) as (consumer, partitions):
        await _seek(consumer, partitions, from_beginning=from_beginning)
        while True:
            for records in (await consumer.getmany(timeout_ms=POLL_MS)).values():
                for record in records:
                    yield record


async def count_records(settings: Settings, topics: Collection[str]) -> int:
    """Return how many records topics hold, by their offsets: a compacted one, or one with transactions, holds fewer."""
    async with reader(settings, *topics) as (consumer, partitions):
        begins, ends = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
    return sum(ends[each] - begins[each] for each in partitions)


async def read_to_end(settings: Settings, *topics: str, key: bytes | None = None) -> AsyncGenerator[Any, None]:
    """Give the records that the topics hold now, then stop. With a `key`, those of its partition."""
    async with reader(settings, *topics, key=key) as (consumer, partitions):
        ends = await consumer.end_offsets(partitions)
        await _seek(consumer, partitions, from_beginning=True)
        async for record in _up_to(consumer, ends):
            yield record


class Stretch(NamedTuple):
    """What a topic has got since a moment: how many records, and some of them from all over that time."""

    records: int
    sample: list[Any]


async def read_since(settings: Settings, topics: Collection[str], since_ms: int, most: int) -> dict[str, Stretch]:
    """Return what topics have got since a time (ms since the epoch), with about `most` records of each at most.

    A partition is looked at in `SLICES` places, since what comes by night may come from another system than by day.
    """
    async with reader(settings, *topics, fetch_bytes=SAMPLE_BYTES) as (consumer, partitions):
        ends = await consumer.end_offsets(partitions)
        begins = await consumer.offsets_for_times(dict.fromkeys(partitions, since_ms))
        spans = {each: (found.offset, ends[each]) for each, found in begins.items() if found is not None}
        counts = Counter[str]()
        for each, (begin, end) in spans.items():
            counts[each.topic] += max(0, end - begin)
        found: dict[str, dict[tuple[int, int], Any]] = {topic: {} for topic in topics}
        for at in range(SLICES):
            for record in await _slice(consumer, spans, at, {t: most / n for t, n in counts.items() if n}):
                found[record.topic][record.partition, record.offset] = record
    return {topic: Stretch(counts[topic], list(found[topic].values())) for topic in topics}


async def _slice(
    consumer: AIOKafkaConsumer,
    spans: Mapping[TopicPartition, tuple[int, int]],
    at: int,
    shares: Mapping[str, float],
) -> list[Any]:
    """Return the records of one slice: of every partition, its part of a share of the topic's."""
    starts, ends = dict[TopicPartition, int](), dict[TopicPartition, int]()
    for each, (begin, end) in spans.items():
        if end > begin:
            length = (end - begin) / SLICES
            start = begin + round(at * length)
            starts[each] = start
            ends[each] = min(end, start + max(1, math.ceil(length * min(1.0, shares[each.topic]))))
    if not ends:  # aiokafka's consumer, assigned nothing, never stops
        return []
    consumer.assign(list(ends))
    for each, start in starts.items():
        consumer.seek(each, start)
    return [record async for record in _up_to(consumer, ends)]


async def read_backlogs(
    settings: Settings, topics: Collection[str], positions: Mapping[TopicPartition, int]
) -> dict[TopicPartition, Backlog]:
    """Return the backlog of every partition of `topics`, from its position on; from its beginning where it has none.

    Reads one batch of each partition that has a backlog.
    """
    return (await read_backlogs_of(settings, topics, [positions]))[0]


async def read_backlogs_of(
    settings: Settings, topics: Collection[str], readers: Sequence[Mapping[TopicPartition, int]]
) -> list[dict[TopicPartition, Backlog]]:
    """Return the same of several readers, each with positions of its own, over one connection."""
    found = []
    async with reader(settings, *topics, fetch_bytes=1) as (consumer, partitions):
        begins, ends = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
        for positions in readers:
            starts = {each: max(begins[each], min(positions.get(each, 0), ends[each])) for each in partitions}
            behind = {each: at for each, at in starts.items() if at < ends[each]}
            oldest = await _oldest(consumer, behind, ends) if behind else {}
            found.append({each: Backlog(starts[each], ends[each], oldest.get(each)) for each in partitions})
    return found


async def _oldest(
    consumer: AIOKafkaConsumer, starts: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int]
) -> dict[TopicPartition, int]:
    """Return the timestamp (ms) of the first record at or after each start; compaction may have left none."""
    consumer.assign(list(starts))
    for partition, offset in starts.items():
        consumer.seek(partition, offset)
    found: dict[TopicPartition, int] = {}
    left, quiet = list(starts), 0
    while left and quiet < QUIET_POLLS:
        batches = await consumer.getmany(*left, timeout_ms=POLL_MS)
        quiet = 0 if batches else quiet + 1
        found |= {each: records[0].timestamp for each, records in batches.items()}
        left = [each for each in left if each not in found and await consumer.position(each) < ends[each]]
    return found


async def _up_to(consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int]) -> AsyncGenerator[Any, None]:
    """Give the records from the consumer's positions up to `ends`."""
    left = [each for each in ends if await consumer.position(each) < ends[each]]
    quiet = 0
    while left and quiet < QUIET_POLLS:
        batches = await consumer.getmany(*left, timeout_ms=POLL_MS)
        quiet = 0 if batches else quiet + 1
        for each, records in batches.items():
            for record in records:
                if record.offset < ends[each]:
                    yield record
        left = [each for each in left if await consumer.position(each) < ends[each]]


async def _seek(consumer: AIOKafkaConsumer, partitions: list[TopicPartition], *, from_beginning: bool) -> None:
    """Fix where to read from now: without a position, a reader would miss what comes before its first fetch."""
    at = await (consumer.beginning_offsets(partitions) if from_beginning else consumer.end_offsets(partitions))
    for partition, offset in at.items():
        consumer.seek(partition, offset)
