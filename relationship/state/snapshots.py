"""Snapshots along a history: the account after so many of its facts, so that a late event is not folded from the start.

A record holds some, closer together towards the end, where late events are. Each is a copy of what folding the facts before
it gives, to the last bit, and is worth having only as long as that is so: whoever changes a fact drops those after it, and
another policy drops all. How many there are follows from the bytes of the history, so that they never are more than a tenth.
"""

from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec import Struct

from relationship.state.account import Account

EVERY: Final = (
    16  # facts between two new snapshots: they take twenty times as long to fold as an account takes to encode
)
FEWEST: Final = 96  # facts below which no snapshot is a tenth of the history
MOST: Final = 16  # snapshots of a record
SHARE: Final = 10  # the snapshots take one in so many of the history's bytes
OVERHEAD: Final = 24  # bytes of a snapshot beside its account, at most


class Snapshot(Struct, array_like=True, frozen=True, gc=False):
    """The account right after one of the facts kept, before any timer that is due then.

    Attributes:
        index: number of facts kept up to it.
        offset: bytes of the history that hold them.
        t: event time (µs) of the last of them.
        decided: number of the record's decisions that they cause.
        account: the account, encoded.
    """

    index: int
    offset: int
    t: int
    decided: int
    account: bytes

    def without(self, facts: int, size: int, decisions: int) -> "Snapshot":
        """Return it as it is when so many of the first facts, of so many bytes, have left, and their decisions."""
        return Snapshot(self.index - facts, self.offset - size, self.t, self.decided - decisions, self.account)

    def restored(self) -> Account:
        """Return a new copy of the account."""
        return _decoder.decode(self.account)


_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(Account)


def snapshot_of(account: Account, index: int, offset: int, t: int, decided: int) -> Snapshot:
    """Return the snapshot of an account; see `Snapshot`."""
    return Snapshot(index, offset, t, decided, _encoder.encode(account))


def is_due(snapshots: Sequence[Snapshot], count: int) -> bool:
    """Tell whether the last of `count` facts is far enough from the last snapshot for another one."""
    return count >= FEWEST and count - (snapshots[-1].index if snapshots else 0) >= EVERY


def wanted(first: int, count: int) -> list[int]:
    """Return after how many facts snapshots are taken while those behind the first `first` of `count` are folded, in order.

    The distances from the end grow by half, since the next event comes late by hours more often than by weeks.
    """
    found, back = [], EVERY
    while count >= FEWEST and count - back > first:
        found.append(count - back)
        back += back // 2
    return found[::-1]


def thinned(snapshots: Sequence[Snapshot], count: int, history: int) -> list[Snapshot]:
    """Return as many of the snapshots of `count` facts as a history of so many bytes may have: the most useful ones.

    The least useful one spares least of what a late event costs without it, where a fact comes late by ten facts as often as
    by a hundred or a thousand: so the distances between snapshots come to grow with their distance from the end.
    """
    kept = [*snapshots]
    size = sum(len(each.account) + OVERHEAD for each in kept)
    while kept and (size > history // SHARE or len(kept) > MOST):
        least = min(range(len(kept)), key=lambda i: _use(kept, i, count))
        size -= len(kept.pop(least).account) + OVERHEAD
    return kept


def _use(snapshots: Sequence[Snapshot], i: int, count: int) -> float:
    """Return what a snapshot spares, in no unit: the folds since the one before, for the facts that come late behind it.

    The end is taken a little later than it is: what is the last snapshot now has facts behind it soon.
    """
    end = count + EVERY
    before = snapshots[i - 1].index if i else 0
    after = snapshots[i + 1].index if i + 1 < len(snapshots) else end
    return (snapshots[i].index - before) * (after - snapshots[i].index) / (end - after + EVERY) ** 2
