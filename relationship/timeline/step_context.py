"""What the handlers of one step share: the account's record, the policies, and the messages to send."""

from collections.abc import Callable, Sequence

from relationship.classify.transitions import Reading, read
from relationship.contract import messages as m
from relationship.contract.decisions import Direction
from relationship.contract.outcome import Outgoing
from relationship.policy.schedule import Rules
from relationship.state import facts as f
from relationship.state.record import DIRECTIONS, AccountRecord, DecisionInForce
from relationship.timeline import posting
from relationship.timeline.explain import reclassification, why, why_undone
from relationship.timeline.history import APPLIED, HistoryLimits, HistoryUpdate, Undone, refold
from relationship.timeline.merging import as_merged, difference
from relationship.timeline.shadow import Shadow


class StepContext:
    """One account in one step.

    Attributes:
        rules: the policies in force.
        limits: how much of the history can still be changed.
        lateness_us: how late (µs) the message in hand may be: as `limits` says, or as its sender was allowed.
        account_id: the account.
        decided_at: wall-clock time (µs) of the step.
        shadow: the shadow policy, while there is one.
        existed: the account had a record before the step.
        record: the account's record; None before its first message, and after its erasure.
        sends: the messages to send, in order.
        changed: the record differs from the one stored.
        reading: that of the head, where the last change has computed it.
        appended: the facts appended in order, for the shadow; None once the history has changed in any other way.
    """

    def __init__(
        self,
        rules: Rules,
        limits: HistoryLimits,
        account_id: str,
        record: AccountRecord | None,
        decided_at: int,
        shadow: Shadow | None,
    ) -> None:
        self.rules = rules
        self.limits = limits
        self.lateness_us = limits.lateness_us
        self.account_id = account_id
        self.decided_at = decided_at
        self.shadow = shadow
        self.existed = record is not None
        self.record: AccountRecord | None = record
        self.sends: list[Outgoing] = []
        self.changed = False
        self.reading: Reading | None = None
        self.appended: list[f.Fact] | None = []

    def change(
        self, record: AccountRecord, cause: m.Intake, update: Callable[[], HistoryUpdate], traceparent: str | None
    ) -> HistoryUpdate:
        """Change the history, and send what follows: decisions, or of a merged account the change to the other account."""
        if record.merged_into is not None:
            return self._change_merged(record, record.merged_into, cause, update)
        updated = update()
        if updated.verdict is APPLIED:
            self.reading = updated.reading
        self.decide(record, updated, traceparent)
        return updated

    def _change_merged(
        self, record: AccountRecord, into: str, cause: m.Intake, update: Callable[[], HistoryUpdate]
    ) -> HistoryUpdate:
        """Change a merged account's history: its decisions stay as they are until it is unmerged."""
        before, decisions = record.facts(), record.decisions[:]
        updated = update()
        record.decisions = decisions
        record.snapshots = []  # each says how many of the decisions the facts before it cause
        removed, added = difference(before, record.facts())
        for action, facts in (("leave", as_merged(removed)), ("join", as_merged(added))):
            if facts:
                self.move(record, into, action, facts, cause, partial=action == "leave")
        return updated

    def move(
        self,
        record: AccountRecord,
        into: str,
        action: str,
        facts: Sequence[f.Fact],
        cause: m.Intake,
        *,
        partial: bool = False,
    ) -> None:
        """Send facts to the account that this one is merged into, to join it or to leave it; `partial`: the rest stays."""
        moved = posting.move(self.account_id, into, action, facts, record.merged_sources, cause, partial=partial)
        self.sends.append(moved)

    def refold(self, record: AccountRecord, cause: str, traceparent: str | None) -> None:
        """Fold the history kept again, and send the decisions that differ."""
        self.decide(record, refold(record, record.facts(), cause, self.rules), traceparent)

    def decide(self, record: AccountRecord, updated: HistoryUpdate, traceparent: str | None) -> None:
        """Record and send the decisions of a change: first those that undo, then the new ones."""
        if not updated.undone and not updated.changes:
            return  # the usual case; the history need not be decoded
        facts = record.facts()
        for undone in updated.undone:
            self._undo(record, undone, facts, traceparent)
        by_id = {fact.id: fact for fact in facts}
        for change in updated.changes:
            decision = _next_decision(record, change.t, change.source, change.target, change.direction, change.cause)
            record.decisions.append(decision)
            known = [fact for fact in facts if fact.t <= change.t]
            reading = read(change.account, self.rules.at(change.t))
            text = why(change, by_id.get(change.cause), reading)
            message = reclassification(
                self.account_id, decision, change.account, known, reading, self.decided_at, text, None
            )
            self.sends.append(posting.decision(message, traceparent))

    def _undo(self, record: AccountRecord, undone: Undone, facts: list[f.Fact], traceparent: str | None) -> None:
        """Send a correction, which undoes a decision and leads back to the status before it."""
        old, head = undone.decision, record.head
        correction = _next_decision(record, old.effective, old.target, old.source, "correction", undone.cause)
        reading = read(head, self.rules.at(old.effective))
        message = reclassification(
            self.account_id, correction, head, facts, reading, self.decided_at, why_undone(undone), old
        )
        self.sends.append(posting.decision(message, traceparent))

    def audit(self, cause: m.Intake, action: str, by: str | None, reason: str | None, traceparent: str | None) -> None:
        """Send the audit entry of an action: done, or refused for a reason."""
        self.sends.append(posting.audit(self.account_id, cause, action, by, reason, self.decided_at, traceparent))


def _next_decision(
    record: AccountRecord, t: int, source: int, target: int, direction: Direction, cause: str
) -> DecisionInForce:
    """Return a decision under the record's next number."""
    record.seq += 1
    return DecisionInForce(record.seq, t, source, target, DIRECTIONS.index(direction), cause)
