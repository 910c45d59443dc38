"""The table as Faust sees it: a mapping of encoded keys and values, spread over the assigned partitions.

Which partition a key belongs to is found as Faust's RocksDB store finds it: inside an agent it is the partition of the
event being processed; elsewhere (and in global tables) the assigned partitions are searched, here in one round trip.
Rules: a value set is read back at once and is written to Redis as `clientward_store.write_behind` says; a deletion of what
is not there is no error; iteration flushes the buffer and reads the hashes in portions (HSCAN), so it never blocks Redis
and sees concurrent changes or not, but no key twice.
"""

from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from typing import Any

from faust.streams import current_event

from clientward_store.preload import SCAN_ENTRIES
from clientward_store.write_behind import WriteBehind


class MappingApi(WriteBehind):
    """The mapping half of the store."""

    #: True where every worker writes every partition (global tables, `use_partitioner`): no owner, no cache.
    shared: bool

    def partition_of_event(self) -> int | None:
        """Return the partition of the event being processed, or None outside of an agent."""
        event = current_event()
        return None if event is None else event.message.partition

    def read_value(self, key: bytes) -> bytes | None:
        """Return a key's value, None where there is none.

        Raises:
            StoreUnavailable: Redis cannot serve; a running worker is stopped as well.
        """
        partition = None if self.shared else self.partition_of_event()
        if partition is not None:
            with self.stopping_on_errors():
                return self.parts.read(partition, key)
        found = self.parts.search(sorted(self.parts.assigned), key)
        return found[1] if found else None

    def write_values(self, values: dict[bytes, bytes | None]) -> None:
        """Set values in the partition of the event being processed.

        Raises:
            TypeError: No event is being processed.
            Fenced: The partition is not this worker's, or Redis has lost writes; a running worker is stopped as well.
        """
        partition = self.partition_of_event()
        if partition is None:
            raise TypeError(
                f"table {self.table_name} can only be changed inside an agent: its partition is the event's"
            )
        self.put(partition, values)

    def delete_value(self, key: bytes) -> None:
        """Delete a key where it is: in the event's partition, or outside of an agent in the one that has it."""
        partition = None if self.shared else self.partition_of_event()
        if partition is None:
            found = self.parts.search(sorted(self.parts.assigned), key)
            partition = found[0] if found else None
        if partition is not None:
            self.put(partition, {key: None})

    def count_values(self) -> int:
        """Return the number of keys in the assigned partitions."""
        for partition in self.parts.owned:
            self.flush_blocking(partition)
        return sum(self.parts.all_of(sorted(self.parts.assigned), lambda pipe, keys: pipe.hlen(keys.values)))

    def scan_values(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield every key of the assigned partitions with its value."""
        for partition in sorted(self.parts.assigned):
            yield from self._scan(partition)

    def _scan(self, partition: int) -> Iterator[tuple[bytes, bytes]]:
        self.flush_blocking(partition)
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

    def delete_all(self) -> None:
        """Delete every key of the assigned partitions."""
        by_partition: defaultdict[int, dict[bytes, bytes | None]] = defaultdict(dict)
        for partition in sorted(self.parts.assigned):
            by_partition[partition] = {key: None for key, _ in self._scan(partition)}
        for partition, values in by_partition.items():
            self.write_now(partition, values)

    def reset_state(self) -> None:
        """Forget what this process keeps of the table. Redis, which all workers share, keeps everything."""
        self.parts.cache.clear()
        self.parts.offsets.clear()
        self.confirmed.clear()


def hscan(redis: Any, name: str, cursor: int) -> tuple[int, dict[bytes, bytes]]:
    """Return the next cursor and a portion of a hash."""
    found: tuple[int, dict[bytes, bytes]] = redis.hscan(name, cursor, count=SCAN_ENTRIES)
    return found
