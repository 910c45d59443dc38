"""Decodes the bytes of an intake record into a message, or a refusal with its reason. This is the hot path.

The rules, of which the first one broken is reported: the topic's own type (VERSION); within the limits of size and depth
(SIZE); well-formed JSON in UTF-8 without a repeated key (DECODE); version 1 (VERSION); the contract's fields (SCHEMA); a
time between 1970-01-02 and a little after now (TIME); keyed by its own account (KEY). CONFLICT and LATE depend on the
account's history and are decided by the core.

A valid record costs one pass of msgspec and some counting; `explain_faults` examines all others. A refusal's text names a
field's path and its fault, and never a value, since values can be personal data.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import msgspec
from msgspec.structs import astuple

from relationship.contract.messages import (
    COMMANDS,
    MEETINGS,
    MESSAGE_TYPES,
    MOVES,
    PROFILES,
    PURCHASES,
    REFERRALS,
    TICKETS,
    Command,
    Message,
    Profile,
    erased_profile,
    follows_erasure,
)
from relationship.contract.outcome import Reason, Refused
from relationship.contract.times import MINUTE_US
from streams.wire.arrivals import EPOCH, Arrival, arrival_of
from streams.wire.explain_faults import UNREADABLE, explain, find_flaw
from streams.wire.records import FetchedRecord
from streams.wire.rules import MAX_ACCOUNT_BYTES, RULES, bad_field, bad_version, broken_rule, is_known
from streams.wire.shapes import SHAPES

# Earlier times come from clocks that were never set: epoch 0 in any time zone, and the year 1.
EARLIEST_US: Final = 86_400_000_000
EARLIEST: Final = EPOCH + timedelta(microseconds=EARLIEST_US)
TYPE_HEADER: Final = "ce_type"
SOURCE_HEADER: Final = "ce_source"
OWN_SOURCE: Final = b"clientward"  # of what the worker publishes itself
CURRENT: Final = "1.0"

# The topic of a correction's value where none is given: the first whose field it has, else the profile's.
MARKS: Final = {
    "amount": PURCHASES,
    "ticket_id": TICKETS,
    "meeting_id": MEETINGS,
    "referred": REFERRALS,
    "history": MOVES,
    "command": COMMANDS,
}

Headers = Iterable[tuple[str, bytes | None]]


class Limits(NamedTuple):
    """The limits of a record: bytes of value, levels of nesting, and µs ahead of wall-clock time."""

    max_record_bytes: int = 1_000_000
    max_depth: int = 32
    future_us: int = 5 * MINUTE_US


class Codec:
    """Decodes intake records. It has no state but its limits, and raises nothing, whatever the bytes."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._max_bytes = limits.max_record_bytes
        self._future_us = limits.future_us

    def decode(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        now_us: int,
        *,
        offset: int,
        timestamp_us: int,
        headers: Headers = (),
    ) -> Message | Refused:
        """Return the message of one record, or why it is refused.

        A null value on the profile topic is a tombstone: a profile without facts, at the record's own timestamp.

        Args:
            topic: the record's topic.
            key: the record's key, which must be the account's id in UTF-8.
            value: the record's value; None is Kafka's null.
            now_us: wall-clock time, µs since the epoch.
            offset: the record's offset, from which a tombstone's event_id is made.
            timestamp_us: the record's timestamp, µs since the epoch.
            headers: the record's headers, of which `ce_type` is checked.
        """
        own = False
        for name, content in headers:
            own |= name == SOURCE_HEADER and content == OWN_SOURCE
            if name == TYPE_HEADER and content is not None and content != topic.encode():
                return Refused(Reason.VERSION, "the header ce_type names another type than the topic's")
        if value is None:
            tombstone = self._tombstone(topic, key, now_us, offset, timestamp_us)
            return erased_profile(tombstone) if own and isinstance(tombstone, Profile) else tombstone
        message = self.decode_value(topic, value, now_us)
        if isinstance(message, Refused) or message.account_id.encode() == key:
            return message
        return _bad_key(key)

    def arrivals(self, topic: str, records: Iterable[FetchedRecord], now_us: int, last: datetime) -> list[Arrival]:
        """Return each record of one topic, decoded. `last` is the event time of the record before them.

        This is the hot path: a record without headers that breaks no rule is decoded in the loop itself, where calls would
        cost more than the checks, which are those of `Shape.is_plain`, `_broken` and `decode`. Any other record is decoded
        by `decode`.
        """
        shape = SHAPES[topic]
        decode, is_flat, marks, unquoted_of = shape.decoder.decode, shape.flat, shape.marks, shape.unquoted_of
        rule = RULES.get(MESSAGE_TYPES[topic])
        latest = EPOCH + timedelta(microseconds=now_us + self._future_us)
        arrivals: list[Arrival] = []
        for record in records:
            key, value = record.key, record.value
            if is_flat and value is not None and not record.headers and len(value) <= self._max_bytes:
                try:
                    message = decode(value)
                except UNREADABLE:
                    pass  # `decode` returns the reason
                else:
                    at = message.occurred_at
                    if (
                        value.count(b'"')
                        == marks - 4 * astuple(message).count(None) + 2 * unquoted_of(message).count(None)
                        and message.schema_version is None
                        and EARLIEST <= at <= latest
                        and message.account_id.encode() == key
                        and len(key) <= MAX_ACCOUNT_BYTES
                        and (rule is None or rule(message) is None)
                    ):
                        last = at
                        arrivals.append(Arrival(topic, record.offset, message, None, False, at, record))  # noqa: FBT003
                        continue
            decoded = self._decoded(topic, record, now_us)
            if not isinstance(decoded, Refused) and not follows_erasure(decoded):
                last = decoded.occurred_at  # a tombstone of ours has the wall's time, whatever the stream's is
            arrivals.append(arrival_of(topic, record, decoded, last))
        return arrivals

    def _decoded(self, topic: str, record: FetchedRecord, now_us: int) -> Message | Refused:
        key, value, headers = record.key, record.value, record.headers
        stamp = record.timestamp * 1000
        return self.decode(topic, key, value, now_us, offset=record.offset, timestamp_us=stamp, headers=headers)

    def decode_value(self, topic: str, value: bytes, now_us: int) -> Message | Refused:
        """Return the message in `value`, or why it is refused; for the lines of files, which have no key."""
        shape = SHAPES.get(topic)
        if shape is None:
            return Refused(Reason.VERSION, "no message type is known for this topic")
        if len(value) > self._max_bytes:
            return Refused(Reason.SIZE, f"{len(value)} bytes, where {self._max_bytes} are allowed")
        try:
            message = shape.decoder.decode(value)
        except UNREADABLE as error:
            return explain(value, MESSAGE_TYPES[topic], error, self._limits.max_depth)
        if not shape.is_plain(message, value) and (flaw := find_flaw(value, self._limits.max_depth)):
            return flaw
        return self._broken(message, now_us) or message

    def _broken(self, message: Message, now_us: int) -> Refused | None:
        """Return the first rule that a decoded message breaks: version, contract, time, correction; or None."""
        version = message.schema_version
        if version is not None and version != CURRENT and not is_known(version):
            return bad_version()
        if broken := broken_rule(message):
            return broken
        time_us = message.occurred_at.timestamp() * 1e6
        if not EARLIEST_US <= time_us <= now_us + self._future_us:
            return self._bad_time("$.occurred_at", time_us)
        return self._bad_correction(message, now_us) if isinstance(message, Command) else None

    def _bad_time(self, what: str, time_us: float) -> Refused:
        """Return the TIME refusal of a time that no clock that is set shows."""
        if time_us < EARLIEST_US:
            return Refused(Reason.TIME, f"{what}: before 1970-01-02, which only a clock that was never set shows")
        return Refused(Reason.TIME, f"{what}: more than {self._future_us / MINUTE_US:g} minutes ahead of the clock")

    def _bad_correction(self, command: Command, now_us: int) -> Refused | None:
        """Return why a correction's value cannot replace the message that it corrects, or None."""
        value = command.value
        if command.command != "correct" or not isinstance(value, dict):
            return None
        message = self.decode_value(command.topic or _topic_of(value), msgspec.json.encode(value), now_us)
        if isinstance(message, Refused):
            return Refused(message.reason, message.text.replace("$", "$.value", 1))
        if message.event_id != command.corrects:
            return bad_field("$.value.event_id", "not the event_id that the command corrects")
        if message.account_id != command.account_id:
            return bad_field("$.value.account_id", "not the account_id of the command")
        return None

    def _tombstone(
        self, topic: str, key: bytes | None, now_us: int, offset: int, timestamp_us: int
    ) -> Profile | Refused:
        """Return the empty profile that a null value means."""
        if topic != PROFILES:
            return Refused(Reason.DECODE, f"a null value, which only {PROFILES} may have")
        try:
            account_id = key.decode() if key and len(key) <= MAX_ACCOUNT_BYTES else None
        except UnicodeDecodeError:
            account_id = None
        if account_id is None:
            return _bad_key(key)
        if not EARLIEST_US <= timestamp_us <= now_us + self._future_us:
            return self._bad_time("the record's timestamp", timestamp_us)
        occurred_at = EPOCH + timedelta(microseconds=timestamp_us)
        return Profile(event_id=f"tombstone:{offset}", account_id=account_id, occurred_at=occurred_at)


def _topic_of(value: dict[str, Any]) -> str:
    """Return the topic of a correction's value, by the first field that only that topic requires."""
    return next((topic for mark, topic in MARKS.items() if mark in value), PROFILES)


def _bad_key(key: bytes | None) -> Refused:
    """Return the KEY refusal of a record."""
    return Refused(Reason.KEY, "the record's key is no account_id, or not the one of its value" if key else "no key")
