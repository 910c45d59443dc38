"""What committed steps still owe to Kafka, sent in their order while the next step is being folded.

Rules, for every step in turn:
1. its states go to the changelog, and Kafka has stored them;
2. only then its decisions go out, and Kafka has stored them: whoever reads a decision can rely on its state;
3. only then its records are acknowledged, and its decisions count as sent.
An account's next state is sent after that and not before: a record carries the messages of its latest step alone, for
whoever has to rebuild Redis from the changelog, so those of the step before must be out by then. Steps that wait and have
no such account in common travel together, as one.

What Kafka refuses for its own sake is set aside (streams/engine/set_aside.py): it stays in the outbox, and its step counts
as sent without it.

At most `MOST_WAITING` steps wait here; whoever folds waits then, and the next step takes the more records.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final, NamedTuple

from streams.engine import failpoints
from streams.engine.ports import Clock, Publishing
from streams.engine.set_aside import SetAside
from streams.engine.step import OutboxEntry
from streams.kafka.outgoing import sending_of
from streams.kafka.refusals import Place, RecordsRefusedError

# Committed steps that may wait while others are being sent.
MOST_WAITING: Final = 8
# Seconds after which an ownership that Redis confirmed is asked for again before anything is sent in its name.
CONFIRMED_SECONDS: Final = 1.0


def accounts_of(entries: Mapping[bytes, OutboxEntry]) -> set[bytes]:
    """Return the table keys of the accounts whose messages these are."""
    return {entry.account.encode() for entry in entries.values()}


class PendingSends(NamedTuple):
    """What one committed step owes.

    Attributes:
        values: its states by table key, for the changelog.
        entries: its part of the outbox, by id.
        committed_at: when Redis was asked to commit it (monotonic seconds), and so said that the partition was ours.
        done: each is called when all is sent.
        markers: ids of outbox records that stand for the states of a step; see `streams/engine/commit.py`.
    """

    values: Mapping[bytes, bytes | None]
    entries: Mapping[bytes, OutboxEntry]
    committed_at: float
    done: Sequence[Callable[[], None]] = ()
    markers: Sequence[bytes] = ()

    def has_decided(self) -> set[bytes]:
        """Return the table keys of the accounts that have decisions here."""
        return accounts_of(self.entries)

    def with_next(self, later: "PendingSends") -> "PendingSends":
        """Return what this step and the next one owe together."""
        values, entries = {**self.values, **later.values}, {**self.entries, **later.entries}
        return PendingSends(
            values, entries, later.committed_at, [*self.done, *later.done], [*self.markers, *later.markers]
        )


class Sent(NamedTuple):
    """What Kafka has stored and Redis has not noted: ids of the outbox, and the last offset of the changelog."""

    ids: list[bytes]
    changelog_offset: int | None


class Dispatch:
    """The sending end of one partition number. `confirm` asks Redis whether the partition is ours, or raises Fenced.

    Attributes:
        aside: what Kafka has refused.
        oldest_at: when the oldest step was committed of which Kafka has not stored everything (monotonic seconds), or None.
    """

    def __init__(
        self,
        changelog: Place,
        publisher: Publishing,
        confirm: Callable[[], Awaitable[None]],
        failed: Callable[[], None],
        aside: SetAside,
        clock: Clock,
    ) -> None:
        self._changelog = changelog
        self._publisher = publisher
        self._confirm = confirm
        self._failed = failed
        self.aside = aside
        self.oldest_at: float | None = None
        self._clock = clock
        self._waiting: deque[PendingSends] = deque()
        self._sending: asyncio.Task[None] | None = None
        self._moved = asyncio.Event()
        self._confirmed_at = 0.0
        self._ids: list[bytes] = []
        self._offset: int | None = None
        self._under_way: Mapping[bytes, OutboxEntry] = {}

    @property
    def unnoted(self) -> int:
        """How many sent messages Redis has not noted as such."""
        return len(self._ids)

    async def put(self, pending: PendingSends) -> None:
        """Take over what a step owes, once there is room. Raises whatever the sending raised."""
        while len(self._waiting) >= MOST_WAITING and self._is_busy():
            await self._until_moved()
        self.check()
        self._waiting.append(pending)
        if self._sending is None:
            self._sending = asyncio.create_task(self._send_all())

    async def drained(self) -> None:
        """Return when everything is sent. Raises whatever the sending raised."""
        while self._is_busy():
            await self._until_moved()
        self.check()

    def _is_busy(self) -> bool:
        return self._sending is not None and not self._sending.done()

    async def _until_moved(self) -> None:
        self._moved.clear()
        await self._moved.wait()

    def check(self) -> None:
        """Raise what ended the sending, if anything did."""
        if self._sending is not None and self._sending.done():
            self._sending.result()

    async def drop(self) -> set[bytes]:
        """Stop sending and forget everything: the partition is no longer ours, or is taken over anew.

        Returns the table keys of accounts of which messages may have been stored, or may still be, behind those of the
        next owner: the fence has fallen while they were under way.
        """
        sending, self._sending = self._sending, None
        self._waiting.clear()
        self.aside.begin_again()
        self.take_sent()
        if sending is not None:
            sending.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await sending
        under_way, self._under_way = self._under_way, {}
        return accounts_of(under_way)

    def take_sent(self) -> Sent:
        """Return what Kafka has stored since this was last asked for, to be noted in Redis."""
        sent = Sent(self._ids, self._offset)
        self._ids, self._offset = [], None
        return sent

    async def _send_all(self) -> None:
        try:
            while self._waiting:
                self.oldest_at = self._waiting[0].committed_at
                pending = self._next()
                self._moved.set()
                await self._send(pending)
        except Exception:
            self._failed()
            raise
        else:
            self._sending = None
        finally:
            self.oldest_at = None
            self._moved.set()

    def _next(self) -> PendingSends:
        """Take the steps that may travel together."""
        pending = self._waiting.popleft()
        decided = pending.has_decided() if self._waiting else set()
        while self._waiting and decided.isdisjoint(self._waiting[0].values):
            later = self._waiting.popleft()
            pending, decided = pending.with_next(later), decided | later.has_decided()
        return pending

    async def _send(self, pending: PendingSends) -> None:
        self._confirmed_at = max(self._confirmed_at, pending.committed_at)
        if pending.values:
            await self._confirm_if_old()
            await self._send_states(pending)
            failpoints.hit("changelog_sent")
        if entries := self.aside.may_go(pending.entries):
            await self._confirm_if_old()
            await self._send_messages(entries)
            failpoints.hit("decisions_sent")
        for done in pending.done:
            done()

    async def _send_states(self, pending: PendingSends) -> None:
        try:
            self._offset = await self._publisher.publish_changes(self._changelog, pending.values)
        except RecordsRefusedError as error:
            self._offset = error.stored.get(self._changelog, self._offset)
            self.aside.states(error, pending.markers)
        else:
            self._ids += pending.markers

    async def _send_messages(self, entries: Mapping[bytes, OutboxEntry]) -> None:
        partition, refused = self._changelog[1], set[bytes]()
        self._under_way = entries
        try:
            await self._publisher.publish(
                [sending_of(each.outgoing, each.home(partition)) for each in entries.values()]
            )
        except RecordsRefusedError as error:
            refused = self.aside.messages(error, entries)
        await self._confirm_if_old()
        self._under_way = {}
        self._ids += [identity for identity in entries if identity not in refused]

    async def _confirm_if_old(self) -> None:
        """Ask whether the partition is still ours, where the last answer is old. Raises Fenced.

        A worker that was paused, or waited long for Kafka, would put old records behind its successor's newer ones.
        """
        asked_at = self._clock.monotonic()
        if asked_at - self._confirmed_at > CONFIRMED_SECONDS:
            await self._confirm()
            self._confirmed_at = asked_at
