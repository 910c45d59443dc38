"""The Faust transport `batch://`: what was fetched of a partition is one message, and Redis says where to go on.

What differs from `kafka://`, and why:
- Of the intake topics and the changelog one Faust message carries all records that one fetch brought of a partition
  (a `Batch`). Faust's own machinery costs half a millisecond a message; paid by the batch, it does not show.
- A batch tells how far the partition was read and where it ends, also where it has no records: so whoever merges topics
  knows, in order, which of them have more.
- A fetch waits `fetch_max_wait_ms`, and not 1,500 ms: aiokafka has one fetch in flight per broker, so that one idle
  partition would hold back all others for that long.
- Requests to a broker begin `fetch_distance_ms` apart, so that what comes within them is folded together
  (`streams.driver.fetch_pacing`). They name what has changed since the last (`streams.driver.fetch_sessions`).
- What is acknowledged is said by `acknowledge`, one offset per partition, after everything up to it is in Redis and
  sent. Faust's acknowledgement by message skips an unacknowledged head; here none is needed.
- After an assignment no partition is sought to the group's offset: the owner of the partition seeks it to what Redis
  holds, under a new generation. Batches of an older generation are void, and each says where the one before it ended:
  Faust clears its queues when flow resumes, so a batch may be lost on its way, and must not be so unnoticed.
- A pause is aiokafka's pause: Faust's would let aiokafka fetch on, and every fetched partition that nobody takes delays
  the next fetch of all others by 100 ms.
- aiokafka's consumer runs in the worker's own loop, and not in a thread beside it: the two would take turns at the
  interpreter anyway, each waiting 5 ms for the other, and every call would cross over twice.
- A commit that fails is logged and not fatal: positions in Redis are the truth, the group's offsets show the lag.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

import structlog
from aiokafka.errors import KafkaError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage
from mode import ServiceT

from streams.driver.faust_private import FaustConsumer
from streams.driver.fetching import ConsumerThread, LoopWorker
from streams.retry import until_it_passes
from streams.wire.records import Batch

log = structlog.get_logger(__name__)

# Seconds that a poll waits at most where nothing comes. It bounds how late an end of a partition without records is
# told; records themselves wake it at once.
POLL_SECONDS = 0.1


class Consumer(FaustConsumer):
    """Delivers batches, seeks where it is told to, and commits what was acknowledged."""

    _thread: ConsumerThread

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._done: dict[TP, int] = {}
        self._wake = asyncio.Event()

    def new_thread(self) -> ConsumerThread:
        """Return the aiokafka consumer."""
        return ConsumerThread(self, loop=self.loop, thread_loop=self.loop, beacon=self.beacon, Worker=LoopWorker)

    def rewind(self, positions: Mapping[TP, int], generation: int) -> None:
        """Fetch partitions from these offsets on, under a new generation."""
        self._thread.rewind(positions, generation)

    def generation(self, tp: TP) -> int:
        """Return the generation of a partition's last seek: a batch of another one is void."""
        return self._thread.generation(tp)

    def pause_fetching(self, tps: Iterable[TP]) -> None:
        """Stop fetching partitions: their owner has as much as it may buffer, or is not ready yet."""
        self._thread.pause_fetching(tps)

    def resume_fetching(self, tps: Iterable[TP]) -> None:
        """Fetch partitions again."""
        self._thread.resume_fetching(tps)

    async def ends(self, *tps: TP) -> Mapping[TP, int]:
        """Return the offset that each partition's next record will have, without waiting for a poll to end.

        While the brokers are away this waits for them: without the ends nothing old may be folded.
        """
        asked = [driver.ensure_aiokafka_TP(tp) for tp in tps]
        ends = await until_it_passes(
            lambda: self._thread.client.end_offsets(asked),
            lambda error: isinstance(error, KafkaError),
            lambda error, _: log.warning("waiting for the ends of the intake", reason=str(error)),
        )
        return {TP(tp.topic, tp.partition): end for tp, end in ends.items()}

    async def acknowledged(self, *tps: TP) -> Mapping[TP, int]:
        """Return the group's offsets of those partitions that have one; none where the brokers do not say."""
        found: dict[TP, int] = {}
        for tp in tps:
            try:
                offset = await self._thread.client.committed(driver.ensure_aiokafka_TP(tp))
            except KafkaError as error:
                log.warning("the group's offsets are not to be had", reason=str(error))
                return {}
            if offset is not None:
                found[tp] = offset
        return found

    def acknowledge(self, offsets: Mapping[TP, int]) -> None:
        """Let everything below these offsets be committed."""
        self._done.update(offsets)

    def pause_partitions(self, tps: Iterable[TP]) -> None:
        """Pause partitions, in aiokafka too; so it fetches no changelog while the worker itself writes it."""
        tps = set(tps)
        super().pause_partitions(tps)
        self.pause_fetching(tps)

    def resume_partitions(self, tps: Iterable[TP]) -> None:
        """Resume partitions. Those of the intake stay held until their owner has sought them."""
        tps = set(tps)
        super().resume_partitions(tps)
        self.resume_fetching(tp for tp in tps if tp.topic not in self.app.intake)
        self._wake.set()

    def resume_flow(self) -> None:
        """Let messages flow again."""
        super().resume_flow()
        self._wake.set()

    def on_buffer_full(self, tp: TP) -> None:
        """Do nothing: whoever takes the batches holds and lets go of partitions itself."""

    async def perform_seek(self) -> None:
        """Hold the intake until its owners seek it. They start when the rebalance ends: until then queues are cleared."""
        self.pause_fetching(tp for tp in self.assignment() if tp.topic in self.app.intake)

    async def drain(self, fetcher: ServiceT) -> None:
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
        active = self.active_partitions
        self._wake.clear()
        if not (self.flow_active and active):
            await self.wait_first(self._wake.wait(), timeout=POLL_SECONDS)
            return
        # A call may last through a whole rebalance and bring what was fetched after it: batches know their own seek.
        fetched = await self.fetch(active, POLL_SECONDS)
        batches = cast("Mapping[TP, Batch]", fetched)
        if batches and self.flow_active:
            # What is given up here, since a rebalance begins, is fetched again: the owners seek after it.
            await self.wait_first(self._deliver(batches), self.suspend_flow.wait())

    async def _deliver(self, batches: Mapping[TP, Batch]) -> None:
        active = self.active_partitions
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

    def acknowledged_partitions(self, topics: Any = None) -> Iterator[TP]:
        """Yield the partitions that have something to commit."""
        return (tp for tp in list(self._done) if topics is None or tp in topics or tp.topic in topics)

    def take_acknowledged(self, tp: TP) -> int | None:
        """Return the offset to commit of a partition, once."""
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
