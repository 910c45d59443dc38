"""Publish a file's records: keyed with murmur2, in order within an account, each confirmed by all copies in sync.

Records travel in batches that are built here, as the worker's do (`streams/kafka/publisher.py`): aiokafka's `send` costs
five times what all else does. The record's timestamp is left to the broker: the intake topics take the time of arrival,
which retention counts from. When something happened is in the message.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import MessageSizeTooLargeError
from aiokafka.producer.message_accumulator import BatchBuilder

from streams.config.settings import Settings
from streams.kafka.admin import REQUEST_TIMEOUT_MS, TopicsError, admin_client, read_topics
from streams.kafka.partitioning import partition_of_key
from streams.kafka.publisher import BATCH_BYTES, ProducerRecord
from streams.kafka.refusals import Place
from streams.kafka.topics import HEADERS_BYTES

# How much newer than an account's records of other topics one may be and be under way with them. Well below the days that
# an event may be late, and enough that a file of many accounts waits seldom.
TOGETHER: Final = timedelta(days=7)
# Keys whose partition is remembered: murmur2 is Python, and costs as much as the rest of a record.
KEYS_REMEMBERED: Final = 1_000_000
# Bytes of a batch that are not its records.
BATCH_OVERHEAD: Final = 1_024


@asynccontextmanager
async def producer(settings: Settings) -> AsyncIterator[AIOKafkaProducer]:
    """Give a producer that neither loses nor doubles, and close it when all is sent."""
    largest = settings.max_record_bytes + HEADERS_BYTES
    started = AIOKafkaProducer(
        **settings.kafka_client_options(),
        acks="all",
        enable_idempotence=True,
        max_batch_size=min(BATCH_BYTES, largest - BATCH_OVERHEAD),
        max_request_size=largest,
        request_timeout_ms=REQUEST_TIMEOUT_MS,
    )
    try:
        await started.start()
        yield started
    finally:
        await started.stop()


async def require_topics(settings: Settings, names: Collection[str]) -> None:
    """Raise TopicsError where one of the topics is missing: a producer would wait for it without a word."""
    async with admin_client(settings) as client:
        missing = set(names) - (await read_topics(client, list(names))).keys()
    if missing:
        raise TopicsError(f"there is no topic {', '.join(sorted(missing))}; run `clientward topics apply`")


async def send_batch(client: AIOKafkaProducer, records: Sequence[ProducerRecord]) -> list[str | None]:
    """Send records and wait until they are stored. For each: None, or why the brokers never take this one.

    Raises KafkaError for what would meet every record, such as a broker that is away.
    """
    outcomes: list[str | None] = [None] * len(records)
    for run in runs(records):
        await _send_run(client, records, run, outcomes)
    return outcomes


def runs(records: Sequence[ProducerRecord]) -> Iterator[range]:
    """Cut records, which come in order, where one has to wait until those before it are stored; yield the parts' places.

    A broker stores the partitions of a request one after another, and a worker may read in between. Were an account's
    record there before one of another topic that happened a month earlier, the earlier one would be refused as LATE. All
    that follows waits too: a partition's clock goes by its newest record, and would let older accounts lapse too soon.
    """
    start = 0
    oldest: dict[bytes | None, dict[str, date]] = {}
    for number, record in enumerate(records):
        day = _day(record)
        if day is None:
            continue
        days = oldest.get(record.key)
        if days is None:
            oldest[record.key] = {record.topic: day}
            continue
        for topic, other in days.items():
            if topic != record.topic and day - other > TOGETHER:
                yield range(start, number)
                start, oldest = number, {record.key: (days := {})}
                break
        if record.topic not in days or day < days[record.topic]:
            days[record.topic] = day
    yield range(start, len(records))


def _day(record: ProducerRecord) -> date | None:
    """Return the day on which a record's message happened, by its header; None where it does not say."""
    for name, value in record.headers:
        if name == "ce_time" and value is not None:
            return _date(value[:10])
    return None


@lru_cache(maxsize=20_000)  # days: more than fifty years
def _date(text: bytes) -> date | None:
    try:
        return date.fromisoformat(text.decode())
    except ValueError:
        return None


class _Batch(NamedTuple):
    """Records on their way to one partition, and where they stand among those that were given."""

    place: Place
    builder: BatchBuilder
    numbers: list[int]


async def _send_run(
    client: AIOKafkaProducer, records: Sequence[ProducerRecord], run: range, outcomes: list[str | None]
) -> None:
    """Send records that may travel together. What the broker finds too large is tried again one by one."""
    counts = {topic: len(await client.partitions_for(topic)) for topic in {records[number].topic for number in run}}
    batches = _batches(client, records, run, counts)
    for batch, outcome in zip(batches, await _stored(client, batches), strict=True):
        if isinstance(outcome, MessageSizeTooLargeError):
            await _send_apart(client, records, batch, outcomes)
        elif isinstance(outcome, BaseException):
            raise outcome


def _batches(
    client: AIOKafkaProducer, records: Sequence[ProducerRecord], run: range, counts: Mapping[str, int]
) -> list[_Batch]:
    """Return the batches of records by partition, each in order."""
    full: list[_Batch] = []
    filling: dict[Place, _Batch] = {}
    for number in run:
        record = records[number]
        place = (record.topic, _partition(record.key or b"", counts[record.topic]))
        batch = filling.get(place)
        if batch is None or not _append(batch, record, number):
            if batch is not None:
                full.append(batch)
            batch = filling[place] = _Batch(place, client.create_batch(), [])
            _append(batch, record, number)  # an empty batch takes a record of any size
    return [*full, *filling.values()]


_partition = lru_cache(maxsize=KEYS_REMEMBERED)(partition_of_key)


def _append(batch: _Batch, record: ProducerRecord, number: int) -> bool:
    headers: Any = record.headers
    added = batch.builder.append(timestamp=int(time.time() * 1000), key=record.key, value=record.value, headers=headers)
    if added is None:
        return False
    batch.numbers.append(number)
    return True


async def _stored(client: AIOKafkaProducer, batches: Sequence[_Batch]) -> list[Any]:
    """Return what came of batches: where each is stored, or its error."""
    sent = [await client.send_batch(each.builder, each.place[0], partition=each.place[1]) for each in batches]
    return await asyncio.gather(*sent, return_exceptions=True)


async def _send_apart(
    client: AIOKafkaProducer, records: Sequence[ProducerRecord], batch: _Batch, outcomes: list[str | None]
) -> None:
    """Send a batch's records one by one, in order, and note those that are too large."""
    for number in batch.numbers:
        alone = _Batch(batch.place, client.create_batch(), [])
        _append(alone, records[number], number)
        (outcome,) = await _stored(client, [alone])
        if isinstance(outcome, MessageSizeTooLargeError):
            outcomes[number] = f"{len(records[number].value or b'')} bytes are more than the topic allows"
        elif isinstance(outcome, BaseException):
            raise outcome
