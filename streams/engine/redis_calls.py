"""Calls to Redis that are repeated while it is away, and who hears of it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from clientward_store import StoreRefused, StoreUnavailable
from streams.engine.metrics import Metrics
from streams.retry import until_it_passes

log = structlog.get_logger(__name__)
T = TypeVar("T")


def redis_is_away(error: BaseException) -> bool:
    """Tell whether the same call may go through later. What Redis refuses, `Fenced` among it, no patience mends."""
    return isinstance(error, StoreUnavailable) and not isinstance(error, StoreRefused)


class Notifier:
    """Wakes whoever waits for something to have changed; nobody polls."""

    def __init__(self) -> None:
        self._next = asyncio.Event()

    def notify(self) -> None:
        """Wake everybody who waits."""
        self._next.set()
        self._next = asyncio.Event()

    async def wait(self) -> None:
        """Return at the next notification."""
        await self._next.wait()


class RedisCalls:
    """The calls of one partition.

    Attributes:
        waiting: Redis did not answer the last call.
    """

    def __init__(self, partition: int, metrics: Metrics, notifier: Notifier) -> None:
        self.waiting = False
        self._partition = partition
        self._metrics = metrics
        self._notifier = notifier

    async def call(self, name: str, do: Callable[[], Awaitable[T]]) -> T:
        """Call Redis, and again while it is away. Raises StoreRefused, Fenced among them."""

        async def timed() -> T:
            with self._metrics.redis.labels(name).time():
                return await do()

        result = await until_it_passes(timed, redis_is_away, self._failed)
        self._note(waiting=False)
        return result

    def _failed(self, error: BaseException, tries: int) -> None:
        self._note(waiting=True)
        self._metrics.redis_failures.inc()
        if tries == 1:
            log.warning("waiting for Redis", partition=self._partition, reason=str(error))

    def _note(self, *, waiting: bool) -> None:
        """Note whether Redis is away, and let it be known when that changes."""
        if waiting != self.waiting:
            self.waiting = waiting
            self._notifier.notify()
