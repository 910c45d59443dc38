"""What each message does to an account: one function a message type, and one a command that is more than a fact.

A handler changes the record through the step's context, adds the messages to send, and returns the verdict. A new message
type is a new function in `HANDLERS`, a new command one in `COMMANDS`.
"""

from collections.abc import Callable
from typing import Any, Final

from relationship.contract import messages as m
from relationship.contract.outcome import STATE, Verdict
from relationship.state.facts_from_messages import fact_of
from relationship.state.record import AccountRecord
from relationship.timeline import posting
from relationship.timeline.commands import apply_command
from relationship.timeline.history import APPLIED, add_fact
from relationship.timeline.merging import as_merged, join, join_rejection, leave, unpack
from relationship.timeline.shadow import tombstones
from relationship.timeline.step_context import StepContext


def handle_event(context: StepContext, record: AccountRecord, message: m.Message, traceparent: str | None) -> Verdict:
    """Fold a purchase, a ticket, a meeting, a profile or a referral."""
    fact = fact_of(message)
    is_in_order = fact.t > record.head.t
    updated = context.change(
        record, message, lambda: add_fact(record, fact, context.rules, context.limits.lateness_us), traceparent
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
    credit = posting.referral(context.account_id, purchase, traceparent) if verdict is APPLIED else None
    if credit is not None:
        context.sends.append(credit)
    return verdict


def handle_command(context: StepContext, record: AccountRecord, command: m.Command, traceparent: str | None) -> Verdict:
    """Carry a command out, and answer it in the audit topic; a repeat is not answered again."""
    context.appended = context.reading = None
    if command.command == "erase":
        _erase(context, record, command, traceparent)
        return APPLIED
    updated = context.change(
        record,
        command,
        lambda: apply_command(record, command, context.rules, context.limits.lateness_us),
        traceparent,
    )
    if updated.verdict is APPLIED:
        carry_out = COMMANDS.get(command.command)
        if carry_out is not None and updated.rejection is None:
            carry_out(context, record, command, traceparent)
        context.audit(command, command.command, command.by, updated.rejection, traceparent)
    return updated.verdict


def _merge(context: StepContext, record: AccountRecord, command: m.Command, traceparent: str | None) -> None:
    """Send the history to the account that this one is merged into; it has no state of its own from now on."""
    if command.into:
        record.merged_into, record.published_state = command.into, None
        context.move(record, command.into, "join", as_merged(record.facts()), command)
        context.sends.append(posting.tombstone(STATE, context.account_id, command, traceparent))


def _unmerge(context: StepContext, record: AccountRecord, command: m.Command, traceparent: str | None) -> None:
    """Take the history back from the account that this one is merged into."""
    if record.merged_into:
        context.move(record, record.merged_into, "leave", as_merged(record.facts()), command)
        _separate(context, record, command.event_id, traceparent)


def _separate(context: StepContext, record: AccountRecord, cause: str, traceparent: str | None) -> None:
    """End a merge on the source's side: publish the decisions that have changed since it began."""
    record.merged_into = None
    context.refold(record, cause, traceparent)


def _erase(context: StepContext, record: AccountRecord, command: m.Command, traceparent: str | None) -> None:
    """Delete the account: no record, and a tombstone on every compacted topic that others can read."""
    account_id = context.account_id
    is_known = context.existed or bool(record.applied or record.count)
    context.audit(command, "erase", command.by, None if is_known else "the account is unknown", traceparent)
    if is_known:
        context.sends += [posting.tombstone(topic, account_id, command, traceparent) for topic in (STATE, m.PROFILES)]
    if record.shadowed:
        context.sends += tombstones(account_id, record, record.shadowed)
    if record.merged_into:
        context.move(record, record.merged_into, "leave", as_merged(record.facts()), command)
    context.sends += [posting.release(account_id, source, command) for source in record.merged_sources]
    context.record, context.changed = None, True


def handle_move(context: StepContext, record: AccountRecord, move: m.Move, _traceparent: str | None) -> Verdict:
    """Add another account's history to this one's or remove it; or end a merge that the other account refuses."""
    context.appended = context.reading = None
    if move.action == "refused":
        _refused(context, record, move)
        return APPLIED
    facts = unpack(move)
    reason = join_rejection(record, move, facts) if move.action == "join" else None
    if reason:
        context.sends.append(posting.refusal(context.account_id, move, reason))
    elif move.action == "join":
        context.change(record, move, lambda: join(record, move, facts, context.rules), None)
    else:
        context.change(record, move, lambda: leave(record, move, facts, context.rules), None)
    return APPLIED


def _refused(context: StepContext, record: AccountRecord, move: m.Move) -> None:
    """End the merge into an account that cannot take the history, or is erased; any other refusal is out of date."""
    if record.merged_into == move.source:
        _separate(context, record, move.event_id, None)
        context.audit(move, "merge", None, move.detail, None)


Handler = Callable[[StepContext, AccountRecord, Any, str | None], Verdict]

HANDLERS: Final[dict[type, Handler]] = {
    m.Profile: handle_event,
    m.Purchase: handle_purchase,
    m.Ticket: handle_event,
    m.Meeting: handle_event,
    m.Referral: handle_event,
    m.Move: handle_move,
    m.Command: handle_command,
}

# What a command does besides being a fact of the history.
COMMANDS: Final[dict[str, Callable[[StepContext, AccountRecord, m.Command, str | None], None]]] = {
    "merge": _merge,
    "unmerge": _unmerge,
}
