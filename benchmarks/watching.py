"""Watching a program from outside: the answers to the markers say how many events it has done at which moment.

The clock starts when a tenth of the events are answered, so no program pays for its start, and a program that answers many
at a time gains little by it; it stops at the last answer. Answers are read as
a subscriber reads them who wants committed ones only. A program that holds its answers back until it has committed is seen
late, at both ends alike.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final, NamedTuple, TypeAlias

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from benchmarks.events import ANSWERS, marker_place
from benchmarks.programs import Running
from benchmarks.stand import Cpu, Stand

Record: TypeAlias = ConsumerRecord
# Seconds for the first answer: a JVM starts, a group forms, topics are made.
START_SECONDS: Final = 60.0
# Seconds without an answer after which a program is said to hang.
SILENT_SECONDS: Final = 30.0
POLL_MS: Final = 100
# Share of the events after which the clock starts.
START_SHARE: Final = 0.1
MILLION: Final = 1e6


class Point(NamedTuple):
    """How many events were done at a moment (seconds, monotonic), and what it had cost until then."""

    at: float
    done: int
    cpu: Cpu


@asynccontextmanager
async def answers(on: Stand) -> AsyncIterator[AIOKafkaConsumer]:
    """Give a consumer of the answers from now on."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=on.kafka, isolation_level="read_committed", fetch_max_wait_ms=10, auto_offset_reset="latest"
    )
    await consumer.start()
    try:
        consumer.assign([TopicPartition(ANSWERS, number) for number in range(on.partitions)])
        await consumer.seek_to_end()
        for tp in consumer.assignment():
            await consumer.position(tp)
        yield consumer
    finally:
        await consumer.stop()


class Watch:
    """Collects points until all is done, or for `limit` seconds from the first answer."""

    def __init__(self, on: Stand, runs: Sequence[Running], total: int, limit: float) -> None:
        self.points: list[Point] = []
        self._on = on
        self._runs = runs
        self._total = total
        self._limit = limit
        self._done: dict[int, int] = {}

    async def follow(self, consumer: AIOKafkaConsumer) -> list[Point]:
        """Return the points. Raises RunFailedError where the program ends or hangs."""
        heard = time.monotonic()
        while not self._is_over():
            for run in self._runs:
                run.check()
            fetched = await consumer.getmany(timeout_ms=POLL_MS)
            if self._note([record for records in fetched.values() for record in records]):
                heard = time.monotonic()
            elif time.monotonic() - heard > (SILENT_SECONDS if self.points else START_SECONDS):
                raise self._runs[0].failure(f"has answered {self._count()} of {self._total} events and is silent")
        return self.points

    def _note(self, records: Sequence[Record]) -> bool:
        places = [place for record in records if (place := marker_place(record.key or b""))]
        for partition, count in places:
            self._done[partition] = max(count, self._done.get(partition, 0))
        if places:
            cpu = self._on.cpu(run.pid for run in self._runs)
            self.points.append(Point(time.monotonic(), self._count(), cpu))
        return bool(places)

    def _count(self) -> int:
        return sum(self._done.values())

    def _is_over(self) -> bool:
        if not self.points:
            return False
        return self._count() >= self._total or time.monotonic() - self.points[0].at > self._limit


def speeds(points: Sequence[Point], total: int) -> dict[str, float]:
    """Return events per second, of all that was timed and of its second half, and CPU seconds per million events.

    Raises ValueError where there are not two points to measure between.
    """
    last = points[-1]
    first = next((point for point in points if point.done >= START_SHARE * min(total, last.done)), last)
    if last.done == first.done:
        raise ValueError("one answer only: nothing to measure between")
    middle = next((point for point in points if point.done * 2 >= first.done + last.done), first)
    half = middle if middle.done < last.done else first
    done = last.done - first.done
    costs = [(after - before) * MILLION / done for before, after in zip(first.cpu, last.cpu, strict=True)]
    return {
        "events_per_second": done / (last.at - first.at),
        "second_half_per_second": (last.done - half.done) / (last.at - half.at),
        "cpu_program": costs[0],
        "cpu_broker": costs[1],
        "cpu_redis": costs[2],
        "events": float(last.done),
        "share_done": last.done / total,
    }


async def timed(
    on: Stand, runs: Sequence[Running], consumer: AIOKafkaConsumer, total: int, limit: float
) -> dict[str, float]:
    """Follow programs that run and return their speeds."""
    points = await Watch(on, runs, total, limit).follow(consumer)
    return speeds(points, total)


async def settle() -> None:
    """Give the broker a moment to be done with the last program's end before the next one starts."""
    await asyncio.sleep(0.5)
