"""The doctor's attempts on Kafka: a record written and read back, what the user may do, and the broker's clock."""

import asyncio
import time
from typing import Any, Final
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from streams.config.settings import Settings
from streams.health.doctor_redis import check_clock
from streams.health.finding import Finding
from streams.kafka.admin import REQUEST_TIMEOUT_MS
from streams.kafka.rights import Missing, missing_rights
from streams.kafka.sending import producer
from streams.kafka.topics import probe_topic

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


async def check_rights(settings: Settings) -> list[Finding]:
    """Name each right that a worker needs and this user lacks. Raises KafkaError."""
    client = AIOKafkaClient(**settings.kafka_client_options(), request_timeout_ms=REQUEST_TIMEOUT_MS)
    try:
        await client.bootstrap()
        missing = await missing_rights(client, settings)
    finally:
        await client.close()
    if missing:
        return [_denied(each, settings.kafka_username or "ANONYMOUS") for each in missing]
    return [Finding("ok", "rights", "the brokers allow all that a worker does")]


def _denied(missing: Missing, user: str) -> Finding:
    text = f"Kafka denies {missing.operation} on {missing.resource} {missing.name}"
    advice = (
        f"add the ACL: kafka-acls --add --allow-principal User:{user} --operation {missing.operation} "
        f"--{missing.resource.lower()} {missing.name}"
    )
    return Finding("fail", "rights", text, advice)
