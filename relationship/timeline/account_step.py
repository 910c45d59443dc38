"""One account in one step: messages folded one by one, or timers run, and what is to be stored and sent in the end.

What a message does is in `handlers`; what they share is the `StepContext`; what happens once at the end is in `closing`.
"""

from relationship.contract import messages as m
from relationship.contract.outcome import Delivered, Outcome, Verdict
from relationship.policy.schedule import Rules
from relationship.state import facts as f
from relationship.state.record import AccountRecord
from relationship.timeline import closing
from relationship.timeline.handlers import HANDLERS, answers
from relationship.timeline.history import (
    APPLIED,
    REPEAT,
    HistoryLimits,
    HistoryUpdate,
    run_timers_until,
    trim_if_due,
)
from relationship.timeline.shadow import Shadow
from relationship.timeline.step_context import StepContext


class AccountStep:
    """Folds messages into one account's record, or runs its timers; then `close` once."""

    def __init__(
        self,
        rules: Rules,
        limits: HistoryLimits,
        account_id: str,
        record: AccountRecord | None,
        decided_at: int,
        shadow: Shadow | None = None,
    ) -> None:
        self._context = StepContext(rules, limits, account_id, record, decided_at, shadow)
        # As they were before the step: messages of one moment come by their ids, and not by their offsets.
        self._reflected = record.offsets.copy() if record is not None else {}

    def fold(self, delivered: Delivered) -> Verdict:
        """Fold one message, and return what became of it."""
        context, message = self._context, delivered.message
        record, rank = context.record, f.RANK_OF_TOPIC[delivered.topic]
        is_erasure = type(message) is m.Command and m.is_erasure(message)
        if (delivered.covered and not is_erasure) or (type(message) is m.Profile and m.follows_erasure(message)):
            context.sends += answers(context.account_id, message)
            return REPEAT
        arrived_ms, offset = delivered.arrived_ms, delivered.offset
        if record is None:
            if m.says_nothing(message):
                return APPLIED
            context.record = record = AccountRecord(stored_ms=arrived_ms)
        # An erasure that was stored before everything that the record reflects erased another account of the same id.
        if (is_erasure and record.stored_ms > arrived_ms) or offset <= self._reflected.get(rank, -1):
            return REPEAT
        record.stored_ms = min(record.stored_ms, arrived_ms)
        if offset > record.offsets.get(rank, -1):
            record.offsets[rank] = offset
        context.changed = True
        self._follow_switch(record)
        before = record.count
        context.lateness_us = max(context.limits.lateness_us, delivered.lateness_us)
        verdict = HANDLERS[type(message)](context, record, message, delivered.traceparent)
        if context.record is None:
            return verdict
        trim_if_due(record, before, context.rules, context.limits)
        record.switch = context.rules.mark(record.head.t)
        _count(record, verdict)
        return verdict

    def run_timers(self, until: int) -> None:
        """Run the account's timers up to event time `until` (µs)."""
        context, record = self._context, self._context.record
        if record is None or record.merged_into is not None:
            return
        context.changed, before = self._follow_switch(record), record.head.timer_at
        changes = run_timers_until(record, until, context.rules)
        # A check by which nothing has changed has let the evidence fade to its moment, and is not due again.
        context.changed |= record.head.timer_at != before
        record.switch = context.rules.mark(record.head.t)
        context.decide(record, HistoryUpdate(APPLIED, [], changes), None)

    def close(self, verdicts: list[Verdict]) -> Outcome:
        """Return the outcome of the step."""
        return closing.close(self._context, verdicts)

    def _follow_switch(self, record: AccountRecord) -> bool:
        """Refold what was folded before a policy switch within it was known; return whether there was such a switch.

        A switch is published ahead of its time. This is for an event dated ahead of it, and for a worker that was slow.
        """
        context = self._context
        if record.merged_into is not None or record.switch == (mark := context.rules.mark(record.head.t)):
            return False
        context.refold(record, f"policy:{mark}", None)
        record.switch = context.rules.mark(record.head.t)
        return True


def _count(record: AccountRecord, verdict: Verdict) -> None:
    if verdict is APPLIED:
        record.applied += 1
    elif verdict is REPEAT:
        record.repeats += 1
