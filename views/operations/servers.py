"""How Redis and Kafka do, in a few figures, and how many records topics have taken; each a round trip or two."""

from collections.abc import Collection, Mapping
from typing import Any

from msgspec import Struct

from relationship.contract.messages import MESSAGE_TYPES
from relationship.contract.outcome import RECLASSIFIED, REJECTED
from streams.config.redis import redis_client
from streams.config.settings import Settings
from streams.kafka.admin import admin_client
from streams.kafka.reading import reader
from views.errors import server_errors


class RedisServer(Struct, frozen=True):
    """Redis. `used` and `limit` are bytes, a limit of 0 is none; `persistence`: what is written to disk, and how it went."""

    version: str
    role: str
    used: int
    limit: int
    policy: str
    persistence: str
    persists: bool


class KafkaCluster(Struct, frozen=True):
    """Kafka: how many brokers there are, and how many partitions of our topics have too few copies in sync."""

    brokers: int
    partitions: int
    under_replicated: int
    leaderless: int


async def redis_server(settings: Settings) -> RedisServer:
    """Return how Redis does, by its INFO. Raises ServerError."""
    with server_errors(settings):
        async with redis_client(settings) as client:
            return redis_of(await client.info())


def redis_of(info: Mapping[str, Any]) -> RedisServer:
    """Return an INFO as an answer."""
    appends = bool(info.get("aof_enabled"))
    status = str(info.get("aof_last_write_status" if appends else "rdb_last_bgsave_status", "unknown"))
    kind = "append-only file" if appends else "snapshots only"
    return RedisServer(
        version=str(info.get("redis_version", "?")),
        role=str(info.get("role", "?")),
        used=int(info.get("used_memory", 0)),
        limit=int(info.get("maxmemory", 0)),
        policy=str(info.get("maxmemory_policy", "?")),
        persistence=f"{kind}, last write {status}",
        persists=appends and status == "ok",
    )


async def kafka_cluster(settings: Settings) -> KafkaCluster:
    """Return how Kafka does for our topics. Raises ServerError."""
    names = [*MESSAGE_TYPES, RECLASSIFIED, REJECTED, settings.changelog_topic]
    with server_errors(settings):
        async with admin_client(settings) as client:
            cluster = await client.describe_cluster()
            topics = await client.describe_topics(names)
    return cluster_of(cluster, topics)


def cluster_of(cluster: Mapping[str, Any], topics: Collection[Mapping[str, Any]]) -> KafkaCluster:
    """Return the brokers' descriptions as an answer."""
    partitions = [each for topic in topics for each in topic.get("partitions", ())]
    return KafkaCluster(
        brokers=len(cluster.get("brokers", ())),
        partitions=len(partitions),
        under_replicated=sum(len(each.get("isr", ())) < len(each.get("replicas", ())) for each in partitions),
        leaderless=sum(each.get("leader", -1) < 0 for each in partitions),
    )


async def topic_ends(settings: Settings, *topics: str) -> dict[str, int]:
    """Return the sum of each topic's end offsets: how many records it ever took. Raises ServerError, TopicsError."""
    with server_errors(settings):
        async with reader(settings, *topics) as (consumer, partitions):
            ends = await consumer.end_offsets(partitions)
    return {topic: sum(end for tp, end in ends.items() if tp.topic == topic) for topic in topics}
