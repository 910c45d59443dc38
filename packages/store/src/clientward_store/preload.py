"""Preload: reading a partition into the cache before its first event, so that no event has to wait for Redis.

Rules: the cache takes what it has room for; only a partition that fits completely is marked as complete; a write or a new
owner in between ends the preload, and what has been read so far is dropped, since it may be outdated.
"""

from collections.abc import Awaitable
from functools import partial
from typing import Any, Final

from clientward_store.partitions import Partitions

#: Entries that one HSCAN asks for: some hundred kB a reply for values of 1 kB.
SCAN_ENTRIES: Final = 500


async def preload(parts: Partitions, partition: int) -> None:
    """Read an owned partition's values into the cache.

    Raises:
        StoreUnavailable: Redis cannot serve.
    """
    ownership, cache = parts.owned.get(partition), parts.cache
    if ownership is None or partition in cache.complete:
        return
    version, name, cursor = ownership.version, parts.keys(partition).values, None
    cache.forget(partition)
    while cursor != 0:
        cursor, portion = await parts.clients.acall(partial(scan, name=name, cursor=cursor or 0))
        if parts.owned.get(partition) is not ownership or ownership.version != version:
            cache.forget(partition)
            return
        if len(cache) + len(portion) > cache.limit:
            return
        cache.put(partition, portion)
    cache.complete.add(partition)


def scan(redis: Any, name: str, cursor: int) -> Awaitable[tuple[int, dict[bytes, bytes | None]]]:
    """Return the next cursor and a portion of a hash."""
    found: Awaitable[tuple[int, dict[bytes, bytes | None]]] = redis.hscan(name, cursor, count=SCAN_ENTRIES)
    return found
