"""One task for one partition number: takes the batches of all intake topics, and carries out step after step.

The order within a step is what the promise rests on:
1. take arrivals in event-time order, load their accounts (one round trip), fold;
2. send the dead letters, and wait until Kafka has them;
3. commit to Redis in one atomic write: states, positions, timers, outbox, and what has been sent of the outbox before;
4. send the changelog, and wait; only then send the decisions, and wait; acknowledge (`streams/engine/dispatch.py`). The
   next step is folded and committed meanwhile.
A crash between any two of them repeats work and loses none: what is before the commit is fetched again, what is after it
is in the outbox. An outbox that was sent and not noted is sent again under the same ids.

Redis away: the call is repeated as it is; nothing is acknowledged, and full buffers pause the topics.
`Fenced` by another owner while the partition is still ours: take over anew, read the positions, seek, go on.
`Fenced` since Redis went back: the worker starts anew, since the changelog must be read before the intake.
Anything else ends the worker unacknowledged.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from math import inf
from typing import Final, NamedTuple, TypeVar

import structlog
from aiokafka.errors import KafkaError
from faust.types import TP

from clientward_store import Fenced, Write
from relationship.contract.messages import COMMANDS, MESSAGE_TYPES
from relationship.contract.outcome import Fold, StepTooLargeError
from streams.engine import failpoints
from streams.engine.batch_sizing import BatchSizing, cooperatively
from streams.engine.commit import Committer, Ends
from streams.engine.erasure_guard import ErasureGuard
from streams.engine.inbox import ACCOUNT_RECORDS, GapError, Inbox
from streams.engine.ports import Intake
from streams.engine.redis_calls import Notifier, RedisCalls
from streams.engine.step import StepBuilder
from streams.engine.timers import Timers
from streams.retry import until_it_passes
from streams.wire.arrivals import EPOCH, StepInput, positions_after, step_input
from streams.wire.codecs import Codec
from streams.wire.records import Batch, FetchedRecord, may_erase

log = structlog.get_logger(__name__)

# Accounts restored in one step.
STEP_ACCOUNTS: Final = 1_000
# Steps for which one record of an account is folded at a time, after several of one could not be.
ONE_BY_ONE_STEPS: Final = 300
# Seconds for the group to say that the partition is another's, once the fence has said so.
FENCED_SECONDS: Final = 1.0
# Seconds between two looks for accounts that a former owner asks to publish again: such a state is wrong for so long.
RESTATE_SECONDS: Final = 10.0


T = TypeVar("T")


class PositionLostError(RuntimeError):
    """Redis holds a position that Kafka no longer has. The text is one line that says what to do."""


class Parts(NamedTuple):
    """What every task of a worker shares.

    `erasures` reads those that may cover what is still to be folded; `first_after` tells by moment (ms since the epoch) the
    offset of the first record that each topic stored after it.
    """

    ends: Ends
    fold: Fold
    codec: Codec
    intake: Intake
    erasures: Callable[[int, Mapping[str, int], Mapping[str, int]], Awaitable[Sequence[FetchedRecord]]]
    first_after: Callable[[int, Collection[int]], Awaitable[Mapping[int, Mapping[str, int]]]]
    generations: Iterator[int]
    notifier: Notifier


class Partition:
    """The owner of one partition number. `run` until cancelled; `put` batches from the same event loop."""

    def __init__(self, number: int, parts: Parts) -> None:
        self.number = number
        self.inbox = Inbox(number, parts.codec, parts.intake, parts.generations, parts.ends.clock)
        self.is_open = False
        self._stopping = False
        self._parts = parts
        self._redis = RedisCalls(number, parts.ends.metrics, parts.notifier)
        self._committer = Committer(number, parts.ends, self._redis, self.inbox.nudge)
        self._timers = Timers(number, parts.fold, parts.ends, self._redis, self._committer)
        self._erasures = ErasureGuard()
        self._sizing = BatchSizing()
        self._restate_at = 0.0  # monotonic seconds
        self._one_by_one = 0  # steps that still take one record of an account at most

    @property
    def waiting_for_redis(self) -> bool:
        """Tell whether Redis is away."""
        return self._redis.waiting

    @property
    def outbox_records(self) -> int:
        """How many records of the outbox Redis holds that Kafka has not confirmed."""
        return self._committer.outbox_records

    @property
    def outbox_seconds(self) -> float:
        """How long the oldest step waits for Kafka."""
        return self._committer.outbox_seconds

    def put(self, batch: Batch) -> None:
        """Take a batch over; never waits. An erasure is known from now on, whenever its turn comes."""
        if batch.tp.topic == COMMANDS:
            self._note_erasures(batch.records)
        self.inbox.put(batch)

    def _note_erasures(self, records: Sequence[FetchedRecord]) -> None:
        erasures = [record for record in records if may_erase(record.value)]
        if erasures:
            now_us = self._parts.ends.clock.wall_us()
            self._erasures.note(self._parts.codec.arrivals(COMMANDS, erasures, now_us, EPOCH))

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
                await self._committer.drained()
                await self._committer.note_sent()
        finally:
            await self._committer.drop()

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
        except StepTooLargeError as error:
            self._one_by_one = ONE_BY_ONE_STEPS
            log.warning("folding one record of an account at a time", partition=self.number, reason=str(error))
            await self._open("size")
        except GapError as error:
            log.warning("a batch was lost; fetching it again", partition=self.number, reason=str(error))
            await self._open("gap")

    async def _turn(self) -> None:
        """Carry out one step, or wait for something to do."""
        self._committer.check()
        self.inbox.account_records = 1 if self._one_by_one else ACCOUNT_RECORDS
        self._one_by_one = max(0, self._one_by_one - 1)
        taken = await self.inbox.next(self._sizing.records)
        if taken.arrivals:
            await self._fold(taken)
        at_end, heard_at = self.inbox.at_end(), self.inbox.heard_at
        woken = await self._timers.run(at_end=at_end, heard_at=heard_at) | await self._timers.rescan()
        self._parts.notifier.notify()
        await self._committer.send_refused_again()
        await self._publish_restated()
        if woken or taken.arrivals:
            await self._committer.note_sent_if_many()
        elif not await self.inbox.wait(self._timers.next_beat()):
            await self._committer.note_sent()

    async def _open(self, reason: str) -> None:
        """Become the owner, send what the last owner left, and seek to what Redis holds."""
        store = self._parts.ends.store
        await self._committer.take_over()
        self._parts.ends.metrics.takeovers.labels(reason).inc()
        await self._committer.send_outbox()
        positions = await self._redis.call("positions", lambda: store.positions(self.number))
        self._timers.restart(positions)
        checked, ends = await self._checked(positions)
        commands = TP(COMMANDS, self.number)
        self._erasures = ErasureGuard((await self._parts.intake.acknowledged(commands)).get(commands, 0))
        self._note_erasures(await self._read_erasures(checked, ends))
        await self._find_returned()
        await self._publish_restored()
        await self._committer.drained()
        self.inbox.restart(checked)
        self.is_open = True
        self._parts.notifier.notify()

    async def _read_erasures(self, positions: Mapping[str, int], ends: Mapping[str, int]) -> Sequence[FetchedRecord]:
        """Return the erasures to know of, once the brokers tell: without them what was erased would be folded."""
        return await self._once_told(lambda: self._parts.erasures(self.number, positions, ends))

    async def _find_returned(self) -> None:
        """Let accounts be erased again that are there as they were before an erasure that the group had acknowledged.

        A paused owner has written their records to the changelog behind the tombstones, and Redis was rebuilt from there.
        Such a record reflects nothing that was stored after the erasure.
        """
        carried_out = self._erasures.carried_out()
        records = await self._committer.load([account.encode() for account in carried_out])
        there = {key.decode(): record for key, record in records.items() if record is not None}
        if not there:
            return
        moments = {carried_out[account] for account in there}
        after = await self._once_told(lambda: self._parts.first_after(self.number, moments))
        for account, record in there.items():
            first = after[carried_out[account]]
            if not any(offset >= first.get(topic, inf) for topic, offset in self._parts.fold.reflects(record).items()):
                log.warning("an erased account is there again: erasing it again", partition=self.number)
                self._erasures.carry_out_again(account)

    async def _once_told(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Return what the brokers tell, once they do."""

        def heard(error: BaseException, tries: int) -> None:
            if tries == 1:
                log.warning("erasures cannot be read yet", partition=self.number, reason=str(error))

        return await until_it_passes(ask, lambda error: isinstance(error, KafkaError), heard)

    async def _checked(self, positions: Mapping[str, int]) -> tuple[dict[str, int], dict[str, int]]:
        """Return where to start in every topic, what Redis holds, else the beginning; and where each topic ends.

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
        return checked, {tp.topic: end for tp, end in ends.items()}

    async def _fold(self, taken: StepInput) -> None:
        """Fold arrivals and commit the step."""
        failpoints.hit("fetched")
        clock, started = self._parts.ends.clock, self._parts.ends.clock.monotonic()
        arrivals = taken.arrivals
        alive, erased = self._erasures.part(arrivals)
        if alive is not arrivals:
            taken = step_input(alive)
        builder = StepBuilder(self._parts.fold, await self._committer.load(taken.accounts), clock.wall_us())
        seconds = await cooperatively(builder.arrivals(taken.accounts, taken.refused))
        builder.repeats(erased)
        self._sizing.note(len(arrivals), seconds)
        positions = positions_after(arrivals)
        step = builder.step(positions)
        failpoints.hit("folded")

        def done() -> None:
            self.inbox.folded(positions, len(arrivals))
            self._parts.ends.metrics.folded(step.counts, step.refused)
            self._parts.ends.metrics.recorded(each.message for each in alive if each.refused is None)
            self._parts.ends.metrics.batch.observe(clock.monotonic() - started)
            failpoints.hit("acknowledged")
            self._parts.notifier.notify()

        await self._committer.commit(step, done)
        self._timers.advance(step.newest)

    async def _publish_restated(self) -> None:
        """Look, now and then, for accounts that a former owner asks to publish again."""
        if self._parts.ends.clock.monotonic() >= self._restate_at:
            await self._publish_restored()

    async def _publish_restored(self) -> None:
        """Derive timers and latest messages of accounts that recovery has rewritten: the changelog has states only."""
        ends = self._parts.ends
        self._restate_at = ends.clock.monotonic() + RESTATE_SECONDS
        while keys := await self._redis.call("restored", lambda: ends.store.restored(self.number, STEP_ACCOUNTS)):
            builder = StepBuilder(self._parts.fold, await self._committer.load(keys), ends.clock.wall_us())
            builder.restored(keys)
            step = builder.step({})
            write = Write(due=step.write.due, outbox=step.write.outbox, restored=keys)
            await self._committer.commit(step._replace(write=write), repeats=True)
