"""Facts: what is kept of a message, in the few bytes that folding it again will need.

A fact is policy-free: it holds what happened, not what it is worth, so a history folds anew under another policy. Ids,
numbers and enum positions only: no free text, no name, no goal survives into a fact. Facts are ordered by `(t, rank,
id)`; equal moments fold in the order of `MESSAGE_TYPES`. The encoding is MessagePack arrays; a new field goes at the end
with a default, so that an older record still decodes.
"""

from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec import Struct

from relationship.contract import messages as m

# A number that is mostly whole: as an int it takes one byte to three of a record, as a float nine.
Number = float | int

# Flags of a purchase.
REFUND, CUSTOMISED, DISCOUNTED, FULL_PRICE, PREMIUM, UNDER_CONTRACT, PAID_ON_TIME, PAID_LATE = (
    1 << i for i in range(8)
)
# Flags of a contact, a ticket's or a meeting's.
SLA_MET, SLA_MISSED, OUTCOME_MET, OUTCOME_MISSED, NEEDS_CHANGED, NO_SHOW, SIGNED = (1 << i for i in range(7))
# Flags of a profile.
HAS_MANAGER, HAS_GOALS = 1, 2


class _Fact(Struct, frozen=True, array_like=True, gc=False):
    """`t`: event time in µs since the epoch; `id`: the message's own id."""

    t: int
    id: str


class PurchaseFact(_Fact, frozen=True, array_like=True, gc=False, tag=1):
    """A sale or a refund. `amount` is exact, in the currency's units."""

    amount: str
    currency: str
    kind: int
    flags: int
    category: str | None
    channel: int | None
    quantity: Number | None


class TicketFact(_Fact, frozen=True, array_like=True, gc=False, tag=2):
    """One change of a ticket; `ticket` is the CRC of its id, enough to tell a new ticket from a change of one."""

    ticket: int
    status: int
    kind: int
    channel: int | None
    initiator: int | None
    sentiment: Number | None
    csat: Number | None
    flags: int
    reason: int | None


class MeetingFact(_Fact, frozen=True, array_like=True, gc=False, tag=3):
    """A meeting held, or missed. `theirs` and `ours` count heads."""

    kind: int
    minutes: Number
    channel: int | None
    initiator: int | None
    theirs: int | None
    ours: int | None
    flags: int


class ProfileFact(_Fact, frozen=True, array_like=True, gc=False, tag=0):
    """The profile as a whole. `contract` is (kind, day signed, day it ends or None), in days since the epoch."""

    industry: int | None
    party: int | None
    scope: int | None
    market: int | None
    contract: tuple[int, int, int | None] | None
    flags: int


class ReferralFact(_Fact, frozen=True, array_like=True, gc=False, tag=4):
    """The account sent us a buyer."""


class CommandFact(_Fact, frozen=True, array_like=True, gc=False, tag=5):
    """A command that was done. `status` and `until` (µs) are an override's, `corrects` (and its rank) a correction's."""

    command: int
    status: int | None
    until: int | None
    corrects: str | None
    corrects_rank: int | None


class MergedProfileFact(ProfileFact, frozen=True, array_like=True, gc=False, tag=6):
    """The profile of an account merged into this one: it fills in what this one's own profile leaves open."""


Fact = MergedProfileFact | ProfileFact | PurchaseFact | TicketFact | MeetingFact | ReferralFact | CommandFact

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
    m.MOVES: 7,  # a move states no fact of its own; the rank is for its offsets
}


def order(fact: Fact) -> tuple[int, int, str]:
    """Return the key by which an account's facts are folded."""
    return fact.t, RANK[type(fact)], fact.id


_encoder: Final = msgspec.msgpack.Encoder()
_one: Final = msgspec.msgpack.Decoder(Fact)
_many: Final = msgspec.msgpack.Decoder(list[Fact])
_ARRAY_FIX_MOST, _ARRAY_16_MOST = 0xF, 0xFFFF  # elements of an array whose head takes one byte, and of one with three
_ARRAY_32: Final = b"\xdd"  # MessagePack's head of an array whose length takes four bytes


def encode_fact(fact: Fact) -> bytes:
    """Return one fact's MessagePack; a history is these, one after the other."""
    return _encoder.encode(fact)


def decode_fact(raw: bytes) -> Fact:
    """Return the fact of one encoding. Raises msgspec.DecodeError where it is none."""
    fact: Fact = _one.decode(raw)
    return fact


def encode_history(facts: Sequence[Fact]) -> bytes:
    """Return facts encoded one after the other: an array of them without its head."""
    count = len(facts)
    head = 1 if count <= _ARRAY_FIX_MOST else 3 if count <= _ARRAY_16_MOST else 5
    return _encoder.encode(facts)[head:]


def decode_history(count: int, raw: bytes) -> list[Fact]:
    """Return the `count` facts encoded one after the other in `raw`. Raises msgspec.DecodeError where they are not."""
    return _many.decode(_ARRAY_32 + count.to_bytes(4, "big") + raw)
