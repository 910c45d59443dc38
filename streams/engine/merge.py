"""The event-time merge: several topics of one partition become one sequence. Pure: no Kafka, no clock, no asyncio.

Rules:
- The topic whose next item happened first comes next; at the same moment the topic that stands first in `topics` does.
- Within a topic the order is the topic's own, whatever the items' times: its head alone is compared.
- A topic with nothing buffered holds the others back only while it is known to have more. An idle topic holds back
  nothing, and a backfill of two topics is folded as it happened and not as it was fetched.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any, Generic, Protocol, TypeVar


class Timed(Protocol):
    """What can be merged: it tells its topic, and when it happened."""

    @property
    def topic(self) -> str:
        """Its topic."""

    @property
    def at(self) -> Any:
        """When it happened; a moment, or a number."""


Item = TypeVar("Item", bound=Timed)


class _TopicQueue(Generic[Item]):
    """One topic's buffer. `more` is True while the topic is known, or not known not, to have more than is here."""

    def __init__(self, rank: int) -> None:
        self.rank = rank
        self.items: deque[Item] = deque()
        self.more = True

    def head(self) -> tuple[Any, int]:
        return self.items[0].at, self.rank

    def move(self, most: int, taken: list[Item]) -> None:
        """Move up to `most` items, from the first on."""
        if most < len(self.items):
            taken += [self.items.popleft() for _ in range(most)]
        else:
            taken += self.items
            self.items.clear()


class Merge(Generic[Item]):
    """Buffers items by topic, and gives them back in the order in which they happened."""

    def __init__(self, topics: Sequence[str]) -> None:
        self._queues = {topic: _TopicQueue[Item](rank) for rank, topic in enumerate(topics)}

    def add(self, topic: str, items: Iterable[Item], *, more: bool) -> None:
        """Buffer items of a topic; `more` tells whether the topic has more than these."""
        queue = self._queues[topic]
        queue.items.extend(items)
        queue.more = more

    def buffered(self, topic: str) -> int:
        """Return how many items of a topic wait here."""
        return len(self._queues[topic].items)

    def first(self, topic: str) -> Item | None:
        """Return a topic's next item without taking it, or None."""
        items = self._queues[topic].items
        return items[0] if items else None

    def is_empty(self) -> bool:
        """Tell whether nothing waits here."""
        return not any(queue.items for queue in self._queues.values())

    def take(self, limit: int) -> list[Item]:
        """Return up to `limit` next items. Empty where nothing waits, or where a topic that has more must come first."""
        taken: list[Item] = []
        while len(taken) < limit and not self._is_held_back():
            heads = sorted(queue.head() for queue in self._queues.values() if queue.items)
            if not heads:
                break
            queue = self._by_rank(heads[0][1])
            if len(heads) > 1:
                self._run(queue, heads[1], limit, taken)
            else:
                queue.move(limit - len(taken), taken)
        return taken

    def put_back(self, items: Sequence[Item]) -> None:
        """Take back the last of the items that were taken, in their order: they come next."""
        for item in reversed(items):
            self._queues[item.topic].items.appendleft(item)

    def _is_held_back(self) -> bool:
        return any(queue.more and not queue.items for queue in self._queues.values())

    def _by_rank(self, rank: int) -> _TopicQueue[Item]:
        return next(queue for queue in self._queues.values() if queue.rank == rank)

    @staticmethod
    def _run(queue: _TopicQueue[Item], bound: tuple[Any, int], limit: int, taken: list[Item]) -> None:
        """Move items of the foremost queue as long as it stays foremost."""
        items = queue.items
        while items and len(taken) < limit and (items[0].at, queue.rank) < bound:
            taken.append(items.popleft())
