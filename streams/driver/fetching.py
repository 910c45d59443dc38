"""aiokafka's consumer as the transport uses it: in the worker's own loop, telling what it fetched in batches.

Faust takes it for a thread. There is none: the two would take turns at the interpreter anyway, each waiting 5 ms for the
other, and every call would cross over twice. `streams.driver.transport` says what else differs, and why.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import IllegalStateError, KafkaError
from aiokafka.structs import OffsetAndMetadata
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from mode.threads import WorkerThread
from mode.utils.futures import maybe_async

from streams.driver.host import Host
from streams.driver.unwrapped import unwrap
from streams.wire.records import Batch, FetchedRecord

log = structlog.get_logger(__name__)

#: aiokafka's way to fetch: assignment, broker's id and request; True where something came.
Fetch: TypeAlias = Callable[[Any, int, Any], Awaitable[bool]]
# Seconds from one request to a broker to the next at least. Else the first record to come would be fetched and folded
# alone, and what comes a moment later after it: at 500 records a second that costs the worker two fifths more and the broker
# twice as much, and every record waits for the one before it. In a backlog a fetch takes longer than this anyway.
FETCH_SECONDS: Final = 0.005
# Position and end of a partition of which nothing was told.
UNTOLD: Final = (-1, -1)


def spaced(fetch: Fetch, seconds: float) -> Fetch:
    """Return `fetch` with so many seconds at least between the beginnings of two requests to the same broker."""
    begun: dict[int, float] = {}

    async def fetch_later(assignment: Any, node: int, request: Any) -> bool:
        wait = begun.get(node, -seconds) + seconds - time.monotonic()
        if wait > 0:
            try:
                await asyncio.sleep(wait)
            except asyncio.CancelledError:
                return False  # as aiokafka's own does: what was to be fetched is of no interest any more
        begun[node] = time.monotonic()
        return await fetch(assignment, node, request)

    return fetch_later


class LoopWorker(WorkerThread):
    """What Faust takes for the consumer's thread: a task of the worker's own loop."""

    def __init__(self, service: Any, **kwargs: Any) -> None:
        super().__init__(service, **kwargs)
        self._serving: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Serve from the next turn of the loop on."""
        self._serving = asyncio.get_running_loop().create_task(self.service._serve())  # noqa: SLF001 - mode's thread does

    def stop(self) -> None:
        """Do nothing: the task ends when the service has shut down, which its caller awaits."""


class ConsumerThread(driver.AIOKafkaConsumerThread):
    """The aiokafka consumer. Faust calls it a thread; it lives in the worker's loop."""

    app: Host

    def __post_init__(self) -> None:
        super().__post_init__()
        self._generations: dict[TP, int] = {}
        self._told: dict[TP, tuple[int, int]] = {}

    async def call_thread(self, fun: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call at once: there is no other thread."""
        return await maybe_async(fun(*args, **kwargs))

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Tell the consumer."""
        await self.consumer.on_partitions_revoked(revoked)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Tell the consumer."""
        await self.consumer.on_partitions_assigned(assigned, generation_id)

    async def _gather_remaining_tasks(self) -> None:
        """Leave the loop's other tasks alone: a thread's loop would have none but the consumer's."""

    def _create_worker_consumer(self, transport: driver.Transport) -> AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        # Faust hard-codes 1500; aiokafka reads it when the consumer starts, which is later.
        consumer._fetch_max_wait_ms = self.app.fetch_max_wait_ms  # noqa: SLF001
        return consumer

    async def on_start(self) -> None:
        """Connect; let fetches keep their distance and records come as they are."""
        await super().on_start()
        consumer = self._ensure_consumer()
        unwrap(consumer)
        fetcher = consumer._fetcher  # noqa: SLF001
        fetcher._proc_fetch_request = spaced(fetcher._proc_fetch_request, FETCH_SECONDS)  # noqa: SLF001

    async def _fetch_records(  # type: ignore[override]  # what this gives goes to `_drain_once` alone
        self, consumer: AIOKafkaConsumer, *args: Any, **kwargs: Any
    ) -> dict[TP, Batch]:
        """Return what was fetched as batches. Their position and generation are read in the same turn of the loop."""
        records = await super()._fetch_records(consumer, *args, **kwargs)
        return {batch.tp: batch for batch in self._batches(consumer, records)}

    def _batches(self, consumer: AIOKafkaConsumer, records: Mapping[TP, Sequence[FetchedRecord]]) -> Iterator[Batch]:
        for tp in consumer.assignment():
            state = consumer._subscription.subscription.assignment.state_value(tp)  # noqa: SLF001
            if state is None or not state.has_valid_position or state.highwater is None:
                continue
            where = (state.position, state.highwater)
            told = self._told.get(tp, UNTOLD)
            if tp in records or (told != where and not state.paused):
                self._told[tp] = where
                own = TP(tp.topic, tp.partition)
                yield Batch(own, records.get(tp, ()), told[0], *where, self._generations.get(own, 0))

    def rewind(self, positions: Mapping[TP, int], generation: int) -> None:
        """Seek and resume partitions; what is fetched from there on bears `generation`."""
        for tp, offset in positions.items():
            self._told[tp] = (offset, UNTOLD[1])
            self._generations[tp] = generation
            self._if_assigned(self._ensure_consumer().seek, tp, offset)
            self._if_assigned(self._ensure_consumer().resume, tp)

    def generation(self, tp: TP) -> int:
        """Return the generation of a partition's last seek."""
        return self._generations.get(tp, 0)

    async def _seek_wait(self, consumer: AIOKafkaConsumer, partitions: Mapping[TP, int]) -> None:
        """Seek, as recovery asks for; that is a generation of its own too."""
        for tp, offset in partitions.items():
            self._told[tp] = (offset, UNTOLD[1])
            self._generations[tp] = self._generations.get(tp, 0) + 1
        await super()._seek_wait(consumer, partitions)

    def hold(self, tps: Iterable[TP]) -> None:
        """Stop fetching partitions."""
        for tp in tps:
            self._if_assigned(self._ensure_consumer().pause, tp)

    def let_go(self, tps: Iterable[TP]) -> None:
        """Fetch partitions again."""
        for tp in tps:
            self._if_assigned(self._ensure_consumer().resume, tp)

    @staticmethod
    def _if_assigned(method: Callable[..., None], tp: TP, *args: int) -> None:
        try:
            method(driver.ensure_aiokafka_TP(tp), *args)
        except IllegalStateError:
            log.debug("partition left before it could be sought or paused", topic=tp.topic, partition=tp.partition)

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        assigned = self.assignment()
        committed = {
            driver.ensure_aiokafka_TP(tp): OffsetAndMetadata(offset, "")
            for tp, offset in offsets.items()
            if tp in assigned
        }
        try:
            await self._ensure_consumer().commit(committed)
        except KafkaError as error:
            log.warning("offsets not committed; Redis holds the positions, so nothing is lost", reason=str(error))
            return False
        return True
