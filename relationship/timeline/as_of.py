"""A record as of an event time: folded from the account's events up to then, as far as they are known today.

A late event counts from when it happened, and a corrected one as corrected.
"""

from typing import NamedTuple

from relationship.classify.fold import advance
from relationship.classify.timers import StatusChange, run_timers
from relationship.contract import times
from relationship.policy.schedule import Rules
from relationship.state import facts as f
from relationship.state.record import AccountRecord
from relationship.timeline.history import base_of


class TooEarlyError(ValueError):
    """The history kept begins after the time asked for; the text says when."""


class AsOf(NamedTuple):
    """The record as of a time, and the last change by then, with its fact where a fact caused it."""

    record: AccountRecord
    change: StatusChange | None
    cause: f.Fact | None


def record_at(record: AccountRecord, t: int, rules: Rules) -> AsOf:
    """Return the record as of event time `t` (µs). Raises TooEarlyError for one before the history kept."""
    account = base_of(record)
    if record.base is not None and t < account.t:
        raise TooEarlyError(f"the events before {times.rfc3339(account.t)} are folded together: name a later time")
    facts = [fact for fact in record.facts() if fact.t <= t]
    changes: list[StatusChange] = []
    for fact in facts:
        changes += advance(account, fact, rules)[0]
    changes += run_timers(account, t + 1, rules)
    decisions = [each for each in record.decisions if each.t <= t]
    past = AccountRecord(newest=facts[-1].t if facts else 0, clock=t, head=account, base=record.base, edge=record.edge)
    past.keep(facts)
    past.decisions, past.seq = decisions, decisions[-1].seq if decisions else 0
    change = changes[-1] if changes else None
    cause = next((fact for fact in facts if change and fact.id == change.cause), None)
    return AsOf(past, change, cause)
