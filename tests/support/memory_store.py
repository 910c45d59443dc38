"""A Redis with its fence, in memory, as the store's interface shows it to the owners of a partition.

It keeps the promises that the real one makes and nothing more: a commit is all or nothing, and refused to whoever is not the
owner.
"""

from collections.abc import Iterable, Sequence
from copy import deepcopy

import msgspec

from clientward_store import Fenced, StoreUnavailable, Write
from streams.engine.commit import MARKER

NUMBER = 3  # of the partition


class Stored(msgspec.Struct):
    """What a Redis holds of the partition."""

    values: dict[bytes, bytes] = {}
    positions: dict[str, int] = {}
    due: dict[bytes, int] = {}
    outbox: dict[bytes, bytes] = {}
    restored: set[bytes] = set()
    changelog: int = -1
    epoch: int = 0


class Redis:
    """One Redis, which owners share."""

    def __init__(self) -> None:
        self.held = Stored()
        self.away = 0  # calls that fail from now on
        self.calls: list[str] = []

    def messages(self) -> dict[bytes, bytes]:
        """Return the outbox without the markers that name changed accounts."""
        return {name: record for name, record in self.held.outbox.items() if not name.startswith(MARKER)}

    def snapshot(self) -> Stored:
        """Return a copy of everything."""
        return deepcopy(self.held)

    def answer(self, call: str) -> Stored:
        """Note a call, and answer it or fail it."""
        self.calls.append(call)
        if self.away:
            self.away -= 1
            raise StoreUnavailable("away")
        return self.held


class Store:
    """The batch interface of one owner."""

    def __init__(self, redis: Redis) -> None:
        self.redis = redis
        self.epoch = 0

    async def take_over(self, _: int) -> int:
        """Become the owner."""
        held = self.redis.answer("take_over")
        held.epoch += 1
        self.epoch = held.epoch
        return self.epoch

    def _owned(self, call: str) -> Stored:
        held = self.redis.answer(call)
        if held.epoch != self.epoch:
            raise Fenced(NUMBER, "another owner", lost_writes=held.epoch < self.epoch)
        return held

    async def positions(self, _: int) -> dict[str, int]:
        """Return positions."""
        return dict(self.redis.answer("positions").positions)

    async def outbox(self, _: int) -> list[tuple[bytes, bytes]]:
        """Return what is unsent."""
        return [*self.redis.answer("outbox").outbox.items()]

    async def load(self, _: int, keys: Iterable[bytes]) -> dict[bytes, bytes | None]:
        """Return values."""
        held = self.redis.answer("load")
        return {key: held.values.get(key) for key in keys}

    async def commit(self, _: int, write: Write) -> None:
        """Write all, or nothing."""
        held = self._owned("commit")
        for name in write.sent:
            held.outbox.pop(name, None)
        for key, value in write.values.items():
            held.values.pop(key, None)
            if value is not None:
                held.values[key] = value
        held.positions.update(write.positions)
        for key, at in write.due.items():
            held.due.pop(key, None)
            if at is not None:
                held.due[key] = at
        held.outbox.update(write.outbox)
        held.restored.difference_update(write.restored)
        held.changelog = max(held.changelog, -1 if write.changelog_offset is None else write.changelog_offset)

    async def sent(self, _: int, ids: Sequence[bytes], changelog_offset: int | None) -> None:
        """Note what was sent."""
        held = self._owned("sent")
        for name in ids:
            held.outbox.pop(name, None)
        held.changelog = max(held.changelog, -1 if changelog_offset is None else changelog_offset)

    async def due(self, _: int, until_us: int, limit: int) -> list[bytes]:
        """Return what is due."""
        held = self.redis.answer("due")
        return [key for key, at in sorted(held.due.items(), key=lambda each: each[1]) if at <= until_us][:limit]

    async def scan_due(self, _: int, cursor: int, __: int) -> tuple[int, list[bytes]]:
        """Return everything that has a time, in one round."""
        assert cursor == 0
        return 0, [*self.redis.answer("scan_due").due]

    async def restored(self, _: int, limit: int) -> list[bytes]:
        """Return what recovery has rewritten."""
        return sorted(self.redis.answer("restored").restored)[:limit]

    async def restate(self, _: int, keys: Iterable[bytes]) -> None:
        """Note keys as rewritten."""
        self.redis.answer("restate").restored.update(keys)

    async def restored_among(self, _: int, keys: Sequence[bytes]) -> set[bytes]:
        """Return those of these keys that recovery has rewritten."""
        return self.redis.answer("restored").restored & set(keys)
