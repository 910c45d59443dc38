"""The doctor's checks on Redis: a write and its removal beside every partition's keys, then INFO and TIME.

The write is one field of a hash that no worker knows, in the key space of the table, by a script as the workers' are: what
fails for them fails here. A worker's user need not be allowed INFO and TIME; without them the doctor says what it could not
look at.
"""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any, Final
from uuid import uuid4

from faust.exceptions import ImproperlyConfigured
from redis.exceptions import NoPermissionError, RedisError
from yarl import URL

from clientward_store.keys import check_key, target_of
from streams.config.redis import redis_client
from streams.config.settings import Settings
from streams.health.denials import of_redis
from streams.health.finding import Finding
from streams.health.table import Info, one_server
from streams.rights.parts import WORKER, Part

# The oldest that the tests were tried on; it is what the wheel of the embedded server brings.
OLDEST: Final = (6, 2)
# An event may be this far ahead of our clock before it is refused as TIME; half of it is the time to look.
SKEW_WARN_FRACTION: Final = 0.5
# Of maxmemory. A backlog or a backfill takes the rest within minutes, and at the limit every write fails.
FULL_FRACTION, FILLING_FRACTION = 0.9, 0.75
WRITE: Final = "return redis.call('hset', KEYS[1], 'probe', ARGV[1])"
MEBIBYTE: Final = 1_048_576


async def examine(settings: Settings, part: Part) -> AsyncIterator[Finding]:
    """Give what there is to say about Redis to a part that goes there; where it does not answer, only that."""
    if part.redis is None:
        return
    url = URL(settings.redis_url.get_secret_value())
    try:
        where = target_of(url).address
        async with redis_client(settings) as client:
            if part.name == WORKER:
                yield await _check_write(client, settings, where)
            else:
                await client.ping()
            if part.name != WORKER and "info" not in part.redis.commands:
                yield Finding("ok", "redis", f"{where} answers, and takes this login")
                return
            info = await client.info()
            started = time.time()
            seconds, micros = await client.time()
            skew = seconds + micros / 1e6 - (started + time.time()) / 2
    except NoPermissionError as error:
        advice = "for these checks: ACL SETUSER USER +info +time"
        yield Finding("warn", "redis", f"memory, persistence and clock were not looked at: {error}", advice)
        return
    except (RedisError, OSError) as error:
        yield of_redis(error, "redis", where, tls=url.scheme == "rediss")
        return
    except ImproperlyConfigured as error:
        yield Finding("fail", "redis", str(error), "correct redis_url (`clientward settings` shows what is in force)")
        return
    for check in CHECKS:
        yield check(one_server(info))
    yield check_clock("Redis'", skew, settings.future_minutes * 60)


async def _check_write(client: Any, settings: Settings, where: str) -> Finding:
    """Write beside each partition's keys, read it and take it away again. Raises RedisError where nothing answers."""
    for number in range(settings.partitions):
        key = check_key(settings.table, number)
        written = uuid4().hex.encode()
        try:
            await client.eval(WRITE, 1, key, written)
            if await client.hget(key, "probe") != written:
                return Finding("fail", "write", f"{where} lost a write to {key}", "see whether it fails over just now")
        except RedisError as error:
            found = of_redis(error, "write", where)
            await client.ping()  # where nothing answers at all, that is what is said
            return found
        finally:
            with suppress(RedisError):
                await client.hdel(key, "probe")
    return Finding(
        "ok", "write", f"{where} took a write beside each of {settings.partitions} partitions, and its removal"
    )


def check_server(info: Info) -> Finding:
    """Tell the version, and whether this server is one for writes."""
    found = str(info["redis_version"])
    if tuple(int(part) for part in found.split(".")[:2]) < OLDEST:
        return Finding("fail", "redis", f"Redis {found}", "upgrade to 6.2 or newer")
    if info.get("role") != "master":
        return Finding(
            "fail", "redis", f"Redis {found} is a replica", "point redis_url at the primary: a replica takes no writes"
        )
    if info.get("loading"):
        return Finding("warn", "redis", f"Redis {found} is still loading its data", "wait; the worker waits too")
    return Finding("ok", "redis", f"Redis {found} answers, and is a primary")


def check_memory(info: Info) -> Finding:
    """Tell whether Redis would throw accounts away when it is full, and how near it is to that."""
    policy = str(info.get("maxmemory_policy"))
    if policy != "noeviction":
        advice = "run `CONFIG SET maxmemory-policy noeviction` and write it in redis.conf: eviction loses accounts"
        return Finding("fail", "memory", f"maxmemory-policy is {policy}", advice)
    used, limit = int(info.get("used_memory", 0)), int(info.get("maxmemory", 0))
    if not limit:
        return _check_machine(used, int(info.get("total_system_memory", 0)))
    text = f"{_mib(used)} used of maxmemory {_mib(limit)}, {used / limit:.0%}; maxmemory-policy noeviction"
    if used >= FULL_FRACTION * limit:
        return Finding("fail", "memory", text, "raise maxmemory now: at the limit every write fails")
    if used >= FILLING_FRACTION * limit:
        return Finding("warn", "memory", text, "plan for more memory: docs/scaling.md says how much an account takes")
    return Finding("ok", "memory", text)


def _check_machine(used: int, machine: int) -> Finding:
    """Judge a Redis without a limit of its own by the machine's memory, in bytes; 0: not known."""
    text = f"{_mib(used)} used, no maxmemory; maxmemory-policy noeviction"
    if machine and used >= FILLING_FRACTION * machine:
        advice = "give the machine more memory: Redis is else ended by it"
        return Finding("fail", "memory", f"{text}; the machine has {_mib(machine)}", advice)
    return Finding("ok", "memory", text)


def _mib(size: int) -> str:
    return f"{size / MEBIBYTE:,.0f} MiB"


def check_persistence(info: Info) -> Finding:
    """Tell whether Redis would come back with its data, and whether its last writes to disk went well."""
    if info.get("rdb_last_bgsave_status", "ok") != "ok":
        return Finding("fail", "persistence", "the last snapshot failed", "look at Redis' disk and at its log")
    if not info.get("aof_enabled"):
        advice = "set `appendonly yes`: after a restart everything is else read again from the changelog"
        return Finding("warn", "persistence", "appendonly is off", advice)
    if info.get("aof_last_write_status") != "ok":
        return Finding("fail", "persistence", "the last write to the append-only file failed", "look at Redis' disk")
    if info.get("aof_last_bgrewrite_status", "ok") != "ok":
        return Finding("fail", "persistence", "the append-only file could not be rewritten", "look at Redis' disk")
    return Finding("ok", "persistence", "appendonly is on and its last write went well")


def check_clock(whose: str, skew: float, allowed: float) -> Finding:
    """Tell how far another's clock is from ours, both in seconds; a clock that is wrong refuses events as TIME."""
    text = f"{whose} clock is {skew:+.1f} s from this machine's"
    if abs(skew) <= allowed * SKEW_WARN_FRACTION:
        return Finding("ok", "clock", text)
    return Finding("warn", "clock", text, "let both follow a time server: an event too far ahead is refused as TIME")


CHECKS: Final[tuple[Callable[[Info], Finding], ...]] = (check_server, check_memory, check_persistence)
