"""What a person does about deliveries: pause, resume, replay, and redrive what was given up."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from actions.errors import InputError, server_errors
from delivering.file import unknown_endpoint
from delivering.state import Store
from streams.config.redis import redis_client
from streams.config.settings import Settings


@asynccontextmanager
async def _store(settings: Settings, file: Path, name: str) -> AsyncIterator[Store]:
    """Give what is kept of an endpoint. Raises InputError where the file has none of that name; ServerError."""
    unknown = unknown_endpoint(file, name)
    if unknown:
        raise InputError(unknown)
    with server_errors(settings):
        async with redis_client(settings) as redis:
            yield Store(redis, settings.group)


async def pause(settings: Settings, file: Path, name: str) -> None:
    """Let an endpoint wait until it is resumed; what comes meanwhile waits in Kafka."""
    async with _store(settings, file, name) as store:
        await store.pause(name, "paused by hand")


async def resume(settings: Settings, file: Path, name: str) -> None:
    """Let a paused endpoint go on."""
    async with _store(settings, file, name) as store:
        await store.resume(name)


async def replay(settings: Settings, file: Path, name: str, since: datetime) -> None:
    """Let an endpoint begin again with the decisions since a time; they come under the same ids."""
    async with _store(settings, file, name) as store:
        await store.replay(name, int(since.timestamp() * 1000))


async def redrive(settings: Settings, file: Path, name: str, event_ids: Sequence[str]) -> int:
    """Try again what was given up, these or all; return how many they are."""
    async with _store(settings, file, name) as store:
        return await store.redrive(name, event_ids)
