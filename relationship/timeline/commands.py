"""Commands: what a person or another system asks of an account. Done once, and audited, refused ones too.

`override` and `release` are facts like any other and fold in their place. `correct` rewrites the history. `erase` is
seen to by `relationship/core.py`, since nothing of the account is left to speak of.
"""

from typing import Any, Final

import msgspec

from relationship.contract import enums
from relationship.contract import messages as m
from relationship.policy.schedule import Rules
from relationship.state import facts as f
from relationship.state.facts_from_messages import command_fact, fact_of
from relationship.state.record import AccountRecord
from relationship.timeline.history import (
    APPLIED,
    REPEAT,
    HistoryUpdate,
    matching,
    rewrite,
    take,
    too_old,
)
from relationship.timeline.merging import merge_rejection

REFUSED_COMMAND: Final = -1  # in the place of a command that was refused: its id is remembered, and it does nothing
CORRECT: Final = enums.COMMANDS.index("correct")
NO_BY: Final = "nobody is named in 'by': say who asks"


def rejection_reason(record: AccountRecord, command: m.Command) -> str | None:
    """Return why a command cannot be done, or None where it can."""
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


def apply_command(
    record: AccountRecord, command: m.Command, rules: Rules, lateness_us: int
) -> tuple[HistoryUpdate, str | None]:
    """Do an override, a release or a correction; return what it came to, and why it was refused if it was."""
    fact = command_fact(command)
    known = matching(record, f.RANK[f.CommandFact], fact.id)
    wrong = None if known is not None else rejection_reason(record, command)
    if known is not None:
        return HistoryUpdate(REPEAT, [], []), None
    if wrong is None and command.command == "correct":
        taken, wrong = _correct(record, command, rules, lateness_us)
        if wrong is None:
            return taken, None
    if wrong is not None:
        fact = msgspec.structs.replace(fact, command=REFUSED_COMMAND)
        return take(record, fact, rules, lateness_us), wrong
    return take(record, fact, rules, lateness_us), None


def _correct(
    record: AccountRecord, command: m.Command, rules: Rules, lateness_us: int
) -> tuple[HistoryUpdate, str | None]:
    """Replace the event that a command corrects by what it should have been, or withdraw it, and fold again."""
    facts = record.facts()
    found = [i for i, fact in enumerate(facts) if fact.id == command.corrects and _may(fact, command.topic)]
    if len(found) > 1:
        return HistoryUpdate(APPLIED, [], []), "two topics share the event's id: name its 'topic'"
    topic = _topic_of(f.RANK[type(facts.pop(found[0]))]) if found else _withdrawn(facts, command)
    if topic is None:
        return HistoryUpdate(
            APPLIED, [], []
        ), "the event is not in the history kept; one that was withdrawn needs its 'topic'"
    if command.value is not None:
        try:
            new = _replacement(topic, command)
        except (ValueError, msgspec.ValidationError):  # its text may quote the value, which can be personal data
            return HistoryUpdate(
                APPLIED, [], []
            ), "the 'value' is no message of this account with the corrected event's id"
        if record.edge is not None and f.order(new) <= record.edge:
            return HistoryUpdate(APPLIED, [], []), "the corrected event would lie before the history kept"
        facts.append(new)
    fact = command_fact(command)
    late = too_old(record, fact, lateness_us)
    if late is not None:
        return late, None
    return rewrite(record, sorted([*facts, fact], key=f.order), command.event_id, rules), None


def _may(fact: f.Fact, topic: str | None) -> bool:
    """Tell whether a correction may speak of a fact: of its topic, never of a command or of a guest's profile."""
    if isinstance(fact, f.CommandFact | f.MergedProfileFact):
        return False
    return topic is None or f.RANK_OF_TOPIC.get(topic) == f.RANK[type(fact)]


def _topic_of(rank: int | None) -> str | None:
    return next((name for name, each in f.RANK_OF_TOPIC.items() if each == rank), None)


def _withdrawn(facts: list[f.Fact], command: m.Command) -> str | None:
    """Return the topic of an event that a correction took away, for one that brings it back; None where there is none."""
    if command.value is None:
        return None
    for fact in reversed(facts):
        if isinstance(fact, f.CommandFact) and fact.command == CORRECT and fact.corrects == command.corrects:
            topic = command.topic or _topic_of(fact.corrects_rank)
            return topic if topic != m.COMMANDS else None
    return None


def _replacement(topic: str, command: m.Command) -> f.Fact:
    """Return the fact that should have been. Raises ValueError where it is of another event or account."""
    value: Any = command.value
    message: m.Message = msgspec.convert(value, m.MESSAGE_TYPES[topic])
    if message.event_id != command.corrects or message.account_id != command.account_id:
        raise ValueError("its event_id or account_id is another one")
    return fact_of(message)
