"""The policy as its TOML file has it: the types of its tables, and what types cannot check.

Each table's doc string says what its values are and in which unit; the file itself says why they are what they are.
"""

from typing import Annotated, Any, Final

from msgspec import Meta, Struct

from relationship import facts as f

DIMENSIONS: Final = (
    "duration",
    "engagement",
    "personalisation",
    "bought",
    "trust",
    "loyalty",
    "commitment",
    "dialogue",
    "value",
    "breadth",
    "needs",
    "expectations",
    "duties",
    "service",
)
INDEX: Final = {name: i for i, name in enumerate(DIMENSIONS)}

Share = Annotated[float, Meta(ge=0, le=1)]
Positive = Annotated[float, Meta(gt=0)]
Amount = float | tuple[float, float]
Effects = dict[str, Amount]


class PolicyError(ValueError):
    """A policy that cannot be used; the text names the file, the place and what is wrong there."""


class Thresholds(Struct, frozen=True, forbid_unknown_fields=True):
    """Points of the score at which a candidate or a client is entered (`up`) and left (`down`); `gate` is 0-1."""

    candidate_up: float
    candidate_down: float
    client_up: float
    client_down: float
    gate: Share


class Stays(Struct, frozen=True, forbid_unknown_fields=True):
    """Days that a status holds at least, and the least tenure of a client."""

    candidate: float
    client: float
    customer: float
    tenure: float


class Lapse(Struct, frozen=True, forbid_unknown_fields=True):
    """When silence is a lapse: `rhythm` of the account's own gaps, `longest` in days."""

    rhythm: Positive
    longest: Positive


class Segment(Struct, frozen=True, forbid_unknown_fields=True):
    """Where new, regular and loyal customers part."""

    new_days: float
    new_purchases: int
    loyal_purchases: int
    loyal_days: float
    loyal_value: Share


class Confidence(Struct, frozen=True, forbid_unknown_fields=True):
    """`half`: events that make a confidence of one half."""

    half: Positive


class Persons(Struct, frozen=True, forbid_unknown_fields=True):
    """What a bot's contact counts for, of a person's."""

    bot_consumer: Share
    bot_business: Share


class Dimension(Struct, frozen=True, forbid_unknown_fields=True):
    """One dimension's weight (a share), half-life (days), scale (the mass at one half) and cap (0-1)."""

    weight: Annotated[float, Meta(ge=0)]
    half_life: Positive
    scale: Positive
    cap: Share


class Shape(Struct, frozen=True, forbid_unknown_fields=True):
    """The constants of the dimensions that are more than a mass of evidence."""

    purchase_engagement: Share
    breadth_floor: Share
    breadth_kinds: Positive
    regular_share: Positive
    line_gap: Positive
    manager: Share
    contract: dict[str, Share]


class Signals(Struct, frozen=True, forbid_unknown_fields=True):
    """What each kind of event, and each thing said in one, is evidence of."""

    purchase: dict[str, Effects]
    purchase_with: dict[str, Effects]
    meeting: dict[str, Effects]
    meeting_with: dict[str, Effects]
    ticket: dict[str, Effects]
    ticket_with: dict[str, Effects]
    said: dict[str, Effects]
    referral: dict[str, Effects]


class Industry(Struct, frozen=True, forbid_unknown_fields=True):
    """One industry's prior (points), lapse (days), tempo and factors on the weights."""

    prior: float
    lapse: Positive
    tempo: Positive = 1.0
    weights: dict[str, float] = {}


class Costs(Struct, frozen=True, forbid_unknown_fields=True):
    """What each mistake costs, and the points that a doubling of their ratio moves the client thresholds."""

    false_client: Positive
    missed_client: Positive
    points: float


class PolicyFile(Struct, frozen=True, forbid_unknown_fields=True):
    """The policy as its TOML file has it."""

    id: Annotated[str, Meta(min_length=1, max_length=64)]
    version: Annotated[str, Meta(min_length=1, max_length=32)]
    thresholds: Thresholds
    stays: Stays
    lapse: Lapse
    segment: Segment
    confidence: Confidence
    persons: Persons
    dimensions: dict[str, Dimension]
    shape: Shape
    signals: Signals
    ticket_change: dict[str, Share]
    industries: dict[str, Industry]
    costs: Costs
    meeting_hours: dict[str, Share]


def _check_names(where: str, got: dict[str, Any], wanted: tuple[str, ...]) -> None:
    missing, unknown = sorted(set(wanted) - set(got)), sorted(set(got) - set(wanted))
    if missing:
        raise PolicyError(f"{where}: {missing[0]!r} is missing")
    if unknown:
        raise PolicyError(f"{where}: {unknown[0]!r} is not known; known are {', '.join(wanted)}")


# What the fold looks up by name, table by table.
SAYINGS: Final = {
    "purchase_with": (
        [
            "customised",
            "discounted",
            "full_price",
            "premium",
            "under_contract",
            "paid_on_time",
            "paid_late",
            "by_person",
            "refund",
        ]
    ),
    "meeting_with": ["theirs_initiated", "ours_and_attended", "requirement_change", "signed", "no_show"],
    "ticket_with": ["theirs_initiated", "ours_and_answered", "liked", "disliked", "left_for_price", "left_for_rival"],
    "said": ["csat_high", "csat_middle", "csat_low", "sla_met", "sla_missed", "outcome_met", "outcome_missed"],
    "referral": ["referred"],
}


def check(source: PolicyFile) -> None:
    """Check what the types cannot: that tables are complete and name dimensions, and that the bands are bands."""
    t, s = source.thresholds, source.signals
    _check_names("[dimensions]", source.dimensions, DIMENSIONS)
    _check_names("[industries]", source.industries, f.INDUSTRIES)
    _check_names("[shape] contract", source.shape.contract, f.CONTRACT_KINDS)
    _check_names("[meeting_hours]", source.meeting_hours, f.MEETING_KINDS)
    _check_names("[ticket_change]", source.ticket_change, f.TICKET_STATUSES)
    _check_names("[signals.purchase]", s.purchase, f.PURCHASE_KINDS)
    _check_names("[signals.meeting]", s.meeting, f.MEETING_KINDS)
    _check_names("[signals.ticket]", s.ticket, f.TICKET_KINDS)
    for table, names in SAYINGS.items():
        _check_names(f"[signals.{table}]", getattr(s, table), tuple(names))
    for low, high in (("candidate_down", "candidate_up"), ("client_down", "client_up"), ("candidate_up", "client_up")):
        if getattr(t, low) >= getattr(t, high):
            raise PolicyError(f"[thresholds]: {low} must be below {high}")
    for table in ("purchase", "purchase_with", "meeting", "meeting_with", "ticket", "ticket_with", "said", "referral"):
        for kind, effects in getattr(s, table).items():
            unknown = sorted(set(effects) - set(DIMENSIONS))
            if unknown:
                raise PolicyError(f"[signals.{table}] {kind}: {unknown[0]!r} is no dimension")
