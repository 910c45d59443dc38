"""What stood at a moment: a record as its account's events up to then, all that are known of by now, leave it.

By event time: an event that came late counts from when it happened, and one that was corrected as corrected.
"""

from typing import NamedTuple

from relationship.classify.fold import StatusChange, advance, run_timers
from relationship.contract import times
from relationship.policy.schedule import Rules
from relationship.state import facts as f
from relationship.state.record import AccountRecord
from relationship.timeline.history import base_of


class TooEarlyError(ValueError):
    """The history kept begins later; the text says when."""


class Then(NamedTuple):
    """The record as it stood, and the last change told by then, with the fact behind it where it was one."""

    record: AccountRecord
    change: StatusChange | None
    cause: f.Fact | None


def record_at(record: AccountRecord, t: int, rules: Rules) -> Then:
    """Return what stood at the moment `t` (µs). Raises TooEarlyError for one before the history kept."""
    account = base_of(record)
    if record.base is not None and t < account.t:
        raise TooEarlyError(f"the events before {times.rfc3339(account.t)} are folded together: name a later time")
    facts = [fact for fact in record.facts() if fact.t <= t]
    changes: list[StatusChange] = []
    for fact in facts:
        changes += advance(account, fact, rules)[0]
    changes += run_timers(account, t + 1, rules)
    told = [each for each in record.decisions if each.t <= t]
    past = AccountRecord(newest=facts[-1].t if facts else 0, clock=t, head=account, base=record.base, edge=record.edge)
    past.keep(facts)
    past.decisions, past.seq = told, told[-1].seq if told else 0
    change = changes[-1] if changes else None
    cause = next((fact for fact in facts if change and fact.id == change.cause), None)
    return Then(past, change, cause)
