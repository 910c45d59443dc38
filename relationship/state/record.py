"""An account's record: what is stored under its id, and the one thing that decides what its next event does.

It carries, in one value that is written whole: the history kept (facts, encoded one after the other), the snapshot at its
older edge (`base`) and at its newer one (`head`), the decisions told within it, and for each intake topic the offset of
the last message that it reflects, so that whatever is replayed is counted once. A record is only ever replaced by one of
a higher `revision`.
"""

from collections.abc import Sequence
from typing import Final, get_args

import msgspec
from msgspec import Struct, field

from relationship.contract.decisions import Direction, Standing
from relationship.state import facts as f
from relationship.state import packed as ledger
from relationship.state.account import Account

LAYOUT: Final = 2  # of the encoding; a record of another layout is not read by mistake


DIRECTIONS: Final[tuple[Direction, ...]] = get_args(Direction)
STANDINGS: Final[tuple[Standing, ...]] = get_args(Standing)


class DecisionInForce(Struct, array_like=True, frozen=True):
    """One decision told and still in force. Times are µs; statuses, and the direction as `way`, are told by position.

    Its id is not kept: `relationship.timeline.explain.decision_id` makes it of these.
    """

    seq: int
    t: int
    source: int
    target: int
    way: int
    cause: str

    @property
    def direction(self) -> Direction:
        """The direction, by its name in the contract."""
        return DIRECTIONS[self.way]

    def same_as(self, t: int, source: int, target: int, direction: str, cause: str) -> bool:
        """Tell whether a change found by folding again is the one that was told."""
        return (self.t, self.source, self.target, self.direction, self.cause) == (t, source, target, direction, cause)


class PublishedState(Struct, array_like=True, frozen=True):
    """What the state topic last said of the account, so that it is told again only when it differs."""

    status: int
    standing: int
    profile: str
    score: int

    def looks_like(self, other: "PublishedState") -> bool:
        """Tell whether nothing but the score differs."""
        return self.status == other.status and self.standing == other.standing and self.profile == other.profile


class ShadowAccount(Struct, array_like=True):
    """The account as the shadow policy would have it.

    `mark` names the shadow, `head` is the account under it; `exact` is False where it was folded onto a base that another
    policy had folded. `shown` is the difference told last and still there: the active status and the shadow's;
    `published` tells whether the topic holds anything of the account, of an earlier shadow too.
    """

    mark: str
    head: Account
    exact: bool
    shown: tuple[int, int] | None = None
    published: bool = False


class AccountRecord(Struct, array_like=True):
    """Attributes.

    layout: version of this encoding.
    revision: counts writes.
    offsets: by a topic's rank, the offset of the last message reflected.
    newest: event time (µs) of the newest fact; lateness is measured from it.
    clock: event time (µs) up to which the timers have run.
    head: the account now.
    base: the account before the history kept; None where nothing was left out.
    edge: order of the last fact that went into the base.
    count, history, stem: the facts kept, their number, and what their ids begin with; see `relationship.state.packed`.
    seq: number of the last decision told.
    decisions: decisions told since the base, in order, without those undone.
    shown: what the state topic last said.
    applied, repeats: messages counted since the account was first seen.
    pending: the latest step's messages, packed, for whoever restores from the changelog to send again.
    merged_into: the account that this one's history has joined; None where it stands for itself.
    merged_sources: the accounts whose history has joined this one's.
    switch: the policy's switch that was in force when the head was folded; empty before the first.
    shadowed: the account under the shadow policy, while there is one.
    """

    layout: int = LAYOUT
    revision: int = 0
    offsets: dict[int, int] = field(default_factory=dict)
    newest: int = 0
    clock: int = 0
    head: Account = field(default_factory=Account)
    base: Account | None = None
    edge: tuple[int, int, str] | None = None
    count: int = 0
    history: bytes = b""
    stem: str = ""
    seq: int = 0
    decisions: list[DecisionInForce] = field(default_factory=list)
    shown: PublishedState | None = None
    applied: int = 0
    repeats: int = 0
    pending: bytes = b""
    merged_into: str | None = None
    merged_sources: list[str] = field(default_factory=list)
    switch: str = ""
    shadowed: ShadowAccount | None = None

    def facts(self) -> list[f.Fact]:
        """Return the facts kept, in order."""
        return ledger.facts(self.count, self.history, self.stem)

    def keep(self, facts: Sequence[f.Fact]) -> None:
        """Replace the facts kept by these, which are in order."""
        self.count, self.stem = len(facts), ledger.stem_of(facts)
        self.history = ledger.entries(facts, self.stem)

    def append(self, fact: f.Fact) -> None:
        """Add a fact that is younger than all that are kept."""
        stem = ledger.stem_with(self.stem, fact) if self.count else ledger.stem_of([fact])
        if stem != self.stem:
            self.history = ledger.written_anew(self.count, self.history, self.stem, stem)
            self.stem = stem
        self.count += 1
        self.history += ledger.entry(fact, stem)


_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(AccountRecord)


class _Head(Struct, array_like=True):
    """A record's first fields, for whoever needs no more of it."""

    layout: int
    revision: int


_head: Final = msgspec.msgpack.Decoder(_Head)


def newer(old: bytes, new: bytes) -> bool:
    """Tell whether an encoded record may replace another: one of a higher revision, or the same one again."""
    return _head.decode(new).revision >= _head.decode(old).revision


class RecordError(ValueError):
    """Stored bytes that are no record, or one of another layout."""


def encode(record: AccountRecord) -> bytes:
    """Return the record's MessagePack."""
    return _encoder.encode(record)


def decode(raw: bytes) -> AccountRecord:
    """Return the record of stored bytes. Raises RecordError where they are none of this layout."""
    try:
        record = _decoder.decode(raw)
    except msgspec.DecodeError as error:
        raise RecordError(f"stored bytes are no account record: {error}") from None
    if record.layout != LAYOUT:
        raise RecordError(f"an account record of layout {record.layout}; this program reads layout {LAYOUT}")
    return record
