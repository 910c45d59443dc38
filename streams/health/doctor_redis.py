"""The doctor's checks on Redis, all from INFO and TIME, which a user with few rights may call."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Final

from faust.exceptions import ImproperlyConfigured
from redis import Redis
from redis.exceptions import RedisError
from yarl import URL

from clientward_store.client import sync_client
from clientward_store.keys import target_of
from streams.config.settings import Settings
from streams.health.finding import Finding

# The oldest that the tests were tried on; it is what the wheel of the embedded server brings.
OLDEST: Final = (6, 2)
# An event may be this far ahead of our clock before it is refused as TIME; half of it is the time to look.
SKEW_WARN_FRACTION: Final = 0.5

Info = Mapping[str, Any]


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Give what there is to say about Redis; where it does not answer, only that."""
    try:
        info, skew = await asyncio.to_thread(_ask, settings.redis_url.get_secret_value())
    except (RedisError, OSError, ImproperlyConfigured) as error:
        advice = "start it, or correct redis_url (`clientward settings` shows what is in force)"
        yield Finding("fail", "redis", f"does not serve: {error or type(error).__name__}", advice)
        return
    for check in CHECKS:
        yield check(info)
    yield check_clock(skew, settings.future_minutes * 60)


def _ask(url: str) -> tuple[Info, float]:
    """Return INFO, and how many seconds Redis' clock is ahead of ours. Of a cluster, one node is asked."""
    target = target_of(URL(url))
    client: Any = Redis.from_url(target.url, socket_timeout=target.timeout) if target.cluster else sync_client(target)
    try:
        info = client.info()
        seconds, micros = client.time()
        return info, seconds + micros / 1e6 - time.time()
    finally:
        client.close()


def check_server(info: Info) -> Finding:
    """Tell the version and whether this server takes writes."""
    found = str(info["redis_version"])
    if tuple(int(part) for part in found.split(".")[:2]) < OLDEST:
        return Finding("fail", "redis", f"Redis {found}", "upgrade to 6.2 or newer")
    if info.get("role") != "master":
        return Finding(
            "fail", "redis", f"Redis {found} is a replica", "point redis_url at the primary: a replica takes no writes"
        )
    if info.get("loading"):
        return Finding("warn", "redis", f"Redis {found} is still loading its data", "wait; the worker waits too")
    return Finding("ok", "redis", f"Redis {found} answers and takes writes")


def check_memory(info: Info) -> Finding:
    """Tell whether Redis would throw accounts away when it is full."""
    policy = str(info.get("maxmemory_policy"))
    if policy == "noeviction":
        return Finding("ok", "memory", f"{info['used_memory_human']} used, maxmemory-policy noeviction")
    advice = "run `CONFIG SET maxmemory-policy noeviction` and write it in redis.conf: eviction loses accounts"
    return Finding("fail", "memory", f"maxmemory-policy is {policy}", advice)


def check_persistence(info: Info) -> Finding:
    """Tell whether Redis would come back with its data, and whether its last write to disk went well."""
    if not info.get("aof_enabled"):
        advice = "set `appendonly yes`: after a restart everything is else read again from the changelog"
        return Finding("warn", "persistence", "appendonly is off", advice)
    if info.get("aof_last_write_status") != "ok":
        return Finding("fail", "persistence", "the last write to the append-only file failed", "look at Redis' disk")
    return Finding("ok", "persistence", "appendonly is on and its last write went well")


def check_clock(skew: float, allowed: float) -> Finding:
    """Tell how far Redis' clock is from ours, both in seconds; a clock that is wrong refuses events as TIME."""
    text = f"Redis' clock is {skew:+.1f} s from this machine's"
    if abs(skew) <= allowed * SKEW_WARN_FRACTION:
        return Finding("ok", "clock", text)
    return Finding("warn", "clock", text, "let both follow a time server: an event too far ahead is refused as TIME")


CHECKS: Final[tuple[Callable[[Info], Finding], ...]] = (check_server, check_memory, check_persistence)
