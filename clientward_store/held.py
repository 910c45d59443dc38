"""What an owner keeps of a partition that it has taken over.

Rules: all of it goes when the partition is released, fenced or taken over anew; nothing here is shared between owners.
"""

import asyncio
from concurrent.futures import Future
from typing import NamedTuple

from clientward_store.cache import MISSING, Missing
from clientward_store.scripts import Reply

#: A table's values by key; None deletes.
Values = dict[bytes, bytes | None]


class Flight(NamedTuple):
    """A write that is on its way to Redis.

    Attributes:
        values: What it writes.
        offset: The confirmed changelog offset that goes with them, or None.
        known: The changelog offset that Redis is expected to hold.
        tip: The mark that it leaves.
        answer: What the script will answer.
    """

    values: Values
    offset: int | None
    known: int | None
    tip: bytes
    answer: "Future[Reply]"


class Behind:
    """Values that an agent has set and Redis has not confirmed: some wait, some are on their way.

    Attributes:
        waiting: Values that go with the next write.
        flight: The write on its way, or None.
    """

    def __init__(self) -> None:
        self.waiting: Values = {}
        self.flight: Flight | None = None

    def __bool__(self) -> bool:
        return bool(self.waiting) or self.flight is not None

    def get(self, key: bytes) -> bytes | Missing | None:
        """Return the last value set, None where it was deleted, or MISSING."""
        value: bytes | Missing | None = self.waiting.get(key, MISSING)
        if value is MISSING and self.flight is not None:
            value = self.flight.values.get(key, MISSING)
        return value


class Held:
    """A partition that this store has taken over.

    Attributes:
        epoch: The owner's number in Redis.
        owner: The owner's token.
        tip: The mark that the last commit left.
        attempt: The last commit sent and its mark; its answer may have been lost.
        version: Counts this store's writes, so that a read that one overtook is not cached.
        queued: Counts the outbox entries written, for their order.
        lock: Held by whatever writes through the event loop.
        behind: What the mapping has set and Redis does not have yet.
    """

    def __init__(self, epoch: int, owner: bytes) -> None:
        self.epoch = epoch
        self.owner = owner
        self.tip = owner
        self.attempt: tuple[object, bytes] | None = None
        self.version = 0
        self.queued = 0
        self.lock = asyncio.Lock()
        self.behind = Behind()
        self._commits = 0

    def next_tip(self, write: object) -> bytes:
        """Return the mark for a commit: the same one again for the same write, so that a repeat is recognised."""
        if self.attempt is None or self.attempt[0] is not write:
            self._commits += 1
            self.attempt = (write, self.owner + b".%d" % self._commits)
        return self.attempt[1]

    def committed(self, tip: bytes) -> None:
        """Note that Redis has the commit of this mark."""
        self.tip, self.attempt = tip, None
        self.version += 1
