"""aiokafka's consumer as the transport uses it: in the worker's own loop, giving out what it fetched in batches.

Faust takes it for a thread. There is none: the two would take turns at the interpreter anyway, each waiting 5 ms for the
other, and every call would cross over twice. `streams/driver/transport.py` says what else differs, and why.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError
from aiokafka.structs import OffsetAndMetadata
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from mode.threads import WorkerThread
from mode.utils.futures import maybe_async

from streams.driver.aiokafka_private import partition_states, set_fetch_wait, space_fetches, unwrap, use_sessions
from streams.driver.faust_private import FaustThread
from streams.driver.fetch_pacing import FetchPacing
from streams.driver.mode_private import serving
from streams.wire.records import Batch, FetchedRecord

log = structlog.get_logger(__name__)

# Position and end of a partition of which nothing was given out.
NOTHING_YET: Final = (-1, -1)


class LoopWorker(WorkerThread):
    """What Faust takes for the consumer's thread: a task of the worker's own loop."""

    def __init__(self, service: Any, **kwargs: Any) -> None:
        super().__init__(service, **kwargs)
        self._serving: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Serve from the next turn of the loop on."""
        self._serving = asyncio.get_running_loop().create_task(serving(self.service))

    def stop(self) -> None:
        """Do nothing: the task ends when the service has shut down, which its caller awaits."""


class ConsumerThread(FaustThread):
    """The aiokafka consumer. Faust calls it a thread; it lives in the worker's loop."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._generations: dict[TP, int] = {}
        self._given_out: dict[TopicPartition, tuple[int, int]] = {}  # position and end, as of the last batch

    async def call_thread(self, fun: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call at once: there is no other thread."""
        return await maybe_async(fun(*args, **kwargs))

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Tell the consumer."""
        await self.consumer.on_partitions_revoked(revoked)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Tell the consumer."""
        await self.consumer.on_partitions_assigned(assigned, generation_id)

    def configure(self, consumer: AIOKafkaConsumer) -> None:
        """Set how long a fetch waits; aiokafka reads it when the consumer starts, which is later."""
        set_fetch_wait(consumer, self.app.fetch_max_wait_ms)

    async def on_start(self) -> None:
        """Connect; let fetches keep their distance and records come as they are."""
        await super().on_start()
        unwrap(self.client)
        use_sessions(self.client)
        space_fetches(self.client, FetchPacing(self.app.fetch_distance_ms))

    def batches(
        self, consumer: AIOKafkaConsumer, records: Mapping[TopicPartition, Sequence[FetchedRecord]]
    ) -> Iterator[Batch]:
        """Yield a batch for each partition that has records, or whose position or end has moved."""
        for tp, position, highwater, paused in partition_states(consumer):
            before = self._given_out.get(tp, NOTHING_YET)
            if tp in records or (before != (position, highwater) and not paused):
                self._given_out[tp] = (position, highwater)
                own = TP(tp.topic, tp.partition)
                generation = self._generations.get(own, 0)
                yield Batch(own, records.get(tp, ()), before[0], position, highwater, generation)

    def rewind(self, positions: Mapping[TP, int], generation: int) -> None:
        """Seek and resume partitions; what is fetched from there on bears `generation`."""
        for tp, offset in positions.items():
            self._given_out[driver.ensure_aiokafka_TP(tp)] = (offset, NOTHING_YET[1])
            self._generations[tp] = generation
            self._if_assigned(self.client.seek, tp, offset)
            self._if_assigned(self.client.resume, tp)

    def generation(self, tp: TP) -> int:
        """Return the generation of a partition's last seek."""
        return self._generations.get(tp, 0)

    def on_seek(self, positions: Mapping[TP, int]) -> None:
        """Count a seek of recovery as a generation of its own."""
        for tp, offset in positions.items():
            self._given_out[driver.ensure_aiokafka_TP(tp)] = (offset, NOTHING_YET[1])
            self._generations[tp] = self._generations.get(tp, 0) + 1

    def pause_fetching(self, tps: Iterable[TP]) -> None:
        """Stop fetching partitions."""
        for tp in tps:
            self._if_assigned(self.client.pause, tp)

    def resume_fetching(self, tps: Iterable[TP]) -> None:
        """Fetch partitions again."""
        for tp in tps:
            self._if_assigned(self.client.resume, tp)

    @staticmethod
    def _if_assigned(method: Callable[..., None], tp: TP, *args: int) -> None:
        try:
            method(driver.ensure_aiokafka_TP(tp), *args)
        except IllegalStateError:
            log.debug("partition left before it could be sought or paused", topic=tp.topic, partition=tp.partition)

    async def commit_offsets(self, offsets: Mapping[TP, int]) -> bool:
        """Commit the group's offsets of partitions that are still assigned; a failure is told and not fatal."""
        assigned = self.assignment()
        committed = {
            driver.ensure_aiokafka_TP(tp): OffsetAndMetadata(offset, "")
            for tp, offset in offsets.items()
            if tp in assigned
        }
        try:
            await self.client.commit(committed)
        except KafkaError as error:
            log.warning("offsets not committed; Redis holds the positions, so nothing is lost", reason=str(error))
            return False
        return True
