"""What is fetched from Kafka, as values: a record, and the batch that one fetch returned for one partition."""

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

import msgspec
from faust.types import TP

Header = tuple[str, bytes | None]


class FetchedRecord(Protocol):
    """The attributes that are used of a fetched record: both the parser's own type and `ConsumerRecord` have them."""

    @property
    def offset(self) -> int:
        """Its offset in the partition."""

    @property
    def timestamp(self) -> int:
        """Its timestamp, in ms since the epoch."""

    @property
    def key(self) -> bytes | None:
        """Its key."""

    @property
    def value(self) -> bytes | None:
        """Its value; None is Kafka's null."""

    @property
    def headers(self) -> Sequence[Header]:
        """Its headers, in order; a name can occur more than once."""


class Batch(NamedTuple):
    """What one fetch returned for one partition.

    Attributes:
        tp: topic and partition.
        records: in order; empty where only the position or the end moved.
        start: the position after the batch before, or of the seek, by which a lost batch is detected.
        position: the offset of the next record to fetch. It may be beyond the last record: markers, compaction.
        highwater: the offset that the partition's next new record will have.
        generation: that of the seek before these records.
    """

    tp: TP
    records: Sequence[FetchedRecord]
    start: int
    position: int
    highwater: int
    generation: int


class _Command(msgspec.Struct):
    command: str


_decode: Final = msgspec.json.Decoder(_Command).decode


def may_erase(value: bytes | None) -> bool:
    """Tell whether a record of the commands' topic asks for an erasure; whether it is one that counts the codec says."""
    try:
        return _decode(value or b"").command == "erase"
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
