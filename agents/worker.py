"""The worker: where everything is wired together, started, watched and stopped.

A worker ends in one of three ways: told to (SIGTERM, SIGINT), it finishes the steps that have begun and leaves the group,
exit code 0; something it cannot mend (a record that Kafka refuses, a wrong password, lost positions) is one line on
standard error, exit code 1, and nothing acknowledged; a Redis that has gone back makes it start anew within the process,
since the changelog must be read before the intake.

Kafka and Redis away at the start, or at any time, are waited for.
"""

import asyncio
import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, NoReturn

import structlog
import uvloop
from aiokafka.errors import KafkaError
from faust.exceptions import FaustError

from agents.intake import add_intake_agents
from agents.kafka_watch import follow_kafka
from agents.policy_follower import PolicyFollower
from agents.probes import Probes
from agents.redis_memory import follow_memory
from clientward_store import Fenced, StoreUnavailable
from relationship.contract.outcome import Fold
from relationship.core import Core
from relationship.policy.compiled import load_policy
from relationship.policy.file import PolicyError
from streams.config.logs import configure_logs
from streams.config.settings import Settings
from streams.driver.mode_private import until_crashed
from streams.engine.app import App, build_app
from streams.engine.metrics import Metrics
from streams.engine.partition import PositionLostError
from streams.engine.redis_calls import Notifier
from streams.kafka.admin import plan_topics
from streams.kafka.publisher import Publisher
from streams.kafka.refusals import PublishRefusedError
from streams.kafka.topic_plan import Create, Refuse
from streams.kafka.topics import account_bytes

log = structlog.get_logger(__name__)

Ready = Callable[["Worker"], None]
EXIT_FAILED: Final = 1
# Seconds for Faust to stop before it is left where it is; the process ends in any case.
STOP_SECONDS: Final = 10.0
CRASHED_SECONDS: Final = 2.0
# Seconds after which a process that was told to stop ends whatever it does: the chart has it killed after 30 at least.
LONGEST_SECONDS: Final = 25.0


class WorkerError(RuntimeError):
    """The worker cannot go on. The text is one line that says what to do."""


class Worker:
    """One worker of the group, within a running event loop.

    Attributes:
        app: the Faust app of the present life, or None between two.
        metrics: of all its lives.
        notifier: notifies after every step and every change of state, for whoever waits for one.
        has_left_tasks: an app did not stop in time; what is left of it may keep the event loop from being closed, and the
            consumer's thread the process from ending.
    """

    def __init__(self, settings: Settings, fold: Fold) -> None:
        self.settings = settings
        self.metrics = Metrics()
        self.metrics.group_partitions.set(settings.partitions)
        self.notifier = Notifier()
        self.app: App | None = None
        self.has_left_tasks = False
        self._fold = fold
        self._policies: PolicyFollower | None = None
        if isinstance(fold, Core):
            self._policies = PolicyFollower(settings, fold, fold.rules.at(0), self.metrics, self.notifier)
        self._stop = asyncio.Event()

    @property
    def is_ready(self) -> bool:
        """Tell whether all partitions that are ours are being folded."""
        return self.app is not None and self.app.started and self.app.is_ready

    async def until(self, condition: Callable[[], bool]) -> None:
        """Return when a condition on this worker holds."""
        while not condition():
            await self.notifier.wait()

    async def settled(self) -> None:
        """Return when the worker is ready and everything that Kafka had meanwhile is folded and sent: lag 0."""
        while True:
            await self.until(lambda: self.is_ready)
            app = self.app
            if app is not None and await app.settled() and app is self.app and self.is_ready:
                return

    def metrics_text(self) -> bytes:
        """Return the metrics in Prometheus's text format, the lags and the policy as of now."""
        for each in (self.metrics.lag_events, self.metrics.lag_seconds):
            each.clear()  # a partition that is another worker's now would be behind for ever
        for tp, lag in (self.app.lags() if self.app else {}).items():
            self.metrics.lag_events.labels(tp.topic, tp.partition).set(lag.events)
            self.metrics.lag_seconds.labels(tp.topic, tp.partition).set(lag.seconds)
        if isinstance(self._fold, Core):
            self.metrics.decides(self._fold.rules.at(time.time_ns() // 1000))
        self.metrics.outbox.set(self.app.outbox_records if self.app else 0)
        self.metrics.outbox_seconds.set(self.app.outbox_seconds if self.app else 0.0)
        self.metrics.ready.set(self.is_ready)
        return self.metrics.text()

    def stop(self) -> None:
        """Let `run` return soon."""
        self._stop.set()

    async def run(self, ready: Ready | None = None) -> None:
        """Work until stopped. `ready` is called each time all partitions are open.

        Raises WorkerError for whatever the worker cannot mend by itself.
        """
        followers = (follow_kafka(self.settings, self.metrics), follow_memory(self.settings, self.metrics))
        watching = [asyncio.create_task(each) for each in followers]
        try:
            async with Probes(self):
                while not self._stop.is_set():
                    await self._live(ready)
        finally:
            for task in watching:
                task.cancel()
            await asyncio.gather(*watching, return_exceptions=True)

    async def _live(self, ready: Ready | None) -> None:
        """Live once: until stopped, or until Redis has gone back."""
        publisher = Publisher(self.settings)
        app = self.app = build_app(self.settings, self._fold, publisher, self.metrics, self.notifier)
        add_intake_agents(app)
        try:
            if await self._unless_stopped(self._prepare(app, publisher)):
                await self._unless_stopped(self._work(app, ready))
        except (KafkaError, FaustError, StoreUnavailable, PublishRefusedError, PositionLostError, OSError) as error:
            raise WorkerError(str(error)) from error
        except Fenced as error:
            why = "Redis has gone back" if error.lost_writes else "another owner came while a partition was opened"
            log.warning("starting anew", why=why, reason=str(error))
        finally:
            await self._end(app, publisher)

    async def _prepare(self, app: App, publisher: Publisher) -> None:
        """Return once Kafka and Redis answer, the topics are as they should be, and the policies are heard."""
        await publisher.start()
        await app.until_redis_answers()
        await self._check_topics()
        if self._policies is not None:
            await self._policies.start(publisher)

    async def _work(self, app: App, ready: Ready | None) -> None:
        """Run the app until it fails."""
        starting = asyncio.create_task(self._start(app, ready))
        crashed = asyncio.create_task(until_crashed(app))
        failed = asyncio.create_task(app.failed.wait())
        try:
            done, _ = await asyncio.wait((starting, crashed, failed), return_when=asyncio.FIRST_COMPLETED)
            if starting in done:
                starting.result()
                await asyncio.wait((crashed, failed), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (starting, crashed, failed):
                task.cancel()
            # Faust may take a cancellation for its own. What else a start ends with follows from why it is given up.
            ended, left = await asyncio.wait((starting,), timeout=CRASHED_SECONDS)
            self.has_left_tasks |= bool(left)
            await asyncio.gather(*ended, return_exceptions=True)
        raise app.failure or app.crash_reason or WorkerError("Faust stopped without a reason")

    async def _start(self, app: App, ready: Ready | None) -> None:
        await app.start()
        while not app.is_ready:
            await self.notifier.wait()
        if ready is not None:
            ready(self)

    async def _check_topics(self) -> None:
        changes = await plan_topics(self.settings)
        wrong = [str(change) for change in changes if isinstance(change, Create | Refuse)]
        if wrong:
            raise WorkerError(f"{len(wrong)} topics are missing or wrong: run `clientward topics apply` ({wrong[0]})")
        for change in changes:
            log.warning("a topic is not as it should be: run `clientward topics apply`", change=str(change))

    async def _unless_stopped(self, doing: Awaitable[None]) -> bool:
        """Await something; False where the worker was told to stop before it was done."""
        task = asyncio.ensure_future(doing)
        stopped = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait((task, stopped), return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                task.result()
            return task.done()
        finally:
            stopped.cancel()
            if not task.done():
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    async def _end(self, app: App, publisher: Publisher) -> None:
        """Stop what was started, within a time; a Faust that crashed may wait for what has ended."""
        if self._policies is not None:
            await self._policies.stop()
        try:
            async with asyncio.timeout(CRASHED_SECONDS if app.crashed else STOP_SECONDS):
                await app.stop()
        except TimeoutError:
            self.has_left_tasks = True
        with suppress(TimeoutError, KafkaError, OSError):
            async with asyncio.timeout(STOP_SECONDS):
                await publisher.stop()


def run_worker(settings: Settings, ready: Ready | None = None, fold: Fold | None = None) -> int:
    """Run a worker in this process until a signal, and return the exit code; a failure is one line on stderr.

    Args:
        settings: everything that can be set.
        ready: called each time all partitions assigned are open.
        fold: what decides; the project's own core with the policy of the settings where it is None.
    """
    configure_logs(settings)
    gc.freeze()  # what is imported stays: the collector need not walk through it, again and again
    try:
        return uvloop.run(_main(settings, fold or core_of(settings), ready))
    except PolicyError as error:
        return _failed(error)


def _failed(error: Exception) -> int:
    sys.stderr.write(f"clientward: {' '.join(str(error).split())}\n")
    return EXIT_FAILED


def core_of(settings: Settings) -> Fold:
    """Return the project's core as the settings say. Raises PolicyError for a policy that is none."""
    policy = load_policy(settings.policy_file)
    return Core(policy, settings.lateness_days, most_bytes=account_bytes(settings))


async def _main(settings: Settings, fold: Fold, ready: Ready | None) -> int:
    worker = Worker(settings, fold)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _told_to_stop, worker)
    try:
        await worker.run(ready)
        code = 0
    except (WorkerError, PolicyError) as error:
        code = _failed(error)
    if worker.has_left_tasks or await _some_stay():
        _leave(code)
    return code


def _told_to_stop(worker: Worker) -> None:
    """Stop a worker, and the process in any case: what is cut off then is repeated, as after any crash."""
    worker.stop()
    last = threading.Timer(LONGEST_SECONDS, _leave, (0,))
    last.daemon = True
    last.start()


async def _some_stay() -> bool:
    """Cancel all other tasks of the event loop; True where some of them, or what they begin anew, are still there.

    An app that stopped in the midst of a rebalance may leave its agents behind, without having been late.
    """
    own = {asyncio.current_task()}
    if others := asyncio.all_tasks() - own:
        for task in others:
            task.cancel()
        await asyncio.wait(others, timeout=CRASHED_SECONDS)
    return bool(asyncio.all_tasks() - own)


def _leave(code: int) -> NoReturn:
    """End the process without what Faust has left running.

    An agent that is cancelled while Faust does not know that it stops begins anew, so the loop would never be closed; and
    the process would wait for the consumer's thread.
    """
    log.warning("Faust has not stopped; leaving without it")
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
