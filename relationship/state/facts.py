"""Facts: what is stored of a message, in the few bytes that folding it again needs.

A fact is independent of the policy: it says what happened and not what it is worth, so a history can be refolded under
another policy. It holds ids, numbers and enum positions only, and no free text. Facts are ordered by `(t, rank, id)`; facts
of the same time are folded in the order of `MESSAGE_TYPES`. The encoding is MessagePack arrays; a new field is added at the
end with a default, so that an older record still decodes.
"""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec
from msgspec import Struct

from relationship.contract import messages as m

# A number that is usually whole: encoded as an int it takes one to three bytes, as a float nine.
Number = float | int

# Flags of a purchase; one by one, since a literal is compiled into the code that tests it.
REFUND: Final = 1
CUSTOMISED: Final = 2
DISCOUNTED: Final = 4
FULL_PRICE: Final = 8
PREMIUM: Final = 16
UNDER_CONTRACT: Final = 32
PAID_ON_TIME: Final = 64
PAID_LATE: Final = 128
# Flags of a contact (a ticket or a meeting).
SLA_MET: Final = 1
SLA_MISSED: Final = 2
OUTCOME_MET: Final = 4
OUTCOME_MISSED: Final = 8
NEEDS_CHANGED: Final = 16
NO_SHOW: Final = 32
SIGNED: Final = 64
# Flags of a profile.
HAS_MANAGER: Final = 1
HAS_GOALS: Final = 2


class _Fact(Struct, frozen=True, array_like=True, gc=False):
    """`t`: event time in µs since the epoch; `id`: the message's event_id."""

    t: int
    id: str


class PurchaseFact(_Fact, frozen=True, array_like=True, gc=False, tag=1):
    """A sale or a refund. `amount` is exact, in the currency's units; `order` is the CRC of the order's id.

    `zone` is the offset of its own time from UTC, in minutes; `referrer` the account that sent the buyer.
    """

    amount: str
    currency: str
    kind: int
    flags: int
    category: str | None
    channel: int | None
    quantity: Number | None
    zone: int = 0
    order: int | None = None
    referrer: str | None = None


class TicketFact(_Fact, frozen=True, array_like=True, gc=False, tag=2):
    """One change of a ticket; `ticket` is the CRC of its id, enough to distinguish a new ticket from a known one.

    `zone` is the offset of its own time from UTC, in minutes.
    """

    ticket: int
    status: int
    kind: int
    channel: int | None
    initiator: int | None
    sentiment: Number | None
    csat: Number | None
    flags: int
    reason: int | None
    zone: int = 0


class MeetingFact(_Fact, frozen=True, array_like=True, gc=False, tag=3):
    """A meeting held, or missed. `theirs` and `ours` count heads; `zone` is the offset of its own time, in minutes."""

    kind: int
    minutes: Number
    channel: int | None
    initiator: int | None
    theirs: int | None
    ours: int | None
    flags: int
    zone: int = 0


class ProfileFact(_Fact, frozen=True, array_like=True, gc=False, tag=0):
    """The profile as a whole. `contract` is (kind, day signed, day it ends or None), in days since the epoch."""

    industry: int | None
    party: int | None
    scope: int | None
    market: int | None
    contract: tuple[int, int, int | None] | None
    flags: int


class ReferralFact(_Fact, frozen=True, array_like=True, gc=False, tag=4):
    """The account sent us a buyer, `referred`; None once the buyer is erased.

    `revision` counts the corrections of the buyer's purchase; a credit that was `withdrawn` is kept, without effect, so that
    an older revision that comes again is known as a repeat.
    """

    referred: str | None = None
    revision: int = 0
    withdrawn: bool = False


class CommandFact(_Fact, frozen=True, array_like=True, gc=False, tag=5):
    """A command. `status` and `until` (µs) belong to an override, `corrects` and its rank to a correction.

    `into` belongs to a merge and an unmerge.
    """

    command: int
    status: int | None
    until: int | None
    corrects: str | None
    corrects_rank: int | None
    into: str | None = None


class MergedProfileFact(ProfileFact, frozen=True, array_like=True, gc=False, tag=6):
    """The profile of an account merged into this one: it fills in the fields that the account's own profile lacks."""


Fact = MergedProfileFact | ProfileFact | PurchaseFact | TicketFact | MeetingFact | ReferralFact | CommandFact

# What `copy.copy` comes to, for a third of its time.
copy: Final[Callable[[Fact], Fact]] = _Fact.__copy__  # type: ignore[attr-defined]  # of every Struct

# The tag is the rank: profile first, command last.
RANK: Final[dict[type, int]] = {
    ProfileFact: 0,
    PurchaseFact: 1,
    TicketFact: 2,
    MeetingFact: 3,
    ReferralFact: 4,
    CommandFact: 5,
    MergedProfileFact: 6,
}
RANK_OF_TOPIC: Final = {
    m.PROFILES: 0,
    m.PURCHASES: 1,
    m.TICKETS: 2,
    m.MEETINGS: 3,
    m.REFERRALS: 4,
    m.COMMANDS: 5,
    m.MOVES: 7,  # a move is no fact itself; the rank is the key of its offset in the record
}


def order(fact: Fact) -> tuple[int, int, str]:
    """Return the key by which an account's facts are folded."""
    return fact.t, RANK[type(fact)], fact.id


_encoder: Final = msgspec.msgpack.Encoder()
# One fact's MessagePack; an encoded history is the concatenation of these.
encode_fact: Final[Callable[[Fact], bytes]] = _encoder.encode
_decoder: Final = msgspec.msgpack.Decoder(list[Fact])
# MessagePack's array header takes one byte up to 15 elements, three up to 65,535, else five.
_ARRAY_FIX_MOST, _ARRAY_16_MOST = 0xF, 0xFFFF
_ARRAY_32: Final = b"\xdd"  # the first byte of the header with a length of four bytes


def encode_history(facts: Sequence[Fact]) -> bytes:
    """Return the facts' encodings concatenated: a MessagePack array without its header."""
    count = len(facts)
    header = 1 if count <= _ARRAY_FIX_MOST else 3 if count <= _ARRAY_16_MOST else 5
    return _encoder.encode(facts)[header:]


def decode_history(count: int, raw: bytes) -> list[Fact]:
    """Return the `count` facts whose encodings are concatenated in `raw`. Raises msgspec.DecodeError where they are not."""
    return _decoder.decode(_ARRAY_32 + count.to_bytes(4, "big") + raw)
