"""`clientward deliver`: everything wired together. One process at a time delivers; another one waits to take over."""

import asyncio
import time
import uuid
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from itertools import groupby
from typing import Any, Final

import structlog
from redis.exceptions import RedisError

from delivering.endpoint import Runner
from delivering.feed import MOST_BEHIND, Feed
from delivering.file import Endpoint
from delivering.lines import Lines
from delivering.metrics import Metrics
from delivering.reading import Mark, marks_at
from delivering.sending import Sender
from delivering.state import LEASE_MS, LeaseLostError, Store, store_of
from delivering.web import serve
from streams.config.settings import Settings

log = structlog.get_logger(__name__)

# Seconds between two looks at what is wanted, and at the secrets.
WISHES_SECONDS: Final = 1.0
# Seconds between two renewals of the lease, a third of it.
LEASE_SECONDS: Final = LEASE_MS / 3000
# Seconds between two writes to Redis: what a crash repeats.
WRITE_SECONDS: Final = 0.5
# Seconds that the last write to Redis may take at the end.
END_SECONDS: Final = 10.0


class Deliveries:
    """The endpoints of a deployment, delivered to by this process."""

    def __init__(self, settings: Settings, endpoints: Sequence[Endpoint], store: Store) -> None:
        self._settings = settings
        self._options = settings.kafka_client_options()
        self._endpoints = {each.name: each for each in endpoints}
        self._store = store
        self._metrics = Metrics()
        self._runners: dict[str, Runner] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._feeds: dict[int | None, Feed] = {}
        self._broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._writing = asyncio.Lock()
        self._begins: dict[str | int, dict[int, Mark]] = {}
        self.is_ready = False

    @property
    def metrics(self) -> Metrics:
        """What Prometheus is told."""
        return self._metrics

    async def run(self, stopping: asyncio.Event) -> None:
        """Deliver until told to stop. Raises LeaseLostError, TopicMissingError, DeliveriesError, servers' errors."""
        if not await self._until_ours(stopping):
            return
        try:
            async with Sender(f"clientward/{self._settings.group}") as sender:
                for endpoint in self._endpoints.values():
                    await self._begin(endpoint, sender)
                await self._work(sender, stopping)
        finally:
            await self._end()

    async def _until_ours(self, stopping: asyncio.Event) -> bool:
        waits = False
        while not stopping.is_set():
            if await self._store.lease():
                return True
            if not waits:
                log.info("another process delivers; this one waits to take over")
            waits = True
            await _sleep(stopping, LEASE_SECONDS)
        return False

    async def _begin(self, endpoint: Endpoint, sender: Sender) -> Runner:
        marks = await self._store.marks(endpoint.name)
        if not marks:
            if endpoint.begin not in self._begins:
                self._begins[endpoint.begin] = await marks_at(self._options, endpoint.begin)
            marks = self._begins[endpoint.begin]
            await self._store.replayed(endpoint.name, marks)
        lines = Lines(marks, await self._store.waiting(endpoint.name))
        status = await self._store.status(endpoint.name)
        runner = Runner(endpoint, sender, self._metrics, lines, status)
        runner.wish((await self._store.wishes([endpoint.name]))[endpoint.name])
        self._runners[endpoint.name] = runner
        self._running[endpoint.name] = task = asyncio.create_task(runner.run())
        task.add_done_callback(self._runner_ended)
        return runner

    def _runner_ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None and not self._broken.done():
            self._broken.set_exception(error)

    async def _work(self, sender: Sender, stopping: asyncio.Event) -> None:
        turns = asyncio.Semaphore(MOST_BEHIND)
        kinds = sorted(self._runners.values(), key=lambda each: each.endpoint.settle_ms or -1)
        feeding = []
        for settle_ms, runners in groupby(kinds, key=lambda each: each.endpoint.settle_ms):
            feed = self._feeds[settle_ms] = Feed(self._options, settle_ms, turns)
            feeding.append(asyncio.create_task(feed.run([*runners])))
        self.is_ready = True
        log.info("delivers", endpoints=len(self._runners))
        tasks: list[asyncio.Future[Any]] = [
            self._broken,
            *feeding,
            asyncio.create_task(self._keep_lease()),
            asyncio.create_task(self._keep_written()),
            asyncio.create_task(self._look_after(sender)),
            asyncio.create_task(stopping.wait()),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            self.is_ready = False
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep_lease(self) -> None:
        while True:
            await asyncio.sleep(LEASE_SECONDS)
            try:
                if not await self._store.lease():
                    raise LeaseLostError("another process delivers now: this one was away too long; start it again")
            except RedisError as error:
                log.warning("Redis does not answer, trying again", error=str(error))

    async def _look_after(self, sender: Sender) -> None:
        """Look what is wanted, renew secrets, and tell Prometheus."""
        while True:
            await asyncio.sleep(WISHES_SECONDS)
            try:
                wishes = await self._store.wishes([*self._runners])
                for name, each in wishes.items():
                    if each.replay_ms is not None:
                        await self._replay(self._endpoints[name], sender, each.replay_ms)
                    else:
                        self._runners[name].wish(each)
                await self._measure()
            except RedisError as error:
                log.warning("Redis does not answer, trying again", error=str(error))
            for runner in self._runners.values():
                runner.renew_secrets()

    async def _keep_written(self) -> None:
        while True:
            await asyncio.sleep(WRITE_SECONDS)
            try:
                await self._write(self._runners)
            except RedisError as error:
                log.warning("Redis does not answer, trying again", error=str(error))

    async def _write(self, names: Iterable[str]) -> bool:
        """Write what has changed of endpoints; return whether there was anything."""
        async with self._writing:
            now = time.time()
            changes = {name: each for name in names if (each := self._runners[name].changes(now)) is not None}
            if changes:
                await self._store.write(changes)
                for name in changes:
                    self._runners[name].wrote()
            return bool(changes)

    async def _replay(self, endpoint: Endpoint, sender: Sender, at_ms: int) -> None:
        """Let an endpoint begin again with the decisions since a time."""
        marks = await marks_at(self._options, at_ms)
        feed = self._feeds[endpoint.settle_ms]
        await feed.drop(endpoint.name)
        await self._stop(endpoint.name)
        await self._store.replayed(endpoint.name, marks)
        runner = await self._begin(endpoint, sender)
        feed.catch_up(runner)
        log.info("replays", endpoint=endpoint.name, since_ms=at_ms)

    async def _measure(self) -> None:
        counts = await self._store.counts([*self._runners])
        for name, runner in self._runners.items():
            _, dead = counts[name]
            self._metrics.waiting.labels(name).set(runner.lines.count)
            self._metrics.dead.labels(name).set(dead)
            self._metrics.behind.labels(name).set(runner.is_behind)
            self._metrics.paused.labels(name).set(runner.paused is not None)
            self._metrics.failing.labels(name).set(runner.failures)

    async def _stop(self, name: str) -> None:
        """Stop sending to an endpoint, and write all of it."""
        task = self._running.pop(name)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        while await self._write([name]):
            pass

    async def _end(self) -> None:
        try:
            async with asyncio.timeout(END_SECONDS):
                await asyncio.gather(*(self._stop(name) for name in [*self._running]))
                await self._store.leave()
        except LeaseLostError:
            log.warning("another process delivers now, and goes on from what this one had written")
        except (TimeoutError, RedisError):
            log.warning("Redis did not take the last positions; what was delivered since is delivered again")


async def deliver(settings: Settings, endpoints: Sequence[Endpoint], stopping: asyncio.Event) -> None:
    """Deliver until told to stop, with probes and metrics on web_host:web_port."""
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(store_of(settings, uuid.uuid4().hex))
        deliveries = Deliveries(settings, endpoints, store)
        await stack.enter_async_context(serve(settings, deliveries.metrics.registry, lambda: deliveries.is_ready))
        await deliveries.run(stopping)


async def _sleep(stopping: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stopping.wait()
    except TimeoutError:
        pass
