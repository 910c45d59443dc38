"""Commands: instructions from a person or another system. Each is carried out once and audited, refused ones too.

All but an erasure are facts like any other, kept and folded in their place in event time: what a command does depends on
those dated before it and not on the order in which they came. One that comes late may so give effect to one that was
refused, or take it: that is audited again. What is wrong in itself is refused for good.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from relationship.classify.commands import CORRECT, REFUSED, command_rejection
from relationship.classify.commands import apply_command as take_effect
from relationship.contract import messages as m
from relationship.policy.schedule import Rules
from relationship.state import facts as f
from relationship.state.account import Account
from relationship.state.facts_from_messages import command_fact, fact_of
from relationship.state.record import AccountRecord
from relationship.timeline.history import (
    REPEAT,
    HistoryLimits,
    HistoryUpdate,
    add_fact,
    corrects,
    known_fact,
    late_refusal,
    refold,
    unchanged,
)
from relationship.timeline.merging import merge_rejection

NO_BY: Final = "nobody is named in 'by': say who asks"
NOT_THERE: Final = "the event is not in the history kept; it is corrected should it still come"
PRODUCED: Final = (m.PURCHASES, m.TICKETS, m.MEETINGS, m.PROFILES)  # topics of events that a correction can mean


def rejection_reason(record: AccountRecord, command: m.Command, most_bytes: int) -> str | None:
    """Return why a command can never be carried out, whatever else comes, or None where it may be."""
    if not command.by and command.command in {"override", "release", "merge", "unmerge"}:
        return NO_BY
    if command.command == "override" and (
        command.until is None or command.status is None or command.until <= command.occurred_at
    ):
        return "an override needs a 'status', and an 'until' after its 'occurred_at'"
    return merge_rejection(record, command, most_bytes) if command.command == "merge" else None


def effects(record: AccountRecord) -> Mapping[str, str | None]:
    """Return, by the ids of the commands kept, why each has no effect, or None where it has; in event time."""
    base = record.base or Account()
    account = Account(override=base.override, merge=base.merge)
    found: dict[str, str | None] = {}
    for fact in record.facts():
        if isinstance(fact, f.CommandFact) and fact.command not in {REFUSED, CORRECT}:
            if account.override is not None and account.override.until < fact.t:
                account.override = None
            found[fact.id] = command_rejection(account, fact)
            take_effect(account, fact)
    return found


def apply_command(record: AccountRecord, command: m.Command, rules: Rules, limits: HistoryLimits) -> HistoryUpdate:
    """Apply any command but an erasure to the history. One refused for good is recorded too, without effect."""
    fact = command_fact(command)
    if known_fact(record, f.RANK[f.CommandFact], fact.id) is not None:
        return unchanged(REPEAT)
    reason = rejection_reason(record, command, limits.most_bytes)
    if reason is None and command.command == "correct":
        corrected = _correct(record, command, rules, limits.lateness_us)
        if isinstance(corrected, HistoryUpdate):
            return corrected
        reason = corrected
    if reason is None:
        return add_fact(record, fact, rules, limits.lateness_us)
    rejected = msgspec.structs.replace(fact, command=REFUSED)
    return msgspec.structs.replace(add_fact(record, rejected, rules, limits.lateness_us), rejection=reason)


def _correct(record: AccountRecord, command: m.Command, rules: Rules, lateness_us: int) -> HistoryUpdate | str:
    """Replace or withdraw the event that a command corrects, and refold; return the result, or why it is refused.

    The event may not have come yet: what corrects it stands in its place already, and the event will be a repeat. Of two
    corrections of one event the one dated later holds.
    """
    facts, fact = record.facts(), command_fact(command)
    late = late_refusal(record, fact, lateness_us)
    if late is not None:
        return unchanged(late)
    matching = [i for i, each in enumerate(facts) if each.id == command.corrects and _may_correct(each, command.topic)]
    if len(matching) > 1:
        return "two topics share the event's id: name its 'topic'"
    topic = _topic_of(f.RANK[type(facts[matching[0]])]) if matching else _topic_meant(facts, command)
    if topic is not None:
        fact = msgspec.structs.replace(fact, corrects_rank=f.RANK_OF_TOPIC[topic])
    if _is_overtaken(facts, fact):
        return _folded(record, facts, fact, rules, "a later correction of the event is there")
    others = [each for i, each in enumerate(facts) if i not in matching]
    if command.value is None:
        return _folded(record, others, fact, rules, None if matching else NOT_THERE)
    replacement = _replacement(record, command, topic, is_there=bool(matching) or _was_corrected(facts, fact))
    if isinstance(replacement, str):
        return replacement
    return _folded(record, [*others, replacement], fact, rules, None)


def _folded(
    record: AccountRecord, facts: list[f.Fact], command: f.CommandFact, rules: Rules, rejection: str | None
) -> HistoryUpdate:
    """Fold a history with a command more; `rejection` is told, though the command is kept."""
    updated = refold(record, sorted([*facts, command], key=f.order), command.id, rules)
    return msgspec.structs.replace(updated, rejection=rejection)


def _is_overtaken(facts: list[f.Fact], command: f.CommandFact) -> bool:
    """Tell whether a correction of the same event, dated later, is there."""
    return any(_same_event(each, command) and f.order(each) > f.order(command) for each in facts)


def _was_corrected(facts: list[f.Fact], command: f.CommandFact) -> bool:
    """Tell whether an earlier correction of the same event is there: then the event is not among what is folded away."""
    return any(_same_event(each, command) for each in facts)


def _same_event(fact: f.Fact, command: f.CommandFact) -> bool:
    if not isinstance(fact, f.CommandFact) or command.corrects is None:
        return False
    rank = command.corrects_rank if command.corrects_rank is not None else fact.corrects_rank
    return corrects(fact, -1 if rank is None else rank, command.corrects)


def _may_correct(fact: f.Fact, topic: str | None) -> bool:
    """Tell whether a correction can mean a fact: one of its topic, but no command and no merged account's profile."""
    if isinstance(fact, f.CommandFact | f.MergedProfileFact):
        return False
    return topic is None or f.RANK_OF_TOPIC.get(topic) == f.RANK[type(fact)]


def _topic_of(rank: int | None) -> str | None:
    return next((name for name, each in f.RANK_OF_TOPIC.items() if each == rank), None)


def _topic_meant(facts: list[f.Fact], command: m.Command) -> str | None:
    """Return the topic of an event that is not there: the one named, or that of an earlier correction; else None."""
    if command.topic is not None:
        return command.topic if command.topic in PRODUCED else None
    for fact in reversed(facts):
        if isinstance(fact, f.CommandFact) and fact.command == CORRECT and fact.corrects == command.corrects:
            topic = _topic_of(fact.corrects_rank)
            if topic in PRODUCED:
                return topic
    return None


def _replacement(record: AccountRecord, command: m.Command, topic: str | None, *, is_there: bool) -> f.Fact | str:
    """Return the fact that a correction puts in the event's place, or why there is none."""
    if topic is None:
        return "the event is not in the history kept: name its 'topic'"
    try:
        fact = _fact_in(topic, command)
    except (ValueError, msgspec.ValidationError):  # its text may quote the value, which can be personal data
        return "the 'value' is no message of this account with the corrected event's id"
    if record.edge is not None and f.order(fact) <= record.edge:
        return "the corrected event would lie before the history kept"
    if record.edge is not None and not is_there:  # it may be among what is folded away, and would count twice
        return "the event is not in the history kept"
    return fact


def _fact_in(topic: str, command: m.Command) -> f.Fact:
    """Return the fact in a correction's value. Raises ValueError for another event or account."""
    value: Any = command.value
    message: m.Message = msgspec.convert(value, m.MESSAGE_TYPES[topic])
    if message.event_id != command.corrects or message.account_id != command.account_id:
        raise ValueError("its event_id or account_id is another one")
    return fact_of(message)
