"""Reading a partition into the cache before its first event, so that no event has to wait for Redis.

Rules: the cache takes what it has room for; only a partition that fits whole is noted as whole; a write or a new owner in
between ends the reading, and what has been read so far is dropped, since it may be overtaken.
"""

from collections.abc import Awaitable
from functools import partial
from typing import Any, Final

from clientward_store.partitions import Partitions

#: Entries that one HSCAN asks for: some hundred kB an answer for values of 1 kB.
SCAN_ENTRIES: Final = 500


async def warm(parts: Partitions, partition: int) -> None:
    """Read an owned partition's values into the cache.

    Raises:
        StoreUnavailable: Redis cannot serve.
    """
    held, cache = parts.held.get(partition), parts.cache
    if held is None or partition in cache.whole:
        return
    version, name, cursor = held.version, parts.keys(partition).values, None
    cache.forget(partition)
    while cursor != 0:
        cursor, portion = await parts.clients.acall(partial(scan, name=name, cursor=cursor or 0))
        if parts.held.get(partition) is not held or held.version != version:
            cache.forget(partition)
            return
        if len(cache) + len(portion) > cache.limit:
            return
        cache.put(partition, portion)
    cache.whole.add(partition)


def scan(redis: Any, name: str, cursor: int) -> Awaitable[tuple[int, dict[bytes, bytes | None]]]:
    """Return the next cursor and a portion of a hash."""
    found: Awaitable[tuple[int, dict[bytes, bytes | None]]] = redis.hscan(name, cursor, count=SCAN_ENTRIES)
    return found
