"""What is used of a record, and what a message's bytes say. What cannot be read is passed over and counted."""

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final, Protocol, TypeVar

import msgspec

from relationship.contract.times import micros
from streams.wire.records import FetchedRecord

T = TypeVar("T")
_log: Final = logging.getLogger(__name__)


class Record(FetchedRecord, Protocol):
    """A record as aiokafka's `ConsumerRecord` has it: with its place."""

    @property
    def topic(self) -> str:
        """Its topic."""

    @property
    def partition(self) -> int:
        """Its partition's number."""


def read(records: Iterable[Record], decoder: "msgspec.json.Decoder[T]") -> Iterator[tuple[Record, T]]:
    """Give the records that are messages of this version; the others are logged and passed over."""
    for record in records:
        try:
            yield record, decoder.decode(record.value or b"")
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            place = f"{record.topic} partition {record.partition} offset {record.offset}"
            _log.warning("passed over: %s: %s", place, error)


def micros_of(text: str) -> int:
    """Return µs since the epoch of a time of the contract."""
    return micros(datetime.fromisoformat(text))


def account_of(record: Record) -> str | None:
    """Return the account of a record's key; None where it has none that can be read."""
    try:
        return None if record.key is None else record.key.decode()
    except UnicodeDecodeError:
        return None
