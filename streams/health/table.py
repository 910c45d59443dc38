"""The workers' table in Redis as an onlooker reads it: an account's record, the positions, and what is still to be done.

Nothing here writes, and no worker notices it: a reader takes no partition over.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from aiokafka import TopicPartition

from clientward_store.keys import Keys, keys_of
from clientward_store.scripts import POSITION
from relationship.contract.messages import MESSAGE_TYPES
from streams.config.redis import redis_client
from streams.config.settings import Settings
from streams.kafka.partitioning import partition_of

Info = Mapping[str, Any]  # what Redis answers to INFO


class Outstanding(NamedTuple):
    """What the workers still have to do without a further event.

    Attributes:
        due: accounts whose timer has come.
        outbox: records that Redis holds to be sent; one that Kafka has confirmed leaves with a later write.
    """

    due: int
    outbox: int


def table_keys(settings: Settings, partition: int) -> Keys:
    """Return the names of a partition's keys in Redis."""
    return keys_of(settings.table, partition)


async def read_record(settings: Settings, account_id: str) -> bytes | None:
    """Return an account's stored record, or None. Raises RedisError."""
    keys = table_keys(settings, partition_of(account_id, settings.partitions))
    async with redis_client(settings) as client:
        found = await client.hget(keys.values, account_id.encode())
    return found if isinstance(found, bytes) else None


async def read_positions(settings: Settings) -> dict[TopicPartition, int]:
    """Return the offset of the first record not folded yet, for the intake's partitions that have one. Raises RedisError."""
    names = [f"{POSITION}{topic}" for topic in MESSAGE_TYPES]
    found: dict[TopicPartition, int] = {}
    async with redis_client(settings) as client:
        for number in range(settings.partitions):
            offsets = await client.hmget(table_keys(settings, number).meta, names)
            at = zip(MESSAGE_TYPES, offsets, strict=True)
            found |= {TopicPartition(topic, number): int(offset) for topic, offset in at if offset is not None}
    return found


async def read_outstanding(settings: Settings, now_us: int) -> Outstanding:
    """Return what is still to be done at a moment (µs since the epoch). Raises RedisError."""
    due = outbox = 0
    async with redis_client(settings) as client:
        for number in range(settings.partitions):
            keys = table_keys(settings, number)
            due += await client.zcount(keys.due, 0, now_us)
            outbox += await client.hlen(keys.outbox)
    return Outstanding(due, outbox)


def one_server(info: Info) -> Info:
    """Return one server's INFO; of a Cluster, the first node's stands for all."""
    first = next(iter(info.values()), None)
    return first if isinstance(first, dict) and "used_memory" in first else info
