"""One endpoint at work: takes what it wants, sends it in order by account, tries again, and says what is to be written.

What an endpoint does concerns no other: it has its own lines, and its own attempts under way.
"""

import asyncio
import random
import time
from collections.abc import Sequence
from typing import Final

import msgspec
import structlog

from clientward_client import Decision
from delivering.events import body_of, event_id_of
from delivering.file import DeliveriesError, Endpoint, secrets_of
from delivering.lines import Lines
from delivering.metrics import Metrics
from delivering.reading import Item
from delivering.retrying import DOWN_AFTER, GONE, Answer, probe_wait, wait_of
from delivering.sending import Sender
from delivering.signing import Signer
from delivering.state import Changes, Status, Waiting, Wishes

log = structlog.get_logger(__name__)

# Messages that an endpoint may have on its way: those that are tried again are in Redis, and all are in memory.
MOST_WAITING: Final = 5_000
# Seconds between two writes of marks that moved over what is not wanted: a crash reads that again, and nobody notices.
MARKS_SECONDS: Final = 5.0
DAY: Final = 86_400.0


class Runner:
    """An endpoint that is being delivered to.

    Attributes:
        lines: what is on its way.
        is_behind: whether it is fed by a reader of its own.
        paused: why it is paused; None where it is not.
    """

    def __init__(self, endpoint: Endpoint, sender: Sender, metrics: Metrics, lines: Lines, status: Status) -> None:
        self.endpoint = endpoint
        self.name = endpoint.name
        self.lines = lines
        self.is_behind = False
        self.paused: str | None = None
        self._sender, self._metrics = sender, metrics
        self._status = status
        self._told: tuple[int, float | None, bool] | None = None
        self._unwritten: Changes | None = None
        self._is_pause_told = True
        self._signer = Signer(endpoint.place, secrets_of(endpoint))
        self._secrets = secrets_of(endpoint)
        self._wake = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._dead: list[Waiting] = []
        self._redriven: list[str] = []
        self._probe_at = 0.0
        self._broken: BaseException | None = None

    # What it is fed.

    @property
    def failures(self) -> int:
        """How many requests have failed since the last one that was taken."""
        return self._status.failures_in_a_row

    @property
    def has_room(self) -> bool:
        """Whether it may be fed more."""
        return self.lines.count < MOST_WAITING

    async def until_room(self) -> None:
        """Return when half of what it may have on its way is gone."""
        while not self._has_much_room():
            self._room.clear()
            await self._room.wait()

    def _has_much_room(self) -> bool:
        return self.lines.count <= MOST_WAITING // 2

    def feed(self, items: Sequence[Item]) -> None:
        """Take in what is due, in order; what was taken in before is passed over."""
        before = self.lines.count
        self.lines.take(items, self._waiting)
        if self.lines.count != before:
            self._wake.set()

    def _waiting(self, item: Item) -> Waiting | None:
        message = item.message
        if message is None:
            return None
        if isinstance(message, Decision):
            if not self.endpoint.wanted.matches(message):
                return None
        elif not self.endpoint.file.erasures:
            return None
        return Waiting(0, event_id_of(message), message.account_id, body_of(message))

    # What it is told.

    def wish(self, wishes: Wishes) -> None:
        """Do what is wanted: pause or go on, and try again what was given up."""
        if wishes.paused != self.paused and self._is_pause_told:
            log.info("paused" if wishes.paused else "goes on", endpoint=self.name, why=wishes.paused)
            self.paused = wishes.paused
        for waiting in wishes.redrive:
            if waiting.event_id not in self._redriven:
                self._redriven.append(waiting.event_id)
                self.lines.redrive(waiting)
        self._wake.set()

    def renew_secrets(self) -> None:
        """Sign with the secrets as they stand now; while they cannot be had, with those of before."""
        try:
            secrets = secrets_of(self.endpoint)
            if secrets != self._secrets:
                self._signer, self._secrets = Signer(self.endpoint.place, secrets), secrets
                log.info("signs with other secrets now", endpoint=self.name, secrets=len(secrets))
        except DeliveriesError as error:
            log.error("goes on with the secrets of before", error=str(error))  # noqa: TRY400 - the line says it all

    # What it does.

    async def run(self) -> None:
        """Send until cancelled; what is under way then is cut short, and sent again by whoever goes on."""
        try:
            while True:
                self._start_attempts()
                self._wake.clear()
                try:
                    async with asyncio.timeout(self._until_next()):
                        await self._wake.wait()
                except TimeoutError:
                    pass
                if self._broken is not None:
                    raise self._broken
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start_attempts(self) -> None:
        now = time.time()
        limit = 1 if self._status.failures_in_a_row >= DOWN_AFTER else self.endpoint.file.at_once
        while self.paused is None and now >= self._probe_at and len(self._tasks) < limit:
            waiting = self.lines.next(now)
            if waiting is None:
                return
            task = asyncio.create_task(self._attempt(waiting))
            self._tasks.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._broken = error
        self._wake.set()
        if self._has_much_room():
            self._room.set()

    def _until_next(self) -> float:
        now = time.time()
        due = self.lines.next_due()
        wait = 1.0 if due is None else min(1.0, max(0.0, due - now))
        return max(wait, min(1.0, self._probe_at - now), 0.001)

    async def _attempt(self, waiting: Waiting) -> None:
        started = time.monotonic()
        answer = await self._sender.post(self.endpoint, self._signer, waiting.event_id, waiting.body)
        self._metrics.seconds.labels(self.name).observe(time.monotonic() - started)
        now = time.time()
        if answer.ok:
            self._count("delivered")
            self._status.delivered += 1
            self._status.last_ok, self._status.failures_in_a_row, self._status.failing_since = now, 0, None
            self._probe_at = 0.0
            self.lines.delivered(waiting.account_id)
        else:
            self._failed(waiting, answer, now)

    def _failed(self, waiting: Waiting, answer: Answer, now: float) -> None:
        self._count("failed")
        self._status.last_failure, self._status.why = now, answer.why
        self._status.failures_in_a_row += 1
        self._status.failing_since = self._status.failing_since or now
        self._probe_at = now + probe_wait(self._status.failures_in_a_row)
        since = waiting.since or now
        if answer.status == GONE:
            self._pause_itself(f"the endpoint says that it is gone: {answer.why}")
        if now - since > self.endpoint.file.give_up_days * DAY:
            if (self._status.last_ok or 0.0) > since:
                self._give_up(waiting, answer, now)
                return
            self._pause_itself(f"it has taken nothing for {self.endpoint.file.give_up_days:g} days: {answer.why}")
        wait = wait_of(waiting.attempts + 1, answer.retry_after, random.random())  # noqa: S311 - spreads load
        self.lines.failed(waiting.account_id, now + wait, since, answer.why)
        log.info("not taken", endpoint=self.name, event_id=waiting.event_id, why=answer.why, again_in=round(wait, 1))

    def _give_up(self, waiting: Waiting, answer: Answer, now: float) -> None:
        """Put a message aside: others were taken meanwhile, so that it is this one that is not."""
        self._count("given_up")
        waiting.attempts += 1
        waiting.due, waiting.why = now, answer.why
        self._dead.append(waiting)
        self.lines.delivered(waiting.account_id)
        log.warning(
            "given up", endpoint=self.name, event_id=waiting.event_id, attempts=waiting.attempts, why=answer.why
        )

    def _pause_itself(self, why: str) -> None:
        if self.paused is None:
            self.paused, self._is_pause_told = why, False
            log.warning("paused itself", endpoint=self.name, why=why)

    def _count(self, outcome: str) -> None:
        self._metrics.attempts.labels(self.name, outcome).inc()

    # What is written of it.

    def changes(self, now: float) -> Changes | None:
        """Return what is to be written, whole or not at all, until `wrote` says that it was; None where there is nothing."""
        if self._unwritten is None:
            self._unwritten = self._changes(now)
        return self._unwritten

    def wrote(self) -> None:
        """Note that what `changes` returned is written."""
        written, self._unwritten = self._unwritten, None
        if written is not None:
            self._redriven = [each for each in self._redriven if each not in written.redriven]
            self._is_pause_told = self._is_pause_told or written.paused is not None

    def _changes(self, now: float) -> Changes | None:
        """Gather what is to be written; None where there is nothing."""
        told = (self._status.delivered, self._status.last_failure, self.is_behind)
        has_news = self.lines.has_news or self._dead or self._redriven or not self._is_pause_told or told != self._told
        if not has_news and now - self._status.at < MARKS_SECONDS:
            return None
        written = self.lines.written()
        dead, self._dead = self._dead, []
        self._status.is_behind = self.is_behind
        paused = None if self._is_pause_told else self.paused
        if not (has_news or any(written)):
            return None
        self._told, self._status.at = told, now
        status = msgspec.structs.replace(self._status)
        return Changes(written.marks, written.waiting, written.done, dead, [*self._redriven], status, paused)
