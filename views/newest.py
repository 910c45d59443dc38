"""The newest so many of what a topic is read for, in constant memory but for the ids that tell repeats."""

import heapq
from datetime import UTC, datetime
from typing import Any, Final, Generic, TypeVar

T = TypeVar("T")
#: How many are returned unless told otherwise: a screen or two.
LIMIT: Final = 50


class Newest(Generic[T]):
    """Keeps the newest `limit` items, by when and where Kafka stored their records.

    Attributes:
        total: how many were handed in; one that came again under its id is counted once.
    """

    def __init__(self, limit: int) -> None:
        self.total = 0
        self._limit = limit
        self._heap: list[tuple[int, int, int, T]] = []
        self._ids: set[str] = set()

    def add(self, record: Any, item: T, identity: str | None = None) -> None:
        """Take an item and the record that it came in. What was seen under the same identity is a repeat, and dropped."""
        if identity is not None:
            if identity in self._ids:
                return
            self._ids.add(identity)
        self.total += 1
        push = heapq.heappush if len(self._heap) < self._limit else heapq.heappushpop
        push(self._heap, (record.timestamp, record.partition, record.offset, item))

    def items(self) -> list[T]:
        """Return what was kept, the newest last."""
        return [item for _, _, _, item in sorted(self._heap, key=lambda entry: entry[:3])]


def stored_at(record: Any) -> datetime:
    """Return when Kafka stored a record."""
    return datetime.fromtimestamp(record.timestamp / 1000, UTC)
