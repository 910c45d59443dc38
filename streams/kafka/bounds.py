"""Where partitions begin and end, and which offset a moment has: what positions are held against."""

from collections.abc import Collection
from typing import NamedTuple

from aiokafka import TopicPartition

from streams.config.settings import Settings
from streams.kafka.admin import admin_client
from streams.kafka.reading import reader


class Bounds(NamedTuple):
    """The first offset that a partition still has, and the one that its next new record will have."""

    begin: int
    end: int


async def read_bounds(settings: Settings, topics: Collection[str]) -> dict[TopicPartition, Bounds]:
    """Return the bounds of every partition of topics. Raises TopicsError where there is no such topic, KafkaError."""
    async with reader(settings, *topics) as (consumer, partitions):
        begins, ends = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
    return {each: Bounds(begins[each], ends[each]) for each in partitions}


async def offsets_at(settings: Settings, topics: Collection[str], at_ms: int) -> dict[TopicPartition, int]:
    """Return the first offset that Kafka stored at a moment (ms since the epoch) or after it; the end where there is none.

    Raises TopicsError where there is no such topic, KafkaError.
    """
    async with reader(settings, *topics) as (consumer, partitions):
        found = await consumer.offsets_for_times(dict.fromkeys(partitions, at_ms))
        ends = await consumer.end_offsets(partitions)
    return {each: ends[each] if (at := found.get(each)) is None else at.offset for each in partitions}


async def cluster_id(settings: Settings) -> str:
    """Return Kafka's id of its cluster. Raises KafkaError."""
    async with admin_client(settings) as client:
        return str((await client.describe_cluster()).get("cluster_id"))
