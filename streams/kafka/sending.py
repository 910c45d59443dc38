"""Publish a file's records: keyed with murmur2, in order within an account, each confirmed by all copies in sync.

The record's timestamp is left to the broker: the intake topics take the time of arrival, which retention counts from.
When something happened is in the message.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import date, timedelta
from typing import Final, NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from streams.config.settings import Settings
from streams.kafka.admin import REQUEST_TIMEOUT_MS, TopicsError, admin_client, read_topics
from streams.kafka.topics import HEADERS_BYTES

# Milliseconds that a record waits for company: batches of a file fill at once, so this only bounds the last one.
LINGER_MS: Final = 5
# How much newer than an account's records of other topics one may be and be under way with them. Well below the days that
# an event may be late, and enough that a file of many accounts waits seldom.
TOGETHER: Final = timedelta(days=7)


class Record(NamedTuple):
    """One record to publish; one without a key goes to any partition."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


@asynccontextmanager
async def producer(settings: Settings) -> AsyncIterator[AIOKafkaProducer]:
    """Give a producer that neither loses nor doubles, and close it when all is sent."""
    started = AIOKafkaProducer(
        **settings.kafka_client_options(),
        acks="all",
        enable_idempotence=True,
        linger_ms=LINGER_MS,
        max_request_size=settings.max_record_bytes + HEADERS_BYTES,
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


async def send_batch(client: AIOKafkaProducer, records: Sequence[Record]) -> list[str | None]:
    """Send records and wait until they are stored. For each: None, or why the brokers never take this one.

    Raises KafkaError for what would meet every record, such as a broker that is away.
    """
    return [outcome for run in runs(records) for outcome in await _send_run(client, run)]


def runs(records: Sequence[Record]) -> Iterator[Sequence[Record]]:
    """Cut records, which come in order, where one has to wait until those before it are stored.

    A broker stores the partitions of a request one after another, and a worker may read in between. Were an account's
    record there before one of another topic that happened a month earlier, the earlier one would be refused as LATE.
    """
    start = 0
    oldest: dict[bytes | None, dict[str, date]] = {}
    for number, record in enumerate(records):
        day = _day(record)
        if day is None:
            continue
        days = oldest.setdefault(record.key, {})
        if any(day - other > TOGETHER for topic, other in days.items() if topic != record.topic):
            yield records[start:number]
            start = number
            oldest = {record.key: (days := {})}
        days[record.topic] = min(day, days.get(record.topic, day))
    yield records[start:]


def _day(record: Record) -> date | None:
    """Return the day on which a record's message happened, by its header; None where it does not say."""
    for name, value in record.headers:
        if name == "ce_time":
            try:
                return date.fromisoformat(value[:10].decode())
            except ValueError:
                return None
    return None


async def _send_run(client: AIOKafkaProducer, records: Sequence[Record]) -> list[str | None]:
    under_way = [await _send(client, record) for record in records]
    stored = await asyncio.gather(*(each for each in under_way if not isinstance(each, str)), return_exceptions=True)
    for outcome in stored:
        if isinstance(outcome, BaseException) and not isinstance(outcome, MessageSizeTooLargeError):
            raise outcome
    outcomes = iter(stored)
    return [each if isinstance(each, str) else _refusal(next(outcomes)) for each in under_way]


async def _send(client: AIOKafkaProducer, record: Record) -> "asyncio.Future[object] | str":
    try:
        sent: asyncio.Future[object] = await client.send(
            record.topic, value=record.value, key=record.key, headers=list(record.headers)
        )
    except MessageSizeTooLargeError:
        return _too_large(len(record.value or b""))
    return sent


def _refusal(outcome: object) -> str | None:
    return "larger than the topic allows" if isinstance(outcome, KafkaError) else None


def _too_large(size: int) -> str:
    return f"{size} bytes are more than the topic allows"
