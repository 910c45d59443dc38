"""How full Redis is, as a worker asks it."""

import asyncio
from contextlib import suppress

import pytest
from redis import Redis

from agents import redis_memory
from agents.redis_memory import follow_memory
from streams.config.settings import Settings
from streams.embedded import redis_server
from streams.engine.metrics import Metrics

WITHIN_SECONDS = 30.0


def shown(metrics: Metrics) -> tuple[int, int]:
    """Return the bytes used, and the limit."""
    names = ("clientward_redis_used_bytes", "clientward_redis_limit_bytes")
    used, limit = (int(metrics.registry.get_sample_value(name) or 0) for name in names)
    return used, limit


async def test_the_memory_of_redis_is_followed_where_it_may_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its use, and its limit as it is now, that of the machine where it has none; without the right, nothing at all."""
    monkeypatch.setattr(redis_memory, "LOOK_SECONDS", 0.01)
    with redis_server(options={"maxmemory": "64mb"}) as server, Redis.from_url(server.url) as client:
        metrics = Metrics()
        following = asyncio.create_task(follow_memory(Settings(redis_url=server.url), metrics))  # type: ignore[arg-type]

        async def until_limit(at_least: int) -> None:
            async with asyncio.timeout(WITHIN_SECONDS):
                while shown(metrics)[1] < at_least:  # noqa: ASYNC110 - a gauge tells nobody
                    await asyncio.sleep(0.01)

        await until_limit(64 * 2**20)
        assert 0 < shown(metrics)[0] < 64 * 2**20
        client.config_set("maxmemory", "0")
        await until_limit(65 * 2**20)
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following
        client.acl_setuser("few", enabled=True, passwords=["+few"], keys=["*"], commands=["+@all", "-info"])
        denied, url = Metrics(), f"redis://few:few@127.0.0.1:{server.port}"
        async with asyncio.timeout(WITHIN_SECONDS):
            await follow_memory(Settings(redis_url=url), denied)  # type: ignore[arg-type]
        assert shown(denied) == (0, 0)
