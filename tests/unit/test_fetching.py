"""How the consumer's fetches keep their distance."""

import asyncio
from typing import Any

from streams.driver.aiokafka_private import spaced

SECONDS = 0.1


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
    """Notes when it was asked, and for which node; answers at once."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.asked: list[tuple[int, float]] = []

    async def fetch(self, assignment: Any, node: int, request: Any) -> bool:  # noqa: ARG002 - aiokafka's signature
        """Note the request."""
        self.asked.append((node, self.clock.now))
        return True


async def test_requests_to_a_broker_keep_their_distance() -> None:
    """Three fetches of one broker begin so many seconds apart, the first at once; each tells what came."""
    clock = Clock()
    broker = Broker(clock)
    fetch = spaced(broker.fetch, SECONDS, clock.time, clock.sleep)
    assert [await fetch(None, 1, None) for _ in range(3)] == [True] * 3
    assert [round(at - 1_000, 6) for _, at in broker.asked] == [0.0, SECONDS, 2 * SECONDS]


async def test_a_fetch_that_comes_late_enough_begins_at_once() -> None:
    """Only what is missing of the distance is waited for, and nothing where nothing is missing."""
    clock = Clock()
    broker = Broker(clock)
    fetch = spaced(broker.fetch, SECONDS, clock.time, clock.sleep)
    await fetch(None, 1, None)
    clock.now += SECONDS
    await fetch(None, 1, None)
    clock.now += SECONDS / 2
    await fetch(None, 1, None)
    assert [round(at - 1_000, 6) for _, at in broker.asked] == [0.0, SECONDS, 2 * SECONDS]


async def test_one_broker_does_not_wait_for_another() -> None:
    """A fetch of a second broker begins at once."""
    clock = Clock()
    broker = Broker(clock)
    fetch = spaced(broker.fetch, SECONDS, clock.time, clock.sleep)
    await fetch(None, 1, None)
    await fetch(None, 2, None)
    assert broker.asked == [(1, 1_000.0), (2, 1_000.0)]


async def test_a_fetch_that_is_given_up_while_it_waits_brings_nothing() -> None:
    """As aiokafka's own fetch it says so instead of raising: else the consumer would fetch no more."""
    broker = Broker(Clock())
    fetch = spaced(broker.fetch, 3_600.0)
    await fetch(None, 1, None)
    waiting = asyncio.create_task(fetch(None, 1, None))
    await asyncio.sleep(0)
    waiting.cancel()
    assert await waiting is False
    assert len(broker.asked) == 1
