"""Records of an older layout: brought to the present one, step by step, when they are read.

A layout is the encoding of an account's record: its fields, in order. Whoever changes it raises `record.LAYOUT` and adds a
migration from the layout before to `MIGRATIONS`, so that a worker reads what the one before it wrote; the record is written
in the present layout at the account's next change. In every layout the first field is the layout.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

# From the fields of one layout to those of the next, as MessagePack decodes them: lists, numbers, texts and bytes.
Migration = Callable[[list[Any]], list[Any]]

# By the layout that each one reads. None is needed for layout 1: no release has written it.
MIGRATIONS: Final[dict[int, Migration]] = {}


class LayoutError(ValueError):
    """Bytes that are no record of a layout that can be read."""


def layout_of(raw: bytes) -> int:
    """Return the layout of an encoded record. Raises LayoutError where the bytes are none."""
    try:
        fields = msgspec.msgpack.decode(raw)
    except msgspec.DecodeError as error:
        raise LayoutError(f"stored bytes are no account record: {error}") from None
    if not isinstance(fields, list) or not fields or type(fields[0]) is not int:
        raise LayoutError("stored bytes are no account record: they do not begin with a layout")
    return fields[0]


def upgraded(raw: bytes, target: int, migrations: Mapping[int, Migration] = MIGRATIONS) -> bytes:
    """Return a record of an older layout in the layout `target`. Raises LayoutError where no migrations lead there."""
    layout = layout_of(raw)
    if layout > target:
        raise LayoutError(
            f"an account record of layout {layout}, written by a newer version; this one reads up to {target}: upgrade it"
        )
    fields = msgspec.msgpack.decode(raw)
    for step in range(layout, target):
        if step not in migrations:
            raise LayoutError(
                f"an account record of layout {layout}; this version reads layout {_oldest(target, migrations)} and later: "
                "delete the table's keys in Redis and its changelog topic, and let the worker fold the intake again"
            )
        fields = [step + 1, *migrations[step](fields)[1:]]
    return msgspec.msgpack.encode(fields)


def _oldest(target: int, migrations: Mapping[int, Migration]) -> int:
    """Return the oldest layout from which a chain of migrations leads to `target`."""
    oldest = target
    while oldest - 1 in migrations:
        oldest -= 1
    return oldest
