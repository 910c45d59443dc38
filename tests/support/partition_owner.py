"""One worker that owns a partition, with a Redis and a Kafka in memory and a clock that a test moves."""

import asyncio
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from contextlib import suppress
from itertools import count
from typing import Any

from memory_kafka import CHANGELOG, START_US, Consumer, Kafka
from memory_store import NUMBER, Redis, Store

from relationship.contract.messages import COMMANDS
from relationship.contract.outcome import Fold
from streams.engine.commit import Ends
from streams.engine.metrics import Metrics
from streams.engine.partition import Partition, Parts
from streams.engine.redis_calls import Notifier
from streams.wire.codecs import Codec, Limits


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.us = START_US
        self.seconds = 100.0

    def wall_us(self) -> int:
        """Return wall-clock time."""
        return self.us

    def monotonic(self) -> float:
        """Return seconds."""
        return self.seconds

    def move(self, seconds: float) -> None:
        """Let time pass."""
        self.us += int(seconds * 1e6)
        self.seconds += seconds


class Owner:
    """One worker that owns the partition. `start` it; `crash` it, and start another on the same Redis and Kafka."""

    def __init__(self, redis: Redis, kafka: Kafka, fold: Fold, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.store = Store(redis)
        self.kafka = kafka
        self.consumer = Consumer(kafka)
        self.notifier = Notifier()
        self.metrics = Metrics()
        ends = Ends(self.store, kafka, self.metrics, self.clock, CHANGELOG)
        parts = Parts(
            ends, fold, Codec(Limits()), self.consumer, self._erasures, self._first_after, count(1), self.notifier
        )
        self.partition = Partition(NUMBER, parts)
        self.task: asyncio.Task[None] | None = None

    async def _erasures(self, _: int, positions: Mapping[str, int], ends: Mapping[str, int]) -> list[Any]:
        """Return every command that Kafka has, as what is read ahead may not be less."""
        assert positions.keys() == ends.keys()
        return self.kafka.intake[COMMANDS][: ends[COMMANDS]]

    async def _first_after(self, _: int, moments: Iterable[int]) -> dict[int, dict[str, int]]:
        """Return the first offsets after moments."""
        logs = {topic: [each.timestamp for each in log] for topic, log in self.kafka.intake.items()}
        return {
            moment: {topic: bisect_right(log, moment) for topic, log in logs.items() if log and log[-1] > moment}
            for moment in moments
        }

    async def until(self, truth: Any) -> None:
        """Return when something holds; what ended the owner is raised."""
        async with asyncio.timeout(10):
            while not truth():
                if self.task is not None and self.task.done():
                    self.task.result()
                    raise AssertionError("the owner has ended")
                await asyncio.sleep(0)

    async def start(self) -> None:
        """Open the partition."""
        self.task = asyncio.create_task(self.partition.run())
        await self.until(lambda: self.partition.is_open)

    async def crash(self) -> None:
        """End at once, as a process that is killed: nothing more is written."""
        if self.task is not None:
            self.store.epoch = -1
            self.task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await self.task

    async def stop(self) -> None:
        """End in order."""
        self.partition.stop()
        if self.task is not None:
            await self.task

    def deliver(self) -> None:
        """Hand over what there is to fetch."""
        for batch in self.consumer.batches():
            self.partition.put(batch)

    def is_idle(self) -> bool:
        """Tell whether everything delivered is folded, sent and acknowledged."""
        return all(
            queue.folded >= self.consumer.at.get(topic, 0) for topic, queue in self.partition.inbox.queues.items()
        )

    async def work(self) -> None:
        """Deliver what there is, and return when it is done."""
        self.deliver()
        await self.until(self.is_idle)
