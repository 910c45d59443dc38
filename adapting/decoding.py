"""A record's bytes as rows of JSON: plain JSON, Avro and JSON Schema in Confluent's wire form, and Debezium's envelope.

JSON is passed on as it was sent, so that no digit of a number is lost here. Of Avro, decimals and times become texts.
"""

import io
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

import fastavro
import msgspec
from aiokafka import ConsumerRecord
from msgspec import Raw, Struct

from adapting.errors import Unreadable
from adapting.registry import Registry

MAGIC: Final = 0  # the first byte of the wire form; four of the schema's id follow
HEAD_BYTES: Final = 5
MOST_BYTES: Final = 16_000_000  # of a value as JSON; DuckDB is handed rows of at most 32 MB
INSERTED: Final = frozenset({"c", "r"})  # created, and read by a snapshot
UPDATED, DELETED = "u", "d"
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
JSON_FAULTS: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Decoded(NamedTuple):
    """What a record says.

    Attributes:
        record: the record.
        after: the value, or the row as it is now; None where it is deleted.
        before: the row as it was; None for what is no change of a row.
        changed_at: when a row was changed; None for what is no change.
    """

    record: ConsumerRecord
    after: bytes | None
    before: bytes | None = None
    changed_at: datetime | None = None


class _Source(Struct):
    ts_ms: int | None = None
    ts_us: int | None = None


class _Change(Struct):
    op: str | None = None
    before: Raw = Raw(b"null")
    after: Raw = Raw(b"null")
    source: _Source | None = None
    ts_ms: int | None = None


class _Outer(Struct):
    payload: Raw = Raw(b"")


_change: Final = msgspec.json.Decoder(_Change)
_outer: Final = msgspec.json.Decoder(_Outer)


def schema_id(value: bytes | None) -> int | None:
    """Return the id of the schema that a value in the wire form was written by; None where it has not that form."""
    if value is None or len(value) < HEAD_BYTES or value[0] != MAGIC:
        return None
    return int.from_bytes(value[1:HEAD_BYTES])


def decode(record: ConsumerRecord, registry: Registry | None, *, debezium: bool) -> Decoded | None:
    """Return what a record says, or None of a null value, which says nothing here. Raises Unreadable."""
    if record.value is None:
        return None
    text = _plain(record.value) if registry is None else _of_registry(record.value, registry)
    if len(text) > MOST_BYTES:
        raise Unreadable(f"{len(text):,} bytes of JSON, where {MOST_BYTES:,} are read")
    return _unwrapped(record, text) if debezium else Decoded(record, text)


def _plain(value: bytes) -> bytes:
    try:
        msgspec.json.decode(value)
    except JSON_FAULTS:
        raise Unreadable("the value is no JSON in UTF-8") from None
    return value


def _of_registry(value: bytes, registry: Registry) -> bytes:
    number = schema_id(value)
    if number is None:
        raise Unreadable("the value does not begin with a schema's id, as the registry's serialisers write it")
    avro = registry.schema(number).avro
    if avro is None:
        return _plain(value[HEAD_BYTES:])
    body = io.BytesIO(value[HEAD_BYTES:])
    try:
        found: Any = fastavro.schemaless_reader(body, avro, None)
        text = msgspec.json.encode(found)
    except Exception as error:  # noqa: BLE001 - bytes of others may make a decoder raise anything
        raise Unreadable(f"the value does not fit its schema {number}: {type(error).__name__}") from None
    if body.read(1):
        raise Unreadable(f"the value goes on where its schema {number} ends")
    return text


def _unwrapped(record: ConsumerRecord, text: bytes) -> Decoded:
    """Return a change of a row; Debezium's JSON may have its schema beside it, as `schema` and `payload`."""
    try:
        inner = bytes(_outer.decode(text).payload)
        change = _change.decode(inner or text)
    except JSON_FAULTS:
        raise Unreadable("the value is no envelope of Debezium") from None
    before, after = _row(change.before), _row(change.after)
    if change.op in INSERTED and after is not None:
        return Decoded(record, after)
    if change.op == UPDATED and after is not None and before is not None:
        return Decoded(record, after, before, _changed_at(change, record.timestamp))
    if change.op == DELETED and before is not None:
        return Decoded(record, None, before, _changed_at(change, record.timestamp))
    if change.op in {UPDATED, DELETED}:
        raise Unreadable("the change tells no row from before: have the table say it (REPLICA IDENTITY FULL)")
    raise Unreadable("no change of a row: op is none of c, r, u and d")


def _row(raw: Raw) -> bytes | None:
    row = bytes(raw)
    return None if row == b"null" else row


def _changed_at(change: _Change, stored_ms: int) -> datetime:
    """Return when the database made a change, or else when the connector saw it."""
    source = change.source or _Source()
    if source.ts_us is not None:
        return EPOCH + timedelta(microseconds=source.ts_us)
    known = (source.ts_ms, change.ts_ms, stored_ms)
    return EPOCH + timedelta(milliseconds=next(each for each in known if each is not None))
