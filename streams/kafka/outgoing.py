"""What the core sends, as records for Kafka: CloudEvents in binary mode."""

from typing import Final

from relationship.contract.outcome import Outgoing
from streams.kafka.publisher import ProducerRecord
from streams.wire.arrivals import TRACEPARENT
from streams.wire.codecs import OWN_SOURCE

SPEC_VERSION: Final = b"1.0"
CONTENT_TYPE: Final = b"application/json"


def sending_of(outgoing: Outgoing, partition: int | None) -> ProducerRecord:
    """Return a message of the core as a record with CloudEvents headers; where `partition` is None, its key says it."""
    headers = cloud_event_headers(outgoing.topic, outgoing.event_id, OWN_SOURCE, outgoing.time, outgoing.traceparent)
    return ProducerRecord(outgoing.topic, partition, outgoing.key.encode() or None, outgoing.value, headers)


def cloud_event_headers(
    topic: str, event_id: str, source: bytes, time: str, traceparent: str | None
) -> list[tuple[str, bytes | None]]:
    """Return the headers of a record that is a CloudEvent in binary mode; `time` is RFC 3339."""
    headers: list[tuple[str, bytes | None]] = [
        ("ce_specversion", SPEC_VERSION),
        ("ce_id", event_id.encode()),
        ("ce_type", topic.encode()),
        ("ce_source", source),
        ("ce_time", time.encode()),
        ("content-type", CONTENT_TYPE),
    ]
    if traceparent:
        headers.append((TRACEPARENT, traceparent.encode()))
    return headers
