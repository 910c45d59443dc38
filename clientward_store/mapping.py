"""The table as Faust sees it: a mapping of serialized keys and values, spread over the assigned partitions.

Which partition a key belongs to is found as Faust's RocksDB store finds it: inside an agent it is the partition of the
event being processed; elsewhere (and in global tables) the assigned partitions are searched, here in one round trip.
Rules: a value set is read back at once and goes to Redis as `clientward_store.behind` says; a deletion of what is not
there is no error; iteration lands what waits and walks the hashes in portions (HSCAN), so it never blocks Redis and sees
concurrent changes or not, but no key twice.
"""

from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from typing import Any

from faust.streams import current_event

from clientward_store.behind import BehindApi
from clientward_store.warming import SCAN_ENTRIES


class MappingApi(BehindApi):
    """The mapping half of the store."""

    #: True where every worker writes every partition (global tables, `use_partitioner`): no owner, no cache.
    shared: bool

    def partition_of_event(self) -> int | None:
        """Return the partition of the event being processed, or None outside of an agent."""
        event = current_event()
        return None if event is None else event.message.partition

    def _get(self, key: bytes) -> bytes | None:
        partition = None if self.shared else self.partition_of_event()
        if partition is not None:
            with self._stopping():
                return self.parts.read(partition, key)
        found = self.parts.search(sorted(self.parts.assigned), key)
        return found[1] if found else None

    def _set(self, key: bytes, value: bytes | None) -> None:
        self._put(self._partition_to_write(), {key: value})

    def _partition_to_write(self) -> int:
        partition = self.partition_of_event()
        if partition is None:
            raise TypeError(
                f"table {self.table_name} can only be changed inside an agent: its partition is the event's"
            )
        return partition

    def _del(self, key: bytes) -> None:
        partition = None if self.shared else self.partition_of_event()
        if partition is None:
            found = self.parts.search(sorted(self.parts.assigned), key)
            partition = found[0] if found else None
        if partition is not None:
            self._put(partition, {key: None})

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Set many keys at once."""
        items = dict(*args, **kwargs)
        values = {self._encode_key(key): self._encode_value(value) for key, value in items.items()}
        if values:
            self._put(self._partition_to_write(), values)

    def _contains(self, key: bytes) -> bool:
        return self._get(key) is not None

    def _size(self) -> int:
        for partition in self.parts.held:
            self._land_now(partition)
        return sum(self.parts.all_of(sorted(self.parts.assigned), lambda pipe, keys: pipe.hlen(keys.values)))

    def _iteritems(self) -> Iterator[tuple[bytes, bytes]]:
        for partition in sorted(self.parts.assigned):
            yield from self._scan(partition)

    def _scan(self, partition: int) -> Iterator[tuple[bytes, bytes]]:
        self._land_now(partition)
        name = self.parts.keys(partition).values
        seen: set[bytes] = set()  # HSCAN may repeat a key while the hash grows or shrinks
        cursor: int | None = None
        while cursor != 0:
            scan = partial(hscan, name=name, cursor=cursor or 0)
            cursor, portion = self.parts.clients.call(scan)
            for key, value in portion.items():
                if key not in seen:
                    seen.add(key)
                    yield key, value

    def _iterkeys(self) -> Iterator[bytes]:
        return (key for key, _ in self._iteritems())

    def _itervalues(self) -> Iterator[bytes]:
        return (value for _, value in self._iteritems())

    def _clear(self) -> None:
        by_partition: defaultdict[int, dict[bytes, bytes | None]] = defaultdict(dict)
        for partition in sorted(self.parts.assigned):
            by_partition[partition] = {key: None for key, _ in self._scan(partition)}
        for partition, values in by_partition.items():
            self._write(partition, values)

    def reset_state(self) -> None:
        """Forget what this process keeps of the table. Redis, which all workers share, keeps everything."""
        self.parts.cache.clear()
        self.parts.offsets.clear()
        self.confirmed.clear()


def hscan(redis: Any, name: str, cursor: int) -> tuple[int, dict[bytes, bytes]]:
    """Return the next cursor and a portion of a hash."""
    found: tuple[int, dict[bytes, bytes]] = redis.hscan(name, cursor, count=SCAN_ENTRIES)
    return found
