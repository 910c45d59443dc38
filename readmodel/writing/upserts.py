"""Insert or update, in either database, and rows by the values of a column."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final

from sqlalchemy import Column, Connection, Select, Table
from sqlalchemy.dialects import postgresql, sqlite

#: Values in one `IN (…)`: both databases take thirty thousand; the statement is compiled for each number of them.
CHUNK: Final = 500


def insert_new(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows; one whose key is there already is left out."""
    if rows:
        connection.execute(_insert(connection, table).on_conflict_do_nothing(), rows)


def replace(
    connection: Connection, table: Table, rows: Sequence[dict[str, Any]], *, also_add: Sequence[str] = ()
) -> None:
    """Insert rows, or update those whose primary key is there; columns of `also_add` are added to, not replaced."""
    if not rows:
        return
    statement = _insert(connection, table)
    new = statement.excluded
    values = {
        name: table.c[name] + new[name] if name in also_add else new[name]
        for name in rows[0]
        if not table.c[name].primary_key
    }
    connection.execute(statement.on_conflict_do_update(index_elements=[*table.primary_key], set_=values), rows)


def where_in(
    connection: Connection, statement: Select[Any], column: Column[Any], values: Iterable[Any]
) -> Iterator[Any]:
    """Give the rows of a statement whose column has one of the values."""
    left = iter(sorted(set(values)))
    while chunk := list(islice(left, CHUNK)):
        yield from connection.execute(statement.where(column.in_(chunk)))


def _insert(connection: Connection, table: Table) -> Any:
    return (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)
