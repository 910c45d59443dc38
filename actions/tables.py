"""The workers' table for whoever writes to it in their place."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from yarl import URL

from actions.errors import ActionError
from clientward_store import StoreUnavailable
from clientward_store.cache import Cache
from clientward_store.client import Clients
from clientward_store.keys import target_of
from clientward_store.partitions import Partitions
from streams.config.settings import Settings

REDIS_SECONDS: Final = 60.0  # for an answer at least: a partition of a gigabyte is one


@asynccontextmanager
async def table_of(settings: Settings) -> AsyncIterator[Partitions]:
    """Give the table's partitions, with nothing cached, and close the connections. Raises ActionError for Redis."""
    target = target_of(URL(settings.redis_url.get_secret_value()))
    parts = Partitions(settings.table, Clients(target._replace(timeout=max(target.timeout, REDIS_SECONDS))), Cache(0))
    try:
        yield parts
    except StoreUnavailable as error:
        raise ActionError(str(error)) from error
    finally:
        await parts.clients.close()
