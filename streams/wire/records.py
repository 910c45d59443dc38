"""What is fetched from Kafka, as values: a record, and the batch that one fetch brought of one partition."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from faust.types import TP

Header = tuple[str, bytes | None]


class FetchedRecord(Protocol):
    """What is needed of a fetched record: the parser's own has it, and `ConsumerRecord`. Its place is its batch's."""

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
    """What one fetch brought of one partition.

    Attributes:
        tp: topic and partition.
        records: in order; empty where only the position or the end moved.
        start: the position of the batch before, or where the partition was sought to: so a lost batch is noticed.
        position: the offset of the next record to fetch. It may be beyond the last record: markers, compaction.
        highwater: the offset that the partition's next new record will have.
        generation: of the seek that these records follow.
    """

    tp: TP
    records: Sequence[FetchedRecord]
    start: int
    position: int
    highwater: int
    generation: int
