"""The topic of policies, followed: read to its end before a partition is opened, and from then on as it grows.

What is heard is handed to the core at once, between two steps: a step folds without giving the event loop away, and this
follower runs on the same loop. A record that is no policy is one line in the log, counted, and, when it comes while the
worker runs, told in the audit topic; what was in force stays.
"""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

import structlog
from aiokafka.errors import KafkaError

from relationship.contract.outcome import POLICIES
from relationship.core import Core
from relationship.policy.compiled import Policy
from relationship.timeline.published import PublishedPolicies, audit, named
from streams.config.settings import Settings
from streams.engine.metrics import Metrics
from streams.engine.redis_calls import Notifier
from streams.kafka.admin import TopicsError
from streams.kafka.outgoing import sending_of
from streams.kafka.publisher import Publisher
from streams.kafka.reading import POLL_MS, reader
from streams.retry import until_it_passes

log = structlog.get_logger(__name__)

WRONG: Final = (KafkaError, TopicsError, OSError)


class PolicyFollower:
    """Keeps a core's policies as the topic has them. `start` waits for the topic's end; `stop` ends it."""

    def __init__(self, settings: Settings, core: Core, first: Policy, metrics: Metrics, notifier: Notifier) -> None:
        self._settings = settings
        self._core = core
        self._metrics = metrics
        self._notifier = notifier
        self._heard = PublishedPolicies(first)
        self._seen: dict[int, int] = {}  # of each partition, the offset up to which rejections are counted
        self._caught_up = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self, publisher: Publisher) -> None:
        """Return once everything that the topic has is heard. `publisher` takes the audit's entries."""
        await self.stop()
        self._caught_up.clear()
        self._task = asyncio.create_task(self._follow(publisher), name="policies")
        await self._caught_up.wait()

    async def stop(self) -> None:
        """Stop following; what is in force stays."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _follow(self, publisher: Publisher) -> None:
        await until_it_passes(
            lambda: self._read(publisher),
            lambda error: isinstance(error, WRONG),
            lambda error, _: log.warning("the policies cannot be read; what is in force stays", reason=str(error)),
        )

    async def _read(self, publisher: Publisher) -> None:
        async with reader(self._settings, POLICIES) as (consumer, partitions):
            ends = await consumer.end_offsets(partitions)
            for partition, offset in (await consumer.beginning_offsets(partitions)).items():
                consumer.seek(partition, offset)
            while True:
                for records in (await consumer.getmany(timeout_ms=POLL_MS)).values():
                    for record in records:
                        await self._take(record, publisher)
                at_end = [await consumer.position(each) >= ends[each] for each in partitions]
                if not self._caught_up.is_set() and all(at_end):
                    self._caught_up.set()

    async def _take(self, record: Any, publisher: Publisher) -> None:
        wrong = self._heard.apply(record.value)
        if wrong is None:
            self._core.follow(self._heard)
            self._notifier.notify()
            return
        if record.offset < self._seen.get(record.partition, 0):
            return
        self._seen[record.partition] = record.offset + 1
        log.warning("a policy is rejected; what is in force stays", offset=record.offset, reason=wrong)
        self._metrics.policies_rejected.inc()
        published = named(record.value)
        if self._caught_up.is_set() and published is not None:
            entry = audit(published, "policy-reject", wrong, datetime.now(UTC))
            await publisher.publish([sending_of(entry, None)])
