"""What leaves the worker: the changelog, decisions, dead letters. Everything is awaited, and nothing is dropped.

Records of one partition travel in batches that are built here, with one future a batch: aiokafka's `send` costs a
partitioner in Python, a future and a callback for every record. The producer is idempotent with `acks=all`.

A broker that is away is waited for: the producer is closed, made anew and everything unconfirmed is sent again, under the
same ids. What a broker refuses for good (not allowed, no such topic) is raised as `PublishRefusedError`. Where it refuses a
batch for what is in it, the batch is halved until the records that it refuses stand alone; all others are stored, and
`RecordsRefusedError` names these.
"""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeVar

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

from streams.config.settings import Settings
from streams.kafka.partitioning import partition_of_key
from streams.kafka.refusals import (
    BY_RECORD,
    KeyValueHeaders,
    Place,
    PublishRefusedError,
    RecordsRefusedError,
    RefusedRecord,
)
from streams.kafka.topics import changelog_bytes
from streams.retry import until_it_passes

log = structlog.get_logger(__name__)

# Bytes of a batch. Kafka's default of 16 kB is a tenth of a step's changelog.
BATCH_BYTES: Final = 512 * 1024
# Bytes of a request that are not its longest record, which is one of the changelog or of the moves.
REQUEST_OVERHEAD: Final = 1_048_576
# Seconds that a batch may wait for its broker before the producer is made anew, and that closing the old one may take.
DELIVERY_SECONDS: Final = 30
ABANDON_SECONDS: Final = 1.0
# Errors of a producer that finds no broker when it starts.
AWAY: Final = (KafkaConnectionError, KafkaTimeoutError, OSError)
# Errors after which the same records may go through later, with a new producer.
PASSING: Final = (
    KafkaConnectionError,
    KafkaTimeoutError,
    OutOfOrderSequenceNumber,
    ProducerClosed,
    OSError,
)
T = TypeVar("T")
Headers = Sequence[tuple[str, bytes | None]]
NO_HEADERS: Final[list[tuple[str, bytes | None]]] = []  # aiokafka wants a list, and changes none


class _Outcome(NamedTuple):
    """What became of some records: the last offsets, and the runs of records whose batch was refused for one of them."""

    stored: dict[Place, int]
    refused: list[tuple[Place, Sequence[KeyValueHeaders], KafkaError]]


class ProducerRecord(NamedTuple):
    """One record to publish. Where `partition` is None, Kafka's murmur2 of the key says it."""

    topic: str
    partition: int | None
    key: bytes | None
    value: bytes | None
    headers: Headers = ()


class Publisher:
    """What a worker publishes with: one outlet for the tables' changes, and one for all else.

    aiokafka has one request to a broker under way at a time: with one producer, the decisions of one partition would wait
    for the states of another.

    Attributes:
        changes: for changelogs.
        messages: for decisions, states, dead letters and the rest.
    """

    def __init__(self, settings: Settings) -> None:
        self.changes = IdempotentProducer(settings, "changes")
        self.messages = IdempotentProducer(settings, "messages")

    async def start(self) -> None:
        """Connect. Waits for brokers that are away, and says so."""
        await asyncio.gather(self.changes.start(), self.messages.start())

    async def stop(self) -> None:
        """Send what is under way and close."""
        await asyncio.gather(self.changes.stop(), self.messages.stop())

    async def publish(self, sendings: Iterable[ProducerRecord]) -> Mapping[Place, int]:
        """Send records; see `IdempotentProducer.publish`."""
        return await self.messages.publish(sendings)

    async def publish_changes(self, place: Place, changes: Mapping[bytes, bytes | None]) -> int | None:
        """Send a table's changes to its changelog, and return the offset of the last once all are stored; None for none.

        Raises as `IdempotentProducer.publish` does, and waits as it does.
        """
        if not changes:
            return None
        stored = await self.changes.send({place: [(key, value, NO_HEADERS) for key, value in changes.items()]})
        return stored[place]


class IdempotentProducer:
    """One idempotent producer."""

    def __init__(self, settings: Settings, name: str) -> None:
        self._settings = settings
        self._name = name
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

    async def publish(self, sendings: Iterable[ProducerRecord]) -> Mapping[Place, int]:
        """Send records, in order within a partition, and return the last offset of each partition once all are stored.

        Raises RecordsRefusedError where some records are refused and all others are stored, and PublishRefusedError where
        none may be stored. Brokers that are away are waited for without end.
        """
        by_place: dict[Place, list[ProducerRecord]] = defaultdict(list)
        for sending in sendings:
            partition = sending.partition
            if partition is None:
                partition = await self._partition_of(sending)
            by_place[sending.topic, partition].append(sending)
        records = {
            place: [(each.key, each.value, list(each.headers)) for each in mine] for place, mine in by_place.items()
        }
        return await self.send(records)

    async def send(self, by_place: Mapping[Place, Sequence[KeyValueHeaders]]) -> Mapping[Place, int]:
        """Do as `publish` does, with records that know their places."""
        if not by_place:
            return {}
        stored, refused = await self._apart(by_place)
        if refused:
            raise RecordsRefusedError(refused, stored)
        return stored

    async def _apart(
        self, by_place: Mapping[Place, Sequence[KeyValueHeaders]]
    ) -> tuple[dict[Place, int], list[RefusedRecord]]:
        """Store records, and part those that are refused from those that are not."""
        topics, records = ", ".join(sorted({topic for topic, _ in by_place})), sum(map(len, by_place.values()))
        stored, runs = await self._until_it_passes(
            lambda producer: _send(producer, by_place), f"Kafka refuses records for {topics}", records
        )
        refused: list[RefusedRecord] = []
        for place, run, error in runs:
            if len(run) == 1:
                refused.append(RefusedRecord(place, run[0], error))
                continue
            middle = len(run) // 2
            for half in (run[:middle], run[middle:]):
                more, alone = await self._apart({place: half})
                stored |= {place: max(stored.get(place, -1), offset) for place, offset in more.items()}
                refused += alone
        return stored, refused

    async def _until_it_passes(self, do: Callable[[AIOKafkaProducer], Awaitable[T]], refused: str, records: int) -> T:
        """Do something with the producer, and again with a new one while the brokers are away.

        Raises PublishRefusedError, which begins with `refused`, for what no patience mends.
        """

        async def once() -> T:
            if self._producer is None:
                await self.start()
            producer = self._producer
            if producer is None:
                raise ProducerClosed
            try:
                return await do(producer)
            except (KafkaError, OSError) as error:
                if not _passes(error):
                    raise PublishRefusedError(
                        f"{refused}: {error!r}; check `clientward topics` and the ACLs"
                    ) from error
                await self._abandon(producer)
                raise

        return await until_it_passes(
            once,
            _passes,
            lambda error, _: log.warning("Kafka does not confirm; sending again", reason=repr(error), records=records),
        )

    async def _partition_of(self, sending: ProducerRecord) -> int:
        """Return the partition that Kafka's partitioner gives a record; waits for brokers that are away."""
        partitions = await self._until_it_passes(
            lambda producer: producer.partitions_for(sending.topic), f"Kafka tells no partitions of {sending.topic}", 1
        )
        return partition_of_key(sending.key or b"", len(partitions))

    async def _abandon(self, failed: AIOKafkaProducer) -> None:
        """Let the next try connect anew; close a producer whose broker may be away, without waiting for what is unsent."""
        stop = failed.stop
        async with self._renewing:
            if self._producer is not failed:
                return
            self._producer = None  # before the wait: a task that comes meanwhile waits for the lock, and connects
            try:
                await asyncio.wait_for(stop(), timeout=ABANDON_SECONDS)
            except (KafkaError, TimeoutError, OSError) as error:
                log.debug("producer given up", reason=repr(error))

    async def _connected(self) -> AIOKafkaProducer:
        failed = 0

        def waiting(error: BaseException, tries: int) -> None:
            nonlocal failed
            failed = tries
            if tries == 1:
                log.warning("waiting for Kafka", brokers=self._settings.kafka_bootstrap, reason=str(error))

        producer = await until_it_passes(self._started, lambda error: isinstance(error, AWAY), waiting)
        if failed:
            log.warning("Kafka answers again", tries=failed + 1)
        return producer

    async def _started(self) -> AIOKafkaProducer:
        producer = AIOKafkaProducer(**self._options())
        try:
            await producer.start()
        except AWAY:
            await producer.stop()
            raise
        return producer

    def _options(self) -> dict[str, Any]:
        return {
            **self._settings.kafka_client_options(),
            "client_id": f"{self._settings.group}-worker-{self._name}",
            "acks": "all",
            "enable_idempotence": True,
            "max_batch_size": BATCH_BYTES,
            "max_request_size": changelog_bytes(self._settings) + REQUEST_OVERHEAD,
            "request_timeout_ms": DELIVERY_SECONDS * 1000,
        }


async def _send(producer: AIOKafkaProducer, by_place: Mapping[Place, Sequence[KeyValueHeaders]]) -> _Outcome:
    """Send records, and wait for what becomes of every batch. Raises what is no fault of a record."""
    batches = [(place, batch) for place, records in by_place.items() for batch in _batches(producer, records)]
    sent = [await producer.send_batch(batch, topic, partition=partition) for (topic, partition), batch in batches]
    answers = await asyncio.gather(*sent, return_exceptions=True)
    outcome, taken = _Outcome({}, []), Counter[Place]()
    for (place, batch), answer in zip(batches, answers, strict=True):
        begin, taken[place] = taken[place], taken[place] + batch.record_count()
        if isinstance(answer, BY_RECORD):
            outcome.refused.append((place, by_place[place][begin : taken[place]], answer))
        elif isinstance(answer, BaseException):
            raise answer
        else:
            outcome.stored[place] = answer.offset + batch.record_count() - 1
    return outcome


def _passes(error: BaseException) -> bool:
    """Tell whether the same records may go through later."""
    return isinstance(error, PASSING) or bool(getattr(error, "retriable", False))


def _batches(producer: AIOKafkaProducer, records: Iterable[KeyValueHeaders]) -> list[BatchBuilder]:
    now_ms = int(time.time() * 1000)
    batch = producer.create_batch()
    batches = [batch]
    for key, value, headers in records:
        if batch.append(timestamp=now_ms, key=key, value=value, headers=headers) is None:
            batch = producer.create_batch()  # an empty batch takes a record of any size
            batch.append(timestamp=now_ms, key=key, value=value, headers=headers)
            batches.append(batch)
    return batches
