"""From a record's bytes to its message. Pure.

Raises `VersionError` for a newer major version, and `UnreadableError` for whatever else the contract does not allow.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, Protocol, TypeVar

import msgspec

from clientward_client.errors import UnreadableError, VersionError
from clientward_client.messages import MAJOR, Decision, Gone, State

Header = tuple[str, bytes | None]
_Message = TypeVar("_Message", Decision, State)
_REASONS: Final = {"erase": "erased", "merge": "merged"}


class Record(Protocol):
    """What is used of a record that Kafka delivers; aiokafka's `ConsumerRecord` has it."""

    @property
    def topic(self) -> str:
        """Its topic."""

    @property
    def partition(self) -> int:
        """Its partition's number."""

    @property
    def offset(self) -> int:
        """Its offset in the partition."""

    @property
    def timestamp(self) -> int:
        """When the broker stored it, in ms since the epoch."""

    @property
    def key(self) -> bytes | None:
        """The account's id."""

    @property
    def value(self) -> bytes | None:
        """JSON; None is a tombstone."""

    @property
    def headers(self) -> Sequence[Header]:
        """CloudEvents attributes, `ce_…`, and `traceparent`."""


class _Head(msgspec.Struct):
    event_id: str = ""
    schema_version: Any = "1.0"


class Place(NamedTuple):
    """Where a record stands, for an error's text."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic} partition {self.partition} offset {self.offset}"


_head: Final = msgspec.json.Decoder(_Head)
_decision: Final = msgspec.json.Decoder(Decision)
_state: Final = msgspec.json.Decoder(State)


def decode_decision(value: bytes | None, where: object = "a message") -> Decision:
    """Return a reclassification. `where` names its place in an error's text."""
    if value is None:
        raise UnreadableError(f"{where}: a reclassification without a value; nothing of Clientward's writes one")
    decision = _decoded(_decision, value, where)
    return msgspec.structs.replace(decision, stands_for=()) if decision.stands_for else decision


def decode_state(value: bytes, where: object = "a message") -> State:
    """Return an account's state."""
    return _decoded(_state, value, where)


def decode_state_record(record: Record) -> State | Gone:
    """Return what a record of the topic of states says: where the account stands, or that it is gone."""
    return gone_of(record) if record.value is None else decode_state(record.value, place_of(record))


def gone_of(record: Record) -> Gone:
    """Return what a tombstone says."""
    if record.key is None:
        raise UnreadableError(f"{place_of(record)}: a tombstone without a key; nothing of Clientward's writes one")
    headers = dict(record.headers)
    event_id, time = _text(headers.get("ce_id")), _text(headers.get("ce_time"))
    reason: Any = _REASONS.get(event_id.partition("-")[0], "unknown")
    return Gone(account_id=_text(record.key), reason=reason, event_id=event_id, at=_moment(time))


def id_of(record: Record) -> str:
    """Return a decision's id: its header's where there is one, which saves reading the value; empty where it has none."""
    for name, value in record.headers:
        if name == "ce_id" and value:
            return _text(value)
    try:
        return _head.decode(record.value or b"{}").event_id
    except msgspec.MsgspecError:
        return ""


def place_of(record: Record) -> Place:
    """Return where a record stands."""
    return Place(record.topic, record.partition, record.offset)


def _decoded(decoder: "msgspec.json.Decoder[_Message]", value: bytes, where: object) -> _Message:
    try:
        message = decoder.decode(value)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        _refuse_newer(_version(value), where)
        raise UnreadableError(f"{where}: {error}; compare it with the contract's schema of its topic") from None
    _refuse_newer(message.schema_version, where)
    return message


def _version(value: bytes) -> Any:
    try:
        return _head.decode(value).schema_version
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ""


def _refuse_newer(version: Any, where: object) -> None:
    major = str(version).partition(".")[0]
    if major.isdecimal() and int(major) > MAJOR:
        raise VersionError(
            f"{where}: written by version {version} of the contract, and this client reads {MAJOR}.x: "
            "install a newer clientward-client, or follow the topic of that version"
        )


def _text(value: bytes | None) -> str:
    return (value or b"").decode("utf-8", "replace")


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None
