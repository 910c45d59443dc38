"""An account's record: the value stored under its id, on which alone its next event is decided.

It is one value, written whole: the history kept (facts, encoded one after the other), the account before its oldest fact
(`base`), after its newest (`head`) and, in a long one, after some between (`snapshots`), the decisions made within it, and
for each intake topic the offset of the last message reflected, so that a replayed message is counted once. A record is only
ever replaced by one that was written later; see `newer`.
"""

from collections.abc import Sequence
from typing import Final, get_args

import msgspec
from msgspec import Struct, field

from relationship.contract.decisions import Direction, Standing
from relationship.state import facts as f
from relationship.state import packed
from relationship.state.account import Account
from relationship.state.layouts import LayoutError, upgraded
from relationship.state.snapshots import Snapshot, thinned

LAYOUT: Final = 2  # of the encoding; see `relationship.state.layouts`

DIRECTIONS: Final[tuple[Direction, ...]] = get_args(Direction)
STANDINGS: Final[tuple[Standing, ...]] = get_args(Standing)


class DecisionInForce(Struct, array_like=True, frozen=True):
    """One published decision that is still in force. `t` is µs; statuses and direction are positions in their enumerations.

    `told` is the time (µs) under which it was published, where another history has joined since and moved it.

    Its id is not stored: `relationship.timeline.explain.decision_id` derives it from these fields.
    """

    seq: int
    t: int
    source: int
    target: int
    direction_index: int
    cause: str
    told: int | None = None

    @property
    def effective(self) -> int:
        """The time (µs) under which it was published."""
        return self.t if self.told is None else self.told

    @property
    def direction(self) -> Direction:
        """The direction, by its name in the contract."""
        return DIRECTIONS[self.direction_index]

    def same_as(self, t: int, source: int, target: int, direction: str) -> bool:
        """Tell whether a change found by refolding is the one that was published, whatever causes it now."""
        return (self.t, self.source, self.target, self.direction) == (t, source, target, direction)

    def moved_to(self, t: int) -> "DecisionInForce":
        """Return the decision at another time, under which it was not published."""
        told = None if t == self.effective else self.effective
        return DecisionInForce(self.seq, t, self.source, self.target, self.direction_index, self.cause, told)


class PublishedState(Struct, array_like=True, frozen=True):
    """The state published last, so that the account's state is published again only when it differs."""

    status: int
    standing: int
    profile: str
    score: int


class ShadowAccount(Struct, array_like=True):
    """The account under the shadow policy.

    Attributes:
        mark: name of the shadow.
        head: the account under it.
        exact: False where it was folded onto a base that another policy had folded.
        difference: the difference published last and still there: the active status and the shadow's.
        published: the topic holds something of the account, perhaps of an earlier shadow.
    """

    mark: str
    head: Account
    exact: bool
    difference: tuple[int, int] | None = None
    published: bool = False


class AccountRecord(Struct, array_like=True):
    """Everything stored of an account.

    Attributes:
        layout: version of this encoding.
        revision: number of writes since the account was first seen; where messages are folded anew they may be others.
        offsets: by a topic's rank, the offset of the last message reflected.
        newest: event time (µs) of the newest fact; lateness is measured from it.
        clock: event time (µs) up to which the timers have run.
        head: the account after all facts.
        base: the account before the facts kept; None where all facts are kept.
        edge: order of the last fact folded into the base.
        count: number of facts kept.
        history: the facts kept, encoded; see `relationship.state.packed`.
        id_prefix: the prefix that all ids in the history share.
        seq: number of the last decision.
        decisions: the decisions in force since the base, in order.
        published_state: the state published last.
        applied: messages applied since the account was first seen.
        repeats: repeated messages since then.
        pending: the latest step's messages, encoded, to be sent again by whoever restores from the changelog.
        merged_into: the account that this one is merged into; None where it is not merged.
        merged_sources: the accounts merged into this one.
        switch: the policy switch in force when the head was folded; empty before the first.
        shadowed: the account under the shadow policy, while there is one.
        tail: order of the newest fact kept.
        stored_ms: when Kafka stored the oldest message reflected, in ms since the epoch: an erasure that was stored earlier
            is another account's of the same id.
        former_sources: the accounts that were merged into this one and are not any more; they still name it.
        folded_under: digest of the policies under which the head and the snapshots were folded from the base; empty where
            they were not all folded under the same ones.
        snapshots: the account after some of the facts kept, in order; see `relationship.state.snapshots`.
        written_ms: when it was written last, in ms since the epoch by the writer's clock, and never less than before.
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
    id_prefix: str = ""
    seq: int = 0
    decisions: list[DecisionInForce] = field(default_factory=list)
    published_state: PublishedState | None = None
    applied: int = 0
    repeats: int = 0
    pending: bytes = b""
    merged_into: str | None = None
    merged_sources: list[str] = field(default_factory=list)
    switch: str = ""
    shadowed: ShadowAccount | None = None
    tail: tuple[int, int, str] | None = None
    stored_ms: int = 0
    former_sources: list[str] = field(default_factory=list)
    folded_under: bytes = b""
    snapshots: list[Snapshot] = field(default_factory=list)
    written_ms: int = 0

    def facts(self, start: Snapshot | None = None) -> list[f.Fact]:
        """Return the facts kept, in order: all of them, or those behind a snapshot."""
        if start is None:
            return packed.decode_facts(self.count, self.history, self.id_prefix)
        return packed.decode_facts(self.count - start.index, self.history[start.offset :], self.id_prefix)

    def keep(self, facts: Sequence[f.Fact]) -> None:
        """Replace the facts kept by these, which are in order. No snapshot is kept: they may have come of others."""
        self.keep_behind(None, facts)

    def keep_behind(self, start: Snapshot | None, facts: Sequence[f.Fact], cuts: Sequence[int] = ()) -> list[int]:
        """Replace the facts kept behind a snapshot, or all, by these, and drop the later snapshots.

        The facts are in order; behind a snapshot, all ids in them begin with the prefix. Returns where in the history the
        facts before each of the cuts end, which are numbers of facts.
        """
        if start is None:
            self.id_prefix = packed.id_prefix_of(facts)
        done, size = (0, 0) if start is None else (start.index, start.offset)
        first, parts, offsets = done, [self.history[:size]], []
        for cut in (*cuts, first + len(facts)):
            parts.append(packed.encode_facts(facts[done - first : cut - first], self.id_prefix))
            done, size = cut, size + len(parts[-1])
            offsets.append(size)
        self.count, self.history = first + len(facts), b"".join(parts)
        self.tail = f.order(facts[-1]) if facts else self.edge
        self.snapshots = [each for each in self.snapshots if each.index <= first]
        return offsets[:-1]

    def note_snapshots(self, taken: Sequence[Snapshot]) -> None:
        """Add snapshots that lie behind those there are, and drop what is too many."""
        self.snapshots = thinned([*self.snapshots, *taken], self.count, len(self.history))

    def last_before(self, fact: f.Fact) -> Snapshot | None:
        """Return the last snapshot of facts that are all before a new one, or None where none is of use."""
        if packed.id_prefix_with(self.id_prefix, fact) != self.id_prefix:
            return None
        return next((each for each in reversed(self.snapshots) if each.t < fact.t), None)

    def last_unchanged(self, facts: Sequence[f.Fact]) -> Snapshot | None:
        """Return the last snapshot up to which other facts are the same as those kept, or None."""
        found, done, size = None, 0, 0
        snapshots = self.snapshots if self.snapshots and packed.id_prefix_of(facts) == self.id_prefix else ()
        for each in snapshots:
            same = packed.encode_facts(facts[done : each.index], self.id_prefix) == self.history[size : each.offset]
            if not same or each.index >= len(facts):
                break
            found, done, size = each, each.index, each.offset
        return found


_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(AccountRecord)


class RecordError(ValueError):
    """Stored bytes that are no record, or one of a layout that cannot be read."""


def encode(record: AccountRecord) -> bytes:
    """Return the record's MessagePack."""
    return _encoder.encode(record)


def decode(raw: bytes) -> AccountRecord:
    """Return the record of stored bytes, brought to the present layout. Raises RecordError where that cannot be done."""
    try:
        record = _decoder.decode(raw)
    except msgspec.DecodeError:
        record = None
    return record if record is not None and record.layout == LAYOUT else _decode_older(raw)


def newer(old: bytes, new: bytes) -> bool:
    """Tell whether an encoded record may replace another: one that was written later, or the same one again.

    By the clock and the revision, a hybrid logical clock; the revision alone would not do. Where Redis is lost before the
    changelog has an account's last records, their messages are folded anew in larger steps, so fewer; and where that Redis
    comes back as it was, what it has would count as the newer record. Raises RecordError.
    """
    return _written(decode(new)) >= _written(decode(old))


def _written(record: AccountRecord) -> tuple[int, int]:
    return record.written_ms, record.revision


def _decode_older(raw: bytes) -> AccountRecord:
    """Return the record of bytes that are not of the present layout. Raises RecordError."""
    try:
        return _decoder.decode(upgraded(raw, LAYOUT))
    except LayoutError as error:
        raise RecordError(str(error)) from None
    except msgspec.DecodeError as error:
        raise RecordError(f"stored bytes are no account record: {error}") from None
