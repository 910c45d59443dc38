"""Which way a filtered list is read: along its own order, or by what few rows fit.

Kinds and groups know how many rows they have. Where a fair share of the rows fits, a walk along the list's order finds
a page soon; where few fit, they are collected by an index on the kind and put in order. A sign before the column, which
changes no value, keeps SQLite's planner, which knows no numbers, from the other way; PostgreSQL's has statistics.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Column, ColumnElement, Connection, Select, Table, func, select, type_coerce
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

#: A walk that finds one row in so many reads some thousands for a page; collecting as many takes as long.
SPARSE: Final = 40


class Choice(NamedTuple):
    """The kinds that fit.

    Attributes:
        numbers: of the kinds; None where all fit.
        rows: how many rows they have.
        is_sparse: few rows fit.
        newest_us: no row is newer, where kinds tell so.
    """

    numbers: list[int] | None
    rows: int
    is_sparse: bool
    newest_us: int | None = None


def choose(
    connection: Connection,
    table: Table,
    number: str,
    conditions: Sequence[ColumnElement[bool]],
    newest: Column[Any] | None = None,
) -> Choice:
    """Return which kinds or groups fit the conditions."""
    rows = table.c["rows"]
    total = int(connection.scalar(select(func.coalesce(func.sum(rows), 0))) or 0)
    if not conditions:
        return Choice(None, total, is_sparse=False)
    fields = [table.c[number], rows] if newest is None else [table.c[number], rows, newest]
    found = connection.execute(select(*fields).where(*conditions, rows > 0)).all()
    fitting = sum(row[1] for row in found)
    latest = max((row[2] for row in found), default=0) if newest is not None else None
    return Choice([row[0] for row in found], fitting, fitting * SPARSE < total, latest)


def restricted(
    statement: Select[Any], choice: Choice, kind: Column[Any], order: Sequence[Column[Any]], *, newest_first: bool
) -> Select[Any]:
    """Return a statement of the rows of the kinds that fit, in order."""
    ways: list[Any] = [_hidden(column) if choice.is_sparse else column for column in order[:1]]
    ways += order[1:]
    statement = statement.order_by(*(way.desc() if newest_first else way.asc() for way in ways))
    if choice.numbers is None:
        return statement
    column = kind if choice.is_sparse else _hidden(kind)
    return statement.where(column.in_(choice.numbers))


class _Hidden(FunctionElement[Any]):
    """A column in a form that SQLite uses no index for; the column itself elsewhere."""

    inherit_cache = True


@compiles(_Hidden)
def _plain(element: _Hidden, compiler: SQLCompiler, **options: Any) -> str:
    return str(compiler.process(element.clauses, **options))


@compiles(_Hidden, "sqlite")
def _signed(element: _Hidden, compiler: SQLCompiler, **options: Any) -> str:
    return f"+{_plain(element, compiler, **options)}"


def _hidden(column: Column[Any]) -> Any:
    return type_coerce(_Hidden(column), column.type)
