"""A bounded read cache over all partitions of a store: the least recently used entries are evicted.

Rules: only the owner of a partition keeps its values here, and only what Redis has confirmed; a key that Redis does not
have is kept as None. Of a complete partition every value is here, so a key that is not here does not exist; the first
eviction ends that. All operations are plain dictionary work, so that an agent can afford them per event.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Final


class Missing:
    """The type of `MISSING`: a key of which the cache knows nothing."""


MISSING: Final = Missing()


class Cache:
    """Values by partition and key, at most `limit` of them; 0 keeps none.

    Attributes:
        complete: The partitions all of whose values are here.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.complete: set[int] = set()
        self._entries: OrderedDict[tuple[int, bytes], bytes | None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, partition: int, key: bytes) -> bytes | Missing | None:
        """Return a key's value, None where Redis has none, or MISSING."""
        entry = (partition, key)
        value = self._entries.get(entry, MISSING)
        if value is not MISSING:
            self._entries.move_to_end(entry)
        elif partition in self.complete:
            return None
        return value

    def split(self, partition: int, keys: Iterable[bytes]) -> tuple[dict[bytes, bytes | None], list[bytes]]:
        """Return the values that are here, and the keys of which the cache knows nothing."""
        entries, misses = self._entries, []
        found: dict[bytes, bytes | None] = {}
        get, touch, complete = entries.get, entries.move_to_end, partition in self.complete
        for key in keys:
            entry = (partition, key)
            value = get(entry, MISSING)
            if isinstance(value, Missing):
                if complete:
                    found[key] = None
                else:
                    misses.append(key)
            else:
                touch(entry)
                found[key] = value
        return found, misses

    def put(self, partition: int, values: Mapping[bytes, bytes | None]) -> None:
        """Keep values, as the most recent ones; the oldest entries above the limit are evicted."""
        entries = self._entries
        for key, value in values.items():
            entry = (partition, key)
            entries[entry] = value
            entries.move_to_end(entry)
        while len(entries) > self.limit:
            (evicted, _), _ = entries.popitem(last=False)
            self.complete.discard(evicted)

    def forget(self, partition: int) -> None:
        """Drop all that belongs to one partition."""
        self.complete.discard(partition)
        for entry in [entry for entry in self._entries if entry[0] == partition]:
            del self._entries[entry]

    def clear(self) -> None:
        """Drop everything."""
        self.complete.clear()
        self._entries.clear()
