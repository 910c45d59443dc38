"""At a steady rate: the worker as shipped and its peers under the simulator's mix, told as happening now.

What a worker costs where nothing waits, which is nearly all the time: CPU of the program, of the broker and of Redis an
event, and how long a decision takes. The worker and Quix Streams run the core that the wheel and the image carry, which is
compiled, where `make compiled` could build it. Each rate is measured on a free machine and with one core kept busy by
another process. Latency is that of probes, records of accounts of their own each of which brings a decision
(`benchmarks.soak.feed`).
"""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from statistics import quantiles
from typing import Final, NamedTuple

from benchmarks.events import Event
from benchmarks.plan import Plan
from benchmarks.programs import (
    INTAKE,
    QUIX_CORE,
    STREAMS_STEADY,
    WORKER,
    Program,
    RunFailedError,
    Running,
    running,
    shipped,
)
from benchmarks.report import say
from benchmarks.results import Aim, Measure, Sample, at_most, medians
from benchmarks.soak.feed import Feed, probe_share_at
from benchmarks.soak.running import Load
from benchmarks.stand import Stand, empty, producer, publish, stand
from benchmarks.watching import answers, settle
from relationship.contract.messages import PROFILES
from simulator import Rates
from streams.kafka.admin import ensure_topics

PARTITIONS: Final = 12  # as shipped
ACCOUNTS: Final = 10_000
# Share of the records that are probes: enough of them for a percentile at the lowest rates.
PROBE_SHARE: Final = 0.1
# No peer has dead letters, so none is spoiled here; repeats and late ones come at the simulator's own rates.
RATES: Final = Rates(poison=0.0)
# Events that reach every partition of every topic.
FIRST_EVENTS: Final = 5_000
WARM_SECONDS: Final = 3.0
# Seconds within which a program must answer every probe: Quix Streams hears of a partition with its next record, and
# profiles are rare.
WAKE_SECONDS: Final = 180.0
WARM_RATE: Final = 200
# Seconds for the answers that are still on their way when the publishing ends.
LAST_SECONDS: Final = 5.0
LOOK_SECONDS: Final = 0.05
# Answers that make a percentile: fewer say nothing of the hundredth.
LEAST_ANSWERS: Final = 100
MILLI: Final = 1e3
COLUMNS: Final = {
    "ms_program": "CPU ms an event",
    "ms_broker": "broker ms",
    "ms_redis": "Redis ms",
    "cores": "cores",
    "cores_broker": "broker's cores",
    "p50_ms": "p50 ms",
    "p99_ms": "p99 ms",
    "p999_ms": "p99.9 ms",
    "answered": "share answered",
}
#: CPU ms an event of the worker at a rate, and at rest in cores, as the issue that asked for this measure has them.
COST_AIMS: Final = {100: 0.7, 500: 0.3, 2_000: 0.15}
REST_AIM: Final = 0.02
BROKER_REST_AIM: Final = 0.03
TAIL_RATES: Final = (500, 5_000)
TAIL_AIM: Final = 0.8
MEDIAN_AIM_MS: Final = 25.0
BUSY: Final = "while True: pass"


OURS: Final = shipped(WORKER)
#: For who would rather pay less than hear soon: the same with a `fetch_distance_ms` of 100.
PATIENT: Final = OURS._replace(
    name="clientward worker, 100 ms apart", environment={**OURS.environment, "CLIENTWARD_FETCH_DISTANCE_MS": "100"}
)
QUIX: Final = shipped(QUIX_CORE)


class Case(NamedTuple):
    """One program at one rate, beside a process that keeps one core busy or on a free machine."""

    program: Program
    rate: int
    has_neighbour: bool

    def row(self) -> str:
        """Return the name of its row."""
        where = ", busy neighbour" if self.has_neighbour else ""
        return f"{self.program.name}, {f'{self.rate:,}/s' if self.rate else 'at rest'}{where}"


async def measure(plan: Plan) -> Measure:
    """Run it."""
    samples, notes = [], []
    with stand(PARTITIONS) as on:
        await ensure_topics(on.settings("publisher"))
        await publish(on, _first(_feed()))  # gives every partition its leader
        await _once(on, Case(OURS, WARM_RATE, has_neighbour=False), WARM_SECONDS)  # not kept: the broker warms up
        for number in range(1, plan.rounds + 1):
            for case in _cases(plan):
                try:
                    values = await _once(on, case, plan.steady_seconds)
                except RunFailedError as error:
                    if case.program.ours:
                        raise
                    notes.append(f"{case.row()} failed in round {number}: {error}")
                    say(notes[-1])
                    continue
                samples.append(Sample(case.row(), number, values))
                say(f"{case.row()}: " + ", ".join(f"{name} {value:.3g}" for name, value in values.items()))
    title = f"At a steady rate, {plan.steady_seconds:g} s each, 12 partitions, the full core"
    return Measure("steady", title, COLUMNS, samples, _aims(samples, plan), notes)


def _feed() -> Feed:
    return Feed(ACCOUNTS, PARTITIONS, probe_share=PROBE_SHARE, rates=RATES)


def _first(feed: Feed) -> Iterator[Event]:
    return (feed.next(datetime.now(UTC)).event for _ in range(FIRST_EVENTS))


def _cases(plan: Plan) -> list[Case]:
    return [
        Case(program, rate, has_neighbour)
        for has_neighbour, rates in ((False, plan.steady_rates), (True, plan.busy_rates))
        for rate in rates
        for program in (OURS, PATIENT, QUIX, STREAMS_STEADY)
        if program is not PATIENT or (rate in plan.patient_rates and not has_neighbour)
    ]


def _aims(samples: Sequence[Sample], plan: Plan) -> list[Aim]:
    found, aims = medians(samples), []

    def value(program: Program, rate: int, name: str, *, has_neighbour: bool = False) -> float:
        return found[Case(program, rate, has_neighbour).row()][name]

    for rate in plan.steady_rates:
        if rate in COST_AIMS:
            ours = value(OURS, rate, "ms_program")
            aims.append(at_most(f"CPU ms an event at {rate:,}/s", ours, COST_AIMS[rate]))
            with suppress(KeyError):  # the peer failed
                quix = value(QUIX, rate, "ms_program")
                aims.append(at_most(f"times Quix Streams' CPU at {rate:,}/s", ours / quix, 1.0))
        if rate == 0:
            aims.append(at_most("cores at rest", value(OURS, 0, "cores"), REST_AIM))
            aims.append(at_most("cores of the broker at rest", value(OURS, 0, "cores_broker"), BROKER_REST_AIM))
        if rate in TAIL_RATES and rate in plan.busy_rates:
            with suppress(KeyError):
                ours, quix = (value(program, rate, "p99_ms", has_neighbour=True) for program in (OURS, QUIX))
                aims.append(at_most(f"times Quix Streams' p99 at {rate:,}/s, busy neighbour", ours / quix, TAIL_AIM))
    if 500 in plan.busy_rates:  # noqa: PLR2004 - the rate that the aim names
        medians_ms = [value(OURS, 500, "p50_ms", has_neighbour=each) for each in (False, True)]
        aims.append(at_most("ms, p50 at 500/s, the worse of the two", max(medians_ms), MEDIAN_AIM_MS))
    return aims


async def _once(on: Stand, case: Case, seconds: float) -> dict[str, float]:
    """Run one program at one rate, in a group of its own that starts at the topics' ends."""
    feed = _feed()
    await empty(on, *(topic for topic in INTAKE if topic != PROFILES))  # which is compacted, and keeps a few
    # Quix Streams takes a partition whose records are all deleted for one that is yet to be heard of, and waits for it.
    await publish(on, _first(feed))
    async with (
        answers(on) as consumer,
        running(case.program, on, on.next_group("steady")) as (run,),
        producer(on) as sender,
        _neighbour(case.has_neighbour),
    ):
        load = Load(feed, sender, consumer)
        reading = asyncio.create_task(load.read())
        try:
            await _wake(load, run)
            await load.publish(min(case.rate, WARM_RATE) or WARM_RATE, WARM_SECONDS)
            await _answered(load)
            feed.probe_share = probe_share_at(case.rate, PROBE_SHARE)
            return await _measured(on, run, load, case.rate, seconds)
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            await settle()


async def _measured(on: Stand, run: Running, load: Load, rate: int, seconds: float) -> dict[str, float]:
    load.taken()
    before, first, probes, answered = on.cpu([run.pid]), load.published, load.probes, load.answered
    started = time.monotonic()
    await load.publish(rate, seconds)
    took, after = time.monotonic() - started, on.cpu([run.pid])
    published = load.published - first
    await _answered(load)
    run.check()
    used = [late - early for early, late in zip(before, after, strict=True)]
    values = {"cores": used[0] / took, "cores_broker": used[1] / took}
    if published:
        values |= dict(
            zip(("ms_program", "ms_broker", "ms_redis"), (MILLI * each / published for each in used), strict=True)
        )
        values["answered"] = (load.answered - answered) / max(1, load.probes - probes)
    return values | _quantiles(load.taken())


def _quantiles(took: Sequence[float]) -> dict[str, float]:
    """Return median, 99th and 99.9th percentile in ms; nothing where there are too few answers to tell."""
    if len(took) < LEAST_ANSWERS:
        return {}
    cuts = quantiles(took, n=1_000)
    return {"p50_ms": cuts[499] * MILLI, "p99_ms": cuts[989] * MILLI, "p999_ms": cuts[998] * MILLI}


async def _wake(load: Load, run: Running) -> None:
    """Publish until all probes are answered: none of them is timed later. Raises RunFailedError if they never are."""
    deadline = time.monotonic() + WAKE_SECONDS
    while True:
        run.check()
        await load.publish(WARM_RATE, 1.0)
        await _answered(load)
        if load.answered >= load.probes:
            return
        if time.monotonic() > deadline:
            raise run.failure(f"has answered {load.answered} of its first {load.probes} probes")


async def _answered(load: Load) -> None:
    """Wait for the answers on their way, for a while."""
    deadline = time.monotonic() + LAST_SECONDS
    while True:
        if load.answered >= load.probes or time.monotonic() > deadline:
            return
        await asyncio.sleep(LOOK_SECONDS)


@asynccontextmanager
async def _neighbour(wanted: bool) -> AsyncIterator[None]:
    """Keep one core busy with a process of its own, pinned there, until the block ends."""
    if not wanted:
        yield
        return
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", BUSY)
    try:
        os.sched_setaffinity(process.pid, {min(os.sched_getaffinity(0))})
        yield
    finally:
        process.kill()
        await process.wait()
