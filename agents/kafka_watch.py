"""Whether Kafka answers, as the worker asks it now and then.

A worker that waits for records cannot tell a broker that is away from a firm that is quiet: the consumer tries again by
itself, and says so to nobody.
"""

import asyncio
from typing import Final

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from streams.config.settings import Settings
from streams.engine.metrics import Metrics
from streams.kafka.admin import REQUEST_TIMEOUT_MS

LOOK_SECONDS: Final = 10.0  # between two looks: an alarm waits for minutes


async def follow_kafka(settings: Settings, metrics: Metrics) -> None:
    """Ask Kafka for its brokers until cancelled, over one connection while it holds."""
    while True:
        client = AIOKafkaClient(**settings.kafka_client_options(), request_timeout_ms=REQUEST_TIMEOUT_MS)
        try:
            await client.bootstrap()
            metrics.kafka_up.set(1)
            while True:
                await asyncio.sleep(LOOK_SECONDS)
                metrics.kafka_up.set(bool(await client.force_metadata_update()))
        except (KafkaError, OSError, TimeoutError):
            metrics.kafka_up.set(0)
        finally:
            await client.close()
        await asyncio.sleep(LOOK_SECONDS)
