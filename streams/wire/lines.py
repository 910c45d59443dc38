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

SOURCE: Final = "clientward-cli"
NULL: Final = b"null"

Header = tuple[str, bytes]
SPEC_HEADER: Final[Header] = ("ce_specversion", b"1.0")
SOURCE_HEADER: Final[Header] = ("ce_source", SOURCE.encode())
CONTENT_HEADER: Final[Header] = ("content-type", b"application/json")
_TYPE_HEADERS: Final[dict[str, Header]] = {topic: ("ce_type", topic.encode()) for topic in MESSAGE_TYPES}
#: What stands before the value in a line as this project writes it, with and without blanks.
_BEFORE_VALUE: Final[dict[bytes, str]] = {
    form.format(topic).encode(): topic for topic in MESSAGE_TYPES for form in ('{{"topic": "{}", ', '{{"topic":"{}",')
}


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


class _Envelope(Struct, gc=False):
    topic: str | None = None
    type: str | None = None
    value: Raw | UnsetType = UNSET
    data: Raw | UnsetType = UNSET
    key: str | None = None
    id: str | None = None
    source: str | None = None
    time: str | None = None
    traceparent: str | None = None


class _Keyed(Struct, gc=False):
    account_id: Any = None
    event_id: Any = None
    occurred_at: Any = None


_envelope: Final = msgspec.json.Decoder(_Envelope)
_keyed: Final = msgspec.json.Decoder(_Keyed)


def parse_line(text: str | bytes) -> Line | BadLine:
    """Return the record that a line stands for, or why it stands for none."""
    quick = _quick(text) if isinstance(text, bytes) else None
    if quick is not None:
        return quick
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


def _quick(text: bytes) -> Line | None:
    """Return the record of a line that is written as we write them, or None: a third of what every other line costs."""
    before, _, rest = text.partition(b'"value":')
    topic = _BEFORE_VALUE.get(before)
    if topic is None:
        return None
    value = rest.strip()[:-1].strip()
    try:
        keyed = _keyed.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    key, event_id, time = keyed.account_id, keyed.event_id, keyed.occurred_at
    if not (type(key) is type(event_id) is type(time) is str and key and event_id and time):
        return None
    try:
        headers = [
            SPEC_HEADER,
            ("ce_id", event_id.encode()),
            _TYPE_HEADERS[topic],
            SOURCE_HEADER,
            ("ce_time", time.encode()),
            CONTENT_HEADER,
        ]
        return Line(topic, key.encode(), value, headers, None)
    except UnicodeEncodeError:
        return None


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
        _headers(topic, envelope, keyed),
        envelope.traceparent,
    )


def _headers(topic: str, envelope: _Envelope, keyed: _Keyed) -> list[Header]:
    """Return CloudEvents' attributes in binary mode; those that the event lacks are left out."""
    headers = [SPEC_HEADER]
    _add(headers, "ce_id", envelope.id or keyed.event_id)
    headers.append(_TYPE_HEADERS[topic])
    _add(headers, "ce_source", envelope.source or SOURCE)
    _add(headers, "ce_time", envelope.time or keyed.occurred_at)
    _add(headers, "traceparent", envelope.traceparent)
    headers.append(CONTENT_HEADER)
    return headers


def _add(headers: list[Header], name: str, text: Any) -> None:
    if isinstance(text, str) and text:
        headers.append((name, text.encode()))
