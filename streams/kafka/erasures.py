"""The erasures that a partition has to know of before it folds anything: see `streams/engine/erasure_guard.py`.

They are those stored after the oldest record that is still to be folded, wherever the partition's own position among the
commands is: an erasure that was folded long ago still covers a record that was stored before it and comes after it.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from relationship.contract.messages import COMMANDS, MESSAGE_TYPES
from streams.config.settings import Settings
from streams.wire.records import may_erase

# Milliseconds that a fetch waits at most; what is read is there already.
POLL_MS: Final = 500


async def read_erasures(
    settings: Settings, number: int, positions: Mapping[str, int], ends: Mapping[str, int]
) -> Sequence[ConsumerRecord]:
    """Return the commands of a partition that erase an account and may cover what is still to be folded, in order.

    Args:
        settings: where Kafka is.
        number: the partition.
        positions: by topic, the offset of the next record to fold; it is one that Kafka still has, or the end.
        ends: by topic, the offset that the next new record will have.

    Raises KafkaError where the brokers do not answer.
    """
    behind = {TopicPartition(topic, number): at for topic, at in positions.items() if at < ends[topic]}
    if not behind:
        return []
    async with AIOKafkaConsumer(**settings.kafka_client_options(), enable_auto_commit=False) as consumer:
        oldest = await _oldest(consumer, behind, ends)
        if oldest is None:
            return []
        return await _erasures(consumer, TopicPartition(COMMANDS, number), positions, oldest, ends[COMMANDS])


async def first_after(settings: Settings, number: int, moments: Collection[int]) -> dict[int, dict[str, int]]:
    """Return, by moment (ms since the epoch), the offset of the first record that each topic stored after it, if any.

    Raises KafkaError where the brokers do not answer.
    """
    found: dict[int, dict[str, int]] = {}
    partitions = [TopicPartition(topic, number) for topic in MESSAGE_TYPES]
    async with AIOKafkaConsumer(**settings.kafka_client_options(), enable_auto_commit=False) as consumer:
        for moment in moments:
            after = await consumer.offsets_for_times(dict.fromkeys(partitions, moment + 1))
            found[moment] = {tp.topic: at.offset for tp, at in after.items() if at is not None}
    return found


async def _oldest(
    consumer: AIOKafkaConsumer, behind: Mapping[TopicPartition, int], ends: Mapping[str, int]
) -> int | None:
    """Return when Kafka stored the oldest of the records to fold, in ms since the epoch; None where there are none."""
    consumer.assign([*behind])
    for partition, offset in behind.items():
        consumer.seek(partition, offset)
    found: dict[TopicPartition, int | None] = {}
    while len(found) < len(behind):
        for partition, records in (await consumer.getmany(timeout_ms=POLL_MS)).items():
            if records and partition not in found:
                found[partition] = records[0].timestamp
                consumer.pause(partition)
        for partition in behind.keys() - found.keys():
            if await consumer.position(partition) >= ends[partition.topic]:
                found[partition] = None  # markers of transactions, or what compaction took
    return min((stored for stored in found.values() if stored is not None), default=None)


async def _erasures(
    consumer: AIOKafkaConsumer, commands: TopicPartition, positions: Mapping[str, int], oldest_ms: int, end: int
) -> Sequence[ConsumerRecord]:
    """Return the erasures stored since a moment, those before the partition's position too."""
    consumer.assign([commands])
    since = (await consumer.offsets_for_times({commands: oldest_ms}))[commands]
    start = min(positions[COMMANDS], end if since is None else since.offset)
    consumer.seek(commands, start)
    found: list[ConsumerRecord] = []
    while await consumer.position(commands) < end:
        records = (await consumer.getmany(timeout_ms=POLL_MS)).get(commands, ())
        found += [record for record in records if record.offset < end and may_erase(record.value)]
    return found
