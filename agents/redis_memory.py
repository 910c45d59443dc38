"""How full Redis is, as the worker asks it now and then: an alarm that comes before every write fails."""

import asyncio
from typing import Final

import structlog
from faust.exceptions import ImproperlyConfigured
from redis.exceptions import NoPermissionError, RedisError

from streams.config.redis import redis_client
from streams.config.settings import Settings
from streams.engine.metrics import Metrics
from streams.health.table import one_server

log = structlog.get_logger(__name__)

LOOK_SECONDS: Final = 15.0  # between two looks: a backlog takes minutes to fill a Redis


async def follow_memory(settings: Settings, metrics: Metrics) -> None:
    """Ask Redis for its memory until cancelled. Where that cannot be asked it is not known, and nothing else fails."""
    while True:
        try:
            async with redis_client(settings) as client:
                while True:
                    info = one_server(await client.info("memory"))
                    metrics.redis_used.set(int(info.get("used_memory", 0)))
                    metrics.redis_limit.set(int(info.get("maxmemory") or info.get("total_system_memory") or 0))
                    await asyncio.sleep(LOOK_SECONDS)
        except NoPermissionError as error:
            log.info("Redis' memory is not watched: allow this user +info", reason=str(error))
            return
        except ImproperlyConfigured:
            return  # told by whoever needs Redis for its work
        except (RedisError, OSError):
            await asyncio.sleep(LOOK_SECONDS)  # away: told by the calls that are repeated
