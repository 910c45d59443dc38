"""What Kafka refuses to store, as errors of one line: everything that is published, or single records for what they are."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from aiokafka.errors import KafkaError, MessageSizeTooLargeError, RecordListTooLargeError

#: A topic and a partition of it.
Place = tuple[str, int]
#: A record of a place: key, value, headers.
KeyValueHeaders = tuple[bytes | None, bytes | None, list[tuple[str, bytes | None]]]
#: Errors by which a broker refuses a batch for what is in it, and would take it without.
BY_RECORD: Final = (MessageSizeTooLargeError, RecordListTooLargeError)


class PublishRefusedError(RuntimeError):
    """Kafka refuses a record for good. The text is one line that names the topic and what to do."""


class RefusedRecord(NamedTuple):
    """A record that Kafka refuses by itself, its place, and with which error."""

    place: Place
    record: KeyValueHeaders
    error: KafkaError


class RecordsRefusedError(PublishRefusedError):
    """Kafka refuses some records for what they are, and has stored all others.

    Attributes:
        refused: those records, one at least.
        stored: the last offset of each partition that took any.
    """

    def __init__(self, refused: Sequence[RefusedRecord], stored: Mapping[Place, int]) -> None:
        (topic, partition), (_, value, _), error = refused[0]
        super().__init__(
            f"Kafka refuses {len(refused)} of the records, the first one of {len(value or b''):,} bytes for {topic} "
            f"partition {partition}: {error!r}; raise the topic's max.message.bytes (`clientward topics`)"
        )
        self.refused, self.stored = refused, stored
