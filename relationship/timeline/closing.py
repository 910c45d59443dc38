"""The end of a step: the shadow compared, the state published where it differs, and the record as it is to be stored."""

from typing import Final

from relationship.classify.segments import standing_of
from relationship.classify.timers import due_at
from relationship.classify.transitions import read
from relationship.contract.outcome import Outcome, Verdict
from relationship.state.record import STANDINGS, AccountRecord, PublishedState, encode
from relationship.timeline import posting
from relationship.timeline.history import fold_away, next_due
from relationship.timeline.shadow import compare, shadow_account, tombstones
from relationship.timeline.state_message import state_of
from relationship.timeline.step_context import StepContext

SCORE_STEP: Final = 500  # hundredths of a point; a state is published again when its score has moved by five points


def close(context: StepContext, verdicts: list[Verdict]) -> Outcome:
    """Return the step's outcome: the record as it is to be stored, and the messages to send."""
    record = context.record
    if record is None:
        return Outcome(None, context.changed, verdicts, context.sends, None)
    if context.shadow or record.shadowed:
        _update_shadow(context, record)
    due = _due_at(context, record)
    if not context.changed:
        return Outcome(encode(record), changed=False, verdicts=verdicts, sends=context.sends, due_at=due)
    if not record.merged_into:
        _publish_state(context, record)
    record.revision += 1
    record.written_ms = max(record.written_ms, context.decided_at // 1000)
    record.pending = posting.pack(context.sends)
    return Outcome(_fitting(context, record), changed=True, verdicts=verdicts, sends=context.sends, due_at=due)


def _fitting(context: StepContext, record: AccountRecord) -> bytes:
    """Return the record encoded, without its snapshots and with so many of its oldest facts folded away that it fits.

    It may still not fit then.
    """
    encoded = encode(record)
    if len(encoded) > context.limits.most_bytes and record.snapshots:
        record.snapshots = []
        encoded = encode(record)
    while len(encoded) > context.limits.most_bytes and record.count > 0:
        fold_away(record, (record.count + 1) // 2, context.rules)
        encoded = encode(record)
    return encoded


def _update_shadow(context: StepContext, record: AccountRecord) -> None:
    """Fold the shadow, and publish where it begins or ends to differ; take the account from its topic where it has ended."""
    shadow, before = context.shadow, record.shadowed
    if shadow is None or record.merged_into is not None:
        if before is not None:
            context.sends += tombstones(context.account_id, record, before)
            record.shadowed, context.changed = None, True
        return
    record.shadowed = shadow_account(record, shadow, context.appended)
    message = compare(context.account_id, record, context.rules, shadow, context.decided_at)
    if message is not None:
        context.sends.append(message)
    context.changed |= message is not None or before is None or before.mark != shadow.mark


def _due_at(context: StepContext, record: AccountRecord) -> int | None:
    """Return the next event time (µs) at which the account, or its shadow, changes without a message; or None."""
    if record.merged_into:
        return None
    due = next_due(record, context.rules)
    if context.shadow is None or record.shadowed is None:
        return due
    of_shadow = due_at(record.shadowed.head, context.shadow.policy)
    return min((each for each in (due, of_shadow) if each is not None), default=None)


def tells_the_same(last: PublishedState | None, status: int, standing: int, profile: str, score: int) -> bool:
    """Tell whether the state published last says so already, but for a score that has hardly moved."""
    if last is None or last.status != status or last.standing != standing or last.profile != profile:
        return False
    return abs(score - last.score) < SCORE_STEP


def _publish_state(context: StepContext, record: AccountRecord) -> None:
    """Publish the account's state where it differs from the one published last."""
    head, policy = record.head, context.rules.at(record.head.t)
    if head.facts == 0:
        return
    reading = context.reading or read(head, policy)
    status, standing = head.effective_status, STANDINGS.index(standing_of(head, policy))
    score, profile = reading.score, head.profile.id if head.profile is not None else ""
    if tells_the_same(record.published_state, status, standing, profile, score):
        return
    record.published_state = PublishedState(status, standing, profile, score)
    state = state_of(context.account_id, record, score, policy)
    context.sends.append(posting.state(state, f"state-{record.revision + 1}-{record.seq}"))
