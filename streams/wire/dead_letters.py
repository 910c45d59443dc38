"""Dead letters: refused records in the dead-letter topic, written and read back.

A dead letter is the refused record as it was: the same key, the value byte for byte, its own headers. Further headers give
its position and the reason of the refusal, under the names of Kafka Streams (KIP-1034) and of Spring's dead-letter
recoverer, so that other tools show them too; their values are text. A record that is refused again after a redrive gets
these headers replaced, not added.

What does not fit into one record is omitted: the value first, then the headers, then the key. A small object replaces the
value: the SHA-256 of what was omitted, and the position of the original, which is there as long as its topic retains it.
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from faust.types import TP

from relationship.contract.outcome import Reason, Refused
from streams.wire.records import FetchedRecord, Header

TOPIC: Final = "__streams.errors.topic"
PARTITION: Final = "__streams.errors.partition"
OFFSET: Final = "__streams.errors.offset"
EXCEPTION: Final = "__streams.errors.exception"
MESSAGE: Final = "__streams.errors.message"
ORIGINAL_TOPIC: Final = "kafka_dlt-original-topic"
REASON: Final = "clientward-reason"
REFUSED_AT: Final = "clientward-refused-at"
ORIGINAL_TIMESTAMP: Final = "clientward-original-timestamp"
OMITTED: Final = "clientward-omitted"

OWN: Final = frozenset(
    {TOPIC, PARTITION, OFFSET, EXCEPTION, MESSAGE, ORIGINAL_TOPIC, REASON, REFUSED_AT, ORIGINAL_TIMESTAMP, OMITTED}
)
EXCEPTION_NAME: Final = "clientward.Refused"
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

# A broker accepts batches of 1,048,588 bytes by default; the rest is for the added headers and the batch's framing.
MAX_BYTES: Final = 1_040_000
# Bytes of a header besides its name and value: two lengths of up to five bytes.
FRAMING: Final = 10


class DeadLetter(NamedTuple):
    """One record for the dead-letter topic."""

    key: bytes | None
    value: bytes | None
    headers: list[Header]


class Rejected(NamedTuple):
    """A dead letter as read back.

    Attributes:
        topic, partition, offset: the refused record's position.
        timestamp_ms: its own timestamp, or None where it is not in the headers.
        reason: the code of the refusal.
        text: the reason in words; show it escaped, since anyone who can write to the topic can forge it.
        refused_at: when it was refused, RFC 3339; empty where it is not in the headers.
        key, value, headers: the record as it was refused, without the added headers.
        omitted: what did not fit: "", "value", "value, headers" or "value, headers, key".
    """

    topic: str
    partition: int
    offset: int
    timestamp_ms: int | None
    reason: Reason
    text: str
    refused_at: str
    key: bytes | None
    value: bytes | None
    headers: list[Header]
    omitted: str


def dead_letter(tp: TP, record: FetchedRecord, refused: Refused, *, now: int, max_bytes: int = MAX_BYTES) -> DeadLetter:
    """Return what to publish for a refused record.

    Args:
        tp: the record's topic and partition.
        record: the record as consumed.
        refused: why it is refused.
        now: wall-clock time, µs since the epoch.
        max_bytes: the limit of key, value and original headers together; some KB below the topic's own limit.
    """
    kept = [(name, content) for name, content in record.headers if name not in OWN]
    added = _added_headers(tp, record, refused, now)
    if _size(record.key, record.value, kept) <= max_bytes:
        return DeadLetter(record.key, record.value, kept + added)
    place = _placeholder(tp, record, kept)
    if _size(record.key, place, kept) <= max_bytes:
        return DeadLetter(record.key, place, [*kept, *added, (OMITTED, b"value")])
    if _size(record.key, place, []) <= max_bytes:
        return DeadLetter(record.key, place, [*added, (OMITTED, b"value, headers")])
    return DeadLetter(None, place, [*added, (OMITTED, b"value, headers, key")])


def read_dead_letter(record: FetchedRecord) -> Rejected | None:
    """Return a record of the dead-letter topic as a `Rejected`, or None where it is no dead letter of this product."""
    noted = {name: content.decode(errors="replace") for name, content in record.headers if content and name in OWN}
    try:
        reason, partition, offset = Reason(noted[REASON]), int(noted[PARTITION]), int(noted[OFFSET])
        timestamp = int(noted[ORIGINAL_TIMESTAMP]) if ORIGINAL_TIMESTAMP in noted else None
        topic = noted[TOPIC]
    except (KeyError, ValueError):
        return None
    return Rejected(
        topic=topic,
        partition=partition,
        offset=offset,
        timestamp_ms=timestamp,
        reason=reason,
        text=noted.get(MESSAGE, ""),
        refused_at=noted.get(REFUSED_AT, ""),
        key=record.key,
        value=record.value,
        headers=[(name, content) for name, content in record.headers if name not in OWN],
        omitted=noted.get(OMITTED, ""),
    )


def _added_headers(tp: TP, record: FetchedRecord, refused: Refused, now: int) -> list[Header]:
    """Return the headers with the record's position, and with why and when it was refused."""
    noted = {
        TOPIC: tp.topic,
        PARTITION: tp.partition,
        OFFSET: record.offset,
        EXCEPTION: f"{EXCEPTION_NAME}.{refused.reason.value}",
        MESSAGE: refused.text,
        ORIGINAL_TOPIC: tp.topic,
        ORIGINAL_TIMESTAMP: record.timestamp,
        REASON: refused.reason.value,
        REFUSED_AT: (EPOCH + timedelta(microseconds=now)).isoformat(timespec="milliseconds"),
    }
    return [(name, str(content).encode()) for name, content in noted.items()]


def _size(key: bytes | None, value: bytes | None, headers: Sequence[Header]) -> int:
    """Return the approximate size of a record in bytes."""
    held = sum(len(name.encode()) + len(content or b"") + FRAMING for name, content in headers)
    return len(key or b"") + len(value or b"") + held


def _placeholder(tp: TP, record: FetchedRecord, headers: Sequence[Header]) -> bytes:
    """Return the JSON object that replaces an omitted value: its hash and size, and the position of the original."""
    value = record.value or b""
    place = {
        "sha256": hashlib.sha256(value).hexdigest(),
        "bytes": len(value),
        "topic": tp.topic,
        "partition": tp.partition,
        "offset": record.offset,
        "timestamp": record.timestamp,
        "headers": len(headers),
        "key_sha256": hashlib.sha256(record.key or b"").hexdigest(),
    }
    return json.dumps(place).encode()
