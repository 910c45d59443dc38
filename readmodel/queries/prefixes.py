"""Texts that begin with another, as a range, which an index answers."""

from typing import Any

from sqlalchemy import Column, ColumnElement, LargeBinary, literal, type_coerce

#: A byte that no UTF-8 has: above every text that begins with what stands before it.
AFTER_ALL = b"\xff"


def begins_with(column: Column[Any], prefix: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Return the conditions that a text of a `Utf8` column begins with a prefix."""
    raw = type_coerce(column, LargeBinary)
    start = prefix.encode(errors="surrogatepass")
    return raw >= literal(start, LargeBinary), raw < literal(start + AFTER_ALL, LargeBinary)
