"""The output of Clientward as types: what version 1 of the wire contract says, field by field.

Unknown fields are passed over, since a newer minor version may add some; enumerations are closed within a major version.
Times are timezone-aware.
"""

from datetime import datetime
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct, field

RECLASSIFIED: Final = "crm.relationship.reclassified.v1"
STATE: Final = "crm.relationship.state.v1"
#: The major version of the contract that is read here.
MAJOR: Final = 1

Status = Literal["prospect", "customer", "candidate", "client", "lapsed"]
Direction = Literal["promotion", "demotion", "lapse", "return", "override", "correction"]
Standing = Literal["potential", "new", "regular", "loyal"]
Industry = Literal[
    "consulting", "law", "financial_advice", "insurance", "banking", "accounting", "architecture", "marketing_agency",
    "real_estate", "healthcare", "saas", "retail", "grocery", "restaurant", "streaming", "telecom", "other",
]  # fmt: skip
Party = Literal["individual", "business", "institution"]
Scope = Literal["external", "internal"]
Market = Literal["consumer", "business", "retail", "wholesale"]
Moment = Annotated[datetime, Meta(tz=True)]


class Dimension(Struct, frozen=True):
    """One dimension's share of the score; `contribution` is in points, `evidence` the ids of events."""

    name: str
    value: float
    weight: float
    contribution: float
    evidence: list[str]


class Segment(Struct, frozen=True):
    """Who the account is; another axis than its status."""

    industry: Industry
    party: Party | None
    scope: Scope
    market: Market | None
    standing: Standing


class Play(Struct, frozen=True):
    """What to do with the account now, and what to stop."""

    name: str
    service_model: str
    marketing: str
    actions: list[str]
    stop: list[str]


class Policy(Struct, frozen=True):
    """The policy that decided."""

    id: str
    version: str


class Decision(Struct, frozen=True, kw_only=True):
    """One change of standing.

    Attributes:
        event_id: the same however often the decision is published; what work is to be keyed by.
        transition_seq: counts 1, 2, 3 … within an account.
        from_: `from` on the wire.
        effective_at: event time of the change.
        decided_at: wall-clock time of the decision.
        score: 0-100.
        confidence: the chance, 0-1, that the standing told is right.
        why: one plain sentence for a person.
        what_next: the smallest further evidence that would change the status again.
        caused_by: the event that tipped it, or the time of a timer.
        supersedes: of a correction, the decision that no longer holds.
        stands_for: with `settle`, the ids of the other decisions that this net change sums up; never on the wire.
    """

    event_id: str
    account_id: str
    transition_seq: int
    from_: Status = field(name="from")
    to: Status
    direction: Direction
    effective_at: Moment
    decided_at: Moment
    score: float
    confidence: float
    dimensions: list[Dimension]
    why: str
    what_next: str
    segment: Segment
    play: Play
    policy: Policy
    caused_by: str
    supersedes: str | None = None
    schema_version: str = "1.0"
    stands_for: tuple[str, ...] = ()


class State(Struct, frozen=True, kw_only=True):
    """Where an account stands. `as_of` is the event time that it speaks of; `play` is the play's name."""

    account_id: str
    status: Status
    since: Moment
    score: float
    confidence: float
    segment: Segment
    play: str
    policy: Policy
    transition_seq: int
    held_until: Moment | None
    as_of: Moment
    schema_version: str = "1.0"


class Gone(Struct, frozen=True, kw_only=True):
    """An account that is no longer there, by a tombstone on the topic of states.

    Attributes:
        reason: `erased`: delete what you keep of it; `merged`: another account goes on with its history; `unknown`: the
            tombstone has no `ce_id`, so that somebody else than Clientward wrote it.
        event_id: the tombstone's `ce_id`, the same however often it is published; empty where it has none.
        at: when the command was given; None where the tombstone does not say.
    """

    account_id: str
    reason: Literal["erased", "merged", "unknown"]
    event_id: str
    at: Moment | None
