"""The core as the engine and `replay` call it: one account's record and some messages in, an outcome out.

Messages are taken one by one, in the order given, so how they were cut into batches changes nothing. A message at or
below the offset that the record reflects was folded before and is recognised as a repeat.
"""

import zlib
from collections.abc import Sequence
from typing import Final

import msgspec

from relationship import facts as f
from relationship import messages as m
from relationship.commands import obey
from relationship.decisions import Audit, Reclassification, to_json
from relationship.explain import event_id_of, reclassification, why, why_undone
from relationship.history import APPLIED, REPEAT, Taken, next_due, take, wake
from relationship.outcome import AUDIT, RECLASSIFIED, STATE, Applied, Delivered, Outcome, Outgoing, Repeat, Verdict
from relationship.policy import Policy
from relationship.record import Record, Shown, Told, decode, encode
from relationship.segments import standing_of
from relationship.state_message import state_of
from relationship.stating import fact_of
from relationship.transitions import Reading, read

LATENESS_DAYS: Final = 30  # how much older than its account's newest event an event may be, and still be folded
SCORE_STEP: Final = 500  # hundredths of a point; a state is published again when its score has moved by five points

WORTH_COMPRESSING: Final = 1024  # bytes; a state alone is smaller, a decision is four times that and shrinks to a third
COMPRESSED: Final = b"\xc1"  # a byte that no MessagePack begins with

_pack: Final = msgspec.msgpack.Encoder()
_unpack: Final = msgspec.msgpack.Decoder(list[Outgoing])


def _packed(sends: list[Outgoing]) -> bytes:
    if not sends:
        return b""
    packed = _pack.encode(sends)
    return COMPRESSED + zlib.compress(packed, 1) if len(packed) > WORTH_COMPRESSING else packed


class Core:
    """Folds messages into accounts by one policy. Holds no state: what it knows of an account is in its record."""

    def __init__(self, policy: Policy, lateness_days: float = LATENESS_DAYS) -> None:
        self.policy = policy
        self.lateness_us = int(lateness_days * f.DAY_US)

    def step(self, account_id: str, record: bytes | None, delivered: Sequence[Delivered], decided_at: int) -> Outcome:
        """Fold messages into an account; see `relationship.outcome.Fold`. Raises RecordError for bytes that are none."""
        case = Case(self, account_id, decode(record) if record else None, decided_at)
        verdicts = [case.take(message) for message in delivered]
        return case.close(verdicts)

    def wake(self, account_id: str, record: bytes, now: int, decided_at: int) -> Outcome:
        """Let the account's timers run up to event time `now` (µs). Raises RecordError."""
        case = Case(self, account_id, decode(record), decided_at)
        case.wake(now)
        return case.close([])

    def pending(self, account_id: str, record: bytes) -> Sequence[Outgoing]:  # noqa: ARG002 - the protocol's
        """Return what the record's latest step sent. Raises RecordError."""
        packed = decode(record).pending
        if packed[:1] == COMPRESSED:
            packed = zlib.decompress(packed[1:])
        return _unpack.decode(packed) if packed else []


class Case:
    """One account in the hands of one step."""

    def __init__(self, core: Core, account_id: str, record: Record | None, decided_at: int) -> None:
        self.core = core
        self.account_id = account_id
        self.existed = record is not None
        self.record: Record | None = record
        self.decided_at = decided_at
        self.sends: list[Outgoing] = []
        self.changed = False
        self.reading: Reading | None = None

    def take(self, delivered: Delivered) -> Verdict:
        """Take one message in, and note what it sends."""
        rank = f.RANK_OF_TOPIC[delivered.topic]
        message = delivered.message
        if self.record is None:
            if isinstance(message, m.Profile) and is_cleared(message):
                return APPLIED
            self.record = Record()
        record = self.record
        if delivered.offset <= record.offsets.get(rank, -1):
            return REPEAT
        record.offsets[rank] = delivered.offset
        self.changed = True
        verdict = self._message(record, message, delivered.traceparent)
        record.applied += isinstance(verdict, Applied)
        record.repeats += isinstance(verdict, Repeat)
        return verdict

    def _message(self, record: Record, message: m.Message, traceparent: str | None) -> Verdict:
        policy, lateness = self.core.policy, self.core.lateness_us
        if isinstance(message, m.Command):
            return self._command(record, message, traceparent)
        fact = fact_of(message)
        taken = take(record, fact, policy, lateness)
        if isinstance(taken.verdict, Applied):
            self.reading = taken.reading
        self._tell(record, taken, traceparent)
        if isinstance(message, m.Purchase) and isinstance(taken.verdict, Applied):
            self._refer(message, traceparent)
        return taken.verdict

    def _command(self, record: Record, command: m.Command, traceparent: str | None) -> Verdict:
        if command.command == "erase":
            self._erase(command, traceparent)
            return APPLIED
        self.reading = None
        taken, wrong = obey(record, command, self.core.policy, self.core.lateness_us)
        self._tell(record, taken, traceparent)
        if isinstance(taken.verdict, Applied):
            self._audit(command, wrong, traceparent)
        return taken.verdict

    def wake(self, now: int) -> None:
        """Run the timers, and note what they send."""
        record = self.record
        assert record is not None  # noqa: S101 - only a stored account is woken
        changes = wake(record, now, self.core.policy)
        self.reading = None
        self.changed = bool(changes)
        self._tell(record, Taken(APPLIED, [], changes), None)

    def _tell(self, record: Record, taken: Taken, traceparent: str | None) -> None:
        """Put the decisions that a step brought into the record and among the messages to send."""
        if not taken.undone and not taken.changes:
            return
        facts = record.facts()
        by_id = {fact.id: fact for fact in facts}
        policy = self.core.policy
        for undone in taken.undone:
            old = undone.told
            told = self._number(record, old.t, old.target, old.source, "correction", undone.cause)
            message = reclassification(
                self.account_id, told, record.head, facts, policy, self.decided_at, why_undone(undone), old
            )
            self._send(message, traceparent)
        for change in taken.changes:
            told = self._number(record, change.t, change.source, change.target, change.direction, change.cause)
            record.told.append(told)
            known = [fact for fact in facts if fact.t <= change.t]
            text = why(change, by_id.get(change.cause), policy)
            message = reclassification(
                self.account_id, told, change.account, known, policy, self.decided_at, text, None
            )
            self._send(message, traceparent)

    def _number(self, record: Record, t: int, source: int, target: int, direction: str, cause: str) -> Told:
        record.seq += 1
        event_id = event_id_of(self.account_id, record.seq, t, source, target, cause)
        return Told(record.seq, t, source, target, direction, cause, event_id)

    def _send(self, message: Reclassification, traceparent: str | None) -> None:
        self.sends.append(
            Outgoing(
                RECLASSIFIED, self.account_id, to_json(message), message.event_id, message.effective_at, traceparent
            )
        )

    def _refer(self, purchase: m.Purchase, traceparent: str | None) -> None:
        """Credit the account that referred this buyer, by a message of its own, keyed to it."""
        referrer = purchase.referred_by
        if not referrer or referrer == self.account_id or purchase.entry == "refund":
            return
        event_id = event_id_of(self.account_id, 0, 0, 0, 0, "referral:" + purchase.event_id)
        time = f.rfc3339(f.micros(purchase.occurred_at))
        credit = m.Referral(
            event_id=event_id, account_id=referrer, occurred_at=purchase.occurred_at, referred=self.account_id
        )
        self.sends.append(Outgoing(m.REFERRALS, referrer, to_json(credit), event_id, time, traceparent))

    def _audit(self, command: m.Command, wrong: str | None, traceparent: str | None) -> None:
        entry = Audit(
            event_id="audit-" + command.event_id,
            account_id=self.account_id,
            action=command.command,
            outcome="refused" if wrong else "done",
            detail=wrong,
            by=command.by,
            occurred_at=f.rfc3339(f.micros(command.occurred_at)),
            decided_at=f.rfc3339(self.decided_at),
        )
        self.sends.append(
            Outgoing(AUDIT, self.account_id, to_json(entry), entry.event_id, entry.occurred_at, traceparent)
        )

    def _erase(self, command: m.Command, traceparent: str | None) -> None:
        """Let the account leave: no record, and a tombstone on every compacted topic that others can read."""
        known = self.existed or bool(self.record and (self.record.applied or self.record.count))
        self._audit(command, None if known else "the account is unknown", traceparent)
        if known:
            time = f.rfc3339(f.micros(command.occurred_at))
            for topic in (STATE, m.PROFILES):
                self.sends.append(
                    Outgoing(topic, self.account_id, None, "erase-" + command.event_id, time, traceparent)
                )
        self.record, self.changed = None, True

    def close(self, verdicts: list[Verdict]) -> Outcome:
        """Return the outcome: the record as it is to be stored, and what to send."""
        record = self.record
        if record is None:
            return Outcome(None, self.changed, verdicts, self.sends, None)
        if not self.changed:
            return Outcome(encode(record), self.changed, verdicts, [], next_due(record, self.core.policy))
        self._show(record)
        record.revision += 1
        record.pending = _packed(self.sends)
        return Outcome(encode(record), self.changed, verdicts, self.sends, next_due(record, self.core.policy))

    def _show(self, record: Record) -> None:
        """Publish the account's state where it differs from what was published last."""
        policy, head = self.core.policy, record.head
        if head.facts == 0:
            return
        reading = self.reading or read(head, policy)
        shown = Shown(head.told, standing_of(head, policy), head.profile.id if head.profile else "", reading.score)
        last = record.shown
        if (
            last
            and (shown.status, shown.standing, shown.profile) == (last.status, last.standing, last.profile)
            and abs(shown.score - last.score) < SCORE_STEP
        ):
            return
        record.shown = shown
        state = state_of(self.account_id, record, reading, policy)
        self.sends.append(
            Outgoing(STATE, self.account_id, to_json(state), f"state-{record.revision + 1}-{record.seq}", state.as_of)
        )


def is_cleared(profile: m.Profile) -> bool:
    """Tell whether a profile says nothing: what a tombstone on the profile topic becomes."""
    facts = (profile.industry, profile.party, profile.scope, profile.market, profile.contract, profile.goals)
    return profile.account_manager is None and all(value is None for value in facts)
