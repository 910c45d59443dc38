"""One task for one partition number: takes the batches of all intake topics, and carries out step after step.

The order within a step is what the promise rests on:
1. take arrivals in event-time order, load their accounts (one round trip), fold;
2. send the dead letters, and wait until Kafka has them;
3. commit to Redis in one atomic write: states, positions, timers, outbox, and what has been sent of the outbox before;
4. send the changelog, and wait; only then send the decisions, and wait; acknowledge (`streams.engine.dispatch`). The next
   step is folded and committed meanwhile.
A crash between any two of them repeats work and loses none: what is before the commit is fetched again, what is after it
is in the outbox. An outbox that was sent and not noted is sent again under the same ids.

Redis away: the call is repeated as it is; nothing is acknowledged, and full buffers hold the topics.
`Fenced` by another owner while the partition is still ours: take over anew, read the positions, seek, go on.
`Fenced` since Redis went back: the worker starts anew, since the changelog must be read before the intake.
Anything else ends the worker unacknowledged.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Final, NamedTuple

import structlog
from faust.types import TP

from clientward_store import Fenced, Store, Write
from relationship.contract.messages import MESSAGE_TYPES
from relationship.contract.outcome import REJECTED, Fold
from streams.engine import failpoints as points
from streams.engine.batch_sizing import BatchSizing, cooperatively
from streams.engine.dispatch import Dispatch, PendingSends
from streams.engine.erasure_guard import ErasureGuard
from streams.engine.inbox import GapError, Inbox
from streams.engine.intake import Intake
from streams.engine.metrics import Metrics
from streams.engine.redis_calls import Notifier, RedisCalls
from streams.engine.step import Step, StepBuilder, decode_entry
from streams.engine.timer_rescan import TimerRescan
from streams.kafka.publisher import ProducerRecord, Publisher
from streams.wire.arrivals import StepInput, positions_after, step_input
from streams.wire.codecs import Codec
from streams.wire.dead_letters import dead_letter
from streams.wire.records import Batch

log = structlog.get_logger(__name__)

# Ids of sent messages that wait at most to be noted: they are sent again after a crash.
MOST_SENT: Final = 2_000
# Accounts woken or restored in one step.
STEP_ACCOUNTS: Final = 1_000
# Seconds between two looks at a partition's timers.
TIMER_SECONDS: Final = 1.0
# The wall clock rules the timers where the stream has caught up with it to within an hour, or has been silent for a
# while: between two bursts of a backfill a partition has no lag either, and its accounts have not lapsed meanwhile.
LIVE_SECONDS: Final = 3_600.0
SILENT_SECONDS: Final = 10.0
# Seconds for the group to say that the partition is another's, once the fence has said so.
FENCED_SECONDS: Final = 1.0
MICROS: Final = 1_000_000


class PositionLostError(RuntimeError):
    """Redis holds a position that Kafka no longer has. The text is one line that says what to do."""


class Parts(NamedTuple):
    """What every task of a worker shares; `changelog` is its topic's name, `erased` reads erasures that Redis has lost."""

    store: Store
    fold: Fold
    codec: Codec
    publisher: Publisher
    intake: Intake
    metrics: Metrics
    changelog: str
    erased: Callable[[int, Mapping[str, int]], Awaitable[ErasureGuard]]
    generations: Iterator[int]
    pulse: Notifier


class Partition:
    """The owner of one partition number. `run` until cancelled; `put` batches from the same event loop."""

    def __init__(self, number: int, parts: Parts) -> None:
        self.number = number
        self.inbox = Inbox(number, parts.codec, parts.intake, parts.generations)
        self.is_open = False
        self._stopping = False
        self._parts = parts
        self._dispatch = Dispatch((parts.changelog, number), parts.publisher, self._confirm, self.inbox.nudge)
        self._clock = 0.0  # event time of the newest message folded, seconds since the epoch
        self._timers_at = 0.0
        self._sweep = TimerRescan(parts.fold)
        self._erased = ErasureGuard()
        self._pace = BatchSizing()
        self._redis = RedisCalls(number, parts.metrics, parts.pulse)

    @property
    def waiting_for_redis(self) -> bool:
        """Tell whether Redis is away."""
        return self._redis.waiting

    def put(self, batch: Batch) -> None:
        """Take a batch over; never waits."""
        self.inbox.put(batch)

    def stop(self) -> None:
        """Let `run` return after the step that has begun."""
        self._stopping = True
        self.inbox.nudge()

    async def run(self) -> None:
        """Own the partition until stopped or cancelled."""
        try:
            await self._open("assigned")
            while not self._stopping:
                await self._turn_or_open()
            with suppress(Fenced):  # then the next owner sends the outbox again
                await self._dispatch.drained()
                await self._note_sent()
        finally:
            await self._dispatch.drop()

    async def _turn_or_open(self) -> None:
        """Carry out a turn; become the owner anew where that shows that the partition was lost or a batch was."""
        try:
            await self._turn()
        except Fenced as error:
            if error.lost_writes:
                raise
            log.warning("fenced", partition=self.number, reason=str(error))
            await asyncio.sleep(FENCED_SECONDS)
            await self._open("fenced")
        except GapError as error:
            log.warning("a batch was lost; fetching it again", partition=self.number, reason=str(error))
            await self._open("gap")

    async def _turn(self) -> None:
        """Carry out one step, or wait for something to do."""
        self._dispatch.check()
        share = await self.inbox.next(self._pace.records)
        if share.arrivals:
            await self._fold(share)
        woken = await self._wake() | await self._swept()
        self._parts.pulse.beat()
        if not (woken or share.arrivals):
            if not await self.inbox.wait(TIMER_SECONDS):
                await self._note_sent()
        elif self._dispatch.unnoted >= MOST_SENT:
            await self._note_sent()

    async def _open(self, reason: str) -> None:
        """Become the owner, send what the last owner left, and seek to what Redis holds."""
        store = self._parts.store
        await self._dispatch.drop()
        await self._redis.call("take_over", lambda: store.take_over(self.number))
        self._parts.metrics.takeovers.labels(reason).inc()
        await self._send_outbox()
        positions = await self._redis.call("positions", lambda: store.positions(self.number))
        self._sweep.restart(positions)
        self._erased = await self._parts.erased(self.number, positions)
        await self._look_at_restored()
        await self._dispatch.drained()
        self.inbox.restart(await self._checked(positions))
        self.is_open = True
        self._parts.pulse.beat()

    async def _checked(self, positions: Mapping[str, int]) -> dict[str, int]:
        """Return where to start in every topic: what Redis holds, else the beginning.

        Raises PositionLostError where Kafka ends before a position: new records would pass for folded ones.
        """
        earliest, ends = await self.inbox.bounds()
        checked = {}
        for topic in MESSAGE_TYPES:
            tp = TP(topic, self.number)
            position = positions.get(topic, earliest[tp])
            if position > ends[tp]:
                raise PositionLostError(
                    f"{topic} partition {self.number} ends at {ends[tp]}, but Redis has folded it up to {position}: the "
                    "topic was made anew or lost records; start with another CLIENTWARD_GROUP, or delete the group's keys"
                )
            if position < earliest[tp]:
                lost = earliest[tp] - position
                log.error(
                    "records are gone unread: retention is too short", topic=topic, partition=self.number, lost=lost
                )
            checked[topic] = max(position, earliest[tp])
        return checked

    async def _fold(self, share: StepInput) -> None:
        points.hit("fetched")
        started = time.perf_counter()
        arrivals = share.arrivals
        alive, erased = self._erased.part(arrivals)
        if erased:
            share = step_input(alive)
        folding = StepBuilder(self._parts.fold, await self._load(share.accounts), _now_us())
        seconds = await cooperatively(folding.arrivals(share.accounts, share.refused))
        folding.repeats(erased)
        self._pace.note(len(arrivals), seconds)
        positions = positions_after(arrivals)
        step = folding.step(positions)
        points.hit("folded")

        def done() -> None:
            self.inbox.folded(positions, len(arrivals))
            self._tell(step, time.perf_counter() - started)
            self._parts.pulse.beat()

        await self._carry_out(step, done)
        self._clock = max(self._clock, step.newest)

    async def _wake(self) -> bool:
        """Let the timers run that are due, at most once a second. True where something was done."""
        until = self._timer_clock()
        if until <= 0 or time.monotonic() - self._timers_at < TIMER_SECONDS:
            return False
        due = await self._redis.call(
            "due", lambda: self._parts.store.due(self.number, int(until * MICROS), STEP_ACCOUNTS)
        )
        if len(due) < STEP_ACCOUNTS:
            self._timers_at = time.monotonic()
        if due:
            folding = StepBuilder(self._parts.fold, await self._load(due), _now_us())
            folding.wake(due, int(until * MICROS))
            await self._carry_out(folding.step({}))
        return bool(due)

    async def _swept(self) -> bool:
        """Look at a portion of the timers again where the rules have changed. True where something was done."""
        store = self._parts.store
        portion = await self._sweep.portion(
            lambda at, n: self._redis.call("scan", lambda: store.scan_due(self.number, at, n))
        )
        if portion is None:
            return False
        folding = StepBuilder(self._parts.fold, await self._load(portion.keys), _now_us())
        folding.wake(portion.keys, 0)
        await self._carry_out(folding.step(portion.positions))
        return True

    def _timer_clock(self) -> float:
        """Return the partition's time in seconds: the stream's own, or the wall's where the stream has caught up."""
        wall = time.time()
        if self.inbox.at_end():
            live = wall - self._clock < LIVE_SECONDS
            if live or time.monotonic() - self.inbox.heard_at >= SILENT_SECONDS:
                return wall
        return min(self._clock, wall)

    async def _send_outbox(self) -> None:
        """Send what a commit left unsent. Its accounts' changelog goes first: that too may be missing."""
        asked_at = time.monotonic()
        left = await self._redis.call("outbox", lambda: self._parts.store.outbox(self.number))
        if left:
            entries = {identity: decode_entry(record) for identity, record in left}
            values = await self._load({entry.account.encode() for entry in entries.values()})
            await self._dispatch.put(PendingSends(values, entries, asked_at))

    async def _look_at_restored(self) -> None:
        """Derive timers and latest decisions of accounts that recovery has rewritten: the changelog has states only."""
        store = self._parts.store
        while keys := await self._redis.call("restored", lambda: store.restored(self.number, STEP_ACCOUNTS)):
            folding = StepBuilder(self._parts.fold, await self._load(keys), _now_us())
            folding.restored(keys)
            step = folding.step({})
            write = Write(due=step.write.due, outbox=step.write.outbox, restored=keys)
            await self._carry_out(step._replace(write=write))

    async def _carry_out(self, step: Step, *done: Callable[[], None]) -> None:
        """Commit a step, once its dead letters are stored; the dispatch sends what it owes and calls `done` then."""
        if step.refused:
            now = _now_us()
            letters = [
                dead_letter(TP(arrival.topic, self.number), arrival.record, refused, now=now)
                for arrival, refused in step.refused
            ]
            await self._parts.publisher.publish(
                ProducerRecord(REJECTED, self.number, letter.key, letter.value, letter.headers) for letter in letters
            )
            points.hit("letters_sent")
        sent = self._dispatch.take_sent()
        write = replace(step.write, sent=sent.ids, changelog_offset=sent.changelog_offset)
        asked_at = time.monotonic()
        await self._redis.call("commit", lambda: self._parts.store.commit(self.number, write))
        if write.values:  # there is more to lose than a note
            points.hit("committed")
        await self._dispatch.put(PendingSends(step.write.values, step.entries, asked_at, done))

    async def _note_sent(self) -> None:
        """Note in Redis what Kafka has stored since the last commit, which would have noted it along the way."""
        sent = self._dispatch.take_sent()
        if sent.ids or sent.changelog_offset is not None:
            await self._redis.call("sent", lambda: self._parts.store.sent(self.number, *sent))
            points.hit("outbox_noted")

    async def _confirm(self) -> None:
        """Ask Redis whether the partition is still ours. Raises Fenced."""
        await self._redis.call("confirm", lambda: self._parts.store.sent(self.number, [], None))

    async def _load(self, keys: Collection[bytes]) -> dict[bytes, bytes | None]:
        return await self._redis.call("load", lambda: self._parts.store.load(self.number, keys))

    def _tell(self, step: Step, seconds: float) -> None:
        metrics = self._parts.metrics
        metrics.folded(step.counts, step.refused)
        metrics.published(step.entries.values())
        metrics.batch.observe(seconds)


def _now_us() -> int:
    return time.time_ns() // 1000
