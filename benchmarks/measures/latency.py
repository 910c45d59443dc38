"""From publishing an event to its decision, at a steady rate: every program answers every event here.

One process publishes and reads the answers, so one clock measures. The time runs from handing an event to the producer
(which sends at once) to having its answer in hand; what is answered in the first second does not count.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from itertools import count
from statistics import quantiles
from typing import Final

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from benchmarks.events import Event, now, skewed
from benchmarks.plan import Plan
from benchmarks.programs import COUNTING_ALL, FAUST_ALL, QUIX_ALL, Program, Running, running
from benchmarks.report import say
from benchmarks.results import Aim, Measure, Sample, at_most, medians
from benchmarks.stand import Stand, empty, producer, publish, stand
from benchmarks.watching import START_SECONDS, answers, settle

TICK_SECONDS: Final = 0.002
WAKE_EVENTS: Final = 20
# Events that give every partition of the new topics its leader; they are deleted.
FIRST_EVENTS: Final = 1_000
WARM_SECONDS: Final = 1.0
# Seconds for the answers that are still on their way when the publishing ends.
LAST_SECONDS: Final = 3.0
PERCENT: Final = 100
MILLION: Final = 1e6
COLUMNS: Final = {"p50_ms": "p50 ms", "p99_ms": "p99 ms", "answered": "share answered", "cpu_program": "CPU s/M"}


class _Id(msgspec.Struct):
    event_id: str


_id: Final = msgspec.json.Decoder(_Id).decode


async def measure(plan: Plan) -> Measure:
    """Run it."""
    samples = []
    with stand(plan.partitions) as on:
        await publish(on, skewed(FIRST_EVENTS, plan.accounts, plan.partitions))
        await _once(
            on, COUNTING_ALL, plan.rates[0], plan
        )  # not kept: the broker's own code is still being compiled under it
        for rate in plan.rates:
            for number in range(1, plan.rounds + 1):
                for program in (COUNTING_ALL, QUIX_ALL, FAUST_ALL):
                    values = await _once(on, program, rate, plan)
                    samples.append(Sample(_row(program, rate), number, values))
                    say(
                        f"latency at {rate}/s: {program.name}: p50 {values['p50_ms']:.1f}, p99 {values['p99_ms']:.1f} ms"
                    )
    title = f"From publishing to the decision, {plan.latency_seconds:g} s of a steady rate"
    return Measure("latency", title, COLUMNS, samples, _aims(samples, plan))


def _row(program: Program, rate: int) -> str:
    return f"{program.name}, {rate:,}/s"


def _aims(samples: Sequence[Sample], plan: Plan) -> list[Aim]:
    found, aims = medians(samples), []
    for rate in plan.rates:
        ours, quix = found[_row(COUNTING_ALL, rate)], found[_row(QUIX_ALL, rate)]
        aims.append(at_most(f"times Quix Streams' p99 at {rate:,}/s", ours["p99_ms"] / quix["p99_ms"], 0.7))
        aims.append(at_most(f"ms, p50 at {rate:,}/s", ours["p50_ms"], 25.0))
    return aims


async def _once(on: Stand, program: Program, rate: int, plan: Plan) -> dict[str, float]:
    """Run one program at one rate, on topics without a past."""
    await empty(on)
    async with answers(on) as consumer, running(program, on, on.next_group("latency")) as runs, producer(on) as sender:
        load = Load(sender, consumer, _endless(plan))
        await load.wake(runs[0])
        await load.run(rate, WARM_SECONDS)
        load.forget()
        before, first = on.cpu([runs[0].pid]).program, load.published
        await load.run(rate, plan.latency_seconds)
        cost, published = on.cpu([runs[0].pid]).program - before, load.published - first
        await load.last()
    await settle()
    answered = {"answered": len(load.took) / published, "cpu_program": cost * MILLION / published}
    return {**_quantiles(load.took), **answered}


def _endless(plan: Plan) -> Iterator[Event]:
    return skewed(10**9, plan.accounts, plan.partitions, now)


def _quantiles(took: Sequence[float]) -> dict[str, float]:
    """Return the median and the 99th percentile in ms. Raises ValueError where hardly anything was answered."""
    if len(took) < PERCENT:
        raise ValueError(f"{len(took)} answers: too few for a percentile")
    cuts = quantiles(took, n=PERCENT)
    return {"p50_ms": cuts[49] * 1000, "p99_ms": cuts[98] * 1000, "worst_ms": max(took) * 1000}


class Load:
    """Publishes at a rate, and notes how many seconds each answer took.

    Attributes:
        published: how many events so far.
        took: seconds by answer, as they came.
    """

    def __init__(self, sender: AIOKafkaProducer, consumer: AIOKafkaConsumer, events: Iterator[Event]) -> None:
        self.published = 0
        self.took: list[float] = []
        self._sender = sender
        self._consumer = consumer
        self._events = events
        self._sent: dict[str, float] = {}

    async def wake(self, run: Running) -> None:
        """Publish until every event is answered within a second. Raises RunFailedError where none ever is."""
        deadline = time.monotonic() + START_SECONDS
        for number in count(1):
            run.check()
            await self._publish(WAKE_EVENTS)
            await self._read(WARM_SECONDS)
            if len(self.took) == number * WAKE_EVENTS:
                return
            if time.monotonic() > deadline:
                raise run.failure(f"has answered {len(self.took)} of its first {number * WAKE_EVENTS} events")

    async def run(self, rate: int, seconds: float) -> None:
        """Publish at a rate, reading answers meanwhile."""
        reading = asyncio.create_task(self._read(seconds))
        started, done = time.perf_counter(), 0
        while (elapsed := time.perf_counter() - started) < seconds:
            due = int(elapsed * rate) - done
            await self._publish(due)
            done += due
            await asyncio.sleep(TICK_SECONDS)
        await reading

    async def last(self) -> None:
        """Read the answers that are still on their way, for a while."""
        deadline = time.monotonic() + LAST_SECONDS
        while self._sent and time.monotonic() < deadline:
            await self._read(LAST_SECONDS / 10)

    def forget(self) -> None:
        """Count no answer to what was published until now."""
        self._sent.clear()
        self.took.clear()

    async def _publish(self, events: int) -> None:
        for _ in range(events):
            event = next(self._events)
            self._sent[f"p{self.published}"] = time.perf_counter()
            self.published += 1
            await self._sender.send(event.topic, event.value, key=event.key, partition=event.partition)

    async def _read(self, seconds: float) -> None:
        """Note answers for so long."""
        deadline = time.perf_counter() + seconds
        while (left := deadline - time.perf_counter()) > 0:
            fetched = await self._consumer.getmany(timeout_ms=int(left * 1000) + 1)
            heard = time.perf_counter()
            for records in fetched.values():
                for record in records:
                    self._note(_id(record.value).event_id, heard)

    def _note(self, event_id: str, heard: float) -> None:
        sent = self._sent.pop(event_id, None)
        if sent is not None:
            self.took.append(heard - sent)
