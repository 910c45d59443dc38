"""The batch interface: a partition's values, positions, timers and outbox in one atomic write, with one owner.

Usage, for a partition that was just assigned:
1. `take_over` it: from now on Redis refuses its former owner's writes.
2. Send what `outbox` still holds, and seek the input to `positions`.
3. For each batch of input: `load` the keys it touches, compute, `commit` values, next positions, due times and the
   records to publish; publish them; then `sent`. Only now acknowledge the input.
4. `release` it when it is revoked.

Rules: a commit that raised `StoreUnavailable` may or may not have arrived: repeat it with the same `Write` object until
it returns, and it is written exactly once; or take over and reload. `Fenced` says that nothing was written and that all
that was loaded is invalid. Keys, values, ids and records are bytes. Each call is one round trip, and blocks nothing.
"""

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from clientward_store.ownership import Ownership
from clientward_store.partitions import NONE_YET, Partitions
from clientward_store.scripts import (
    DUE,
    OUTBOX,
    RESTORED,
    WRITE_SCRIPT,
    Command,
    Guard,
    arguments,
    changelog_command,
    pairs,
    positions_command,
    positions_in,
    value_commands,
)

#: What precedes a record in the outbox: the owner's epoch and a count, big-endian, so that entries sort by age.
ORDER: Final = struct.Struct(">QQ")


@dataclass(frozen=True, slots=True, eq=False)
class Write:
    """What one commit writes; all of it or nothing.

    Attributes:
        values: New values by key; None deletes.
        positions: The next offset to read, by topic.
        due: When to wake a key, in µs since the epoch; None: not at all.
        outbox: Records to publish, as (id, record), in order; an id that is there already is replaced.
        restored: Keys of `restored` that the caller has dealt with.
        sent: Ids of outbox records that have been published since, as for `sent`, without its round trip.
        changelog_offset: The last changelog offset that the values before this write reflect, as for `sent`; or None.
    """

    values: Mapping[bytes, bytes | None] = field(default_factory=dict)
    positions: Mapping[str, int] = field(default_factory=dict)
    due: Mapping[bytes, int | None] = field(default_factory=dict)
    outbox: Sequence[tuple[bytes, bytes]] = ()
    restored: Sequence[bytes] = ()
    sent: Sequence[bytes] = ()
    changelog_offset: int | None = None


class BatchApi:
    """The batch calls of a store; every one raises StoreUnavailable where Redis cannot serve."""

    parts: Partitions

    async def ping(self) -> None:
        """Return once Redis has answered."""
        await self.parts.clients.acall(lambda redis: redis.ping())

    async def take_over(self, partition: int) -> int:
        """Become a partition's owner and return the new epoch; what was cached of it is forgotten."""
        return (await self.parts.take_over(partition)).epoch

    def release(self, partition: int) -> None:
        """Forget a revoked partition: its epoch and what is cached. Redis keeps everything."""
        self.parts.assigned.discard(partition)
        self.parts.release(partition)

    async def positions(self, partition: int) -> dict[str, int]:
        """Return the next offset to read of every topic that a commit has named."""
        meta = await self.parts.clients.acall(lambda redis: redis.hgetall(self.parts.keys(partition).meta))
        return positions_in(meta)

    async def load(self, partition: int, keys: Iterable[bytes]) -> dict[bytes, bytes | None]:
        """Return the keys' values, None where there is none: from the cache, the others in one round trip."""
        found, misses = self.parts.cache.split(partition, keys)
        if not misses:
            return found
        ownership = self.parts.owned.get(partition)
        version = ownership.version if ownership else 0
        name = self.parts.keys(partition).values
        fetched = dict(zip(misses, await self.parts.clients.acall(lambda r: r.hmget(name, misses)), strict=True))
        if ownership is not None and self.parts.owned.get(partition) is ownership and ownership.version == version:
            self.parts.cache.put(partition, fetched)
        found.update(fetched)
        return found

    async def commit(self, partition: int, write: Write) -> None:
        """Write a batch's results atomically; nothing at all where the partition is not this owner's any more.

        Raises:
            Fenced: The partition has a newer owner, Redis has lost writes, or it was never taken over.
        """
        ownership = self.parts.ownership(partition)
        async with ownership.lock:
            tip = ownership.next_tip(write)
            guard = Guard(owner=ownership.owner, tip=ownership.tip, next_tip=tip)
            changelog = self._changelog_commands(partition, write.changelog_offset)
            args = arguments(guard, [*changelog, *commit_commands(write, ownership)])
            self.parts.check(partition, await self.parts.clients.arun(WRITE_SCRIPT, self.parts.keys(partition), args))
            ownership.committed(tip)
        if self.parts.owned.get(partition) is ownership:
            self._note_changelog(partition, write.changelog_offset)
            self.parts.cache.put(partition, write.values)

    async def sent(self, partition: int, ids: Sequence[bytes], changelog_offset: int | None) -> None:
        """Drop published records from the outbox, and note the last changelog offset that the values reflect.

        Raises:
            Fenced: As for `commit`.
        """
        ownership = self.parts.ownership(partition)
        async with ownership.lock:
            commands: list[Command] = [("HDEL", OUTBOX, ids), *self._changelog_commands(partition, changelog_offset)]
            args = arguments(Guard(owner=ownership.owner, tip=ownership.tip), commands)
            self.parts.check(partition, await self.parts.clients.arun(WRITE_SCRIPT, self.parts.keys(partition), args))
        if self.parts.owned.get(partition) is ownership:
            self._note_changelog(partition, changelog_offset)

    def _changelog_commands(self, partition: int, offset: int | None) -> list[Command]:
        """Return the command that moves the changelog offset on, if it is a later one."""
        if offset is None or offset <= self.parts.offsets.get(partition, NONE_YET):
            return []
        return [changelog_command(offset)]

    def _note_changelog(self, partition: int, offset: int | None) -> None:
        if offset is not None:
            self.parts.offsets[partition] = max(offset, self.parts.offsets.get(partition, NONE_YET))

    async def outbox(self, partition: int) -> list[tuple[bytes, bytes]]:
        """Return what has been committed and not been reported as sent, as (id, record), oldest first."""
        raw = await self.parts.clients.acall(lambda redis: redis.hgetall(self.parts.keys(partition).outbox))
        entries = sorted((entry[: ORDER.size], name, entry[ORDER.size :]) for name, entry in raw.items())
        return [(name, record) for _, name, record in entries]

    async def due(self, partition: int, until_us: int, limit: int) -> list[bytes]:
        """Return at most `limit` keys that are due at `until_us` (µs since the epoch) or before, earliest first."""
        name = self.parts.keys(partition).due
        found = await self.parts.clients.acall(
            lambda redis: redis.zrangebyscore(name, "-inf", until_us, start=0, num=limit)
        )
        return list(found)

    async def scan_due(self, partition: int, cursor: int, count: int) -> tuple[int, list[bytes]]:
        """Return the next cursor and about `count` keys that have a due time; a round begins and ends with cursor 0.

        A key that has one all through a round is returned at least once, whatever is written meanwhile.
        """
        name = self.parts.keys(partition).due
        found = await self.parts.clients.acall(lambda redis: redis.zscan(name, cursor=cursor, count=count))
        return int(found[0]), [key for key, _ in found[1]]

    async def restored(self, partition: int, limit: int) -> list[bytes]:
        """Return at most `limit` keys that recovery has rewritten since somebody last named them in a commit.

        They are noted only with the table's `options={"note_restored": True}`: recovery knows values alone, so the due
        times and unpublished records of these keys are to be derived again.
        """
        name = self.parts.keys(partition).restored
        found = await self.parts.clients.acall(lambda redis: redis.srandmember(name, limit))
        return list(found)

    async def restate(self, partition: int, keys: Iterable[bytes]) -> None:
        """Note keys as if recovery had rewritten them, whoever owns the partition: `restored` will tell them."""
        name, noted = self.parts.keys(partition).restored, [*keys]
        if noted:
            await self.parts.clients.acall(lambda redis: redis.sadd(name, *noted))

    async def restored_among(self, partition: int, keys: Sequence[bytes]) -> set[bytes]:
        """Return those of these keys that `restored` would tell in the end."""
        name = self.parts.keys(partition).restored
        found = await self.parts.clients.acall(lambda redis: redis.smismember(name, keys)) if keys else []
        return {key for key, is_restored in zip(keys, found, strict=True) if is_restored}


def commit_commands(write: Write, ownership: Ownership) -> Iterator[Command]:
    """Yield a commit's commands. What was sent leaves the outbox first: the same id may enter it again."""
    yield "HDEL", OUTBOX, write.sent
    yield from value_commands(write.values)
    yield positions_command(write.positions)
    yield "ZADD", DUE, pairs((at, key) for key, at in write.due.items() if at is not None)
    yield "ZREM", DUE, [key for key, at in write.due.items() if at is None]
    yield "HSET", OUTBOX, pairs((name, in_order(ownership) + record) for name, record in write.outbox)
    yield "SREM", RESTORED, write.restored


def in_order(ownership: Ownership) -> bytes:
    """Return the order field of the next outbox entry."""
    ownership.outbox_entries += 1
    return ORDER.pack(ownership.epoch, ownership.outbox_entries)
