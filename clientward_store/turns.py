"""Calls that come at about the same time travel to Redis together: one write, one wake-up of Redis, one read.

A worker owns many partitions, and one fetch of Kafka's wakes them all: each loads, and each commits, within a few turns of
the event loop. redis-py gives every such call a connection of its own, and a call's way through it costs more than Redis's
work. Calls that leave together are also answered together, so that what the partitions do next falls together too.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar, cast

T = TypeVar("T")

#: Turns of the event loop without another call after which the calls that wait leave: what one fetch brings reaches the
#: partitions some turns apart. An idle loop turns in microseconds.
QUIET_TURNS: Final = 4
#: Seconds that a call waits at most for others: a busy loop turns slowly.
MOST_SECONDS: Final = 0.001


class Turns:
    """Collects calls of a redis-py client, and sends them as pipelines. Each call has its own answer or error."""

    def __init__(self, redis: Any) -> None:
        self._redis = redis
        self._next: Turn | None = None
        self._under_way: set[asyncio.Task[None]] = set()

    async def call(self, do: Callable[[Any], Awaitable[T]]) -> T:
        """Return the answer of the one command that `do` gives to the client it is handed. Raises what redis-py raises."""
        if self._next is None:
            self._next = Turn(self._redis.pipeline(transaction=False), self._leave)
        return cast("T", await self._next.add(do))

    async def aclose(self) -> None:
        """Wait for what is under way, and close the client."""
        if self._next is not None:
            self._leave()
        if self._under_way:
            await asyncio.wait(self._under_way)
        await self._redis.aclose()

    def _leave(self) -> None:
        turn, self._next = self._next, None
        if turn is not None:
            task = asyncio.get_running_loop().create_task(turn.travel())
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)


class Turn:
    """The calls of one pipeline. `leave` is called once it has been quiet for a moment."""

    def __init__(self, pipeline: Any, leave: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._pipeline = pipeline
        self._answers: list[asyncio.Future[Any]] = []
        self._latest = time.monotonic() + MOST_SECONDS
        self._quiet = 0
        self._loop.call_soon(self._leave_if_quiet, leave)

    def add(self, do: Callable[[Any], Awaitable[Any]]) -> asyncio.Future[Any]:
        """Take a call on, and return its answer to come."""
        do(self._pipeline)  # a pipeline's methods note the command, and give the pipeline back
        answer = self._loop.create_future()
        self._answers.append(answer)
        self._quiet = 0
        return answer

    def _leave_if_quiet(self, leave: Callable[[], None]) -> None:
        if self._quiet < QUIET_TURNS and time.monotonic() < self._latest:
            self._quiet += 1
            self._loop.call_soon(self._leave_if_quiet, leave)
        else:
            leave()

    async def travel(self) -> None:
        """Send the calls, and give everybody who still waits the own answer."""
        try:
            came = await self._pipeline.execute(raise_on_error=False)
        except asyncio.CancelledError:
            for answer in self._answers:
                answer.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - it is raised where the answers are awaited
            came = [error] * len(self._answers)
        for answer, found in zip(self._answers, came, strict=True):
            if answer.done():
                continue
            if isinstance(found, Exception):
                answer.set_exception(found)
            else:
                answer.set_result(found)
