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
    headers = [
        ("ce_specversion", SPEC_VERSION),
        ("ce_id", outgoing.event_id.encode()),
        ("ce_type", outgoing.topic.encode()),
        ("ce_source", OWN_SOURCE),
        ("ce_time", outgoing.time.encode()),
        ("content-type", CONTENT_TYPE),
    ]
    if outgoing.traceparent:
        headers.append((TRACEPARENT, outgoing.traceparent.encode()))
    return ProducerRecord(outgoing.topic, partition, outgoing.key.encode() or None, outgoing.value, headers)
