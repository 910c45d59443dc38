"""The policy as its TOML file has it: the types of its tables, each value with its unit and its bounds.

A value's unit is the description in its type, from where the JSON Schema, `clientward policy diff` and `docs/policy.md`
have it. The file itself says why the values are what they are; `relationship/policy/check.py` checks what types cannot.
"""

from typing import Annotated, Final

from msgspec import Meta, Struct

from relationship.contract import enums
from relationship.contract.names import DIMENSIONS, OPTIONAL, Label, Name

CENTURY: Final = 36_525  # days; a longer half-life or allowance is a typing mistake, and would overflow a datetime

Share = Annotated[float, Meta(ge=0, le=1, description="0-1")]
Points = Annotated[float, Meta(ge=0, le=100, description="points of the score, 0-100")]
Shift = Annotated[float, Meta(ge=-100, le=100, description="points of the score")]
Days = Annotated[float, Meta(ge=0, le=CENTURY, description="days")]
SomeDays = Annotated[float, Meta(gt=0, le=CENTURY, description="days")]
Factor = Annotated[float, Meta(gt=0, le=1_000, description="a factor")]
Density = Annotated[float, Meta(ge=0, le=1_000_000, description="meetings and tickets for one purchase")]
Weight = Annotated[float, Meta(ge=0, le=1_000, description="a share, of which only the ratio to the others' matters")]
Scale = Annotated[float, Meta(gt=0, le=CENTURY, description="mass of evidence at which it stands at one half")]
Width = Annotated[float, Meta(gt=0, le=100, description="points of the score")]
Purchases = Annotated[int, Meta(ge=0, le=1_000_000, description="purchases")]
Signs = Annotated[float, Meta(gt=0, le=1_000_000, description="signs of life")]
Kinds = Annotated[float, Meta(gt=0, le=1_000, description="kinds of contact or channel")]
Price = Annotated[float, Meta(gt=0, le=1e12, description="money, in any one unit, for a year of the wrong class")]
MASS: Final = "mass of evidence: for the dimension, below zero against it"
MOST_MASS: Final = 1_000.0  # of one event: far more than any scale
# A constrained number in a union with a fixed tuple crashes msgspec 0.22: `relationship/policy/check.py` sees to bounds.
Amount = float | tuple[float, float]
Effects = dict[str, Amount]


class PolicyError(ValueError):
    """A policy that cannot be used; the text names the file, the place and what is wrong there."""


class Thresholds(Struct, frozen=True, forbid_unknown_fields=True):
    """Points of the score at which a candidate or a client is entered (`up`) and left (`down`); `gate` is 0-1."""

    candidate_up: Points
    candidate_down: Points
    client_up: Points
    client_down: Points
    gate: Share


class Stays(Struct, frozen=True, forbid_unknown_fields=True):
    """Days that a status holds at least, and the least tenure of a client."""

    candidate: Days
    client: Days
    customer: Days
    tenure: Days


class Lapse(Struct, frozen=True, forbid_unknown_fields=True):
    """When silence is a lapse: `rhythm` of the account's own gaps, `longest` in days, `client` of its trade's allowance."""

    rhythm: Factor
    longest: SomeDays
    client: Share


class Cadence(Struct, frozen=True, forbid_unknown_fields=True):
    """How evidence fades by the account's own rhythm.

    `usual` is the days between two contacts of a usual relationship; one that meets more often fades sooner, down to
    `least` of the half-lives, one that meets less often later, for as long a rhythm as `longest` of the silence that its
    trade allows. `memory` is the half-life (days) of a rhythm. `survived` is how much of the longest silence after which it
    came back is allowed again, and `agreement` how much longer an agreement in force makes evidence and silence last.
    """

    usual: SomeDays = 30.0
    least: Share = 1.0
    longest: Factor = 1.5
    memory: SomeDays = 365.0
    survived: Factor = 1.25
    agreement: Share = 1.0


class Ends(Struct, frozen=True, forbid_unknown_fields=True):
    """What follows an end: `anew` days after it an account can be a client again, by evidence after it alone.

    `notice` are the days after a notice was given, which is worked off first. `welcome` are the days for which whoever has
    signed an engagement is welcomed.
    """

    anew: Days = 60.0
    notice: Days = 100.0
    welcome: Days = 60.0


class Segment(Struct, frozen=True, forbid_unknown_fields=True):
    """Where new, regular and loyal customers part."""

    new_days: Days
    new_purchases: Purchases
    loyal_purchases: Purchases
    loyal_days: Days
    loyal_value: Share


class Confidence(Struct, frozen=True, forbid_unknown_fields=True):
    """The chance that the account is a client, by its points above the bar: a logistic curve for each side of it.

    One that stands as a client is one with a chance of a half at `client` points above the bar, and `client_width` points
    more multiply its odds by e; `other` and `other_width` are the same of all others, and `ended` is the chance of one whose
    agreement has ended. `blind` is what is left of these odds where the kinds of contacts tell nothing. `half` is of older
    policies, and does nothing.
    """

    client: Shift = 2.0
    client_width: Width = 6.0
    other: Shift = 25.0
    other_width: Width = 12.0
    ended: Share = 0.02
    blind: Share = 0.6
    half: Signs = 6.0


class Persons(Struct, frozen=True, forbid_unknown_fields=True):
    """What a bot's contact counts for, of a person's."""

    bot_consumer: Share
    bot_business: Share


class Dimension(Struct, frozen=True, forbid_unknown_fields=True):
    """One dimension's weight (a share), half-life (days), scale (the mass at one half) and cap (0-1)."""

    weight: Weight
    half_life: SomeDays
    scale: Scale
    cap: Share


class Shape(Struct, frozen=True, forbid_unknown_fields=True):
    """The constants of the dimensions that are more than a mass of evidence."""

    purchase_engagement: Share
    breadth_floor: Share
    breadth_kinds: Kinds
    regular_share: Factor
    line_gap: SomeDays
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
    """One industry's prior, lapse, tempo, factors on the weights, and its own costs where they are not everybody's."""

    prior: Shift
    lapse: SomeDays
    tempo: Factor = 1.0
    weights: dict[str, Weight] = {}
    false_client: Price | None = None
    missed_client: Price | None = None


class Costs(Struct, frozen=True, forbid_unknown_fields=True):
    """What each mistake costs a year, and the points that a doubling of their ratio moves the thresholds."""

    false_client: Price
    missed_client: Price
    points: Shift


class Firm(Struct, frozen=True, forbid_unknown_fields=True):
    """How one firm records. What its events cannot say leaves the sum; what is not named is as in the rest of the policy.

    `coverage` (0-1) is how much of a dimension the firm's events can say; `scales` are factors on the dimensions' scales;
    `kinds` (0-1) is how much the kind of a meeting or a ticket tells; `contact` is a factor on the days between two contacts
    that are usual; `bills` tells whether its purchases are sent at all; `bar` moves all four thresholds, in points.
    `filled` (0-1: how many of a type's messages have the field) and `density` (meetings and tickets for one purchase; 0 is
    not known) are what it was measured on: they decide nothing, and a worker tells by them when the firm records otherwise.
    """

    coverage: dict[str, Share] = {}
    scales: dict[str, Factor] = {}
    kinds: dict[str, Share] = {}
    contact: Factor = 1.0
    bills: bool = True
    bar: Shift = 0.0
    density: Density = 0.0
    filled: dict[str, Share] = {}


class PolicyFile(Struct, frozen=True, forbid_unknown_fields=True):
    """The policy as its TOML file has it."""

    id: Name
    version: Label
    thresholds: Thresholds
    stays: Stays
    lapse: Lapse
    segment: Segment
    persons: Persons
    dimensions: dict[str, Dimension]
    shape: Shape
    signals: Signals
    ticket_change: dict[str, Share]
    industries: dict[str, Industry]
    costs: Costs
    meeting_hours: dict[str, Share]
    confidence: Confidence = Confidence()
    cadence: Cadence = Cadence()
    ends: Ends = Ends()
    firm: Firm | None = None


# What the fold looks up by name, table by table.
SAYINGS: Final[dict[str, tuple[str, ...]]] = {
    "purchase_with": (
        "customised",
        "discounted",
        "full_price",
        "premium",
        "under_contract",
        "paid_on_time",
        "paid_late",
        "by_person",
        "refund",
    ),
    "meeting_with": ("theirs_initiated", "ours_and_attended", "requirement_change", "signed", "no_show"),
    "ticket_with": (
        "theirs_initiated",
        "ours_and_answered",
        "ours_unanswered",
        "liked",
        "disliked",
        "left_for_price",
        "left_for_rival",
    ),
    "said": ("csat_high", "csat_middle", "csat_low", "sla_met", "sla_missed", "outcome_met", "outcome_missed"),
    "referral": ("referred",),
}


# The tables of `[firm]`: the names that may be there, each with 1 where it is not.
FIRM_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "coverage": DIMENSIONS,
    "scales": DIMENSIONS,
    "kinds": ("meeting", "ticket"),
    "filled": tuple(f"{of}_{field}" for of, fields in OPTIONAL.items() for field in fields),
}

# Every table of names: the path in the file, and the names that must be there, no more and no fewer.
NAMES: Final[dict[tuple[str, ...], tuple[str, ...]]] = {
    ("dimensions",): DIMENSIONS,
    ("shape", "contract"): enums.CONTRACT_KINDS,
    ("signals", "purchase"): enums.PURCHASE_KINDS,
    ("signals", "meeting"): enums.MEETING_KINDS,
    ("signals", "ticket"): enums.TICKET_KINDS,
    **{("signals", table): names for table, names in SAYINGS.items()},
    ("ticket_change",): enums.TICKET_STATUSES,
    ("industries",): enums.INDUSTRIES,
    ("meeting_hours",): enums.MEETING_KINDS,
}
