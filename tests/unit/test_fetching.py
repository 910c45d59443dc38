"""How the consumer's fetches keep their distance."""

import asyncio
import time
from typing import Any

from streams.driver.fetching import spaced

SECONDS = 0.1


class Broker:
    """Notes when it was asked, and for which node; answers at once."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, float]] = []

    async def fetch(self, assignment: Any, node: int, request: Any) -> bool:  # noqa: ARG002 - aiokafka's signature
        """Note the request."""
        self.asked.append((node, time.monotonic()))
        return True


async def test_requests_to_a_broker_keep_their_distance() -> None:
    """Three fetches of one broker begin at least so many seconds apart, the first at once; each tells what came."""
    broker = Broker()
    fetch, started = spaced(broker.fetch, SECONDS), time.monotonic()
    assert [await fetch(None, 1, None) for _ in range(3)] == [True] * 3
    first, second, third = (at for _, at in broker.asked)
    assert first - started < SECONDS
    assert second - first >= SECONDS
    assert third - second >= SECONDS


async def test_one_broker_does_not_wait_for_another() -> None:
    """A fetch of a second broker begins at once."""
    broker = Broker()
    fetch, started = spaced(broker.fetch, SECONDS), time.monotonic()
    await fetch(None, 1, None)
    await fetch(None, 2, None)
    assert broker.asked[1][1] - started < SECONDS


async def test_a_fetch_that_is_given_up_while_it_waits_brings_nothing() -> None:
    """As aiokafka's own fetch it says so instead of raising: else the consumer would fetch no more."""
    broker = Broker()
    fetch = spaced(broker.fetch, SECONDS)
    await fetch(None, 1, None)
    waiting = asyncio.create_task(fetch(None, 1, None))
    await asyncio.sleep(0)
    waiting.cancel()
    assert await waiting is False
    assert len(broker.asked) == 1
