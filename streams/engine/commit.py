"""The second half of a step: dead letters, the commit to Redis, and what it then owes to Kafka. One partition's.

The order is what the promise rests on; `streams/engine/partition.py` has the whole of it.

Each commit puts one record more into the outbox than it has messages: a marker, which names the accounts that the step
changed. It leaves the outbox once Kafka has their states. Whoever takes over after a crash in between sends them: an account
that has decided nothing and never changes again would else be missing in the changelog for good.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import count
from typing import Final, NamedTuple

import msgspec
import structlog
from faust.types import TP

from clientward_store import StoreUnavailable
from relationship.contract.outcome import REJECTED, Refused
from streams.engine import failpoints
from streams.engine.dispatch import Dispatch, PendingSends, accounts_of
from streams.engine.metrics import Metrics
from streams.engine.ports import Clock, PartitionStore, Publishing
from streams.engine.redis_calls import RedisCalls
from streams.engine.set_aside import SetAside
from streams.engine.step import OutboxEntry, Step, decode_entry
from streams.kafka.publisher import ProducerRecord
from streams.kafka.refusals import RecordsRefusedError
from streams.wire.arrivals import Arrival
from streams.wire.dead_letters import MAX_BYTES, dead_letter

log = structlog.get_logger(__name__)

# What a marker's id begins with; a message's begins with its topic.
MARKER: Final = b"\0states"
# Ids of sent messages that wait at most to be noted: they are sent again after a crash.
MOST_SENT: Final = 2_000


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[bytes]).decode


def changed_accounts(marker: bytes) -> list[bytes]:
    """Return the table keys of the accounts that a marker's step changed."""
    return _decode(marker)


class Ends(NamedTuple):
    """Where a partition's steps go; `changelog` is its topic's name."""

    store: PartitionStore
    publisher: Publishing
    metrics: Metrics
    clock: Clock
    changelog: str


class Committer:
    """Commits one partition's steps and sends what they owe. Raises Fenced where the partition is not ours any more.

    Attributes:
        outbox_records: how many messages of the outbox Redis holds that Kafka has not confirmed.
        epoch: of the ownership, as Redis counts them.
    """

    def __init__(self, number: int, ends: Ends, redis: RedisCalls, wake: Callable[[], None]) -> None:
        self.outbox_records = 0
        self.epoch = 0
        self._steps = count()
        self._number = number
        self._ends = ends
        self._redis = redis
        aside = SetAside(ends.clock, ends.metrics.set_aside.inc)
        self._dispatch = Dispatch((ends.changelog, number), ends.publisher, self._confirm, wake, aside, ends.clock)

    @property
    def outbox_seconds(self) -> float:
        """How long the oldest step waits of which Kafka has not stored everything; 0 where none does."""
        since = self._dispatch.oldest_at
        return 0.0 if since is None else self._ends.clock.monotonic() - since

    async def take_over(self) -> None:
        """Become the partition's owner; what an earlier ownership had under way is forgotten."""
        await self.drop()
        self.epoch = await self._redis.call("take_over", lambda: self._ends.store.take_over(self._number))

    async def load(self, keys: Collection[bytes]) -> dict[bytes, bytes | None]:
        """Return the stored records of accounts, None where there is none."""
        return await self._redis.call("load", lambda: self._ends.store.load(self._number, keys))

    async def commit(self, step: Step, *done: Callable[[], None], repeats: bool = False) -> None:
        """Commit a step, once its dead letters are stored; `done` is called when what it owes is sent.

        With `repeats` its messages were published before, and do not count as decisions again.
        """
        if step.refused:
            await self._send_dead_letters(step)
        sent = self._dispatch.take_sent()
        markers = self._markers(step)
        outbox = [*step.write.outbox, *markers.items()]
        write = replace(step.write, sent=sent.ids, changelog_offset=sent.changelog_offset, outbox=outbox)
        asked_at = self._ends.clock.monotonic()
        await self._redis.call("commit", lambda: self._ends.store.commit(self._number, write))
        self.outbox_records += len(step.entries) - _messages(sent.ids)
        if write.values:  # there is more to lose than a note
            failpoints.hit("committed")
        counted = () if repeats else (lambda: self._ends.metrics.published(step.entries.values()),)
        await self._dispatch.put(PendingSends(step.write.values, step.entries, asked_at, (*counted, *done), [*markers]))

    def _markers(self, step: Step) -> dict[bytes, bytes]:
        """Return the marker of a step that changes states."""
        if not step.write.values:
            return {}
        return {MARKER + b" %d %d" % (self.epoch, next(self._steps)): _encode([*step.write.values])}

    async def _send_dead_letters(self, step: Step) -> None:
        """Publish what was refused; where the topic takes less than it should, without what makes a letter long."""
        now = self._ends.clock.wall_us()
        letters = [self._letter(*each, now) for each in step.refused]
        try:
            await self._ends.publisher.publish(letters)
        except RecordsRefusedError as error:
            log.warning("Kafka refuses dead letters; sending them without their bytes", reason=str(error))
            refused = {each.record[:2] for each in error.refused}
            short = [
                self._letter(*each, now, max_bytes=0)
                for each, letter in zip(step.refused, letters, strict=True)
                if (letter.key, letter.value) in refused
            ]
            await self._ends.publisher.publish(short)
        failpoints.hit("dead_letters_sent")

    def _letter(self, arrival: Arrival, refused: Refused, now: int, max_bytes: int = MAX_BYTES) -> ProducerRecord:
        letter = dead_letter(TP(arrival.topic, self._number), arrival.record, refused, now=now, max_bytes=max_bytes)
        return ProducerRecord(REJECTED, self._number, letter.key, letter.value, letter.headers)

    async def send_outbox(self) -> None:
        """Send what a commit left unsent. Its accounts' changelog goes first: that too may be missing."""
        asked_at = self._ends.clock.monotonic()
        left = await self._redis.call("outbox", lambda: self._ends.store.outbox(self._number))
        markers = {identity: changed_accounts(record) for identity, record in left if identity.startswith(MARKER)}
        entries = {identity: decode_entry(record) for identity, record in left if identity not in markers}
        entries = await self._without_outdated(entries)
        self.outbox_records = len(entries)
        if left:
            changed = {key for keys in markers.values() for key in keys}
            values = await self.load(changed | accounts_of(entries))
            done = (lambda: self._ends.metrics.published(entries.values()),)
            await self._dispatch.put(PendingSends(values, entries, asked_at, done, [*markers]))

    async def _without_outdated(self, entries: Mapping[bytes, OutboxEntry]) -> dict[bytes, OutboxEntry]:
        """Drop the messages of accounts of which the changelog had a newer state than Redis, and return the others.

        Redis has gone back, and its outbox with it. These messages were sent before that newer state was, and a state sent
        again now would be taken for the account's latest.
        """
        accounts = [*accounts_of(entries)]
        newer = await self._redis.call("restored", lambda: self._ends.store.restored_among(self._number, accounts))
        kept = {identity: entry for identity, entry in entries.items() if entry.account.encode() not in newer}
        if outdated := [*(entries.keys() - kept.keys())]:
            await self._redis.call("sent", lambda: self._ends.store.sent(self._number, outdated, None))
        return kept

    async def send_refused_again(self) -> None:
        """Try again what Kafka refused, now and then: its limit may have been raised."""
        if self._dispatch.aside.are_due():
            await self.drained()
            await self.note_sent()
            self._dispatch.aside.begin_again()
            await self.send_outbox()

    async def note_sent(self) -> None:
        """Note in Redis what Kafka has stored since the last commit, which would have noted it along the way."""
        sent = self._dispatch.take_sent()
        if sent.ids or sent.changelog_offset is not None:
            await self._redis.call("sent", lambda: self._ends.store.sent(self._number, *sent))
            self.outbox_records -= _messages(sent.ids)
            failpoints.hit("outbox_noted")

    async def note_sent_if_many(self) -> None:
        """Note what was sent where so much of it waits that a crash would repeat a lot."""
        if self._dispatch.unnoted >= MOST_SENT:
            await self.note_sent()

    def check(self) -> None:
        """Raise what ended the sending, if anything did."""
        self._dispatch.check()

    async def drained(self) -> None:
        """Return when everything is sent. Raises whatever the sending raised."""
        await self._dispatch.drained()

    async def drop(self) -> None:
        """Stop sending and forget everything: the partition is no longer ours, or is taken over anew.

        What was under way may be stored behind the next owner's newer messages: the owner is asked to publish the latest of
        these accounts again, which matters where the last message counts (states).
        """
        if unsure := await self._dispatch.drop():
            with suppress(StoreUnavailable):  # at worst an older state is the last one until the account's next
                await self._ends.store.restate(self._number, unsure)
        self.outbox_records = 0

    async def _confirm(self) -> None:
        """Ask Redis whether the partition is still ours. Raises Fenced."""
        await self._redis.call("confirm", lambda: self._ends.store.sent(self._number, [], None))


def _messages(ids: Sequence[bytes]) -> int:
    """Return how many ids of the outbox are those of messages."""
    return sum(not each.startswith(MARKER) for each in ids)
