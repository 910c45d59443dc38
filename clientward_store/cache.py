"""A bounded read cache over all partitions of a store: the least recently used entries make room.

Rules: only who owns a partition keeps its values here, and only what Redis has confirmed; a key that Redis does not
have is kept as None. Of a partition that is whole every value is here, so what is not here is nowhere; the first entry
that makes room ends that. All operations are plain dictionary work: a hit costs well under a microsecond.
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
        whole: The partitions all of whose values are here.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.whole: set[int] = set()
        self._entries: OrderedDict[tuple[int, bytes], bytes | None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, partition: int, key: bytes) -> bytes | Missing | None:
        """Return a key's value, None where Redis has none, or MISSING."""
        slot = (partition, key)
        value = self._entries.get(slot, MISSING)
        if value is not MISSING:
            self._entries.move_to_end(slot)
        elif partition in self.whole:
            return None
        return value

    def split(self, partition: int, keys: Iterable[bytes]) -> tuple[dict[bytes, bytes | None], list[bytes]]:
        """Return the values that are here, and the keys of which the cache knows nothing."""
        entries, misses = self._entries, []
        found: dict[bytes, bytes | None] = {}
        get, touch, whole = entries.get, entries.move_to_end, partition in self.whole
        for key in keys:
            slot = (partition, key)
            value = get(slot, MISSING)
            if isinstance(value, Missing):
                if whole:
                    found[key] = None
                else:
                    misses.append(key)
            else:
                touch(slot)
                found[key] = value
        return found, misses

    def put(self, partition: int, values: Mapping[bytes, bytes | None]) -> None:
        """Keep values, as the most recent ones; the oldest entries above the limit go."""
        entries = self._entries
        for key, value in values.items():
            slot = (partition, key)
            entries[slot] = value
            entries.move_to_end(slot)
        while len(entries) > self.limit:
            (evicted, _), _ = entries.popitem(last=False)
            self.whole.discard(evicted)

    def forget(self, partition: int) -> None:
        """Drop all that belongs to one partition."""
        self.whole.discard(partition)
        for slot in [slot for slot in self._entries if slot[0] == partition]:
            del self._entries[slot]

    def clear(self) -> None:
        """Drop everything."""
        self.whole.clear()
        self._entries.clear()
