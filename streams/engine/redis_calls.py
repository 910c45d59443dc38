"""Calls to Redis that are repeated while it is away, and who hears of it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import structlog

from clientward_store import StoreRefused, StoreUnavailable
from streams.engine.metrics import Metrics

log = structlog.get_logger(__name__)
T = TypeVar("T")

# Seconds between two tries of a Redis that is away.
RETRY_SECONDS: Final = (0.05, 0.1, 0.2, 0.5, 1.0)


class Notifier:
    """Wakes whoever waits for something to have changed; nobody polls."""

    def __init__(self) -> None:
        self._next = asyncio.Event()

    def beat(self) -> None:
        """Wake everybody who waits."""
        self._next.set()
        self._next = asyncio.Event()

    async def wait(self) -> None:
        """Return at the next beat."""
        await self._next.wait()


class RedisCalls:
    """The calls of one partition.

    Attributes:
        waiting: Redis did not answer the last call.
    """

    def __init__(self, partition: int, metrics: Metrics, pulse: Notifier) -> None:
        self.waiting = False
        self._partition = partition
        self._metrics = metrics
        self._pulse = pulse

    async def call(self, name: str, do: Callable[[], Awaitable[T]]) -> T:
        """Call Redis, and again while it is away. Raises StoreRefused, Fenced among them: these no patience mends."""
        for tries in range(2**63):
            try:
                with self._metrics.redis.labels(name).time():
                    result = await do()
            except StoreRefused:
                raise
            except StoreUnavailable as error:
                self._note(waiting=True)
                self._metrics.redis_failures.inc()
                if not tries:
                    log.warning("waiting for Redis", partition=self._partition, reason=str(error))
                await asyncio.sleep(RETRY_SECONDS[min(tries, len(RETRY_SECONDS) - 1)])
            else:
                self._note(waiting=False)
                return result
        raise AssertionError(name)

    def _note(self, *, waiting: bool) -> None:
        """Note whether Redis is away, and let it be known when that changes."""
        if waiting != self.waiting:
            self.waiting = waiting
            self._pulse.beat()
