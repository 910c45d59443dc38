"""CloudEvents over HTTP, in the specification's three forms, as events whose data is still the bytes that were sent.

Bytes are kept, since the codec judges them: a parser's dict has lost repeated keys, and a number's digits.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import unquote

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

STRUCTURED: Final = "application/cloudevents+json"
BATCH: Final = "application/cloudevents-batch+json"
JSON: Final = "application/json"
VERSION: Final = "1.0"
REQUIRED: Final = ("specversion", "id", "source", "type")
MOST_EVENTS: Final = 10_000  # of a batch: as many as a worker takes at once


class Event(NamedTuple):
    """One CloudEvent: its id and type as sent, and its data's bytes."""

    id: str
    type: str
    data: bytes


class BadEvent(NamedTuple):
    """What is no CloudEvent: its id if it has one, and why, in one line."""

    id: str | None
    text: str


class BadRequestError(Exception):
    """A body that cannot be taken apart into events: a status of HTTP, and one line."""

    def __init__(self, status: int, line: str) -> None:
        super().__init__(line)
        self.status = status
        self.line = line


class _Envelope(Struct):
    specversion: str | None = None
    id: str | None = None
    source: str | None = None
    type: str | None = None
    datacontenttype: str | None = None
    data: Raw | UnsetType = UNSET
    data_base64: str | None = None


_envelope: Final = msgspec.json.Decoder(_Envelope)
_batch: Final = msgspec.json.Decoder(list[Raw])


def read_events(content_type: str, headers: Mapping[str, str], body: bytes) -> list[Event | BadEvent]:
    """Return the events of a request, of which each may be bad by itself. Raises BadRequestError.

    Args:
        content_type: the header, with or without parameters.
        headers: all headers, by lower-case names.
        body: the raw body.
    """
    media = content_type.partition(";")[0].strip().lower()
    if media == BATCH:
        return [_structured(bytes(each)) for each in _apart(body)]
    if media == STRUCTURED:
        return [_structured(body)]
    if "ce-specversion" in headers and media in {JSON, ""}:
        return [_binary(headers, body)]
    raise BadRequestError(415, f"send {STRUCTURED}, {BATCH}, or {JSON} with the headers ce-specversion, ce-id, …")


def _apart(body: bytes) -> list[Raw]:
    try:
        found = _batch.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequestError(400, f"the batch is no JSON array: {_line(error)}") from None
    if len(found) > MOST_EVENTS:
        raise BadRequestError(413, f"{len(found):,} events, where a batch may have {MOST_EVENTS:,}")
    return found


def _structured(text: bytes) -> Event | BadEvent:
    try:
        found = _envelope.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return BadEvent(None, f"not a CloudEvent in JSON: {_line(error)}")
    if found.data_base64 is not None or isinstance(found.data, UnsetType):
        return BadEvent(found.id, "no data; the message goes there as JSON, and not in data_base64")
    attributes = {name: getattr(found, name) or "" for name in REQUIRED}
    return _event(attributes, found.datacontenttype or JSON, bytes(found.data))


def _binary(headers: Mapping[str, str], body: bytes) -> Event | BadEvent:
    return _event({name: unquote(headers.get(f"ce-{name}", "")) for name in REQUIRED}, JSON, body)


def _event(attributes: Mapping[str, str], data_type: str, data: bytes) -> Event | BadEvent:
    id_ = attributes["id"] or None
    missing = [name for name in REQUIRED if not attributes[name]]
    if missing or id_ is None:
        return BadEvent(id_, f"the attribute {missing[0]} is missing")
    if attributes["specversion"] != VERSION:
        return BadEvent(id_, f"specversion: give {VERSION}")
    if data_type.partition(";")[0].strip().lower() != JSON:
        return BadEvent(id_, f"datacontenttype: give {JSON}")
    return Event(id_, attributes["type"], data)


def _line(error: Exception) -> str:
    """Return what a decoder says: a path and a kind, never a value."""
    return "nested too deep" if isinstance(error, RecursionError) else " ".join(str(error).split())
