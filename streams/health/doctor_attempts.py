"""The doctor's attempts on Kafka: a record written and read back, what the user may do, and the broker's clock."""

import asyncio
import time
from typing import Any, Final
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from clientward_client.certificates import inspect
from streams.config.settings import Settings
from streams.health.doctor_redis import check_clock
from streams.health.finding import Finding
from streams.kafka.admin import REQUEST_TIMEOUT_MS
from streams.kafka.sending import producer
from streams.kafka.topics import probe_topic
from streams.rights.allowed import Missing, missing_rights
from streams.rights.kafka_acls import add_line
from streams.rights.parts import Part, Right

# Seconds for a record to be stored by all copies in sync, and for it to be read back.
WITHIN_SECONDS: Final = 10.0


async def check_round_trip(settings: Settings) -> list[Finding]:
    """Write a record to the doctor's own topic, wait for all copies in sync, and read it back."""
    topic, written = probe_topic(settings), uuid4().hex.encode()
    began = time.time()
    try:
        async with asyncio.timeout(WITHIN_SECONDS), producer(settings) as client:
            stored = await client.send_and_wait(topic, written, partition=0)
    except (KafkaError, TimeoutError) as error:
        advice = (
            "see whether enough brokers are up for min.insync.replicas and their disks are not full; where the topic's "
            "settings are others run `clientward topics apply`"
        )
        return [Finding("fail", "produce", f"{topic} takes no record: {error or 'no answer'}", advice)]
    ended = time.time()
    skew = stored.timestamp / 1000 - (began + ended) / 2
    clock = check_clock("the broker's", skew, settings.future_minutes * 60)
    produced = Finding("ok", "produce", f"a record was stored in {topic} in {(ended - began) * 1000:.0f} ms")
    return [produced, await _check_consume(settings, TopicPartition(topic, 0), stored.offset, written), clock]


async def _check_consume(settings: Settings, tp: TopicPartition, offset: int, written: bytes) -> Finding:
    consumer = AIOKafkaConsumer(**settings.kafka_client_options(), request_timeout_ms=REQUEST_TIMEOUT_MS)
    try:
        async with asyncio.timeout(WITHIN_SECONDS), consumer:
            consumer.assign([tp])
            consumer.seek(tp, offset)
            record: Any = await consumer.getone(tp)
    except (KafkaError, TimeoutError) as error:
        advice = "see whether the partition has a leader, and whether the user may read"
        return Finding("fail", "consume", f"{tp.topic} gives no record: {error or 'no answer'}", advice)
    if record.value != written:
        return Finding("fail", "consume", f"{tp.topic} gave another record", "look at the brokers' logs")
    return Finding("ok", "consume", f"the record was read back from {tp.topic}")


async def check_rights(settings: Settings, part: Part) -> list[Finding]:
    """Name each right that a part needs and this user lacks. Raises KafkaError."""
    client = AIOKafkaClient(**settings.kafka_client_options(), request_timeout_ms=REQUEST_TIMEOUT_MS)
    try:
        await client.bootstrap()
        missing = await missing_rights(client, part)
    finally:
        await client.close()
    if missing:
        return [_denied(each, principal_of(settings), part) for each in missing]
    return [Finding("ok", "rights", f"the brokers allow all that the part {part.name!r} does")]


def _denied(missing: Missing, principal: str, part: Part) -> Finding:
    text = f"Kafka denies {missing.operation} on {missing.resource} {missing.name}"
    right = Right(missing.resource, (missing.name,), (missing.operation,), "")
    more = f"; `clientward security kafka-acls --part {part.name}` prints all"
    return Finding("fail", "rights", text, f"add the ACL: {add_line(principal, right)}{more}")


def principal_of(settings: Settings) -> str:
    """Return as whom a broker sees us, unless its rules for names say otherwise."""
    if settings.kafka_tokens is not None:
        return f"User:{settings.kafka_tokens.subject or 'SUBJECT-OF-THE-TOKEN'}"
    if "SASL" in settings.kafka_security_protocol:
        return f"User:{settings.kafka_username}"
    certificate = settings.kafka_certificate
    return f"User:{inspect(certificate).subject if certificate else 'ANONYMOUS'}"
