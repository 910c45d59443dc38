"""What one hot account does to the others of its partition, measured on the real worker.

One partition, one worker as shipped. The neighbours are overridden and released in turn, a hundred records a second, and
each brings a decision whose latency is measured. Beside them one account has a history of some length, and gets events as
they happen, events that come late into the middle of its history, or a burst of such. What its own events cost is measured
apart, with the core alone, so that the neighbours' wait can be held against it.
"""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from itertools import count
from statistics import median
from typing import Final, NamedTuple

from aiohttp import ClientSession

from benchmarks.events import Event, purchase
from benchmarks.programs import WORKER, running
from benchmarks.soak.feed import Fed, Feed, moment
from benchmarks.soak.running import Load, until_ready
from benchmarks.soak.sampling import percentiles
from benchmarks.stand import Stand, producer, publish, stand
from benchmarks.watching import answers
from relationship.contract.messages import PURCHASES
from relationship.contract.outcome import Delivered, Refused
from relationship.core import Core
from relationship.policy.compiled import load_policy
from streams.embedded.ports import LOOPBACK, free_ports
from streams.kafka.admin import ensure_topics
from streams.wire.codecs import Codec, Limits

HOT: Final = "hot-account"
NEIGHBOURS_PER_SECOND: Final = 100
SECONDS: Final = 10.0
WARM_SECONDS: Final = 3.0
WAIT_SECONDS: Final = 120.0
POLL_SECONDS: Final = 0.1
HISTORY_DAYS: Final = 20  # over which the hot account's past lies, well within the lateness allowed
LATE_DAYS: Final = 10.0  # into the middle of that history
HOURS_LATE: Final = 0.25  # days: behind one in eighty of its events, as most late events are
OTHERS: Final = 500  # accounts that share what no hot one gets
COST_SAMPLES: Final = 9


class Case(NamedTuple):
    """One load: how long the hot account's history is, what it gets a second, by how many days late, or comes in a burst.

    With no history, what it would get is of many accounts: the same load without a hot one, to be held against.
    """

    name: str
    facts: int = 0
    per_second: int = 0
    late: float = 0.0
    burst: int = 0


CASES: Final = (
    Case("neighbours alone"),
    Case("as many events again, of many accounts", 0, NEIGHBOURS_PER_SECOND),
    Case("half of the events are one account's, with 64 kept", 64, NEIGHBOURS_PER_SECOND),
    Case("half of the events are one account's, with 2,000 kept", 2_000, NEIGHBOURS_PER_SECOND),
    Case("one account, 256 kept, 10 late events a second", 256, 10, LATE_DAYS),
    Case("one account, 2,000 kept, 10 late events a second", 2_000, 10, LATE_DAYS),
    Case("one account, 2,000 kept, a burst of 200 late events", 2_000, late=LATE_DAYS, burst=200),
    Case("one account, 2,000 kept, 10 events a second hours late", 2_000, 10, HOURS_LATE),
    Case("one account, 2,000 kept, a burst of 200 events hours late", 2_000, late=HOURS_LATE, burst=200),
)


class Mixed:
    """Neighbours' records with the hot account's among them, at the case's proportion."""

    def __init__(self, case: Case, first: int) -> None:
        self.hot = 0
        self._case = case
        self._neighbours = Feed(1, 1, seed=first)
        self._numbers = count(first)
        self._owed = 0.0

    def next(self, now: datetime) -> Fed:
        """Return the next record."""
        self._owed += self._case.per_second / (self._case.per_second + NEIGHBOURS_PER_SECOND)
        if self._owed >= 1.0:
            self._owed -= 1.0
            self.hot += 1
            number = next(self._numbers)
            account = HOT if self._case.facts else f"other-{number % OTHERS}"
            return Fed(hot(number, now - timedelta(days=self._case.late), account))
        return self._neighbours.probe(now)


def hot(number: int, at: datetime, account: str = HOT) -> Event:
    """Return a purchase of the hot account, or of another."""
    value = purchase(number, account, moment(at)).replace(b'"p%d"' % number, b'"hot%d"' % number)
    return Event(PURCHASES, 0, account.encode(), value, moment(at))


def past(facts: int, now: datetime) -> list[Event]:
    """Return the hot account's history: in order, evenly over the days before now."""
    step = timedelta(days=HISTORY_DAYS) / max(facts, 1)
    return [hot(number, now - timedelta(days=HISTORY_DAYS) + number * step) for number in range(facts)]


def own_cost(case: Case) -> float:
    """Return the CPU seconds that the core needs for one of the hot account's events: the median of several, each alone."""
    core, codec, now = Core(load_policy()), Codec(Limits()), datetime.now(UTC)
    raw = None
    for number, event in enumerate(past(case.facts, now)):
        raw = core.step(HOT, raw, [delivered(codec, event, number, now)], 0).record
    at = now - timedelta(days=case.late)
    took = []
    for number in range(COST_SAMPLES):
        told = delivered(codec, hot(case.facts + number, at), case.facts + number, now)
        started = time.thread_time()
        core.step(HOT, raw, [told], 0)
        took.append(time.thread_time() - started)
    return median(took)


def delivered(codec: Codec, event: Event, offset: int, now: datetime) -> Delivered:
    """Return an event as the core gets it."""
    message = codec.decode_value(event.topic, event.value, int((now + timedelta(minutes=1)).timestamp() * 1e6))
    if isinstance(message, Refused):
        raise TypeError(f"the hot account's event was refused: {message.text}")
    return Delivered(event.topic, offset, message)


async def run(case: Case) -> dict[str, float]:
    """Run one case on servers of its own."""
    port = free_ports(1)[0]
    program = WORKER._replace(environment={"CLIENTWARD_WEB_PORT": str(port)})
    with stand(1) as on:
        await ensure_topics(on.settings("hot"))
        await publish(on, past(case.facts, datetime.now(UTC)))
        async with (
            answers(on) as consumer,
            producer(on) as sender,
            running(program, on, "hot") as (worker,),
            ClientSession() as session,
        ):
            await until_ready(worker, session, f"http://{LOOPBACK}:{port}")
            mixed = Mixed(case, case.facts)
            load = Load(mixed, sender, consumer)
            reading = asyncio.create_task(load.read())
            try:
                await _warm(load)
                return await _measured(case, on, worker.pid, load, mixed)
            finally:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)


async def _warm(load: Load) -> None:
    """Let the history be folded and the neighbours be known."""
    await load.publish(NEIGHBOURS_PER_SECOND, WARM_SECONDS)
    await answered(load)
    load.taken()


async def answered(load: Load) -> None:
    """Return when every neighbour is answered. Raises TimeoutError where one never is."""
    deadline = time.monotonic() + WAIT_SECONDS
    while load.answered < load.probes:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{load.answered} of {load.probes} neighbours were answered in {WAIT_SECONDS:g} s")
        await asyncio.sleep(POLL_SECONDS)


async def _measured(case: Case, on: Stand, pid: int, load: Load, mixed: Mixed) -> dict[str, float]:
    before, started, first = on.cpu([pid]).program, time.monotonic(), mixed.hot
    late = [hot(10**6 + number, datetime.now(UTC) - timedelta(days=case.late)) for number in range(case.burst)]
    bursting = asyncio.create_task(publish(on, late))
    await load.publish(NEIGHBOURS_PER_SECOND + case.per_second, SECONDS)
    await bursting
    await answered(load)
    took = load.taken()
    p50, p99 = percentiles(took)
    cost, events = own_cost(case) if case.facts else 0.0, mixed.hot - first + case.burst
    elapsed = time.monotonic() - started
    return {
        "own_ms": cost * 1000,
        "hot_events": events,
        "own_share": cost * events / elapsed,
        "p50_ms": p50 or 0.0,
        "p99_ms": p99 or 0.0,
        "worst_ms": max(took) * 1000,
        "cores": (on.cpu([pid]).program - before) / elapsed,
    }
