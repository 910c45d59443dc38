"""The ownership cache: what the owner of a partition keeps of it in memory.

Rules: all of it is dropped when the partition is released, fenced or taken over again; nothing is shared between owners.
"""

import asyncio
from concurrent.futures import Future
from typing import NamedTuple

from clientward_store.cache import MISSING, Missing
from clientward_store.scripts import Reply

#: A table's values by key; None deletes.
Values = dict[bytes, bytes | None]


class InFlight(NamedTuple):
    """A write that was sent to Redis and is not answered yet.

    Attributes:
        values: What it writes.
        offset: The confirmed changelog offset that it writes with them, or None.
        expected: The changelog offset that Redis is expected to hold.
        tip: The commit id that it leaves.
        answer: The script's reply to come.
    """

    values: Values
    offset: int | None
    expected: int | None
    tip: bytes
    answer: "Future[Reply]"


class WriteBuffer:
    """Values that an agent has set and Redis has not confirmed.

    Attributes:
        pending: Values for the next write.
        in_flight: The write that was sent last, until it is answered.
    """

    def __init__(self) -> None:
        self.pending: Values = {}
        self.in_flight: InFlight | None = None

    def __bool__(self) -> bool:
        return bool(self.pending) or self.in_flight is not None

    def get(self, key: bytes) -> bytes | Missing | None:
        """Return the last value set, None where it was deleted, or MISSING."""
        value: bytes | Missing | None = self.pending.get(key, MISSING)
        if value is MISSING and self.in_flight is not None:
            value = self.in_flight.values.get(key, MISSING)
        return value


class Ownership:
    """A partition that this store has taken over.

    Attributes:
        epoch: The owner's number in Redis.
        owner: The owner's token.
        lineage: That of the partition in Redis when it was taken over.
        tip: The id of the last commit.
        attempt: The last commit sent and its id; its reply may have been lost.
        version: Counts this store's writes, so that a read that a write overtook is not cached.
        outbox_entries: Counts the outbox entries written, for their order.
        lock: Held by whatever writes through the event loop.
        buffer: What the mapping has set and Redis does not have yet.
    """

    def __init__(self, epoch: int, owner: bytes, lineage: bytes) -> None:
        self.epoch = epoch
        self.owner = owner
        self.lineage = lineage
        self.tip = owner
        self.attempt: tuple[object, bytes] | None = None
        self.version = 0
        self.outbox_entries = 0
        self.lock = asyncio.Lock()
        self.buffer = WriteBuffer()
        self._commits = 0

    def next_tip(self, write: object) -> bytes:
        """Return the id for a commit: the same one again for the same write, so that a repeat is recognised."""
        if self.attempt is None or self.attempt[0] is not write:
            self._commits += 1
            self.attempt = (write, self.owner + b".%d" % self._commits)
        return self.attempt[1]

    def committed(self, tip: bytes) -> None:
        """Note that Redis has the commit of this id."""
        self.tip, self.attempt = tip, None
        self.version += 1
