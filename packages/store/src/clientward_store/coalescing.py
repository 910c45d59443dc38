"""Coalescing: calls that are made at about the same time are sent to Redis as one pipeline.

A worker owns many partitions, and one fetch from Kafka wakes all of them: each loads, and each commits, within a few
iterations of the event loop. redis-py gives every such call a connection of its own, and a call's way through it costs more
than Redis's work. A pipeline costs one write, one wake-up of Redis and one read. Calls that are sent together are answered
together, so that the partitions' next calls are made together too.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar, cast

T = TypeVar("T")

#: Iterations of the event loop without another call after which a pipeline is sent: what one fetch brings reaches the
#: partitions some iterations apart. An iteration of an idle loop takes microseconds.
QUIET_ITERATIONS: Final = 4
#: Seconds that a call waits at most for others: an iteration of a busy loop is slow.
MAX_WAIT_SECONDS: Final = 0.001


class CoalescingClient:
    """Collects calls of a redis-py client, and sends them as pipelines. Each call has its own answer or error."""

    def __init__(self, redis: Any) -> None:
        self._redis = redis
        self._next: Pipeline | None = None
        self._running: set[asyncio.Task[None]] = set()

    async def call(self, do: Callable[[Any], Awaitable[T]]) -> T:
        """Return the answer of the one command that `do` gives to the client it is handed. Raises what redis-py raises."""
        if self._next is None:
            self._next = Pipeline(self._redis.pipeline(transaction=False), self._send)
        return cast("T", await self._next.add(do))

    async def aclose(self) -> None:
        """Wait for the calls made until now, and close the client."""
        if self._next is not None:
            self._send()
        if self._running:
            await asyncio.wait(self._running)
        await self._redis.aclose()

    def _send(self) -> None:
        pipeline, self._next = self._next, None
        if pipeline is not None:
            task = asyncio.get_running_loop().create_task(pipeline.execute())
            self._running.add(task)
            task.add_done_callback(self._running.discard)


class Pipeline:
    """The calls of one pipeline. `send` is called once there has been no further call for a moment."""

    def __init__(self, pipeline: Any, send: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._pipeline = pipeline
        self._answers: list[asyncio.Future[Any]] = []
        self._deadline = time.monotonic() + MAX_WAIT_SECONDS
        self._quiet = 0
        self._loop.call_soon(self._send_if_quiet, send)

    def add(self, do: Callable[[Any], Awaitable[Any]]) -> asyncio.Future[Any]:
        """Add a call, and return its answer to come."""
        do(self._pipeline)  # a pipeline's methods queue the command, and return the pipeline
        answer = self._loop.create_future()
        self._answers.append(answer)
        self._quiet = 0
        return answer

    def _send_if_quiet(self, send: Callable[[], None]) -> None:
        if self._quiet < QUIET_ITERATIONS and time.monotonic() < self._deadline:
            self._quiet += 1
            self._loop.call_soon(self._send_if_quiet, send)
        else:
            send()

    async def execute(self) -> None:
        """Run the pipeline, and hand each caller that still waits its own answer."""
        try:
            results = await self._pipeline.execute(raise_on_error=False)
        except asyncio.CancelledError:
            for answer in self._answers:
                answer.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - it is raised where the answers are awaited
            results = [error] * len(self._answers)
        for answer, result in zip(self._answers, results, strict=True):
            if answer.done():
                continue
            if isinstance(result, Exception):
                answer.set_exception(result)
            else:
                answer.set_result(result)
