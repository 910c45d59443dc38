"""From where a partition is read that was newly given: what the group has committed, and what the partition has."""

import inspect
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from clientward_client.lanes import Bounds, Committed

_ADMIN = frozenset(inspect.signature(AIOKafkaAdminClient).parameters)


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
