"""An account's stored record as `account show` tells it: standing, dimensions, timeline and why, as plain values.

Built from the core's own functions, so what is shown is what the core reads; nothing is judged here.
"""

from typing import Any, Final, NamedTuple

import msgspec

from relationship.classify.evidence import evidence_of
from relationship.classify.plays import play_of
from relationship.classify.transitions import read
from relationship.contract import enums, times
from relationship.contract.decisions import DimensionPart, PlayPart, Reclassification, State
from relationship.contract.outcome import RECLASSIFIED, Outgoing
from relationship.policy.compiled import Policy
from relationship.state import facts as f
from relationship.state.record import AccountRecord, DecisionInForce, decode
from relationship.timeline.explain import decision_id, describe, dimension_parts
from relationship.timeline.history import next_due
from relationship.timeline.state_message import state_of
from relationship.timeline.what_next import what_next

# Events shown: the newest, since they weigh most and a screen is short.
EVENTS_SHOWN: Final = 12


class Decision(NamedTuple):
    """One line of the timeline: a change of status, and what tipped it."""

    at: str
    seq: int
    source: str
    target: str
    direction: str
    cause: str


class Event(NamedTuple):
    """One of the newest events of the history kept."""

    at: str
    what: str
    event_id: str


class AccountView(NamedTuple):
    """What there is to show of one account. Times are RFC 3339.

    `why` is the last decision's own sentence where the record still holds it, else what tipped it. `kept` counts the
    events that the record still holds in full, `folded` all that were ever folded.
    """

    state: State
    play: PlayPart
    dimensions: list[DimensionPart]
    timeline: list[Decision]
    events: list[Event]
    why: str
    what_next: str
    next_due: str | None
    kept: int
    folded: int


def view(account_id: str, raw: bytes, policy: Policy, pending: "list[Outgoing] | tuple[()]" = ()) -> AccountView:
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
        timeline=[_decision(told, by_id) for told in record.decisions],
        events=[Event(times.rfc3339(fact.t), describe(fact), fact.id) for fact in facts[-EVENTS_SHOWN:]],
        why=_why(account_id, record, by_id, pending),
        what_next=what_next(head, policy),
        next_due=None if due is None else times.rfc3339(due),
        kept=len(facts),
        folded=head.facts,
    )


def as_json(found: AccountView) -> bytes:
    """Return the view as one JSON object."""
    return msgspec.json.encode({name: _named(value) for name, value in found._asdict().items()})


def _named(value: Any) -> Any:
    """Return the value with its named tuples as objects."""
    if isinstance(value, list):
        return [each._asdict() if isinstance(each, Decision | Event) else each for each in value]
    return value


def _decision(told: DecisionInForce, by_id: dict[str, f.Fact]) -> Decision:
    fact = by_id.get(told.cause)
    cause = told.cause if fact is None else f"{describe(fact)} ({told.cause})"
    return Decision(
        times.rfc3339(told.t), told.seq, enums.STATUSES[told.source], enums.STATUSES[told.target], told.direction, cause
    )


def _why(
    account_id: str, record: AccountRecord, by_id: dict[str, f.Fact], pending: "list[Outgoing] | tuple[()]"
) -> str:
    if not record.decisions:
        return "No decision yet: every account starts as a prospect."
    last = record.decisions[-1]
    last_id = decision_id(account_id, last)
    for sent in pending:
        if sent.topic == RECLASSIFIED and sent.event_id == last_id and sent.value is not None:
            return msgspec.json.decode(sent.value, type=Reclassification).why
    decision = _decision(last, by_id)
    return f"A {decision.direction} from {decision.source} to {decision.target}; {decision.cause} tipped it."
