"""Which accounts of a file have to do with one another, and so which lines one process must fold: for a replay by several.

A core folds an account from its own events, and from what another account makes it send: a referral's credit, a merge. All
of these name the other account in the event itself, so that one look over the file, before anything is folded, groups the
accounts. Every line goes to the process of its account's group, in the order of the file.
"""

from collections.abc import Iterator
from typing import Any, Final
from zlib import crc32

import msgspec

from relationship.contract.messages import MOVES, REFERRALS
from streams.wire.lines import Line

#: What an event must contain to name another account; a backslash may write any of it otherwise.
_SIGNS: Final = (b'"referred_by"', b'"into"', b"\\")


class _Named(msgspec.Struct, gc=False):
    """The fields of messages that name accounts; a correction holds a message of its own."""

    referred_by: Any = None
    referred: Any = None
    into: Any = None
    source: Any = None
    through: Any = None
    value: Any = None


_named: Final = msgspec.json.Decoder(_Named)


def named_by(line: Line) -> Iterator[bytes]:
    """Yield the other accounts that a line names, as keys."""
    value = line.value
    if value is None or not (line.topic in {MOVES, REFERRALS} or any(sign in value for sign in _SIGNS)):
        return
    try:
        found = _named.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return  # it will be refused
    corrected = found.value if isinstance(found.value, dict) else {}
    through = found.through if isinstance(found.through, list) else []
    for name in (found.referred_by, found.referred, found.into, found.source, corrected.get("referred_by"), *through):
        if isinstance(name, str):
            yield name.encode(errors="replace")


class Groups:
    """Accounts that have to do with one another; those that have to do with none take no memory."""

    def __init__(self) -> None:
        self._parents: dict[bytes, bytes] = {}

    def note(self, line: Line) -> None:
        """Join a line's account with those that it names."""
        for other in named_by(line):
            self._join(line.key, other)

    def shard(self, account: bytes, shards: int) -> int:
        """Return which of so many shards an account belongs to, once every line was noted."""
        return crc32(self._root(account)) % shards

    def _root(self, account: bytes) -> bytes:
        parent = self._parents.get(account, account)
        while parent != account:
            above = self._parents.get(parent, parent)
            self._parents[account] = above  # the way is halved, so that long chains are walked once
            account, parent = parent, above
        return account

    def _join(self, one: bytes, other: bytes) -> None:
        first, second = self._root(one), self._root(other)
        if first != second:
            self._parents[max(first, second)] = min(first, second)
