"""Partitions of one number, of several topics, in the order in which their records were stored. Pure.

A tombstone must not overtake the account's decisions before it, nor they it. A record is let go when no other topic can have
an older one any more: it has a newer one, or nothing more by a fetch that was answered after this record was there.
"""

from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple

from clientward_client.decoding import Record
from clientward_client.lanes import Committed, Due, Lane, Lanes


class Fetched(NamedTuple):
    """A record, which topic it is of, and when it was here (ms of this machine's clock)."""

    lane: int
    record: Record
    received_ms: int


class Merging:
    """The partitions of one number; `lanes` is how many topics there are."""

    def __init__(self, lanes: int) -> None:
        self._queues: list[deque[Fetched]] = [deque() for _ in range(lanes)]
        self._empty_ms = [0] * lanes

    def put(self, fetched: Fetched) -> None:
        """Put the next record of a lane in."""
        self._queues[fetched.lane].append(fetched)

    def at_end(self, lane: int, polled_ms: int) -> None:
        """Note that a lane had nothing more at a moment of this machine's clock."""
        self._empty_ms[lane] = polled_ms

    def held(self, lane: int) -> int:
        """Return how many records of a lane wait."""
        return len(self._queues[lane])

    def peek(self) -> Fetched | None:
        """Return the record that is next and may be let go; None where there is none yet."""
        heads = [queue[0] for queue in self._queues if queue]
        if not heads:
            return None
        head = min(heads, key=lambda each: (each.record.timestamp, each.lane))
        for queue, empty_ms in zip(self._queues, self._empty_ms, strict=True):
            if not queue and len(self._queues) > 1 and empty_ms <= head.received_ms:
                return None
        return head

    def pop(self, fetched: Fetched) -> None:
        """Let the record go that `peek` returned."""
        self._queues[fetched.lane].popleft()

    @property
    def waits(self) -> bool:
        """Whether any record waits."""
        return any(self._queues)

    @property
    def empty_ms(self) -> int:
        """Since when every lane is known to have had nothing more; 0 where records wait."""
        return 0 if self.waits else min(self._empty_ms)


class Partitions:
    """The lanes of one partition number, how their records are merged, and what was committed of each."""

    def __init__(self, lanes: Lanes) -> None:
        self.lanes = lanes
        self.merging = Merging(len(lanes))
        self.committed: list[Committed | None] = [None] * len(lanes)

    def due(self, take: Callable[[Lane, Fetched], list[Due]]) -> Iterator[tuple[Lane, Due]]:
        """Yield what is due, in order, each with its lane. Where `take` raises, its record stays to be taken again."""
        while (head := self.merging.peek()) is not None:
            lane = self.lanes[head.lane]
            dues = take(lane, head)
            self.merging.pop(head)
            for due in dues:
                yield lane, due
        if self.merging.empty_ms:
            for lane in self.lanes:
                for due in lane.idle(self.merging.empty_ms):
                    yield lane, due
