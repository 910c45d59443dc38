"""Commands: instructions from a person or another system. Each is carried out once and audited, refused ones too.

`override` and `release` are facts like any other and are folded in their place. `correct` changes the history. `merge` and
`unmerge` are recorded here and carried out by `relationship/timeline/handlers.py`; so is `erase`, which leaves nothing.
"""

from typing import Any, Final

import msgspec

from relationship.contract import enums
from relationship.contract import messages as m
from relationship.policy.schedule import Rules
from relationship.state import facts as f
from relationship.state.facts_from_messages import command_fact, fact_of
from relationship.state.record import AccountRecord
from relationship.timeline.history import REPEAT, HistoryUpdate, add_fact, known_fact, late_refusal, refold, unchanged
from relationship.timeline.merging import merge_rejection

REFUSED_COMMAND: Final = -1  # in the place of the command's position: its id is remembered, and it has no effect
CORRECT: Final = enums.COMMANDS.index("correct")
NO_BY: Final = "nobody is named in 'by': say who asks"


def rejection_reason(record: AccountRecord, command: m.Command) -> str | None:
    """Return why a command cannot be carried out, or None where it can."""
    if not command.by and command.command in {"override", "release", "merge", "unmerge"}:
        return NO_BY
    if command.command == "override" and (
        command.until is None or command.status is None or command.until <= command.occurred_at
    ):
        return "an override needs a 'status', and an 'until' after its 'occurred_at'"
    if command.command == "release" and record.head.override is None:
        return "no override is in force"
    if command.command in {"merge", "unmerge"}:
        return merge_rejection(record, command)
    return None


def apply_command(record: AccountRecord, command: m.Command, rules: Rules, lateness_us: int) -> HistoryUpdate:
    """Apply any command but an erasure to the history. A rejected one is recorded too, without effect."""
    fact = command_fact(command)
    if known_fact(record, f.RANK[f.CommandFact], fact.id) is not None:
        return unchanged(REPEAT)
    reason = rejection_reason(record, command)
    if reason is None and command.command == "correct":
        corrected = _correct(record, command, rules, lateness_us)
        if isinstance(corrected, HistoryUpdate):
            return corrected
        reason = corrected
    if reason is None:
        return add_fact(record, fact, rules, lateness_us)
    rejected = msgspec.structs.replace(fact, command=REFUSED_COMMAND)
    return msgspec.structs.replace(add_fact(record, rejected, rules, lateness_us), rejection=reason)


def _correct(record: AccountRecord, command: m.Command, rules: Rules, lateness_us: int) -> HistoryUpdate | str:
    """Replace or withdraw the event that a command corrects, and refold; return the result, or why it is rejected."""
    facts = record.facts()
    matching = [i for i, fact in enumerate(facts) if fact.id == command.corrects and _may_correct(fact, command.topic)]
    if len(matching) > 1:
        return "two topics share the event's id: name its 'topic'"
    topic = _topic_of(f.RANK[type(facts.pop(matching[0]))]) if matching else _withdrawn_topic(facts, command)
    if topic is None:
        return "the event is not in the history kept; one that was withdrawn needs its 'topic'"
    if command.value is not None:
        try:
            replacement = _replacement(topic, command)
        except (ValueError, msgspec.ValidationError):  # its text may quote the value, which can be personal data
            return "the 'value' is no message of this account with the corrected event's id"
        if record.edge is not None and f.order(replacement) <= record.edge:
            return "the corrected event would lie before the history kept"
        facts.append(replacement)
    fact = command_fact(command)
    late = late_refusal(record, fact, lateness_us)
    if late is not None:
        return unchanged(late)
    return refold(record, sorted([*facts, fact], key=f.order), command.event_id, rules)


def _may_correct(fact: f.Fact, topic: str | None) -> bool:
    """Tell whether a correction can mean a fact: one of its topic, but no command and no merged account's profile."""
    if isinstance(fact, f.CommandFact | f.MergedProfileFact):
        return False
    return topic is None or f.RANK_OF_TOPIC.get(topic) == f.RANK[type(fact)]


def _topic_of(rank: int | None) -> str | None:
    return next((name for name, each in f.RANK_OF_TOPIC.items() if each == rank), None)


def _withdrawn_topic(facts: list[f.Fact], command: m.Command) -> str | None:
    """Return the topic of an event that an earlier correction withdrew and this one restores; None where there is none."""
    if command.value is None:
        return None
    for fact in reversed(facts):
        if isinstance(fact, f.CommandFact) and fact.command == CORRECT and fact.corrects == command.corrects:
            topic = command.topic or _topic_of(fact.corrects_rank)
            return topic if topic != m.COMMANDS else None
    return None


def _replacement(topic: str, command: m.Command) -> f.Fact:
    """Return the fact that a correction puts in the event's place. Raises ValueError for another event or account."""
    value: Any = command.value
    message: m.Message = msgspec.convert(value, m.MESSAGE_TYPES[topic])
    if message.event_id != command.corrects or message.account_id != command.account_id:
        raise ValueError("its event_id or account_id is another one")
    return fact_of(message)
