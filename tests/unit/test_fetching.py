"""How the consumer's fetches keep their distance, and how long a broker may hold them."""

import asyncio
from typing import Any

from aiokafka.protocol.fetch import FetchRequest, FetchRequest_v11

from streams.driver.aiokafka_private import spaced
from streams.driver.fetch_pacing import IDLE_FETCHES, IDLE_WAIT_MS, FetchPacing

SECONDS = 0.02
USUAL_MS = 50


def request() -> FetchRequest:
    """Return a request as aiokafka makes it."""
    return FetchRequest(USUAL_MS, 1, 1_000, 0, [("t", [(0, 5, 1_000)])])


class Clock:
    """A clock that moves only while somebody sleeps, or is told to."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def time(self) -> float:
        """Return the time in seconds."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Let the time pass."""
        self.now += seconds


class Broker:
    """Notes when it was asked, for which node, and how long it may wait; answers at once."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.asked: list[tuple[int, float]] = []
        self.waits: list[int] = []
        self.has_something = True

    async def fetch(self, assignment: Any, node: int, asked: FetchRequest) -> bool:  # noqa: ARG002 - aiokafka's signature
        """Note the request."""
        self.asked.append((node, self.clock.now))
        self.waits.append(asked.build(FetchRequest_v11).max_wait_time)
        return self.has_something


async def test_requests_to_a_broker_keep_their_distance() -> None:
    """Three fetches of one broker begin so many seconds apart, the first at once; each tells what came."""
    clock = Clock()
    broker = Broker(clock)
    fetch = spaced(broker.fetch, FetchPacing(round(SECONDS * 1000)), clock.time, clock.sleep)
    assert [await fetch(None, 1, request()) for _ in range(3)] == [True] * 3
    assert [round(at - 1_000, 6) for _, at in broker.asked] == [0.0, SECONDS, 2 * SECONDS]


async def test_a_fetch_that_comes_late_enough_begins_at_once() -> None:
    """Only what is missing of the distance is waited for, and nothing where nothing is missing."""
    clock = Clock()
    broker = Broker(clock)
    fetch = spaced(broker.fetch, FetchPacing(round(SECONDS * 1000)), clock.time, clock.sleep)
    await fetch(None, 1, request())
    clock.now += SECONDS
    await fetch(None, 1, request())
    clock.now += SECONDS / 2
    await fetch(None, 1, request())
    assert [round(at - 1_000, 6) for _, at in broker.asked] == [0.0, SECONDS, 2 * SECONDS]


async def test_one_broker_does_not_wait_for_another() -> None:
    """A fetch of a second broker begins at once."""
    clock = Clock()
    broker = Broker(clock)
    fetch = spaced(broker.fetch, FetchPacing(round(SECONDS * 1000)), clock.time, clock.sleep)
    await fetch(None, 1, request())
    await fetch(None, 2, request())
    assert broker.asked == [(1, 1_000.0), (2, 1_000.0)]


async def test_a_fetch_that_is_given_up_while_it_waits_brings_nothing() -> None:
    """As aiokafka's own fetch it says so instead of raising: else the consumer would fetch no more."""
    clock = Clock()
    broker, never = Broker(clock), asyncio.Event()

    async def sleep(_: float) -> None:
        await never.wait()

    fetch = spaced(broker.fetch, FetchPacing(round(SECONDS * 1000)), clock.time, sleep)
    await fetch(None, 1, request())
    waiting = asyncio.ensure_future(fetch(None, 1, request()))
    await asyncio.sleep(0)
    waiting.cancel()
    assert await waiting is False
    assert len(broker.asked) == 1


async def test_a_broker_with_nothing_to_tell_may_hold_a_request_for_longer() -> None:
    """After twenty fetches that brought nothing it may, until something comes; one such fetch alone changes nothing."""
    clock = Clock()
    broker = Broker(clock)
    fetch = spaced(broker.fetch, FetchPacing(round(SECONDS * 1000)), clock.time, clock.sleep)
    broker.has_something = False
    for _ in range(IDLE_FETCHES + 2):
        await fetch(None, 1, request())
    broker.has_something = True
    for _ in range(2):
        await fetch(None, 1, request())
    assert broker.waits == [USUAL_MS] * IDLE_FETCHES + [IDLE_WAIT_MS] * 3 + [USUAL_MS]


async def test_a_longer_wait_of_the_setting_stays() -> None:
    """Whoever lets brokers wait longer than that is not overruled."""
    paced = FetchPacing(round(SECONDS * 1000))
    for _ in range(IDLE_FETCHES):
        paced.note(has_come=False)
    assert paced.longest_wait_ms(IDLE_WAIT_MS + 1) == IDLE_WAIT_MS + 1
