"""An account's stored record as an answer: standing, dimensions, timeline and why. Pure.

Built from the core's own functions, so what is shown is what the core reads; nothing is decided here.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from msgspec import Struct

from relationship.classify.evidence import evidence_of
from relationship.classify.plays import play_of
from relationship.classify.transitions import read
from relationship.contract import enums, times
from relationship.contract.decisions import DimensionPart, Direction, PlayPart, Reclassification, State
from relationship.contract.messages import Status
from relationship.contract.outcome import RECLASSIFIED, Outgoing
from relationship.policy.compiled import Policy
from relationship.policy.schedule import Rules
from relationship.state import facts as f
from relationship.state.record import AccountRecord, DecisionInForce, decode, encode
from relationship.timeline.as_of import TooEarlyError, record_at
from relationship.timeline.explain import decision_id, describe, dimension_parts, why
from relationship.timeline.history import next_due
from relationship.timeline.state_message import state_of
from relationship.timeline.what_next import what_next
from views.errors import NoHistoryError

# Events of an account view: the newest, since they weigh most and a screen is short. A timeline has them all.
EVENTS_SHOWN: Final = 12


class TimelineDecision(Struct, frozen=True):
    """A decision in force: a change of status, and what tipped it. `at` is when it took effect."""

    at: str
    seq: int
    source: Status
    target: Status
    direction: Direction
    cause: str


class TimelineEvent(Struct, frozen=True):
    """An event of the history kept: what it was, in words, and its id."""

    at: str
    what: str
    event_id: str


class AccountView(Struct, frozen=True):
    """One account. Times are RFC 3339.

    `why` is the last decision's own sentence where the record still holds it, else what tipped it. `timeline` holds the
    decisions in force, `events` the newest events. `kept` counts the events that the record still holds in full, `folded`
    all that were ever folded. `next_due` is when the account could change with no further event.
    """

    state: State
    play: PlayPart
    dimensions: list[DimensionPart]
    timeline: list[TimelineDecision]
    events: list[TimelineEvent]
    why: str
    what_next: str
    next_due: str | None
    kept: int
    folded: int


class TimelineEntry(Struct, frozen=True):
    """One entry of a timeline: an event, or a decision."""

    at: str
    event: TimelineEvent | None = None
    decision: TimelineDecision | None = None


class Timeline(Struct, frozen=True):
    """All that an account's record holds, oldest first; a decision follows the event that tipped it.

    `folded` counts the events ever folded: where it is more than those here, the oldest are part of the state alone.
    """

    account_id: str
    entries: list[TimelineEntry]
    folded: int


def account_view(account_id: str, raw: bytes, policy: Policy, pending: Sequence[Outgoing] = ()) -> AccountView:
    """Return the view of a stored record. `pending` is what its last step sent. Raises RecordError for other bytes."""
    record = decode(raw)
    head, facts = record.head, record.facts()
    reading = read(head, policy)
    due = next_due(record, policy)
    by_id = {fact.id: fact for fact in facts}
    return AccountView(
        state=state_of(account_id, record, reading.score, policy),
        play=play_of(head, policy),
        dimensions=dimension_parts(reading, evidence_of(facts, head, policy)),
        timeline=[_decision(each, by_id) for each in record.decisions],
        events=[_event(fact) for fact in facts[-EVENTS_SHOWN:]],
        why=_why(account_id, record, by_id, pending),
        what_next=what_next(head, policy),
        next_due=None if due is None else times.rfc3339(due),
        kept=len(facts),
        folded=head.facts,
    )


def account_view_at(account_id: str, raw: bytes, t: int, rules: Rules) -> AccountView:
    """Return the view of a stored record as it stood at a moment (µs), by event time and what is known by now.

    Raises NoHistoryError where nothing had happened by then, or only what is folded together by now; RecordError.
    """
    try:
        then = record_at(decode(raw), t, rules)
    except TooEarlyError as error:
        raise NoHistoryError(str(error)) from error
    if then.record.head.facts == 0:
        raise NoHistoryError(f"no event of {account_id} by {times.rfc3339(t)}: name a later time")
    found = account_view(account_id, encode(then.record), rules.at(then.record.head.t))
    if then.change is None:
        return found
    reading = read(then.change.account, rules.at(then.change.t))
    return msgspec.structs.replace(found, why=why(then.change, then.cause, reading))


def timeline_of(account_id: str, raw: bytes) -> Timeline:
    """Return all that a stored record holds, in order. Raises RecordError for other bytes."""
    record = decode(raw)
    facts = record.facts()
    by_id = {fact.id: fact for fact in facts}
    dated = [
        (fact.t, 0, number, TimelineEntry(times.rfc3339(fact.t), _event(fact))) for number, fact in enumerate(facts)
    ]
    for each in record.decisions:
        decision = _decision(each, by_id)
        dated.append((each.t, 1, each.seq, TimelineEntry(decision.at, decision=decision)))
    entries = [entry for _, _, _, entry in sorted(dated, key=lambda each: each[:3])]
    return Timeline(account_id, entries, record.head.facts)


def _event(fact: f.Fact) -> TimelineEvent:
    return TimelineEvent(times.rfc3339(fact.t), describe(fact), fact.id)


def _decision(decision: DecisionInForce, by_id: Mapping[str, f.Fact]) -> TimelineDecision:
    fact = by_id.get(decision.cause)
    return TimelineDecision(
        at=times.rfc3339(decision.t),
        seq=decision.seq,
        source=enums.STATUSES[decision.source],
        target=enums.STATUSES[decision.target],
        direction=decision.direction,
        cause=decision.cause if fact is None else f"{describe(fact)} ({decision.cause})",
    )


def _why(account_id: str, record: AccountRecord, by_id: Mapping[str, f.Fact], pending: Sequence[Outgoing]) -> str:
    if not record.decisions:
        return "No decision yet: every account starts as a prospect."
    last = record.decisions[-1]
    last_id = decision_id(account_id, last)
    for sent in pending:
        if sent.topic == RECLASSIFIED and sent.event_id == last_id and sent.value is not None:
            return msgspec.json.decode(sent.value, type=Reclassification).why
    decision = _decision(last, by_id)
    return f"A {decision.direction} from {decision.source} to {decision.target}; {decision.cause} tipped it."
