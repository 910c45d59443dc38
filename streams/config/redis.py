"""A client of Redis as `redis_url` says: one server, a Cluster, or a Sentinel's primary; over TLS where it says so."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from streams.config.settings import Settings


@asynccontextmanager
async def redis_client(settings: Settings) -> AsyncIterator[Any]:
    """Give a client, which connects with its first call, and close it. Raises ImproperlyConfigured."""
    from yarl import URL  # noqa: PLC0415 - the store brings Faust, which is slow to import

    from clientward_store.client import async_client  # noqa: PLC0415 - the same
    from clientward_store.keys import target_of  # noqa: PLC0415 - the same

    client = async_client(target_of(URL(settings.redis_url.get_secret_value())))
    try:
        yield client
    finally:
        await client.aclose()
