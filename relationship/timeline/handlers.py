"""What each message does to an account: one function a message type, and one a command that is more than a fact.

A handler changes the record through the step's context, adds the messages to send, and returns the verdict. A new message
type is a new function in `HANDLERS`.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from relationship.classify.commands import MERGE, REFUSED
from relationship.contract import enums
from relationship.contract import messages as m
from relationship.contract.outcome import STATE, Outgoing, Verdict
from relationship.state import facts as f
from relationship.state.facts_from_messages import fact_of
from relationship.state.record import AccountRecord
from relationship.timeline import posting, referrals
from relationship.timeline.commands import apply_command, effects
from relationship.timeline.history import APPLIED, add_fact, comes_last
from relationship.timeline.merging import as_merged, join, join_rejection, leave, unpack
from relationship.timeline.shadow import tombstones
from relationship.timeline.step_context import StepContext


def handle_event(context: StepContext, record: AccountRecord, message: m.Message, traceparent: str | None) -> Verdict:
    """Fold a purchase, a ticket, a meeting, a profile or a referral."""
    fact = fact_of(message)
    is_in_order = comes_last(record, fact)
    updated = context.change(
        record, message, lambda: add_fact(record, fact, context.rules, context.lateness_us), traceparent
    )
    if updated.verdict is APPLIED and context.appended is not None:
        if is_in_order:
            context.appended.append(fact)
        else:
            context.appended = None
    return updated.verdict


def handle_purchase(
    context: StepContext, record: AccountRecord, purchase: m.Purchase, traceparent: str | None
) -> Verdict:
    """Fold a purchase, and send the credit of whoever referred the buyer."""
    verdict = handle_event(context, record, purchase, traceparent)
    if verdict is APPLIED and purchase.referred_by is not None:
        fact = fact_of(purchase)
        context.sends += referrals.changed(context.account_id, None, fact, 0, traceparent)
    return verdict


def handle_referral(
    context: StepContext, record: AccountRecord, referral: m.Referral, traceparent: str | None
) -> Verdict:
    """Fold a credit, put a corrected one in its place, or forget the id of an account that is erased."""
    if referral.action is None and referral.revision is None:
        return handle_event(context, record, referral, traceparent)
    context.appended = context.reading = None
    update = referrals.forget if referral.action == "forgotten" else referrals.replace
    updated = context.change(record, referral, lambda: update(record, referral, context.rules), traceparent)
    return updated.verdict


def handle_command(context: StepContext, record: AccountRecord, command: m.Command, traceparent: str | None) -> Verdict:
    """Carry a command out, and answer it in the audit topic; a repeat is not answered again."""
    context.appended = context.reading = None
    if m.is_erasure(command):
        _erase(context, record, command, traceparent)
        return APPLIED
    before, event = effects(record), referrals.purchase_of(record, command.corrects)
    updated = context.change(
        record,
        command,
        lambda: apply_command(record, command, context.rules, context.limits),
        traceparent,
    )
    if updated.verdict is APPLIED:
        if command.command == "correct":
            corrected = referrals.purchase_of(record, command.corrects)
            revision = referrals.revision_of(record, command.corrects)
            context.sends += referrals.changed(context.account_id, event, corrected, revision, traceparent)
        _follow_merge(context, record, command, traceparent)
        after = effects(record)
        rejection = updated.rejection or after.get(command.event_id)
        context.audit(command, command.command, command.by, rejection, traceparent)
        _audit_again(context, record, before, after, command)
    return updated.verdict


def _follow_merge(context: StepContext, record: AccountRecord, cause: m.Intake, traceparent: str | None) -> None:
    """Carry out what the commands come to now: the history leaves one account and joins another, or stands for itself."""
    before, into = record.merged_into, record.head.merge.into if record.head.merge else None
    if into == before:
        return
    facts = as_merged(record.facts())
    if before is not None:
        context.move(record, before, "leave", facts, cause)
    record.merged_into = into
    if into is None:
        context.refold(record, cause.event_id, traceparent)
        return
    context.move(record, into, "join", facts, cause)
    if before is None:
        record.published_state = None
        context.sends.append(posting.tombstone(STATE, context.account_id, "merge", cause, traceparent))


def _audit_again(
    context: StepContext,
    record: AccountRecord,
    before: Mapping[str, str | None],
    after: Mapping[str, str | None],
    cause: m.Intake,
) -> None:
    """Audit earlier commands that have an effect now and had none, or the other way round."""
    changed = {name for name, reason in before.items() if name in after and (after[name] is None) != (reason is None)}
    for fact in record.facts() if changed else ():
        if fact.id in changed and isinstance(fact, f.CommandFact):
            action, reason = enums.COMMANDS[fact.command], after[fact.id]
            sent = posting.revised_audit(context.account_id, fact.id, action, reason, cause, context.decided_at)
            context.sends.append(sent)


def _erase(context: StepContext, record: AccountRecord, command: m.Command, traceparent: str | None) -> None:
    """Delete the account: no record, and a tombstone on every compacted topic that others can read.

    It is done whether or not there is a record: what it covers need not have been folded.
    """
    account_id = context.account_id
    is_known = context.existed or record.applied > 0
    note = None if is_known else "there was no record of the account"
    context.sends.append(
        posting.audit(account_id, command, "erase", command.by, None, context.decided_at, traceparent, note=note)
    )
    topics = (STATE, m.PROFILES)
    context.sends += [posting.tombstone(topic, account_id, "erase", command, traceparent) for topic in topics]
    if record.shadowed:
        context.sends += tombstones(account_id, record, record.shadowed)
    if record.merged_into:
        context.move(record, record.merged_into, "leave", as_merged(record.facts()), command)
    context.sends += [posting.release(account_id, source, command) for source in record.merged_sources]
    context.sends += referrals.forgotten(account_id, record, command)
    context.record, context.changed = None, True


def handle_move(context: StepContext, record: AccountRecord, move: m.Move, _traceparent: str | None) -> Verdict:
    """Add another account's history to this one's or remove it; or end a merge that the other account refuses."""
    context.appended = context.reading = None
    if move.action == "refused":
        _refused(context, record, move)
        return APPLIED
    facts = unpack(move)
    reason = join_rejection(record, move, facts, context.limits.most_bytes) if move.action == "join" else None
    if reason:
        context.sends.append(posting.refusal(context.account_id, move, reason))
    elif move.action == "join":
        context.change(record, move, lambda: join(record, move, facts, context.rules), None)
    else:
        context.change(record, move, lambda: leave(record, move, facts, context.rules), None)
    return APPLIED


def _refused(context: StepContext, record: AccountRecord, move: m.Move) -> None:
    """End the merge into an account that cannot take the history, or is erased; any other refusal is out of date."""
    if record.merged_into != move.source:
        return
    before = effects(record)
    record.keep([_refused_for_good(fact, move.source) for fact in record.facts()])
    if record.base is not None and record.base.merge is not None and record.base.merge.into == move.source:
        record.base.merge = None
    record.merged_into = None
    context.refold(record, move.event_id, None)
    _follow_merge(context, record, move, None)
    context.audit(move, "merge", None, move.detail, None)
    _audit_again(context, record, before, effects(record), move)


def _refused_for_good(fact: f.Fact, into: str) -> f.Fact:
    """Return a merge into an account as one that is refused for good, and any other fact as it is."""
    if isinstance(fact, f.CommandFact) and fact.command == MERGE and fact.into == into:
        return msgspec.structs.replace(fact, command=REFUSED, into=None)
    return fact


def answers(account_id: str, covered: m.Message) -> list[Outgoing]:
    """Return what is sent to another account whose message came after the erasure of this one."""
    if isinstance(covered, m.Move) and covered.action == "join":
        return [posting.refusal(account_id, covered, posting.ERASED)]
    if isinstance(covered, m.Referral) and covered.action in {None, "credited"}:
        return [referrals.forget_message(account_id, covered.referred, covered)]
    return []


Handler = Callable[[StepContext, AccountRecord, Any, str | None], Verdict]

HANDLERS: Final[dict[type, Handler]] = {
    m.Profile: handle_event,
    m.Purchase: handle_purchase,
    m.Ticket: handle_event,
    m.Meeting: handle_event,
    m.Referral: handle_referral,
    m.Move: handle_move,
    m.Command: handle_command,
}
