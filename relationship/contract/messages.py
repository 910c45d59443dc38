"""The intake's messages: what a producer says about an account.

The types are the wire contract, version 1. They are frozen, in the past tense (a command is imperative), and validated by
msgspec when decoded; `streams/wire/codecs.py` refuses what does not fit. The JSON Schemas and the AsyncAPI document in
`contracts/` are generated from these types: their docstrings are the descriptions there, and a field's description is in
its annotation.

Money is a decimal string and is never a float. Unknown fields are dropped by the decoder, and never refused.
"""

from datetime import date, datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

# 18 digits before the point and 8 after it hold every currency and most tokens, and stay exact in a Decimal of 28 digits
# for a sum of a hundred such amounts; sums run in a context of 60 digits. The look-ahead forbids Python's `$` before "\n".
MONEY_PATTERN: Final = r"^[0-9]{1,18}(\.[0-9]{1,8})?$(?!\n)"

Identifier = Annotated[str, Meta(min_length=1, max_length=128)]
# Of ids and codes the codec checks the bytes: the schema counts characters.
Reference = Annotated[
    str, Meta(min_length=1, max_length=255, description="Another system's id: 1 to 255 bytes of UTF-8.")
]
AccountId = Annotated[
    str, Meta(min_length=1, max_length=255, description="Opaque, 1 to 255 bytes of UTF-8, never normalised.")
]
# The codec checks more of the next two than their types say: money against the pattern, and the code against ISO 4217's
# list. A pattern in the type costs msgspec 0.29 µs a text, the codec's own check 0.11.
Money = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=27,
        description="A decimal string, at least 0: at most 18 digits before the point and 8 after it, equal by value.",
        extra_json_schema={"pattern": MONEY_PATTERN},
    ),
]
Currency = Annotated[
    str,
    Meta(
        min_length=3,
        max_length=3,
        description="An ISO 4217 code, withdrawn ones too.",
        extra_json_schema={"pattern": "^[A-Z]{3}$"},
    ),
]
Moment = Annotated[
    datetime,
    Meta(tz=True, description="RFC 3339 with an offset. A leap second is written as the second before it: `:59`."),
]
Label = Annotated[str, Meta(min_length=1, max_length=128)]
Version = Annotated[str, Meta(pattern=r"^[0-9]{1,4}(\.[0-9]{1,4})*$(?!\n)")]
Minutes = Annotated[float, Meta(ge=0, le=10_080, description="Minutes; a meeting of more than a week is a mistake.")]
Heads = Annotated[int, Meta(ge=0, le=100_000)]

Entry = Literal["sale", "refund"]
PurchaseKind = Literal["goods", "service", "advice", "subscription", "retainer"]
PurchaseChannel = Literal["store", "web", "app", "phone", "rep", "partner", "bot"]
TicketStatus = Literal["opened", "updated", "resolved", "closed"]
TicketKind = Literal["question", "incident", "complaint", "feedback", "advice", "requirement_change", "cancellation"]
TicketChannel = Literal["email", "phone", "chat", "web", "in_person", "bot"]
Initiator = Literal["account", "us"]
CancelReason = Literal["price", "service", "need_ended", "competitor", "other"]
MeetingKind = Literal[
    "sales",
    "onboarding",
    "consultation",
    "check_in",
    "planning",
    "review",
    "negotiation",
    "viewing",
    "workshop",
    "webinar",
    "interview",
]
MeetingChannel = Literal["in_person", "video", "phone"]
Industry = Literal[
    "consulting",
    "law",
    "financial_advice",
    "insurance",
    "banking",
    "accounting",
    "architecture",
    "marketing_agency",
    "real_estate",
    "healthcare",
    "saas",
    "retail",
    "grocery",
    "restaurant",
    "streaming",
    "telecom",
    "other",
]
Party = Literal["individual", "business", "institution"]
Scope = Literal["external", "internal"]
Market = Literal["consumer", "business", "retail", "wholesale"]
ContractKind = Literal["retainer", "engagement", "policy", "subscription"]
Status = Literal["prospect", "customer", "candidate", "client", "lapsed"]
CommandName = Literal["override", "release", "merge", "unmerge", "erase", "correct"]


class Intake(Struct, frozen=True, kw_only=True, gc=False):
    """What every intake message has: its own id, whose it is, and when it happened (not when it was sent)."""

    event_id: Identifier
    account_id: AccountId
    occurred_at: Moment
    schema_version: Version | None = None


class Purchase(Intake, frozen=True, kw_only=True):
    """An account paid, or was paid back. `list_price` above `amount`, or a code, is price sensitivity.

    Lines of one order share its `order_id`: habit and rhythm count orders, money counts lines.
    """

    amount: Money
    currency: Currency
    entry: Entry | None = None
    kind: PurchaseKind | None = None
    category: Label | None = None
    list_price: Money | None = None
    discount_code: str | None = None
    quantity: Annotated[float, Meta(ge=0)] | None = None
    customised: bool | None = None
    channel: PurchaseChannel | None = None
    contract_id: Reference | None = None
    due_on: date | None = None
    paid_on: date | None = None
    referred_by: AccountId | None = None
    order_id: Annotated[Reference, Meta(description="Lines of one order share it.")] | None = None


class Ticket(Intake, frozen=True, kw_only=True):
    """A support ticket changed: every change is an event of its own, tied by `ticket_id`."""

    ticket_id: Reference
    status: TicketStatus
    kind: TicketKind
    channel: TicketChannel | None = None
    initiator: Initiator | None = None
    sentiment: Annotated[float, Meta(ge=-1, le=1)] | None = None
    csat: Annotated[float, Meta(ge=1, le=5)] | None = None
    sla_met: bool | None = None
    outcome_met: bool | None = None
    reason: CancelReason | None = None


class Meeting(Intake, frozen=True, kw_only=True):
    """People met, or were to meet (`no_show`)."""

    meeting_id: Reference
    kind: MeetingKind
    duration_minutes: Minutes
    channel: MeetingChannel | None = None
    initiator: Initiator | None = None
    attendees_theirs: Heads | None = None
    attendees_ours: Heads | None = None
    outcome_met: bool | None = None
    requirement_change: bool | None = None
    no_show: bool | None = None
    contract_signed: bool | None = None


class Contract(Struct, frozen=True, kw_only=True):
    """A formal agreement in force from `signed_on` to `ends_on` (open where null)."""

    id: Reference
    kind: ContractKind
    signed_on: date
    ends_on: date | None = None


class Profile(Intake, frozen=True, kw_only=True):
    """What no purchase, ticket or meeting carries. The topic is compacted: a message replaces the one before whole.

    Of `account_manager` and `goals` only their being there is kept: their text reaches no state, log or output.
    """

    industry: Industry | None = None
    party: Party | None = None
    scope: Scope | None = None
    market: Market | None = None
    contract: Contract | None = None
    account_manager: str | None = None
    goals: Any = None


class Command(Intake, frozen=True, kw_only=True):
    """An instruction from a person or another system; acted on once and audited, refused ones too."""

    command: CommandName
    status: Status | None = None
    until: Moment | None = None
    by: str | None = None
    reason: str | None = None
    into: AccountId | None = None
    corrects: Identifier | None = None
    topic: str | None = None
    value: dict[str, Any] | UnsetType | None = UNSET


class Referral(Intake, frozen=True, kw_only=True):
    """The worker's own message: `account_id` sent us the buyer `referred`, at whose purchase's time it stands.

    No partition writes another partition's accounts, so the credit travels as a message keyed to the referrer. When the
    purchase is corrected another message follows: `credit` is then the id of the first one, `revision` counts the
    corrections, and the credit is `withdrawn` where it is not due any more. `forgotten` says that `referred`, which had
    to do with `account_id` (a buyer, whoever referred it, an account merged with it), is erased: its id is to go.
    """

    referred: AccountId
    action: Literal["credited", "withdrawn", "forgotten"] | None = None
    credit: Identifier | None = None
    revision: Annotated[int, Meta(ge=0, le=1_000_000)] | None = None


class Move(Intake, frozen=True, kw_only=True):
    """The worker's own message: part of another account's history joins this one, or leaves it again.

    `source` is that account, `through` the accounts whose history it carries besides its own, `cause` the event behind it.
    `history` is base64 of `count` facts as `relationship.state.facts` encodes them. To a join that cannot be, `refused` goes
    back, and to one whose account is erased. A `partial` leave takes back single events; the rest stays merged.
    """

    action: Literal["join", "leave", "refused"]
    source: AccountId
    cause: Identifier
    through: list[AccountId]
    count: Annotated[int, Meta(ge=0, le=10_000)]
    history: str
    detail: str | None = None
    partial: bool | None = None


Message = Purchase | Ticket | Meeting | Profile | Command | Referral | Move


def says_nothing(message: Message) -> bool:
    """Tell whether a message must not create an account: to one that does not exist it has nothing to say.

    That is a profile's tombstone, a move out of an account, which is sent again after a rebuild, and the end of a credit.
    """
    if isinstance(message, Referral):
        return message.action not in {None, "credited"}
    return (isinstance(message, Profile) and is_cleared(message)) or (
        isinstance(message, Move) and message.action != "join"
    )


def is_cleared(profile: Profile) -> bool:
    """Tell whether a profile has no content, which is what a tombstone on the profile topic is decoded as."""
    facts = (profile.industry, profile.party, profile.scope, profile.market, profile.contract, profile.goals)
    return profile.account_manager is None and all(value is None for value in facts)


def is_erasure(message: Message) -> bool:
    """Tell whether a message is a command that erases its account."""
    return isinstance(message, Command) and message.command == "erase"


# What the id of a profile begins with that an erasure has deleted: the worker's own tombstone, which says nothing more.
ERASED: Final = "erased:"


def erased_profile(tombstone: Profile) -> Profile:
    """Return a profile's tombstone as one that the worker has sent for an erased account."""
    return msgspec.structs.replace(tombstone, event_id=ERASED + tombstone.event_id)


def follows_erasure(message: Message) -> bool:
    """Tell whether a message is the worker's own tombstone: the account is erased already, and perhaps begun anew."""
    return isinstance(message, Profile) and message.event_id.startswith(ERASED) and is_cleared(message)


PURCHASES: Final = "crm.purchase.recorded.v1"
TICKETS: Final = "crm.ticket.updated.v1"
MEETINGS: Final = "crm.meeting.held.v1"
PROFILES: Final = "crm.account.profiled.v1"
COMMANDS: Final = "crm.relationship.command.v1"
REFERRALS: Final = "crm.referral.credited.v1"
MOVES: Final = "crm.history.moved.v1"

# Insertion order is the order in which messages of the same time are folded: an account's profile comes before its events,
# and a command comes last, since it refers to what is there.
MESSAGE_TYPES: Final[dict[str, type[Message]]] = {
    PROFILES: Profile,
    PURCHASES: Purchase,
    TICKETS: Ticket,
    MEETINGS: Meeting,
    REFERRALS: Referral,
    MOVES: Move,
    COMMANDS: Command,
}


def decoder_for(topic: str) -> msgspec.json.Decoder[Message]:
    """Return a decoder for the JSON values of one intake `topic`. Raises KeyError for a topic that is not intake."""
    return msgspec.json.Decoder(MESSAGE_TYPES[topic])
