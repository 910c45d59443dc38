"""One account in the hands of one step: takes messages in, one by one, and notes what is to be stored and sent."""

from collections.abc import Callable
from typing import Final

from relationship.classify.fold import due_at
from relationship.classify.segments import standing_of
from relationship.classify.transitions import Reading, read
from relationship.contract import messages as m
from relationship.contract.decisions import Direction
from relationship.contract.outcome import STATE, Delivered, Outcome, Outgoing, Verdict
from relationship.policy.schedule import Rules
from relationship.state import facts as f
from relationship.state.facts_from_messages import fact_of
from relationship.state.record import DIRECTIONS, STANDINGS, AccountRecord, DecisionInForce, PublishedState, encode
from relationship.timeline import posting
from relationship.timeline.commands import apply_command
from relationship.timeline.explain import reclassification, why, why_undone
from relationship.timeline.history import (
    APPLIED,
    REPEAT,
    HistoryLimits,
    HistoryUpdate,
    add_fact,
    next_due,
    refold,
    run_timers_until,
    trim_if_due,
)
from relationship.timeline.merging import as_merged, difference, join, join_rejection, leave, unpack
from relationship.timeline.shadow import Shadow, compare, shadow_account, tombstones
from relationship.timeline.state_message import state_of

SCORE_STEP: Final = 500  # hundredths of a point; a state is published again when its score has moved by five points


class AccountStep:
    """One account's record, and what a step asks for on its behalf."""

    def __init__(
        self,
        rules: Rules,
        limits: HistoryLimits,
        account_id: str,
        record: AccountRecord | None,
        decided_at: int,
        shadow: Shadow | None = None,
    ) -> None:
        self.rules = rules
        self.shadow = shadow
        self.new: list[f.Fact] | None = []  # the facts appended, for the shadow; None once the history is rewritten
        self.limits = limits
        self.account_id = account_id
        self.existed = record is not None
        self.record: AccountRecord | None = record
        self.decided_at = decided_at
        self.sends: list[Outgoing] = []
        self.changed = False
        self.reading: Reading | None = None

    def fold(self, delivered: Delivered) -> Verdict:
        """Take one message in, and note what it sends."""
        topic, offset, message = delivered.topic, delivered.offset, delivered.message
        rank, record = f.RANK_OF_TOPIC[topic], self.record
        if record is None:
            if m.says_nothing(message):
                return APPLIED
            self.record = record = AccountRecord()
        if offset <= record.offsets.get(rank, -1):
            return REPEAT
        record.offsets[rank] = offset
        self.changed = True
        self._catch_up(record)
        before = record.count
        verdict = self._message(record, message, delivered.traceparent)
        trim_if_due(record, before, self.rules, self.limits)
        record.switch = self.rules.mark(record.head.t)
        if verdict is APPLIED:
            record.applied += 1
        elif verdict is REPEAT:
            record.repeats += 1
        return verdict

    def _catch_up(self, record: AccountRecord) -> bool:
        """Fold anew what was folded before a switch within it was heard of; return whether there was such a thing.

        A switch is published ahead of its time. This is for an event dated ahead of it, and for a worker that was slow.
        """
        if record.merged_into is not None or record.switch == (mark := self.rules.mark(record.head.t)):
            return False
        self._tell(record, refold(record, record.facts(), f"policy:{mark}", self.rules), None)
        record.switch = self.rules.mark(record.head.t)
        return True

    def _message(self, record: AccountRecord, message: m.Message, traceparent: str | None) -> Verdict:
        if isinstance(message, m.Command):
            self.new = None
            return self._command(record, message, traceparent)
        if isinstance(message, m.Move):
            self.new = None
            self._moved(record, message)
            return APPLIED
        fact = fact_of(message)
        in_order = fact.t > record.head.t
        taken = self._do(
            record, message, lambda: add_fact(record, fact, self.rules, self.limits.lateness_us), traceparent
        )
        if taken.verdict is APPLIED:
            if self.shadow:
                self._note(fact if in_order else None)
            if isinstance(message, m.Purchase) and message.referred_by:
                credit = posting.referral(self.account_id, message, traceparent)
                self.sends += [credit] if credit else []
        return taken.verdict

    def _do(
        self, record: AccountRecord, cause: m.Intake, act: Callable[[], HistoryUpdate], traceparent: str | None
    ) -> HistoryUpdate:
        """Change the history, and tell what comes of it; of a merged account, tell the one that it is merged into."""
        if record.merged_into is None:
            taken = act()
            if taken.verdict is APPLIED:
                self.reading = taken.reading
            if taken.undone or taken.changes:
                self._tell(record, taken, traceparent)
            return taken
        before, told = record.facts(), record.decisions[:]
        taken = act()
        record.decisions = told
        went, came = difference(before, record.facts())
        for action, facts in (("leave", as_merged(went)), ("join", as_merged(came))):
            if facts:
                self.sends.append(
                    posting.move(self.account_id, record.merged_into, action, facts, record.merged_sources, cause)
                )
        return taken

    def _command(self, record: AccountRecord, command: m.Command, traceparent: str | None) -> Verdict:
        if command.command == "erase":
            self._erase(command, traceparent)
            return APPLIED
        self.reading = None
        refused: list[str | None] = [None]

        def act() -> HistoryUpdate:
            taken, refused[0] = apply_command(record, command, self.rules, self.limits.lateness_us)
            return taken

        taken = self._do(record, command, act, traceparent)
        if taken.verdict is APPLIED:
            if refused[0] is None:
                self._merge(record, command, traceparent)
            self._audit(command, command.command, command.by, refused[0], traceparent)
        return taken.verdict

    def _merge(self, record: AccountRecord, command: m.Command, traceparent: str | None) -> None:
        """Carry a merge or an unmerge out: the history goes to the other account, or is taken back from it."""
        facts = as_merged(record.facts())
        if command.command == "merge" and command.into:
            record.merged_into = command.into
            record.published_state = None
            self.sends.append(
                posting.move(self.account_id, record.merged_into, "join", facts, record.merged_sources, command)
            )
            self.sends.append(posting.tombstone(STATE, self.account_id, command, traceparent))
        elif command.command == "unmerge" and record.merged_into:
            self.sends.append(
                posting.move(self.account_id, record.merged_into, "leave", facts, record.merged_sources, command)
            )
            self._stand_alone(record, command.event_id, traceparent)

    def _stand_alone(self, record: AccountRecord, cause: str, traceparent: str | None) -> None:
        """Be an account of its own again, and tell what has changed since it was one."""
        record.merged_into = None
        self._tell(record, refold(record, record.facts(), cause, self.rules), traceparent)

    def _moved(self, record: AccountRecord, move: m.Move) -> None:
        """Take another account's history in, or give it back; or hear that one's own could not be taken in."""
        self.reading = None
        if move.action == "refused":
            if record.merged_into == move.source:
                self._stand_alone(record, move.event_id, None)
                self._audit(move, "merge", None, move.detail, None)
            return
        facts = unpack(move)
        wrong = join_rejection(record, move, facts) if move.action == "join" else None
        if wrong:
            self.sends.append(posting.refusal(self.account_id, move, wrong))
        elif move.action == "join":
            self._do(record, move, lambda: join(record, move, facts, self.rules), None)
        else:
            self._do(record, move, lambda: leave(record, move, facts, self.rules), None)

    def run_timers(self, now: int) -> None:
        """Run the timers, and note what they send."""
        record = self.record
        if record is None or record.merged_into is not None:
            return
        self.changed = self._catch_up(record)
        changes = run_timers_until(record, now, self.rules)
        self.reading = None
        self.changed |= bool(changes)
        record.switch = self.rules.mark(record.head.t)
        self._tell(record, HistoryUpdate(APPLIED, [], changes), None)

    def _tell(self, record: AccountRecord, taken: HistoryUpdate, traceparent: str | None) -> None:
        """Put the decisions that a step brought into the record and among the messages to send."""
        if not taken.undone and not taken.changes:
            return  # or the history would be decoded for nothing
        facts = record.facts()
        by_id = {fact.id: fact for fact in facts}
        rules, account_id = self.rules, self.account_id
        for undone in taken.undone:
            old = undone.decision
            told = _numbered(record, old.t, old.target, old.source, "correction", undone.cause)
            text, reading = why_undone(undone), read(record.head, rules.at(old.t))
            message = reclassification(account_id, told, record.head, facts, reading, self.decided_at, text, old)
            self.sends.append(posting.decision(message, traceparent))
        for change in taken.changes:
            told = _numbered(record, change.t, change.source, change.target, change.direction, change.cause)
            record.decisions.append(told)
            known = [fact for fact in facts if fact.t <= change.t]
            reading = read(change.account, rules.at(change.t))
            text = why(change, by_id.get(change.cause), reading)
            message = reclassification(account_id, told, change.account, known, reading, self.decided_at, text, None)
            self.sends.append(posting.decision(message, traceparent))

    def _audit(self, cause: m.Intake, action: str, by: str | None, wrong: str | None, traceparent: str | None) -> None:
        self.sends.append(posting.audit(self.account_id, cause, action, by, wrong, self.decided_at, traceparent))

    def _erase(self, command: m.Command, traceparent: str | None) -> None:
        """Let the account leave: no record, and a tombstone on every compacted topic that others can read."""
        record = self.record
        known = self.existed or bool(record and (record.applied or record.count))
        self._audit(command, "erase", command.by, None if known else "the account is unknown", traceparent)
        if known:
            for topic in (STATE, m.PROFILES):
                self.sends.append(posting.tombstone(topic, self.account_id, command, traceparent))
        if record and record.shadowed:
            self.sends += tombstones(self.account_id, record, record.shadowed)
        if record and record.merged_into:
            facts = as_merged(record.facts())
            self.sends.append(
                posting.move(self.account_id, record.merged_into, "leave", facts, record.merged_sources, command)
            )
        for guest in record.merged_sources if record else ():
            self.sends.append(posting.release(self.account_id, guest, command))
        self.record, self.changed = None, True

    def close(self, verdicts: list[Verdict]) -> Outcome:
        """Return the outcome: the record as it is to be stored, and what to send."""
        record = self.record
        if record is None:
            return Outcome(None, self.changed, verdicts, self.sends, None)
        if self.shadow or record.shadowed:
            self._cast_shadow(record)
        due = None if record.merged_into else self._due(record)
        if not self.changed:
            return Outcome(encode(record), self.changed, verdicts, [], due)
        if not record.merged_into:
            self._show(record)
        record.revision += 1
        record.pending = posting.pack(self.sends)
        return Outcome(encode(record), self.changed, verdicts, self.sends, due)

    def _note(self, fact: f.Fact | None) -> None:
        """Note for the shadow a fact that was appended; None where the history was rewritten."""
        if fact is None or self.new is None:
            self.new = None
        else:
            self.new.append(fact)

    def _cast_shadow(self, record: AccountRecord) -> None:
        """Fold the shadow beside the account, and tell where it begins or ends to differ."""
        shadow, before = self.shadow, record.shadowed
        if shadow is None or record.merged_into is not None:
            if before is not None:
                self.sends += tombstones(self.account_id, record, before)
                record.shadowed, self.changed = None, True
            return
        record.shadowed = shadow_account(record, shadow, self.new)
        told = compare(self.account_id, record, self.rules, shadow, self.decided_at)
        if told:
            self.sends.append(told)
        self.changed |= told is not None or before is None or before.mark != shadow.mark

    def _due(self, record: AccountRecord) -> int | None:
        due = next_due(record, self.rules)
        if self.shadow is None or record.shadowed is None:
            return due
        other = due_at(record.shadowed.head, self.shadow.policy)
        return min((each for each in (due, other) if each is not None), default=None)

    def _show(self, record: AccountRecord) -> None:
        """Publish the account's state where it differs from what was published last."""
        head, policy = record.head, self.rules.at(record.head.t)
        if head.facts == 0:
            return
        reading = self.reading or read(head, policy)
        standing, profile = STANDINGS.index(standing_of(head, policy)), head.profile
        shown = PublishedState(head.effective_status, standing, profile.id if profile else "", reading.score)
        last = record.published_state
        if last and shown.equals_but_score(last) and abs(shown.score - last.score) < SCORE_STEP:
            return
        record.published_state = shown
        state = state_of(self.account_id, record, shown.score, policy)
        self.sends.append(posting.state(state, f"state-{record.revision + 1}-{record.seq}"))


def _numbered(
    record: AccountRecord, t: int, source: int, target: int, direction: Direction, cause: str
) -> DecisionInForce:
    """Return a decision to tell, under the record's next number."""
    record.seq += 1
    return DecisionInForce(record.seq, t, source, target, DIRECTIONS.index(direction), cause)
