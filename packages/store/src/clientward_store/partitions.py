"""What a store knows of each partition, and its synchronous reads and writes.

Rules:
- Whoever takes a partition over gets a token (`Ownership`). Each write names it, and Redis refuses it once somebody else
  has taken over. Only an owned partition has its values in the cache.
- The changelog offset in Redis only ever moves from the value that this store knows to a later one, in the same atomic
  write as the values. If Redis has an earlier one, it has lost writes (restored, failed over, emptied), and writing on
  would hide the gap: that is `Fenced`. A later one was written by a peer (global tables), and what it covers is done.
- What the mapping has set and Redis does not have yet (`Ownership.buffer`) is read before the cache and before Redis.
- A partition that is neither owned nor shared may be written only before the first rebalance (scripts and tests).
"""

import secrets
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, TypeVar

from clientward_store.cache import MISSING, Cache, Missing
from clientward_store.client import Clients
from clientward_store.errors import Fenced
from clientward_store.keys import Keys, keys_of
from clientward_store.ownership import Ownership, Values
from clientward_store.recovering import Change, RecoveryRules, lose_input, merged
from clientward_store.scripts import (
    META,
    POSITION,
    RESTORED,
    TAKE_OVER_SCRIPT,
    WRITE_SCRIPT,
    Arg,
    Command,
    Guard,
    Reply,
    Verdict,
    arguments,
    changelog_command,
    positions_in,
    value_commands,
)

T = TypeVar("T")
#: The offset that stands for "none yet".
NONE_YET: Final = -1
#: Bytes of an owner's token: unique among all owners of a partition.
TOKEN_BYTES: Final = 12


class Partitions:
    """The partitions of one table.

    Attributes:
        owned: The ownership cache, by partition.
        offsets: The changelog offsets that Redis is known to hold.
        assigned: The partitions whose keys this worker may see.
        owners_only: True: only owned partitions may be written.
    """

    def __init__(self, prefix: str, clients: Clients, cache: Cache) -> None:
        self.prefix = prefix
        self.clients = clients
        self.cache = cache
        self.owned: dict[int, Ownership] = {}
        self.offsets: dict[int, int] = {}
        self.assigned: set[int] = set()
        self.owners_only = False
        self._keys: dict[int, Keys] = {}

    def keys(self, partition: int) -> Keys:
        """Return the names of a partition's keys."""
        if partition not in self._keys:
            self._keys[partition] = keys_of(self.prefix, partition)
        return self._keys[partition]

    def ownership(self, partition: int) -> Ownership:
        """Return what is kept of an owned partition.

        Raises:
            Fenced: It was never taken over, or has been released or lost.
        """
        ownership = self.owned.get(partition)
        if ownership is None:
            raise Fenced(partition, f"partition {partition} of {self.prefix} is not owned here: call take_over first")
        return ownership

    def release(self, partition: int) -> None:
        """Forget the ownership and the cache of a partition."""
        self.owned.pop(partition, None)
        self.offsets.pop(partition, None)
        self.cache.forget(partition)

    async def take_over(self, partition: int) -> Ownership:
        """Become the partition's owner; from then on Redis refuses the writes of its former owner."""
        owner = secrets.token_hex(TOKEN_BYTES).encode()
        reply = await self.clients.arun(TAKE_OVER_SCRIPT, self.keys(partition)[:1], [owner])
        self.release(partition)
        self.offsets[partition] = reply.changelog
        self.assigned.add(partition)
        ownership = self.owned[partition] = Ownership(reply.epoch, owner, reply.lineage)
        return ownership

    def check(self, partition: int, reply: Reply) -> None:
        """Accept the script's reply.

        Raises:
            Fenced: Redis refused the write; the ownership is forgotten.
        """
        if reply.verdict is not Verdict.REFUSED:
            return
        ownership = self.owned.get(partition)
        self.release(partition)
        mine = ownership.epoch if ownership else 0
        is_same = ownership is None or reply.lineage == ownership.lineage
        if is_same and reply.epoch > mine:
            raise Fenced(
                partition,
                f"partition {partition} of {self.prefix} has a newer owner (epoch {reply.epoch}, ours {mine}): nothing "
                "was written; take it over and reload it if it is still assigned, or leave it",
            )
        raise self.lost_writes(partition)

    def lost_writes(self, partition: int) -> Fenced:
        """Forget the ownership of a partition, and return the error for a Redis that lost what was written to it."""
        self.release(partition)
        return Fenced(
            partition,
            f"Redis at {self.clients.target.address} has lost writes of partition {partition} of {self.prefix} "
            "(restored, failed over or emptied), or took one whose answer was lost: nothing was written; take it over, "
            "recover it and replay its input",
            lost_writes=True,
        )

    def read(self, partition: int, key: bytes) -> bytes | None:
        """Return a key's value: what is buffered, what is cached, or else what Redis answers."""
        known = self.local(partition, key)
        if not isinstance(known, Missing):
            return known
        value: bytes | None = self.clients.call(lambda redis: redis.hget(self.keys(partition).values, key))
        if partition in self.owned:
            self.cache.put(partition, {key: value})
        return value

    def local(self, partition: int, key: bytes) -> bytes | Missing | None:
        """Return a key's value as far as this process knows it, or MISSING."""
        ownership = self.owned.get(partition)
        value = ownership.buffer.get(key) if ownership is not None and ownership.buffer else MISSING
        return self.cache.get(partition, key) if value is MISSING else value

    def search(self, partitions: Iterable[int], key: bytes) -> tuple[int, bytes] | None:
        """Return the partition that has a key, and its value: as known here, or in one round trip to all of them."""
        unknown = []
        for partition in partitions:
            known = self.local(partition, key)
            if isinstance(known, bytes):
                return partition, known
            if known is MISSING:
                unknown.append(partition)
        values = self.all_of(unknown, lambda pipe, keys: pipe.hget(keys.values, key))
        for partition, value in zip(unknown, values, strict=True):
            if partition in self.owned:
                self.cache.put(partition, {key: value})
        return next(((p, value) for p, value in zip(unknown, values, strict=True) if value is not None), None)

    def all_of(self, partitions: Sequence[int], queue: Callable[[Any, Keys], object]) -> list[Any]:
        """Run one command on each partition, in one round trip."""
        if not partitions:
            return []

        def run(redis: Any) -> list[Any]:
            pipe = redis.pipeline(transaction=False)
            for partition in partitions:
                queue(pipe, self.keys(partition))
            answers: list[Any] = pipe.execute()
            return answers

        return self.clients.call(run)

    def offset(self, partition: int) -> int:
        """Return the changelog offset that Redis holds, read anew; NONE_YET where there is none."""
        raw = self.clients.call(lambda redis: redis.hget(self.keys(partition).meta, "changelog"))
        self.offsets[partition] = NONE_YET if raw is None else int(raw)
        return self.offsets[partition]

    def write(self, partition: int, values: Values, offset: int | None = None) -> None:
        """Write values, and the changelog offset where it is later than the one there, in one atomic step."""
        while not self.attempt(partition, values, [*value_commands(values)], offset):
            pass  # a peer's write came in between: it moved the offset on, so this ends

    def attempt(self, partition: int, values: Values, commands: list[Command], offset: int | None) -> bool:
        """Write once; False where a peer has moved the changelog offset on meanwhile.

        Raises:
            Fenced: The partition is not this store's, or Redis has lost writes.
        """
        expected, args = self.request(partition, commands, offset)
        reply = self.clients.run(WRITE_SCRIPT, self.keys(partition), args)
        return self.apply(partition, values, offset, expected, reply)

    def request(
        self, partition: int, commands: list[Command], offset: int | None, tip: bytes = b"", next_tip: bytes = b""
    ) -> tuple[int | None, list[Arg]]:
        """Return the changelog offset that Redis is expected to hold, and the script's arguments for a write.

        Raises:
            Fenced: The partition is not this store's.
        """
        ownership = self.owned.get(partition)
        if ownership is None and self.owners_only:
            self.ownership(partition)
        expected = self.offsets.get(partition)
        if expected is None and offset is not None:
            expected = self.offset(partition)
        if offset is not None and offset > (NONE_YET if expected is None else expected):
            commands = [*commands, changelog_command(offset)]
        owner = ownership.owner if ownership else b""
        guard = Guard(owner, tip, next_tip, "" if expected is None else str(expected))
        return expected, arguments(guard, commands)

    def apply(self, partition: int, values: Values, offset: int | None, expected: int | None, reply: Reply) -> bool:
        """Apply the script's reply to a write; False where a peer has moved the changelog offset on meanwhile.

        Raises:
            Fenced: The partition is not this store's, or Redis has lost writes.
        """
        self.check(partition, reply)
        if reply.verdict is Verdict.MOVED:
            self._moved(partition, reply, expected)
            return False
        self._written(partition, values, offset)
        return True

    def _moved(self, partition: int, reply: Reply, expected: int | None) -> None:
        if expected is not None and reply.changelog < expected:
            raise self.lost_writes(partition)
        self.offsets[partition] = reply.changelog

    def _written(self, partition: int, values: Values, offset: int | None) -> None:
        if offset is not None:
            self.offsets[partition] = max(offset, self.offsets.get(partition, NONE_YET))
        ownership = self.owned.get(partition)
        if ownership is not None:
            ownership.version += 1
            self.cache.put(partition, values)

    def recover(self, partition: int, changes: Sequence[Change], rules: RecoveryRules) -> bool:
        """Apply changelog records that Redis does not reflect yet, with their last offset, in one atomic step.

        Where a record replaces a value that reflects input which it does not (Redis was lost, rebuilt, and then came back as
        it was before), the partition's positions are forgotten, and this returns True: the input is to be read again.

        Args:
            partition: The partition's number.
            changes: The records, in the changelog's order.
            rules: Which of them may replace what is there, and what follows.
        """
        while True:
            known = self.offsets.get(partition)
            known = self.offset(partition) if known is None else known
            fresh = [change for change in changes if change.offset > known]
            if not fresh:
                return False
            before = self._before(partition, fresh, rules)
            values = merged(before, fresh, rules.newer)
            commands = [*value_commands(values)]
            if rules.note:
                commands.append(("SADD", RESTORED, [*values]))
            loses = lose_input(before, fresh, values, rules.covers)
            if loses:
                commands.append(("HDEL", META, self._positions(partition)))
            if self.attempt(partition, values, commands, fresh[-1].offset):
                return loses

    def _before(self, partition: int, fresh: Sequence[Change], rules: RecoveryRules) -> Values:
        """Return the stored values of the records' keys, where they are to be compared."""
        if rules.newer is None and rules.covers is None:
            return {}
        keys = list(dict.fromkeys(change.key for change in fresh))
        stored = self.clients.call(lambda redis: redis.hmget(self.keys(partition).values, keys))
        return dict(zip(keys, stored, strict=True))

    def _positions(self, partition: int) -> list[str]:
        """Return the fields of the meta hash that are positions."""
        meta = self.clients.call(lambda redis: redis.hgetall(self.keys(partition).meta))
        return [POSITION + topic for topic in positions_in(meta)]
