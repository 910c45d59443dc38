"""Refusals: the dead letters, with the beginning of what was refused, and what became of them.

They are counted by hour, reason and topic. That a letter was sent again or given up is told by a note, which stands behind
it in its partition (`streams/wire/redriving.py`): a batch's letters are written first, and its notes then, in their order.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, delete, select, update
from sqlalchemy.sql.expression import bindparam

from readmodel.tables import refusals
from readmodel.writing.counters import Counters, Hour
from readmodel.writing.erasing import Erasures
from readmodel.writing.records import Record, micros_of
from readmodel.writing.upserts import where_in
from streams.wire.dead_letters import Rejected, read_dead_letter
from streams.wire.redriving import Note, read_note, times_redriven

#: Bytes of a refused value that are kept: more than a usual record has; Kafka has the whole.
VALUE_BYTES: Final = 16_384
OPEN: Final = "open"
MS_US: Final = 1_000
HOUR_US: Final = 3_600_000_000


class _Named(Struct):
    """What a refused record may say of its account."""

    account_id: str


_decoder: Final = msgspec.json.Decoder(_Named)


def write_refusals(connection: Connection, records: Sequence[Record], counters: Counters, erasures: Erasures) -> None:
    """Write the dead letters of a batch; what is none is passed over."""
    rows = []
    for record in _without_known(connection, records):
        letter = read_dead_letter(record)
        if letter is None:
            continue
        row = _row(record, letter)
        named = (row["account_id"], _text(letter.key))
        if not any(each is not None and erasures.cover(each, record) for each in named):
            rows.append(row)
    for row in rows:
        hour = _hour(row["refused_us"], row["reason"], row["topic"])
        counters.hours[hour] += 1
        counters.open[hour] += 1
    if rows:
        connection.execute(refusals.insert(), rows)


def write_notes(connection: Connection, records: Sequence[Record], counters: Counters) -> None:
    """Write what became of letters, as the notes of a batch say; of several on one letter the last counts."""
    last: dict[tuple[int, int], tuple[int, Note]] = {}
    for record in records:
        note = read_note(record)
        if note is not None:
            last |= {(record.partition, offset): (record.offset, note) for offset in note.offsets}
    of, changed = refusals.c, []
    fields = select(of.offset, of.state, of.note_offset, of.refused_us, of.reason, of.topic)
    for partition in sorted({partition for partition, _ in last}):
        noted = [offset for at, offset in last if at == partition]
        for row in where_in(connection, fields.where(of.partition == partition), of.offset, noted):
            note_offset, note = last[partition, row.offset]
            if row.note_offset is None or row.note_offset < note_offset:
                changed.append(_settled(partition, row.offset, note_offset, note))
                counters.open[_hour(row.refused_us, row.reason, row.topic)] -= row.state == OPEN
    if changed:
        statement = update(refusals).where(of.partition == bindparam("at"), of.offset == bindparam("number"))
        names = [name for name in changed[0] if name not in {"at", "number"}]
        values: dict[str, Any] = {name.removeprefix("new_"): bindparam(name) for name in names}
        connection.execute(statement.values(values), changed)


def _settled(partition: int, offset: int, note_offset: int, note: Note) -> dict[str, Any]:
    return {
        "at": partition,
        "number": offset,
        "new_state": note.kind,
        "new_note_offset": note_offset,
        "new_settled_by": note.by,
        "new_settled_why": note.why,
        "new_settled_us": _micros(note.at),
    }


def take_refusals_away(connection: Connection, which: ColumnElement[bool], ms: int, counters: Counters) -> None:
    """Delete refusals that Kafka stored by a time, and count them no more."""
    condition = which & (refusals.c.stored_ms <= ms)
    found = connection.execute(
        select(refusals.c.refused_us, refusals.c.reason, refusals.c.topic, refusals.c.state).where(condition)
    ).all()
    for refused_us, reason, topic, state in found:
        hour = _hour(refused_us, reason, topic)
        counters.hours[hour] -= 1
        counters.open[hour] -= state == OPEN
    if found:
        connection.execute(delete(refusals).where(condition))


def _without_known(connection: Connection, records: Sequence[Record]) -> list[Record]:
    """Return the records that are not stored yet, each once."""
    by_place = {(record.partition, record.offset): record for record in records}
    known: set[tuple[int, int]] = set()
    for partition in {partition for partition, _ in by_place}:
        offsets = [offset for at, offset in by_place if at == partition]
        columns = refusals.c
        within = (columns.partition == partition) & columns.offset.between(min(offsets), max(offsets))
        known |= {(partition, offset) for offset in connection.scalars(select(columns.offset).where(within))}
    return [record for at, record in by_place.items() if at not in known]


def _row(record: Record, letter: Rejected) -> dict[str, Any]:
    value = letter.value
    return {
        "partition": record.partition,
        "offset": record.offset,
        "reason": letter.reason.value,
        "topic": letter.topic,
        "from_partition": letter.partition,
        "from_offset": letter.offset,
        "text": letter.text,
        "account_id": _account(letter),
        "key": letter.key,
        "value": None if value is None else value[:VALUE_BYTES],
        "value_bytes": len(value or b""),
        "omitted": letter.omitted,
        "refused_us": _refused_us(record, letter),
        "stored_ms": record.timestamp,
        "state": OPEN,
        "redriven": times_redriven(letter.headers),
    }


def _account(letter: Rejected) -> str | None:
    """Return the account that the value names; else the key."""
    try:
        return _decoder.decode(letter.value or b"").account_id
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _text(letter.key)


def _text(key: bytes | None) -> str | None:
    try:
        return None if key is None else key.decode()
    except UnicodeDecodeError:
        return None


def _refused_us(record: Record, letter: Rejected) -> int:
    noted = _micros(letter.refused_at)
    return record.timestamp * MS_US if noted is None else noted


def _micros(text: str) -> int | None:
    try:
        return micros_of(text)
    except (ValueError, TypeError):  # not noted, or not by us: a time without an offset
        return None


def _hour(refused_us: int, reason: str, topic: str) -> Hour:
    return Hour(refused_us // HOUR_US, reason, topic)
