"""What is kept of each endpoint in Redis: where it stands, what waits to be tried again, what was given up, and wishes.

Everything that belongs together is written in one transaction, so that a process that dies at any point leaves a state from
which each decision is delivered again or not yet, and none is missing. All keys share a hash tag: on a Cluster they are on
one server.
"""

import heapq
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec
from msgspec import Struct
from redis.asyncio import Redis

from clientward_client.lanes import Committed
from delivering.reading import Mark
from streams.config.redis import redis_client
from streams.config.settings import Settings

# Ms for which one process delivers without saying so again; another one takes over after that.
LEASE_MS: Final = 10_000


class LeaseLostError(RuntimeError):
    """Another process delivers now: this one was away for longer than the lease. Start it again."""


class Waiting(Struct, array_like=True):
    """A message that waits to be tried again, or was given up.

    Attributes:
        seq: its place among those of the endpoint; of one account they are sent in this order.
        attempts: how often it was tried.
        since: when it first failed, in seconds since the epoch.
        due: when it is tried again; of one that was given up, when that was.
        why: what came of the last attempt.
    """

    seq: int
    event_id: str
    account_id: str
    body: str
    attempts: int = 0
    since: float = 0.0
    due: float = 0.0
    why: str = ""


class Wishes(Struct):
    """What somebody wants of an endpoint: that it pauses (why), is replayed from a time (ms), and what is redriven.

    Attributes:
        paused_at: since when it pauses, in seconds since the epoch; None where that was not noted.
        paused_by: who paused it; empty where it did so itself.
    """

    paused: str | None = None
    replay_ms: int | None = None
    redrive: list[Waiting] = []
    paused_at: float | None = None
    paused_by: str = ""


class Changes(Struct):
    """What is to be written of an endpoint in one transaction."""

    marks: Mapping[int, Mark] = {}
    waiting: Sequence[Waiting] = ()
    done: Sequence[int] = ()
    dead: Sequence[Waiting] = ()
    redriven: Sequence[str] = ()
    status: "Status | None" = None
    paused: str | None = None


class Status(Struct):
    """How an endpoint does, for people. Times in seconds since the epoch; None where there was none."""

    delivered: int = 0
    last_ok: float | None = None
    last_failure: float | None = None
    why: str = ""
    failures_in_a_row: int = 0
    is_behind: bool = False
    at: float = 0.0
    failing_since: float | None = None


class Store:
    """Redis, for one deployment; `group` is its name, `owner` the process that delivers. Raises redis' errors."""

    def __init__(self, redis: "Redis", group: str, owner: str = "") -> None:
        self._redis: Any = redis
        self._group = group
        self._owner = owner
        self._owner_key = f"{{{group}-deliver}}:owner"

    def _key(self, endpoint: str, what: str) -> str:
        return f"{{{self._group}-deliver}}:{endpoint}:{what}"

    async def marks(self, endpoint: str) -> dict[int, Mark]:
        """Return where an endpoint stands, by partition number; empty for a new one."""
        found = await self._redis.hgetall(self._key(endpoint, "marks"))
        return {int(number): _mark(raw) for number, raw in found.items()}

    async def waiting(self, endpoint: str) -> list[Waiting]:
        """Return what waits to be tried again, in order."""
        return sorted(_all(await self._redis.hvals(self._key(endpoint, "waiting"))), key=lambda each: each.seq)

    async def dead(self, endpoint: str) -> list[Waiting]:
        """Return what was given up, in order."""
        return sorted(_all(await self._redis.hvals(self._key(endpoint, "dead"))), key=lambda each: each.seq)

    async def newest_dead(self, endpoint: str, most: int) -> list[Waiting]:
        """Return the newest of what was given up, in the order in which it was; no more than these are held at once."""
        found: list[tuple[float, int, bytes]] = []
        async for _, raw in self._redis.hscan_iter(self._key(endpoint, "dead"), count=most):
            waiting = msgspec.msgpack.decode(raw, type=Waiting)
            put = heapq.heappush if len(found) < most else heapq.heappushpop
            put(found, (waiting.due, waiting.seq, raw))
        return _all([raw for _, _, raw in sorted(found)])

    async def oldest_waiting(self, endpoints: Sequence[str]) -> dict[str, Waiting]:
        """Return the first of what waits to be tried again, of each endpoint of which something does."""
        pipeline = self._redis.pipeline(transaction=False)
        for name in endpoints:
            pipeline.hkeys(self._key(name, "waiting"))
        first = {
            name: min(map(int, seqs)) for name, seqs in zip(endpoints, await pipeline.execute(), strict=True) if seqs
        }
        for name, seq in first.items():
            pipeline.hget(self._key(name, "waiting"), str(seq))
        raws = await pipeline.execute() if first else []
        return {name: _all([raw])[0] for name, raw in zip(first, raws, strict=True) if raw is not None}

    async def is_delivered_to(self) -> bool:
        """Tell whether a process delivers now."""
        return await self._redis.get(self._owner_key) is not None

    async def counts(self, endpoints: Sequence[str]) -> dict[str, tuple[int, int]]:
        """Return how much waits to be tried again, and how much was given up, of each endpoint."""
        pipeline = self._redis.pipeline(transaction=False)
        for name in endpoints:
            pipeline.hlen(self._key(name, "waiting")).hlen(self._key(name, "dead"))
        answers = await pipeline.execute()
        return dict(zip(endpoints, zip(answers[::2], answers[1::2], strict=True), strict=True))

    async def status(self, endpoint: str) -> Status:
        """Return how an endpoint did when its process last said so."""
        raw = await self._redis.get(self._key(endpoint, "status"))
        return Status() if raw is None else msgspec.json.decode(raw, type=Status)

    async def wishes(self, endpoints: Sequence[str]) -> dict[str, Wishes]:
        """Return what is wanted of each endpoint."""
        pipeline = self._redis.pipeline(transaction=False)
        for name in endpoints:
            pipeline.hgetall(self._key(name, "wishes")).hvals(self._key(name, "redrive"))
        answers = await pipeline.execute()
        found = {}
        for name, wishes, redrive in zip(endpoints, answers[::2], answers[1::2], strict=True):
            paused, replay, since = (wishes.get(what) for what in (b"paused", b"replay", b"paused_at"))
            found[name] = Wishes(
                None if paused is None else paused.decode(),
                None if replay is None else int(replay),
                _all(redrive),
                float(since) if since else None,
                wishes.get(b"paused_by", b"").decode(),
            )
        return found

    async def write(self, changes: Mapping[str, Changes]) -> None:
        """Write by endpoint what belongs together, whole or not at all, in one round trip; done again it changes nothing.

        Raises LeaseLostError where another process delivers now.
        """
        commands = [command for endpoint, each in changes.items() for command in self._commands(endpoint, each)]
        keys = [self._owner_key, *dict.fromkeys(command[1] for command in commands)]
        words = [word for command in commands for word in (len(command), *command)]
        if not await self._redis.eval(_WRITE, len(keys), *keys, self._owner, *words):
            raise LeaseLostError("another process delivers now: this one was away for longer than 10 s; start it again")

    def _commands(self, endpoint: str, changes: Changes) -> Iterator[list[str | bytes]]:
        waiting, dead, marks = (self._key(endpoint, what) for what in ("waiting", "dead", "marks"))
        for mark_of, mark in changes.marks.items():
            yield ["HSET", marks, str(mark_of), _raw(mark).decode()]
        for each in changes.waiting:
            yield ["HSET", waiting, str(each.seq), _packed(each)]
        for seq in changes.done:
            yield ["HDEL", waiting, str(seq)]
        for each in changes.dead:
            yield ["HSET", dead, each.event_id, _packed(each)]
        for event_id in changes.redriven:
            yield ["HDEL", self._key(endpoint, "redrive"), event_id]
        if changes.status is not None:
            yield ["SET", self._key(endpoint, "status"), msgspec.json.encode(changes.status).decode()]
        if changes.paused is not None:
            since = str(changes.status.at) if changes.status is not None else ""
            told = ["paused", changes.paused, "paused_at", since, "paused_by", ""]
            yield ["HSET", self._key(endpoint, "wishes"), *told]

    async def replayed(self, endpoint: str, marks: Mapping[int, Mark]) -> None:
        """Let an endpoint stand elsewhere, and count the wish as fulfilled."""
        pipeline = self._redis.pipeline(transaction=True)
        pipeline.hset(self._key(endpoint, "marks"), mapping={str(n): _raw(mark) for n, mark in marks.items()})
        pipeline.hdel(self._key(endpoint, "wishes"), "replay")
        await pipeline.execute()

    async def pause(self, endpoint: str, why: str, by: str, at: float) -> None:
        """Wish that an endpoint pauses; `at` is now, in seconds since the epoch."""
        told = {"paused": why, "paused_at": str(at), "paused_by": by}
        await self._redis.hset(self._key(endpoint, "wishes"), mapping=told)

    async def resume(self, endpoint: str) -> None:
        """Wish that it goes on."""
        await self._redis.hdel(self._key(endpoint, "wishes"), "paused", "paused_at", "paused_by")

    async def replay(self, endpoint: str, at_ms: int) -> None:
        """Wish that it starts again with the decisions since a time."""
        await self._redis.hset(self._key(endpoint, "wishes"), "replay", at_ms)

    async def redrive(self, endpoint: str, event_ids: Sequence[str]) -> int:
        """Wish that what was given up is tried again: these, or all; return how many they are."""
        raws = await self._redis.hgetall(self._key(endpoint, "dead"))
        chosen = {name: raw for name, raw in raws.items() if not event_ids or name.decode() in event_ids}
        if chosen:
            pipeline = self._redis.pipeline(transaction=True)
            pipeline.hset(self._key(endpoint, "redrive"), mapping=chosen)
            pipeline.hdel(self._key(endpoint, "dead"), *chosen)
            await pipeline.execute()
        return len(chosen)

    async def lease(self) -> bool:
        """Be the one process that delivers, for LEASE_MS more; return whether that is so."""
        return bool(await self._redis.eval(_LEASE, 1, self._owner_key, self._owner, LEASE_MS))

    async def leave(self) -> None:
        """Let another process deliver at once."""
        await self._redis.eval(_LEAVE, 1, self._owner_key, self._owner)


def kept_in(settings: Settings) -> Settings:
    """Return settings whose Redis is the one that deliveries are kept in."""
    return settings.model_copy(update={"redis_url": settings.deliveries_redis_url or settings.redis_url})


@asynccontextmanager
async def store_of(settings: Settings, owner: str = "") -> AsyncIterator[Store]:
    """Give what is kept of a deployment's deliveries."""
    async with redis_client(kept_in(settings)) as redis:
        yield Store(redis, settings.group, owner)


_LEASE: Final = """
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
_LEAVE: Final = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end return 1"
# A process that was frozen must not write over what its successor has written since.
_WRITE: Final = """
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then return 0 end
local at = 2
while at <= #ARGV do
  local words = tonumber(ARGV[at])
  redis.call(unpack(ARGV, at + 1, at + words))
  at = at + 1 + words
end
return 1
"""


def _packed(waiting: Waiting) -> bytes:
    return msgspec.msgpack.encode(waiting)


def _all(raws: Sequence[bytes]) -> list[Waiting]:
    return [msgspec.msgpack.decode(raw, type=Waiting) for raw in raws]


def _raw(mark: Mark) -> bytes:
    return msgspec.json.encode([[[at.offset, at.metadata] for at in mark.resume], list(mark.given)])


def _mark(raw: bytes) -> Mark:
    resume, given = msgspec.json.decode(raw, type=tuple[list[tuple[int, str]], list[int]])
    return Mark(tuple(Committed(offset, metadata) for offset, metadata in resume), tuple(given))
