"""How following begins: the consumer, and from where a partition is read that was newly given."""

import inspect
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.coordinator.assignors.range import RangePartitionAssignor

from clientward_client.connection import require_topics
from clientward_client.lanes import Bounds, Committed

# Ms that a fetch may wait for more: it bounds how soon a stop is noticed, and how late what has settled is told.
POLL_MS: Final = 250
# Ms that the group gives its members to finish what is in hand, at a rebalance.
REBALANCE_MS: Final = 60_000
# Ms between two heartbeats, by which a member hears that the group rebalances: others wait for it.
HEARTBEAT_MS: Final = 1_000
_ADMIN: Final = frozenset(inspect.signature(AIOKafkaAdminClient).parameters)


class Start(NamedTuple):
    """What a partition is begun with; `begin` is where to begin without a committed position."""

    committed: Committed | None
    begin: int
    bounds: Bounds


class Beginning:
    """Reads where to begin; `start` is "earliest", "latest", or a time in ms since the epoch."""

    def __init__(self, options: Mapping[str, Any], group: str, start: str | int) -> None:
        self._options = options
        self._group = group
        self._start = start

    async def of(self, consumer: Any, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, Start]:
        """Return where to begin each partition. Raises KafkaError."""
        committed = await self._committed(list(partitions))
        begins, ends = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
        bounds = {tp: Bounds(begins[tp], ends[tp]) for tp in partitions}
        places = await self._without_position(consumer, bounds)
        return {tp: Start(committed.get(tp), places[tp], bounds[tp]) for tp in partitions}

    async def _committed(self, partitions: list[TopicPartition]) -> dict[TopicPartition, Committed]:
        """Return what the group has committed, with the metadata, which aiokafka's consumer does not give."""
        async with _admin(self._options) as admin:
            found = await admin.list_consumer_group_offsets(self._group, partitions=partitions)
        return {tp: Committed(at.offset, at.metadata or "") for tp, at in found.items() if at.offset >= 0}

    async def _without_position(
        self, consumer: Any, bounds: Mapping[TopicPartition, Bounds]
    ) -> dict[TopicPartition, int]:
        if self._start == "earliest":
            return {tp: each.first for tp, each in bounds.items()}
        if self._start == "latest":
            return {tp: each.end for tp, each in bounds.items()}
        found = await consumer.offsets_for_times(dict.fromkeys(bounds, self._start))
        return {tp: each.end if (at := found.get(tp)) is None else at.offset for tp, each in bounds.items()}


async def started_consumer(options: Mapping[str, Any], group: str, topics: Sequence[str]) -> Any:
    """Return a consumer that runs, of topics that are there. Raises KafkaError, TopicMissingError."""
    ours = {
        "group_id": group,
        "enable_auto_commit": False,
        "auto_offset_reset": "earliest",
        "rebalance_timeout_ms": REBALANCE_MS,
        "heartbeat_interval_ms": HEARTBEAT_MS,
        # Partitions of one number come to one member, for every topic: an account's decisions and its end.
        "partition_assignment_strategy": (RangePartitionAssignor,),
        "fetch_max_wait_ms": POLL_MS,
    }
    consumer = AIOKafkaConsumer(**ours | dict(options))
    try:
        await consumer.start()
        require_topics(topics, await consumer.topics())
    except BaseException:
        await consumer.stop()
        raise
    return consumer


async def partitions_of(options: Mapping[str, Any], topic: str) -> list[TopicPartition]:
    """Return the partitions of a topic that is there. Raises KafkaError."""
    async with _admin(options) as admin:
        (found,) = await admin.describe_topics([topic])
    return [TopicPartition(topic, number) for number in sorted(each["partition"] for each in found["partitions"])]


@asynccontextmanager
async def _admin(options: Mapping[str, Any]) -> AsyncIterator[Any]:
    admin = AIOKafkaAdminClient(**{name: value for name, value in options.items() if name in _ADMIN})
    try:
        await admin.start()
        yield admin
    finally:
        await admin.close()
