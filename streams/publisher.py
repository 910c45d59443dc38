"""What leaves the worker: the changelog, decisions, dead letters. Everything is awaited, and nothing is dropped.

Records of one partition travel in batches that are built here, with one future a batch: aiokafka's `send` costs a
partitioner in Python, a future and a callback for every record. The producer is idempotent with `acks=all`.

A broker that is away is waited for: the producer is closed, made anew and everything unconfirmed is sent again, under the
same ids. What a broker refuses for good (too large, not allowed, no such topic) is raised as `PublishRefusedError`.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    OutOfOrderSequenceNumber,
    ProducerClosed,
)
from aiokafka.producer.message_accumulator import BatchBuilder

from streams.partitioning import partition_of_key
from streams.settings import Settings

log = structlog.get_logger(__name__)

# Bytes of a batch. Kafka's default of 16 kB is a tenth of a step's changelog.
BATCH_BYTES: Final = 512 * 1024
# A changelog record may be four times an intake record; see streams/topics.py.
REQUEST_FACTOR: Final = 5
# Seconds that a batch may wait for its broker before the producer is made anew, and between two tries.
DELIVERY_SECONDS: Final = 30
RETRY_SECONDS: Final = 1.0
# Errors after which the same records may go through later, with a new producer.
PASSING: Final = (
    KafkaConnectionError,
    KafkaTimeoutError,
    OutOfOrderSequenceNumber,
    ProducerClosed,
    OSError,
)

Headers = Sequence[tuple[str, bytes | None]]
Place = tuple[str, int]


class PublishRefusedError(RuntimeError):
    """Kafka refuses a record for good. The text is one line that names the topic and what to do."""


class Sending(NamedTuple):
    """One record to publish. Where `partition` is None, Kafka's murmur2 of the key says it."""

    topic: str
    partition: int | None
    key: bytes | None
    value: bytes | None
    headers: Headers = ()


class Publisher:
    """One idempotent producer for all partitions of a worker."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._producer: AIOKafkaProducer | None = None
        self._renewing = asyncio.Lock()

    async def start(self) -> None:
        """Connect. Waits for brokers that are away, and says so."""
        async with self._renewing:
            if self._producer is None:
                self._producer = await self._connected()

    async def stop(self) -> None:
        """Send what is under way and close."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.stop()

    async def publish(self, sendings: Iterable[Sending]) -> Mapping[Place, int]:
        """Send records, in order within a partition, and return the last offset of each partition once all are stored.

        Raises PublishRefusedError. Brokers that are away are waited for without end.
        """
        sendings = list(sendings)
        while sendings:
            await self.start()
            producer = self._producer
            try:
                return await self._publish(sendings)
            except (KafkaError, OSError) as error:
                if not _passes(error):
                    topics = ", ".join(sorted({sending.topic for sending in sendings}))
                    raise PublishRefusedError(
                        f"Kafka refuses records for {topics}: {error!r}; check `clientward topics` and the ACLs"
                    ) from error
                log.warning("Kafka does not confirm; sending again", reason=repr(error), records=len(sendings))
                await self._renew(producer)
        return {}

    async def _publish(self, sendings: Sequence[Sending]) -> Mapping[Place, int]:
        producer = self._producer
        if producer is None:
            raise ProducerClosed
        batches: list[tuple[Place, BatchBuilder]] = []
        for place, records in (await self._by_place(producer, sendings)).items():
            batches.extend((place, batch) for batch in _batches(producer, records))
        sent = [await producer.send_batch(batch, topic, partition=partition) for (topic, partition), batch in batches]
        stored = await asyncio.gather(*sent)
        return {
            place: metadata.offset + batch.record_count() - 1
            for (place, batch), metadata in zip(batches, stored, strict=True)
        }

    @staticmethod
    async def _by_place(producer: AIOKafkaProducer, sendings: Iterable[Sending]) -> dict[Place, list[Sending]]:
        places: dict[Place, list[Sending]] = defaultdict(list)
        for sending in sendings:
            partition = sending.partition
            if partition is None:
                count = len(await producer.partitions_for(sending.topic))
                partition = partition_of_key(sending.key or b"", count)
            places[sending.topic, partition].append(sending)
        return places

    async def _renew(self, failed: AIOKafkaProducer | None) -> None:
        async with self._renewing:
            if self._producer is failed:
                await asyncio.sleep(RETRY_SECONDS)
                self._producer = None
                if failed is not None:
                    await _abandon(failed)

    async def _connected(self) -> AIOKafkaProducer:
        waited = False
        while True:
            producer = AIOKafkaProducer(**self._options())
            try:
                await producer.start()
            except (KafkaConnectionError, KafkaTimeoutError, OSError) as error:
                await producer.stop()
                if not waited:
                    log.warning("waiting for Kafka", brokers=self._settings.kafka_bootstrap, reason=str(error))
                waited = True
                await asyncio.sleep(RETRY_SECONDS)
            else:
                if waited:
                    log.warning("Kafka answers again")
                return producer

    def _options(self) -> dict[str, Any]:
        return {
            **self._settings.kafka_client_options(),
            "client_id": f"{self._settings.group}-worker",
            "acks": "all",
            "enable_idempotence": True,
            "max_batch_size": BATCH_BYTES,
            "max_request_size": REQUEST_FACTOR * self._settings.max_record_bytes,
            "request_timeout_ms": DELIVERY_SECONDS * 1000,
        }


def _passes(error: Exception) -> bool:
    """Tell whether the same records may go through later."""
    return isinstance(error, PASSING) or bool(getattr(error, "retriable", False))


async def _abandon(producer: AIOKafkaProducer) -> None:
    """Close a producer whose broker may be away, without waiting for what it could not send."""
    try:
        await asyncio.wait_for(producer.stop(), timeout=RETRY_SECONDS)
    except (KafkaError, TimeoutError, OSError) as error:
        log.debug("producer given up", reason=repr(error))


def _batches(producer: AIOKafkaProducer, records: Iterable[Sending]) -> list[BatchBuilder]:
    now_ms = int(time.time() * 1000)
    batches = [producer.create_batch()]
    for record in records:
        if not _append(batches[-1], record, now_ms):
            batches.append(producer.create_batch())  # an empty batch takes a record of any size
            _append(batches[-1], record, now_ms)
    return batches


def _append(batch: BatchBuilder, record: Sending, now_ms: int) -> bool:
    return batch.append(timestamp=now_ms, key=record.key, value=record.value, headers=list(record.headers)) is not None
