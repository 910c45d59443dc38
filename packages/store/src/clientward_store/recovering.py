"""Which changelog records change what is stored, when a partition is brought up to its changelog; pure.

A changelog may hold records that are older than what Redis has, as where a paused owner sent its own behind its successor's,
and Redis may have gone back behind the changelog, or come back from before it was lost and rebuilt. Which of two values is
the newer, and whether the newer one reflects all that the other does, only the table's user can tell.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from clientward_store.ownership import Values

#: Compares a stored value with a changelog record of the same key.
Comparison = Callable[[bytes, bytes], bool]


class Change(NamedTuple):
    """One changelog record: its offset, key, and value or None for a tombstone."""

    offset: int
    key: bytes
    value: bytes | None


class RecoveryRules(NamedTuple):
    """What recovery makes of a changelog record whose key has a value already.

    Attributes:
        newer: whether the record may replace the value; None: it always may.
        covers: whether a record that may reflects all the input that the value does; None: it always does.
        note: whether to note the keys that are rewritten as restored.
    """

    newer: Comparison | None = None
    covers: Comparison | None = None
    note: bool = False


def merged(before: Values, fresh: Sequence[Change], newer: Comparison | None) -> Values:
    """Return what changes when the records come to the values before: the last of each key, or the newest by `newer`."""
    if newer is None:
        return {change.key: change.value for change in fresh}
    after = dict(before)
    for change in fresh:
        old = after[change.key]
        if change.value is None or old is None or newer(old, change.value):
            after[change.key] = change.value
    return {key: value for key, value in after.items() if value != before[key]}


def lose_input(before: Values, fresh: Sequence[Change], after: Values, covers: Comparison | None) -> bool:
    """Tell whether a new value reflects less of the input than the one it replaces; a tombstone voids what it deletes."""
    if covers is None:
        return False
    deleted = {change.key for change in fresh if change.value is None}
    for key, new in after.items():
        old = before[key]
        if old is not None and new is not None and key not in deleted and not covers(old, new):
            return True
    return False
