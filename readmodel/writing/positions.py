"""Where the follower stands in each partition, stored with the rows."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from msgspec import Struct
from sqlalchemy import Connection, bindparam, select, update

from readmodel.tables import facts, positions
from readmodel.writing.records import Record
from readmodel.writing.upserts import replace


class Place(NamedTuple):
    """A partition of a topic."""

    topic: str
    partition: int


class Position(Struct, frozen=True):
    """How far a partition has been read.

    Attributes:
        next_offset: of the next record.
        last_offset, last_ms: of the last record read, and when Kafka stored it, in ms since the epoch; -1 where none was.
        records: how many were read.
        end_offset: the partition's end, as Kafka said last.
        begun_end: its end when the tables were begun.
    """

    next_offset: int
    last_offset: int = -1
    last_ms: int = -1
    records: int = 0
    end_offset: int = 0
    begun_end: int = 0


def read_positions(connection: Connection) -> dict[Place, Position]:
    """Return the position of every partition."""
    names = ("next_offset", "last_offset", "last_ms", "records", "end_offset", "begun_end")
    columns = positions.c
    found = connection.execute(select(columns.topic, columns.partition, *(columns[name] for name in names)))
    return {Place(topic, partition): Position(*values) for topic, partition, *values in found}


def write_positions(connection: Connection, found: Mapping[Place, Position]) -> None:
    """Write positions."""
    rows = [
        {"topic": place.topic, "partition": place.partition, **_values(each)} for place, each in sorted(found.items())
    ]
    replace(connection, positions, rows)


def advanced(before: Position, next_offset: int, records: Sequence[Record]) -> Position:
    """Return a position after these records of its partition, which may be none."""
    last = records[-1] if records else None
    return Position(
        next_offset=next_offset,
        last_offset=last.offset if last else before.last_offset,
        last_ms=last.timestamp if last else before.last_ms,
        records=before.records + len(records),
        end_offset=max(before.end_offset, next_offset),
        begun_end=before.begun_end,
    )


def write_ends(connection: Connection, ends: Mapping[Place, int]) -> None:
    """Note the ends that Kafka tells."""
    at = (positions.c.topic == bindparam("at")) & (positions.c.partition == bindparam("number"))
    rows = [{"at": place.topic, "number": place.partition, "end": end} for place, end in sorted(ends.items())]
    if rows:
        connection.execute(update(positions).where(at).values(end_offset=bindparam("end")), rows)


def read_fact(connection: Connection, name: str) -> str | None:
    """Return a fact about the tables."""
    found = connection.scalar(select(facts.c.value).where(facts.c.name == name))
    return None if found is None else bytes(found).decode()


def write_facts(connection: Connection, **found: str) -> None:
    """Write facts about the tables."""
    replace(connection, facts, [{"name": name, "value": value.encode()} for name, value in sorted(found.items())])


def _values(position: Position) -> dict[str, Any]:
    return {name: getattr(position, name) for name in position.__struct_fields__}
