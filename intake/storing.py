"""Kafka behind the pages: records stored within a time, or an error that says to come again.

An idempotent producer of aiokafka tries for ever, and what it holds grows meanwhile. So whoever waits too long is told
that Kafka is away, the producer is given up, and until another has found the brokers nothing is taken at all. A record
that was given up may be stored all the same: the sender sends it again, under the same id.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Final

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from intake.keys import TOPICS
from relationship.contract.outcome import REJECTED
from streams.config.settings import Settings
from streams.kafka.admin import TopicsError
from streams.kafka.publisher import ABANDON_SECONDS, ProducerRecord
from streams.kafka.sending import producer, require_topics, send_batch

log = structlog.get_logger(__name__)

STORE_SECONDS: Final = 10.0  # a broker that changes its leader takes less, and a sender's own patience is often 30
RETRY_SECONDS: Final = 1.0  # between two looks for brokers


class AwayError(Exception):
    """Kafka did not confirm in time, or is known to be away."""


class Store:
    """The producer, made anew after each failure. Use `running`."""

    def __init__(self, settings: Settings, store_seconds: float = STORE_SECONDS) -> None:
        self._settings = settings
        self._store_seconds = store_seconds
        self._client: AIOKafkaProducer | None = None
        self._failed = asyncio.Event()

    @property
    def is_ready(self) -> bool:
        """Whether the brokers answered last, and have the topics."""
        return self._client is not None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep a producer until the block ends."""
        task = asyncio.create_task(self._keep())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def store(self, records: Sequence[ProducerRecord]) -> list[str | None]:
        """Return, once all are stored, for each record None, or why the brokers never take it. Raises AwayError."""
        client = self._client
        if client is None:
            raise AwayError
        try:
            async with asyncio.timeout(self._store_seconds):
                return await send_batch(client, records)
        except (KafkaError, TimeoutError, OSError) as error:
            if self._client is client:
                log.warning("Kafka does not confirm; senders are told to come again", reason=repr(error))
                self._client = None
                self._failed.set()
            raise AwayError from error

    async def _keep(self) -> None:
        told = ""
        while True:
            stack = AsyncExitStack()
            try:
                await require_topics(self._settings, (*TOPICS, REJECTED))
                client = await stack.enter_async_context(producer(self._settings))
                self._failed.clear()
                self._client = client
                log.info("Kafka answers")
                told = ""
                await self._failed.wait()
            except (KafkaError, TopicsError, OSError) as error:
                reason = str(error) or repr(error)
                if reason != told:  # an hour of waiting is one line
                    log.warning("waiting for Kafka", reason=reason)
                told = reason
                await asyncio.sleep(RETRY_SECONDS)
            finally:
                self._client = None
                with suppress(KafkaError, TimeoutError, OSError):
                    async with asyncio.timeout(ABANDON_SECONDS):
                        await stack.aclose()
