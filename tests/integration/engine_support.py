"""What the tests of the engine share: a worker to run, events to send, and what Redis and Kafka hold after it."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.structs import ConsumerRecord, TopicPartition
from counting import Count, decode
from deleted import until_deleted
from redis import Redis

from agents.worker import Worker
from clientward_store.keys import keys_of
from relationship.contract.messages import PURCHASES, TICKETS
from relationship.contract.outcome import Fold
from streams.config.settings import Settings
from streams.kafka.admin import admin_client, ensure_topics
from streams.kafka.topics import topics_for

PARTITIONS = 4
WITHIN_SECONDS = 60.0
LONG_AGO = datetime.now(UTC) - timedelta(days=2)
Event = tuple[str, str, bytes | None]  # topic, key, value


async def make_settings(kafka: str, redis: str, group: str, data: Path) -> Settings:
    """Return the settings of a small deployment, its topics made."""
    settings = Settings(
        kafka_bootstrap=kafka,
        redis_url=redis,  # type: ignore[arg-type]  # pydantic makes a secret of it
        group=group,
        partitions=PARTITIONS,
        web_port=0,
        data_dir=data,
    )
    await ensure_topics(settings)
    return settings


async def fresh_settings(kafka: str, redis: str, group: str, data: Path) -> Settings:
    """Return the settings of a deployment of a test alone, once the topics of the test before are gone."""
    bare = Settings(kafka_bootstrap=kafka, group=group)
    async with admin_client(bare) as client:
        await until_deleted(client, [spec.name for spec in topics_for(bare)])
    return await make_settings(kafka, redis, group, data)


@asynccontextmanager
async def running(settings: Settings, fold: Fold) -> AsyncIterator[Worker]:
    """Run a worker in this event loop, from when it is ready until the block ends."""
    worker, ready = Worker(settings, fold), asyncio.Event()
    task = asyncio.create_task(worker.run(lambda _: ready.set()))
    waiting = asyncio.create_task(ready.wait())
    try:
        async with asyncio.timeout(WITHIN_SECONDS):
            await asyncio.wait((task, waiting), return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
        yield worker
    finally:
        waiting.cancel()
        worker.stop()
        await task


async def settled(*workers: Worker) -> None:
    """Return when the workers have folded everything that Kafka has."""
    async with asyncio.timeout(WITHIN_SECONDS):
        for worker in workers:
            await worker.settled()


def purchase(number: int, account: str, *, currency: str = "EUR", at: datetime | None = None) -> Event:
    """Return a purchase, by default of two days ago and `number` seconds."""
    moment = at or LONG_AGO + timedelta(seconds=number)
    value = {
        "event_id": f"p{number}",
        "account_id": account,
        "occurred_at": moment.isoformat(),
        "amount": "9.50",
        "currency": currency,
    }
    return PURCHASES, account, json.dumps(value).encode()


def ticket(number: int, account: str) -> Event:
    """Return a ticket that was opened."""
    value = {
        "event_id": f"t{number}",
        "account_id": account,
        "occurred_at": (LONG_AGO + timedelta(seconds=number)).isoformat(),
        "ticket_id": f"ticket {number}",
        "status": "opened",
        "kind": "question",
    }
    return TICKETS, account, json.dumps(value).encode()


async def send(settings: Settings, events: Iterable[Event]) -> None:
    """Publish events and wait until Kafka has them."""
    producer = AIOKafkaProducer(bootstrap_servers=settings.bootstrap_servers)
    await producer.start()
    try:
        await asyncio.gather(*[await producer.send(topic, value, key=key.encode()) for topic, key, value in events])
    finally:
        await producer.stop()


def counts(settings: Settings) -> dict[str, Count]:
    """Return every account's record in Redis."""
    found = {}
    with Redis.from_url(settings.redis_url.get_secret_value()) as client:
        for partition in range(settings.partitions):
            for key, value in client.hgetall(keys_of(settings.table, partition).values).items():
                found[key.decode()] = decode(value)
    return found


def expected(events: Iterable[Event]) -> dict[str, Counter[str]]:
    """Return how many events of which topic every account has: what an exact fold must hold."""
    totals: dict[str, Counter[str]] = {}
    for topic, account, _ in events:
        totals.setdefault(account, Counter())[topic] += 1
    return totals


def folded(settings: Settings) -> dict[str, Counter[str]]:
    """Return the same as it is in Redis."""
    return {account: Counter(count.events) for account, count in counts(settings).items()}


async def published(settings: Settings, topic: str) -> list[ConsumerRecord]:
    """Return everything that a topic has."""
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.bootstrap_servers, auto_offset_reset="earliest")
    await consumer.start()
    try:
        partitions = [TopicPartition(topic, number) for number in range(settings.partitions)]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        records: list[ConsumerRecord] = []
        while any([await consumer.position(tp) < end for tp, end in ends.items()]):
            for found in (await consumer.getmany(timeout_ms=1000)).values():
                records += found
        return records
    finally:
        await consumer.stop()


async def committed(settings: Settings, topic: str) -> int:
    """Return the sum of the group's offsets of a topic."""
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.bootstrap_servers, group_id=settings.group)
    await consumer.start()
    try:
        partitions = [TopicPartition(topic, number) for number in range(settings.partitions)]
        return sum([await consumer.committed(tp) or 0 for tp in partitions])
    finally:
        await consumer.stop()
