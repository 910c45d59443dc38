"""The stand: one Kafka and one Redis on loopback for a measure, the topics of the product, and what a run costs in CPU.

Kafka runs with a full compiler and 1 GB of heap, Redis with its append-only file flushed every second. Both start anew for
every measure, so that no measure pays for the one before.
"""

import os
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from itertools import count, islice
from pathlib import Path
from typing import Final, NamedTuple

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import RecordsToDelete
from aiokafka.producer.message_accumulator import BatchBuilder
from pydantic import SecretStr

from benchmarks.events import Event
from relationship.contract.messages import PURCHASES
from streams.config.settings import Settings
from streams.embedded import kafka_server, redis_server
from streams.kafka.admin import admin_client, ensure_topics

TICKS: Final = os.sysconf("SC_CLK_TCK")
# Events published between two waits: enough for full batches, few enough that all topics arrive in event-time order.
CHUNK: Final = 2_000
BATCH_BYTES: Final = 900_000


class Cpu(NamedTuple):
    """CPU seconds used so far, user and system."""

    program: float
    broker: float
    redis: float


class Memory(NamedTuple):
    """Resident memory in bytes."""

    program: int
    broker: int
    redis: int


class Stand:
    """Running servers, and names for what runs on them."""

    def __init__(self, kafka: str, redis: str, pids: tuple[int, int], partitions: int, folder: Path) -> None:
        self.kafka = kafka
        self.redis = redis
        self.partitions = partitions
        self.folder = folder
        self._pids = pids
        self._numbers = count(1)

    def settings(self, group: str) -> Settings:
        """Return the product's settings for a group of this stand."""
        return Settings(
            kafka_bootstrap=self.kafka,
            redis_url=SecretStr(self.redis),
            group=group,
            partitions=self.partitions,
            web_port=0,
            data_dir=self.folder / group,
            log_level="WARNING",
        )

    def next_group(self, name: str) -> str:
        """Return the name of a new consumer group."""
        return f"{name}-{next(self._numbers)}"

    def cpu(self, pids: Iterable[int]) -> Cpu:
        """Return what the processes of a program, the broker and Redis have used."""
        broker, redis = self._pids
        return Cpu(sum(map(cpu_seconds, pids)), cpu_seconds(broker), cpu_seconds(redis))

    def memory(self, pids: Iterable[int]) -> Memory:
        """Return what the processes of a program, the broker and Redis have resident."""
        broker, redis = self._pids
        return Memory(sum(map(memory_bytes, pids)), memory_bytes(broker), memory_bytes(redis))


@contextmanager
def stand(partitions: int) -> Iterator[Stand]:
    """Run the servers until the block ends."""
    with (
        kafka_server(fast=True) as kafka,
        redis_server() as redis,
        tempfile.TemporaryDirectory(prefix="clientward-bench-") as folder,
    ):
        yield Stand(kafka.bootstrap, redis.url, (kafka.pid, redis.pid), partitions, Path(folder))


def cpu_seconds(pid: int) -> float:
    """Return the CPU seconds of a process and its ended children; 0 where it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / TICKS


def memory_bytes(pid: int) -> int:
    """Return the resident memory of a process in bytes; 0 where it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    line = next((line for line in status.splitlines() if line.startswith("VmRSS:")), "VmRSS: 0 kB")
    return int(line.split()[1]) * 1024


@asynccontextmanager
async def producer(on: Stand) -> AsyncIterator[AIOKafkaProducer]:
    """Give a producer that sends at once, in large batches where there is much to send."""
    started = AIOKafkaProducer(bootstrap_servers=on.kafka, max_batch_size=BATCH_BYTES, enable_idempotence=True)
    await started.start()
    try:
        yield started
    finally:
        await started.stop()


async def empty(on: Stand, *topics: str) -> None:
    """Delete what topics hold, the purchases' where none is named, so that a new group starts at the end of them."""
    places = [TopicPartition(topic, number) for topic in topics or (PURCHASES,) for number in range(on.partitions)]
    async with admin_client(on.settings("publisher")) as client:
        await client.delete_records({place: RecordsToDelete(-1) for place in places})


async def publish(on: Stand, events: Iterable[Event]) -> int:
    """Make the product's topics, publish events in their order, and return how many."""
    await ensure_topics(on.settings("publisher"))
    source, total = iter(events), 0
    async with producer(on) as sender:
        while chunk := list(islice(source, CHUNK)):
            await _publish(sender, chunk)
            total += len(chunk)
    return total


async def _publish(sender: AIOKafkaProducer, chunk: Sequence[Event]) -> None:
    batches: dict[tuple[str, int], BatchBuilder] = {}
    for event in chunk:
        place = event.topic, event.partition
        batch = batches.get(place) or batches.setdefault(place, sender.create_batch())
        if batch.append(timestamp=None, key=event.key, value=event.value) is None:
            raise ValueError("a chunk does not fit into a batch: make CHUNK smaller")
    sent = [await sender.send_batch(batch, topic, partition=place) for (topic, place), batch in batches.items()]
    for each in sent:
        await each
