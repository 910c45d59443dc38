"""Refusals: the dead letters, with the beginning of what was refused. Counted by hour, reason and topic."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, delete, select

from readmodel.tables import refusals
from readmodel.writing.counters import Counters, Hour
from readmodel.writing.erasing import Erasures
from readmodel.writing.records import Record, micros_of
from streams.wire.dead_letters import Rejected, read_dead_letter

#: Bytes of a refused value that are kept: more than a usual record has; Kafka has the whole.
VALUE_BYTES: Final = 16_384
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
        counters.hours[_hour(row["refused_us"], row["reason"], row["topic"])] += 1
    if rows:
        connection.execute(refusals.insert(), rows)


def take_refusals_away(connection: Connection, which: ColumnElement[bool], ms: int, counters: Counters) -> None:
    """Delete refusals that Kafka stored by a time, and count them no more."""
    condition = which & (refusals.c.stored_ms <= ms)
    found = connection.execute(
        select(refusals.c.refused_us, refusals.c.reason, refusals.c.topic).where(condition)
    ).all()
    for refused_us, reason, topic in found:
        counters.hours[_hour(refused_us, reason, topic)] -= 1
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
    try:
        return micros_of(letter.refused_at)
    except (ValueError, TypeError):  # not noted, or not by us: a time without an offset
        return record.timestamp * MS_US


def _hour(refused_us: int, reason: str, topic: str) -> Hour:
    return Hour(refused_us // HOUR_US, reason, topic)
