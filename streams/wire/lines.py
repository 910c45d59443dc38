"""One line of a file of events: what `clientward send` publishes and `clientward replay` folds.

A line is `{"topic": "...", "value": {...}}`, or a CloudEvent whose `type` is the topic and whose `data` is the value. A
`"key"` beside the topic is used as the record's key where there is one, which a profile's tombstone (`"value": null`)
needs; else the key is the value's `account_id`. The value is passed on byte for byte: whether it is a message of the
contract is judged by the stream, not here.
"""

from typing import Any, Final, NamedTuple

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from relationship.contract.messages import MESSAGE_TYPES
from relationship.contract.outcome import POLICIES

SPEC_VERSION: Final = b"1.0"
SOURCE: Final = "clientward-cli"
NULL: Final = b"null"

Header = tuple[str, bytes]


class Line(NamedTuple):
    """One record to publish or to fold. `headers` are the CloudEvents ones and `traceparent`, where there is one."""

    topic: str
    key: bytes
    value: bytes | None
    headers: list[Header]
    traceparent: str | None


class BadLine(NamedTuple):
    """A line that is no event. The text says what it is and what it should be."""

    text: str


class _Envelope(Struct):
    topic: str | None = None
    type: str | None = None
    value: Raw | UnsetType = UNSET
    data: Raw | UnsetType = UNSET
    key: str | None = None
    id: str | None = None
    source: str | None = None
    time: str | None = None
    traceparent: str | None = None


class _Keyed(Struct):
    account_id: Any = None
    event_id: Any = None
    occurred_at: Any = None


_envelope: Final = msgspec.json.Decoder(_Envelope)
_keyed: Final = msgspec.json.Decoder(_Keyed)


def parse_line(text: str | bytes) -> Line | BadLine:
    """Return the record that a line stands for, or why it stands for none."""
    try:
        return _line(_envelope.decode(text))
    except UnicodeDecodeError:
        return BadLine("not UTF-8")
    except RecursionError:
        return BadLine("nested too deep")
    except msgspec.ValidationError as error:
        return BadLine(f"not an event: {error}")
    except msgspec.DecodeError as error:
        return BadLine(f"not JSON: {error}")


def policy_of_line(text: bytes) -> bytes | None:
    """Return the value of a line that publishes a policy, for whoever folds a file; None of any other line."""
    if POLICIES.encode() not in text:
        return None
    try:
        envelope = _envelope.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    raw = envelope.data if envelope.topic is None else envelope.value
    return bytes(raw) if POLICIES in {envelope.topic, envelope.type} and not isinstance(raw, UnsetType) else None


def _line(envelope: _Envelope) -> Line | BadLine:
    is_cloud_event = envelope.topic is None
    topic = envelope.type if is_cloud_event else envelope.topic
    raw = envelope.data if is_cloud_event else envelope.value
    if topic is None or isinstance(raw, UnsetType):
        return BadLine('neither {"topic", "value"} nor a CloudEvent with type and data')
    if topic not in MESSAGE_TYPES:
        return BadLine(f"{topic!r} is no topic of the intake ({', '.join(MESSAGE_TYPES)})")
    value = bytes(raw)
    keyed = _Keyed() if value == NULL else _keyed.decode(value)
    key = envelope.key if envelope.key is not None else keyed.account_id
    if not isinstance(key, str):
        return BadLine("the value has no account_id to key the record by")
    return Line(
        topic,
        key.encode(),
        None if value == NULL else value,
        list(_headers(topic, envelope, keyed).items()),
        envelope.traceparent,
    )


def _headers(topic: str, envelope: _Envelope, keyed: _Keyed) -> dict[str, bytes]:
    """Return CloudEvents' attributes in binary mode; those that the event lacks are left out."""
    found = {
        "ce_id": envelope.id or keyed.event_id,
        "ce_type": topic,
        "ce_source": envelope.source or SOURCE,
        "ce_time": envelope.time or keyed.occurred_at,
        "traceparent": envelope.traceparent,
    }
    headers = {name: text.encode() for name, text in found.items() if isinstance(text, str) and text}
    return {"ce_specversion": SPEC_VERSION, **headers, "content-type": b"application/json"}
