"""Messages as the records that Kafka gets, judged by the worker's own codec; and refused records as dead letters."""

import time
from collections.abc import Sequence
from datetime import UTC
from typing import Any

import msgspec
from aiokafka import ConsumerRecord
from faust.types import TP

from adapting.changes import plain
from adapting.mapping import Mapped
from relationship.contract.outcome import REJECTED, Reason, Refused
from streams.kafka.outgoing import cloud_event_headers
from streams.kafka.publisher import ProducerRecord
from streams.wire.codecs import Codec
from streams.wire.dead_letters import dead_letter


def records_of(mapped: Sequence[Mapped], source: str, codec: Codec) -> list[ProducerRecord] | Refused:
    """Return the records of one foreign record's messages, or why the worker would refuse one: then none is sent."""
    now_us = time.time_ns() // 1000
    found = []
    for topic, message in mapped:
        value = msgspec.json.encode(plain(message))
        judged = codec.decode_value(topic, value, now_us)
        if isinstance(judged, Refused):
            return judged
        at = message.occurred_at.astimezone(UTC).isoformat()
        headers = cloud_event_headers(topic, message.event_id, source.encode(), at, None)
        found.append(ProducerRecord(topic, None, message.account_id.encode(), value, headers))
    return found


def letter_of(record: ConsumerRecord, refused: Refused) -> ProducerRecord:
    """Return the dead letter of a foreign record."""
    place: Any = record  # its fields are those of what the engine fetches
    letter = dead_letter(TP(record.topic, record.partition), place, refused, now=time.time_ns() // 1000)
    return ProducerRecord(REJECTED, None, letter.key, letter.value, letter.headers)


def refusal(reason: Reason, text: str) -> Refused:
    """Return a refusal in one line."""
    return Refused(reason, " ".join(text.split()))
