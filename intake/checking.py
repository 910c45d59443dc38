"""An event as the record that Kafka gets, or why it is refused: by the codec that the worker refuses by."""

import re
from datetime import UTC
from typing import Final, NamedTuple

from intake.formats import BadEvent, Event
from intake.keys import Known
from relationship.contract.outcome import Refused
from streams.kafka.outgoing import cloud_event_headers
from streams.kafka.publisher import ProducerRecord
from streams.wire.codecs import Codec

TRACEPARENT: Final = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


class Checked(NamedTuple):
    """An event that was looked at: a record to store, or a status and a reason.

    Attributes:
        id: the message's `event_id`, by which the worker knows a repeat; that of the CloudEvent where it is refused.
        status: 202 once it is stored, 403 or 422.
        text: why it is refused, one line.
    """

    id: str | None
    status: int
    text: str | None = None
    record: ProducerRecord | None = None


def check(event: Event | BadEvent, known: Known, codec: Codec, now_us: int, traceparent: str | None) -> Checked:
    """Return the record of an event, keyed by its account, or why there is none.

    The record's source is the key's name, whatever the event says: nobody speaks for another, nor for the worker. Its id is
    the message's, and its bytes are those that were sent.
    """
    if isinstance(event, BadEvent):
        return Checked(event.id, 422, event.text)
    if event.type not in known.source.topics:
        return Checked(event.id, 403, f"type: this key may send {', '.join(known.source.topics)}")
    message = codec.decode_value(event.type, event.data, now_us)
    if isinstance(message, Refused):
        return Checked(event.id, 422, f"{message.reason}: {message.text}")
    time = message.occurred_at.astimezone(UTC).isoformat()
    trace = traceparent if traceparent is not None and TRACEPARENT.fullmatch(traceparent) else None
    headers = cloud_event_headers(event.type, message.event_id, known.name.encode(), time, trace)
    record = ProducerRecord(event.type, None, message.account_id.encode(), event.data, headers)
    return Checked(message.event_id, 202, None, record)
