"""The output's messages: a reclassification, the state of an account, an audit entry, a policy, a shadow's difference.

The field names and their meaning are the wire contract, version 1; the types' docstrings are the descriptions in its
documents. msgspec encodes the fields in the order of the types, so equal decisions are equal bytes.
"""

from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from relationship.contract.messages import Industry, Market, Party, Scope, Status
from relationship.contract.names import Label, Name

Direction = Literal["promotion", "demotion", "lapse", "return", "override", "correction"]
Standing = Literal["potential", "new", "regular", "loyal"]
Points = Annotated[float, Meta(ge=0, le=100)]
Unit = Annotated[float, Meta(ge=0, le=1)]
Moment = Annotated[datetime, Meta(tz=True)]
MomentText = Annotated[str, Meta(description="RFC 3339 in UTC.", extra_json_schema={"format": "date-time"})]


class DimensionPart(Struct, frozen=True):
    """One dimension's share of the score: `contribution` is in points, `weight` the most that it could bring."""

    name: str
    value: Unit
    weight: Points
    contribution: Points
    evidence: list[str]


class SegmentPart(Struct, frozen=True):
    """Who the account is; another axis than its status."""

    industry: Industry
    party: Party | None
    scope: Scope
    market: Market | None
    standing: Standing


class PlayPart(Struct, frozen=True):
    """What to do with the account now, and what to stop."""

    name: str
    service_model: str
    marketing: str
    actions: list[str]
    stop: list[str]


class PolicyPart(Struct, frozen=True):
    """The policy that decided."""

    id: str
    version: str


class Reclassification(Struct, frozen=True, kw_only=True):
    """One change of standing, with its evidence and what to do about it."""

    event_id: str
    account_id: str
    transition_seq: Annotated[int, Meta(ge=1)]
    from_: Status = msgspec.field(name="from")
    to: Status
    direction: Direction
    effective_at: MomentText
    decided_at: MomentText
    score: Points
    confidence: Unit
    dimensions: list[DimensionPart]
    why: str
    what_next: str
    segment: SegmentPart
    play: PlayPart
    policy: PolicyPart
    caused_by: str
    supersedes: str | None = None
    schema_version: str = "1.0"


class State(Struct, frozen=True, kw_only=True):
    """The current standing of an account. `as_of` is the event time that it speaks of."""

    account_id: str
    status: Status
    since: MomentText
    score: Points
    confidence: Unit
    segment: SegmentPart
    play: str
    policy: PolicyPart
    transition_seq: int
    held_until: MomentText | None
    as_of: MomentText
    schema_version: str = "1.0"


class Audit(Struct, frozen=True, kw_only=True):
    """What became of a command: by whom, when, done or refused, and why refused. No free text of the command.

    Of a command that another one, dated before it, gives an effect or takes it, there is another entry.

    `account_id` is null, and the record has no key, where it concerns no account: a policy's publication.
    """

    event_id: str
    account_id: str | None
    action: str
    outcome: Literal["done", "refused"]
    detail: str | None
    by: str | None
    occurred_at: MomentText
    decided_at: MomentText
    schema_version: str = "1.0"


class SidePart(Struct, frozen=True):
    """What one policy says of an account."""

    status: Status
    score: Points
    policy: PolicyPart


class ShadowDifference(Struct, frozen=True, kw_only=True):
    """An account on whose status the active policy and the shadow differ, or no longer do.

    `changed`: they still differ, in other statuses. `publication` is the event_id of the shadow's publication.
    `approximate`: the account's oldest events had been folded away by the active policy before the shadow came.
    """

    event_id: str
    account_id: str
    kind: Literal["entered", "changed", "left"]
    active: SidePart
    shadow: SidePart
    publication: str
    approximate: bool
    effective_at: MomentText
    decided_at: MomentText
    schema_version: str = "1.0"


class Published(Struct, frozen=True, kw_only=True):
    """A policy for a slot: `active` decides, from `effective_at` on; `shadow` only shows what it would decide.

    The id and version here are those that decisions name; the text's own may be an earlier version's, of a rollback. A
    shadow without a text ends the shadow.
    """

    event_id: str
    slot: Literal["active", "shadow"]
    id: Name
    version: Label
    effective_at: Moment
    toml: str
    by: Name
    published_at: Moment
    schema_version: str = "1.0"


_encoder: Final = msgspec.json.Encoder()


def to_json(message: Struct | dict[str, Any]) -> bytes:
    """Return a message's JSON, with the fields in the order of its type."""
    return _encoder.encode(message)
