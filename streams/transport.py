"""The Faust transport `batch://`: what was fetched of a partition is one message, and Redis says where to go on.

What differs from `kafka://`, and why:
- Of the intake topics and the changelog one Faust message carries all records that one fetch brought of a partition
  (a `Batch`). Faust's own machinery costs half a millisecond a message; paid by the batch, it does not show.
- A batch tells how far the partition was read and where it ends, also where it has no records: so whoever merges topics
  knows, in order, which of them have more.
- A fetch waits `fetch_max_wait_ms`, and not 1,500 ms: aiokafka has one fetch in flight per broker, so that one idle
  partition would hold back all others for that long.
- What is acknowledged is said by `acknowledge`, one offset per partition, after everything up to it is in Redis and
  sent. Faust's acknowledgement by message skips an unacknowledged head; here none is needed.
- After an assignment no partition is sought to the group's offset: the owner of the partition seeks it to what Redis
  holds, under a new generation. Batches of an older generation are void, and each says where the one before it ended:
  Faust clears its queues when flow resumes, so a batch may be lost on its way, and must not be so unnoticed.
- A pause is aiokafka's pause: Faust's would let aiokafka fetch on, and every fetched partition that nobody takes delays
  the next fetch of all others by 100 ms.
- A commit that fails is told and not fatal: positions in Redis are the truth, the group's offsets show the lag.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypeVar, cast

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import IllegalStateError, KafkaError
from aiokafka.structs import ConsumerRecord, OffsetAndMetadata
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage
from mode import ServiceT
from mode.threads import WorkerThread

if TYPE_CHECKING:
    from streams.app import App

log = structlog.get_logger(__name__)

Record: TypeAlias = ConsumerRecord
T = TypeVar("T")
# Seconds that a poll waits at most where nothing comes. It bounds how late an end of a partition without records is
# told; records themselves wake it at once.
POLL_SECONDS = 0.1
# Seconds between two tries to hear where the partitions end.
RETRY_SECONDS = 0.5
# Position and end of a partition of which nothing was told.
UNTOLD = (-1, -1)


class Batch(NamedTuple):
    """What one fetch brought of one partition.

    Attributes:
        tp: topic and partition.
        records: in order; empty where only the position or the end moved.
        start: the position of the batch before, or where the partition was sought to: so a lost batch is noticed.
        position: the offset of the next record to fetch. It may be beyond the last record: markers, compaction.
        highwater: the offset that the partition's next new record will have.
        generation: of the seek that these records follow.
    """

    tp: TP
    records: Sequence[Record]
    start: int
    position: int
    highwater: int
    generation: int


class DaemonThread(WorkerThread):
    """A thread that cannot keep the process from ending, should Faust fail to stop it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.daemon = True


class ConsumerThread(driver.AIOKafkaConsumerThread):
    """The aiokafka consumer, in its own thread and event loop. What is called from outside says how."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._generations: dict[TP, int] = {}
        self._told: dict[TP, tuple[int, int]] = {}

    app: "App"

    def _create_worker_consumer(self, transport: driver.Transport) -> AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        # Faust hard-codes 1500; aiokafka reads it when the consumer starts, which is later.
        consumer._fetch_max_wait_ms = self.app.fetch_max_wait_ms  # noqa: SLF001
        return consumer

    async def _fetch_records(  # type: ignore[override]  # what this gives goes to `_drain_once` alone
        self, consumer: AIOKafkaConsumer, *args: Any, **kwargs: Any
    ) -> dict[TP, Batch]:
        """Return what was fetched as batches. Their position and generation are read in the same turn of the loop."""
        records = await super()._fetch_records(consumer, *args, **kwargs)
        return {batch.tp: batch for batch in self._batches(consumer, records)}

    def _batches(self, consumer: AIOKafkaConsumer, records: Mapping[TP, Sequence[Record]]) -> Iterator[Batch]:
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
        """Seek and resume partitions; what is fetched from there on bears `generation`. Call from any thread."""
        self.thread_loop.call_soon_threadsafe(self._rewind, positions, generation)

    def generation(self, tp: TP) -> int:
        """Return the generation of a partition's last seek."""
        return self._generations.get(tp, 0)

    async def _seek_wait(self, consumer: AIOKafkaConsumer, partitions: Mapping[TP, int]) -> None:
        """Seek, as recovery asks for; that is a generation of its own too."""
        for tp, offset in partitions.items():
            self._told[tp] = (offset, UNTOLD[1])
            self._generations[tp] = self._generations.get(tp, 0) + 1
        await super()._seek_wait(consumer, partitions)

    def _rewind(self, positions: Mapping[TP, int], generation: int) -> None:
        for tp, offset in positions.items():
            self._told[tp] = (offset, UNTOLD[1])
            self._generations[tp] = generation
            self._if_assigned(self._ensure_consumer().seek, tp, offset)
            self._if_assigned(self._ensure_consumer().resume, tp)

    def hold(self, tps: Iterable[TP]) -> None:
        """Stop fetching partitions. Call from any thread."""
        for tp in tps:
            self.thread_loop.call_soon_threadsafe(self._if_assigned, self._ensure_consumer().pause, tp)

    def let_go(self, tps: Iterable[TP]) -> None:
        """Fetch partitions again. Call from any thread."""
        for tp in tps:
            self.thread_loop.call_soon_threadsafe(self._if_assigned, self._ensure_consumer().resume, tp)

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


class Consumer(driver.Consumer):
    """Delivers batches, seeks where it is told to, and commits what was acknowledged."""

    app: "App"
    _thread: ConsumerThread

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._done: dict[TP, int] = {}
        self._wake = asyncio.Event()

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon, Worker=DaemonThread)

    def rewind(self, positions: Mapping[TP, int], generation: int) -> None:
        """Fetch partitions from these offsets on, under a new generation."""
        self._thread.rewind(positions, generation)

    def generation(self, tp: TP) -> int:
        """Return the generation of a partition's last seek: a batch of another one is void."""
        return self._thread.generation(tp)

    def hold(self, tps: Iterable[TP]) -> None:
        """Stop fetching partitions: their owner has as much as it may hold, or is not ready yet."""
        self._thread.hold(tps)

    def let_go(self, tps: Iterable[TP]) -> None:
        """Fetch partitions again."""
        self._thread.let_go(tps)

    async def ends(self, *tps: TP) -> Mapping[TP, int]:
        """Return the offset that each partition's next record will have, without waiting for a poll to end.

        While the brokers are away this waits for them: without the ends nothing old may be folded.
        """
        thread, asked = self._thread, [driver.ensure_aiokafka_TP(tp) for tp in tps]
        while True:
            try:
                ends = await self._ask(thread._ensure_consumer().end_offsets(asked))  # noqa: SLF001 - it has no public name
            except KafkaError as error:
                log.warning("waiting for the ends of the intake", reason=str(error))
                await asyncio.sleep(RETRY_SECONDS)
            else:
                return {TP(tp.topic, tp.partition): end for tp, end in ends.items()}

    async def acknowledged(self, *tps: TP) -> Mapping[TP, int]:
        """Return the group's offsets of those partitions that have one; none where the brokers do not say."""
        found: dict[TP, int] = {}
        for tp in tps:
            asking = self._thread._ensure_consumer().committed(driver.ensure_aiokafka_TP(tp))  # noqa: SLF001 - as in `ends`
            try:
                offset = await self._ask(asking)
            except KafkaError as error:
                log.warning("the group's offsets are not to be had", reason=str(error))
                return {}
            if offset is not None:
                found[tp] = offset
        return found

    async def _ask(self, asking: Coroutine[Any, Any, T]) -> T:
        """Await a call of aiokafka's consumer in its own loop."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(asking, self._thread.thread_loop))

    def acknowledge(self, offsets: Mapping[TP, int]) -> None:
        """Let everything below these offsets be committed."""
        self._done.update(offsets)

    def pause_partitions(self, tps: Iterable[TP]) -> None:
        """Pause partitions, in aiokafka too; so it fetches no changelog while the worker itself writes it."""
        tps = set(tps)
        super().pause_partitions(tps)
        self.hold(tps)

    def resume_partitions(self, tps: Iterable[TP]) -> None:
        """Resume partitions. Those of the intake stay held until their owner has sought them."""
        tps = set(tps)
        super().resume_partitions(tps)
        self.let_go(tp for tp in tps if tp.topic not in self.app.intake)
        self._wake.set()

    def resume_flow(self) -> None:
        """Let messages flow again."""
        super().resume_flow()
        self._wake.set()

    def on_buffer_full(self, tp: TP) -> None:
        """Do nothing: whoever takes the batches holds and lets go of partitions itself."""

    async def perform_seek(self) -> None:
        """Hold the intake until its owners seek it. They start when the rebalance ends: until then queues are cleared."""
        self.hold(tp for tp in self.assignment() if tp.topic in self.app.intake)

    async def _drain_messages(self, fetcher: ServiceT) -> None:
        """Deliver batch after batch until the fetcher or the consumer stops."""
        try:
            while not (self.should_stop or fetcher.should_stop):
                await self._drain_once()
        except self.consumer_stopped_errors:
            if not self.app.should_stop:
                raise
        except asyncio.CancelledError:
            if not self.app.should_stop:
                raise

    async def _drain_once(self) -> None:
        active = self._get_active_partitions()
        self._wake.clear()
        if not (self.flow_active and active):
            await self.wait_first(self._wake.wait(), timeout=POLL_SECONDS)
            return
        # A call may last through a whole rebalance and bring what was fetched after it: batches know their own seek.
        fetched = await self._getmany(active_partitions=active, timeout=POLL_SECONDS)
        batches = cast("Mapping[TP, Batch]", fetched)
        if batches and self.flow_active:
            # What is given up here, since a rebalance begins, is fetched again: the owners seek after it.
            await self.wait_first(self._deliver(batches), self.suspend_flow.wait())

    async def _deliver(self, batches: Mapping[TP, Batch]) -> None:
        active = self._get_active_partitions()
        for tp, batch in batches.items():
            if tp in active:
                await self.callback(self._message(batch))

    def _message(self, batch: Batch) -> ConsumerMessage:
        tp = batch.tp
        return ConsumerMessage(
            tp.topic,
            tp.partition,
            batch.position,
            0.0,
            0,
            None,
            None,
            cast("bytes", batch),  # Faust's codec `raw` hands it on as it is
            None,
            0,
            len(batch.records),
            tp,
            generation_id=self.app.consumer_generation_id,
        )

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterator[TP]:
        return (tp for tp in list(self._done) if topics is None or tp in topics or tp.topic in topics)

    def _new_offset(self, tp: TP) -> int | None:
        return self._done.pop(tp, None)

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Stop the owners of the partitions, commit what they acknowledged, and let Faust do its part."""
        await self.app.on_positions_void(revoked)
        await self.commit()
        for tp in revoked:
            self._done.pop(tp, None)
        await super().on_partitions_revoked(revoked)


class Transport(driver.Transport):
    """What Faust's entry point `batch` names."""

    Consumer = Consumer
