"""The stage of one run: a Kafka, a Redis behind a proxy, the topics, the group's settings; and what can be read off it.

What is read is read where the engine left it, in Redis and in Kafka: no worker is asked.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from redis import Redis
from redis.exceptions import RedisError

from clientward_store.keys import Keys, keys_of
from faults.servers.proxy import Proxy
from relationship.contract.messages import MESSAGE_TYPES
from streams.config.settings import TABLE, Settings
from streams.embedded import KafkaServer, RedisServer, kafka_server, redis_server
from streams.embedded.guard import Guard
from streams.embedded.ports import LOOPBACK
from streams.kafka.admin import admin_client, ensure_topics
from streams.kafka.reading import read_to_end

GROUP: Final = "faults"
PARTITIONS: Final = 4
REPLICA_SECONDS: Final = 20.0  # for a full copy of a few MB
LOOK_SECONDS: Final = 0.1  # between two looks at Redis: nobody tells when the last event is folded
# The log cleaner looks for work this often (ms; Kafka's default is 15 s), so that a run need not wait for compaction.
BROKER: Final = {"log.cleaner.backoff.ms": "500"}
# Topic settings under which a record is compacted within a second or two.
COMPACTED_AT_ONCE: Final = {
    "segment.ms": "500",
    "min.cleanable.dirty.ratio": "0.01",
    "max.compaction.lag.ms": "500",
    "delete.retention.ms": "100",
}


class Progress(NamedTuple):
    """How far the group is: the positions in Redis, by topic and partition, and what is left to do besides."""

    positions: Mapping[TopicPartition, int]
    outbox: int
    due: int


class Stage:
    """What a run works on.

    Attributes:
        settings: the group's; its Redis is the proxy.
        config: the same as a file.
        guard: under which the workers run.
        left: what is to be ended with the stage.
    """

    def __init__(self, settings: Settings, config: Path, guard: Guard, kafka: KafkaServer, redis: RedisServer) -> None:
        self.settings = settings
        self.config = config
        self.guard = guard
        self.kafka = kafka
        self.redis = redis
        self.left = ExitStack()
        self.proxy: Proxy
        self.producer: AIOKafkaProducer
        self.consumer: AIOKafkaConsumer

    @contextmanager
    def client(self) -> Iterator[Any]:
        """Give a client of the Redis that the workers see now."""
        with Redis(host=LOOPBACK, port=self.proxy.upstream) as client:
            yield client

    def keys(self) -> list[Keys]:
        """Return the names of every partition's keys."""
        return [keys_of(f"{GROUP}-{TABLE}", number) for number in range(PARTITIONS)]

    def progress(self, until_us: int) -> Progress:
        """Return how far the group is, timers due at `until_us` (µs) or before included. Raises RedisError."""
        positions: dict[TopicPartition, int] = {}
        outbox = due = 0
        with self.client() as client:
            for number, keys in enumerate(self.keys()):
                with client.pipeline(transaction=True) as whole:
                    whole.zcount(keys.due, 0, until_us).hlen(keys.outbox)
                    late, waiting, at = whole.hmget(keys.meta, [f"pos:{topic}" for topic in MESSAGE_TYPES]).execute()
                outbox, due = outbox + waiting, due + late
                places = [TopicPartition(topic, number) for topic in MESSAGE_TYPES]
                positions |= zip(places, (int(offset or 0) for offset in at), strict=True)
        return Progress(positions, outbox, due)

    async def ends(self) -> dict[TopicPartition, int]:
        """Return how many records every partition of the intake has had."""
        places = [TopicPartition(topic, number) for topic in MESSAGE_TYPES for number in range(PARTITIONS)]
        return dict(await self.consumer.end_offsets(places))

    async def until_folded(self, seconds: float, *, all_due: bool = False) -> float:
        """Return how long it took until all that Kafka has now is folded and sent. Raises TimeoutError.

        With `all_due` no timer is left that is due by the wall's clock either.
        """
        begun, wanted = time.monotonic(), await self.ends()
        async with asyncio.timeout(seconds):
            while not self._is_past(wanted, all_due=all_due):  # noqa: ASYNC110 - Redis tells nobody
                await asyncio.sleep(LOOK_SECONDS)
        return time.monotonic() - begun

    def _is_past(self, wanted: Mapping[TopicPartition, int], *, all_due: bool) -> bool:
        try:
            now = self.progress(time.time_ns() // 1000 if all_due else 0)
        except RedisError:  # away: so is what is looked for
            return False
        if all_due and (now.due or now.outbox):
            return False
        return all(now.positions[place] >= end for place, end in wanted.items())

    async def at_rest(self, seconds: float) -> int:
        """Return the wall's clock (µs) at a moment when nothing at all was left to do. Raises TimeoutError.

        What the core itself sends on (a referral's credit) makes new records: all must be folded twice in a row.
        """
        async with asyncio.timeout(seconds):
            while True:
                await self.until_folded(seconds, all_due=True)
                before = await self.ends()
                await self.until_folded(seconds, all_due=True)
                if before == await self.ends():
                    return time.time_ns() // 1000

    def read_records(self) -> int:
        """Return how many records of the intake Redis reflects, by its positions. Raises RedisError."""
        return sum(self.progress(0).positions.values())

    def values(self) -> list[tuple[int, str, bytes]]:
        """Return every account's record as it stands in Redis, with its partition."""
        with self.client() as client:
            return [
                (number, account.decode(), raw)
                for number, keys in enumerate(self.keys())
                for account, raw in client.hgetall(keys.values).items()
            ]

    async def read(self, topic: str) -> list[Any]:
        """Return all records that a topic has."""
        return [record async for record in read_to_end(self.settings, topic)]

    async def replica(self) -> RedisServer:
        """Return a second Redis that follows the first, once it holds what that holds."""
        follower = self.left.enter_context(redis_server())
        with Redis(host=LOOPBACK, port=follower.port) as client:
            client.replicaof(LOOPBACK, self.redis.port)
            async with asyncio.timeout(REPLICA_SECONDS):
                while client.info("replication").get("master_link_status") != "up":  # noqa: ASYNC110 - Redis tells nobody
                    await asyncio.sleep(LOOK_SECONDS)
        return follower

    async def changelog_size(self) -> tuple[int, int]:
        """Return how many records the changelog has, and how many offsets."""
        name = self.settings.changelog_topic
        places = [TopicPartition(name, number) for number in range(PARTITIONS)]
        ends = await self.consumer.end_offsets(places)
        return len(await self.read(name)), sum(ends.values())

    async def compact_changelog(self) -> None:
        """Let Kafka compact the changelog within seconds from now on."""
        name = self.settings.changelog_topic
        config = {"cleanup.policy": "compact", "max.message.bytes": "4000000", **COMPACTED_AT_ONCE}
        async with admin_client(self.settings) as client:
            await client.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, config)])

    async def empty_changelog(self) -> int:
        """Delete every record that the changelog has; return how many offsets that were."""
        name = self.settings.changelog_topic
        places = [TopicPartition(name, number) for number in range(PARTITIONS)]
        firsts, ends = await self.consumer.beginning_offsets(places), await self.consumer.end_offsets(places)
        async with admin_client(self.settings) as client:
            await client.alter_configs(
                [ConfigResource(ConfigResourceType.TOPIC, name, {"cleanup.policy": "compact,delete"})]
            )
            await client.delete_records({place: RecordsToDelete(-1) for place in places})
        return sum(ends[place] - firsts[place] for place in places)


@asynccontextmanager
async def stage() -> AsyncIterator[Stage]:
    """Set the stage for one run and clear it at the end. Raises EmbeddedError."""
    with kafka_server(properties=BROKER) as kafka, redis_server() as redis, Guard() as guard:
        proxy = Proxy(redis.port)
        port = await proxy.start()
        settings = Settings(
            kafka_bootstrap=kafka.bootstrap,
            redis_url=f"redis://{LOOPBACK}:{port}/0",  # type: ignore[arg-type]  # pydantic makes a secret of it
            group=GROUP,
            partitions=PARTITIONS,
            data_dir=guard.folder / "data",
        )
        await ensure_topics(settings)
        on = Stage(settings, _config(settings, guard.folder), guard, kafka, redis)
        on.proxy = proxy
        options = settings.kafka_client_options()
        try:
            async with (
                AIOKafkaProducer(**options, acks="all", enable_idempotence=True) as on.producer,
                AIOKafkaConsumer(**options, enable_auto_commit=False) as on.consumer,
            ):
                yield on
        finally:
            on.left.close()
            await proxy.stop()


def _config(settings: Settings, folder: Path) -> Path:
    file = folder / "clientward.toml"
    file.write_text(
        f'kafka_bootstrap = "{settings.kafka_bootstrap}"\nredis_url = "{settings.redis_url.get_secret_value()}"\n'
        f'group = "{settings.group}"\npartitions = {settings.partitions}\ndata_dir = "{settings.data_dir}"\n'
        'log_level = "WARNING"\n',
        encoding="utf-8",
    )
    return file
