"""Read an output topic as a person or a tool does: without a group, so without leaving a trace on the brokers.

A reader without a group is not told when a topic is missing or not for it to read, so the topic is looked up first.
"""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.config.settings import Settings
from streams.kafka.admin import REQUEST_TIMEOUT_MS, TopicsError, admin_client, read_topics

# How long a fetch may wait for more, in ms: short enough that Ctrl-C and a limit feel immediate.
POLL_MS: Final = 500
# A reader up to the end gives up after this many empty polls: the last offsets of a compacted topic may hold nothing.
QUIET_POLLS: Final = 6


@asynccontextmanager
async def reader(settings: Settings, topic: str) -> AsyncIterator[tuple[AIOKafkaConsumer, list[TopicPartition]]]:
    """Give a consumer with all of the topic's partitions assigned. Raises TopicsError where there is no such topic."""
    async with admin_client(settings) as client:
        found = await read_topics(client, [topic])
    if topic not in found:
        raise TopicsError(f"there is no topic {topic}; run `clientward topics apply`")
    partitions = [TopicPartition(topic, number) for number in range(found[topic].partitions)]
    options = settings.kafka_client_options()
    consumer = AIOKafkaConsumer(**options, enable_auto_commit=False, request_timeout_ms=REQUEST_TIMEOUT_MS)
    await consumer.start()
    try:
        consumer.assign(partitions)
        yield consumer, partitions
    finally:
        await consumer.stop()


async def follow(settings: Settings, topic: str, *, from_beginning: bool) -> AsyncGenerator[Any, None]:
    """Give the topic's records as they come, without end; first those that are there, with `from_beginning`."""
    async with reader(settings, topic) as (consumer, partitions):
        await _stand(consumer, partitions, from_beginning=from_beginning)
        while True:
            for records in (await consumer.getmany(timeout_ms=POLL_MS)).values():
                for record in records:
                    yield record


async def read_to_end(settings: Settings, topic: str) -> AsyncGenerator[Any, None]:
    """Give the records that the topic holds now, then stop."""
    async with reader(settings, topic) as (consumer, partitions):
        ends = await consumer.end_offsets(partitions)
        await _stand(consumer, partitions, from_beginning=True)
        left = [each for each in partitions if await consumer.position(each) < ends[each]]
        quiet = 0
        while left and quiet < QUIET_POLLS:
            batches = await consumer.getmany(*left, timeout_ms=POLL_MS)
            quiet = 0 if batches else quiet + 1
            for each, records in batches.items():
                for record in records:
                    if record.offset < ends[each]:
                        yield record
            left = [each for each in left if await consumer.position(each) < ends[each]]


async def _stand(consumer: AIOKafkaConsumer, partitions: list[TopicPartition], *, from_beginning: bool) -> None:
    """Fix where to read from now: without a position, a reader would miss what comes before its first fetch."""
    at = await (consumer.beginning_offsets(partitions) if from_beginning else consumer.end_offsets(partitions))
    for partition, offset in at.items():
        consumer.seek(partition, offset)
