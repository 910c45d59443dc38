"""Wait for topics to go: Kafka answers a deletion before it has deleted."""

import asyncio
from collections.abc import Sequence

from aiokafka.admin import AIOKafkaAdminClient

from streams.kafka.admin import read_topics

# Kafka takes milliseconds; the rest is for a machine with other work to do.
DELETED_WITHIN_SECONDS = 20.0
LOOK_SECONDS = 0.05


async def until_deleted(client: AIOKafkaAdminClient, names: Sequence[str]) -> None:
    """Return once none of `names` is a topic. Raises TimeoutError after DELETED_WITHIN_SECONDS."""
    async with asyncio.timeout(DELETED_WITHIN_SECONDS):
        while await read_topics(client, names):  # noqa: ASYNC110 - Kafka tells nobody
            await asyncio.sleep(LOOK_SECONDS)
