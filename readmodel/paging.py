"""Cursors: where a list goes on, as a text that may stand in a URL. It holds the last row's place in the order."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any, Final, TypeVar

import msgspec
from sqlalchemy import Column, ColumnElement, literal, tuple_

from readmodel.answers import Page
from readmodel.errors import CursorError

T = TypeVar("T")
#: Rows of a page, unless told otherwise, and at most.
LIMIT: Final = 50
MOST: Final = 500
_HIGHEST: Final = 2**63 - 1  # that a column holds; msgpack goes on to twice as much

_pack: Final = msgspec.msgpack.Encoder()


def cursor(place: Sequence[int | str]) -> str:
    """Return the cursor after a row at this place."""
    return base64.urlsafe_b64encode(_pack.encode(list(place))).rstrip(b"=").decode()


def place(after: str, kinds: Sequence[type]) -> list[Any]:
    """Return the place of a cursor, whose parts are of these types. Raises CursorError."""
    try:
        raw = base64.b64decode(after.encode() + b"=" * (-len(after) % 4), altchars=b"-_", validate=True)
        found = msgspec.msgpack.decode(raw, type=list[int | str])
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        found = []
    if [type(part) for part in found] != [*kinds] or any(type(part) is int and part > _HIGHEST for part in found):
        raise CursorError("the cursor is none of this list; begin again without one")
    return found


def beyond(columns: Sequence[Column[Any]], at: Sequence[Any], *, newest_first: bool) -> ColumnElement[bool]:
    """Return the condition that a row comes after a place, in the order of these columns."""
    here = [literal(value, column.type) for column, value in zip(columns, at, strict=True)]
    if len(here) == 1:
        return columns[0] < here[0] if newest_first else columns[0] > here[0]
    there = tuple_(*columns)
    return there < tuple_(*here) if newest_first else there > tuple_(*here)


def bounded(limit: int) -> int:
    """Return a limit within the bounds."""
    return max(1, min(limit, MOST))


def page(rows: Sequence[Any], limit: int, items: Sequence[T], last: Sequence[Any], total: int | None) -> Page[T]:
    """Return a page of which one row more than the limit was read, if there was one; `last` is the last item's place."""
    return Page(list(items), cursor(last) if len(rows) > limit else None, total)
