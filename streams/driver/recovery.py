"""Recovery of the table from its changelog, batch by batch; Faust's own, with its faults in the reading loop mended.

What Faust's loop does and this one does not: it takes records one by one; it logs an error of the store and goes on; it
waits for the last offset although compaction may have taken the record that bore it; and it can signal the end before
anybody waits for the signal, and clear it.

Here a batch is one write to Redis, repeated while Redis is away; any other error ends the worker; the end is reached when
the partition has been read up to its end, records or not; and whatever is waited for long is named.
"""

import asyncio
from typing import Any, Final, NamedTuple, cast

import structlog
from faust.tables.recovery import Recovery
from faust.types import TP, EventT

from clientward_store import StoreRefused, StoreUnavailable
from streams.driver.faust_private import FaustRecovery, FaustTables
from streams.driver.transport import Consumer
from streams.retry import until_it_passes
from streams.wire.records import Batch

log = structlog.get_logger(__name__)

# Seconds without a batch after which what is still missing is looked at: if Kafka answers, there is nothing more to come.
STALL_SECONDS: Final = 10.0


class ChangelogRecord(NamedTuple):
    """A changelog record, and where it stood."""

    tp: TP
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None


class Restored(NamedTuple):
    """A changelog record as the store wants it: an event that bears its message."""

    message: ChangelogRecord


class BatchRecovery(FaustRecovery):
    """Faust's recovery service, reading batches."""

    async def read_changelogs(self) -> None:
        """Apply batch after batch; whatever is waited for long is looked at."""
        while not self.should_stop:
            try:
                async with asyncio.timeout(STALL_SECONDS):
                    event = await self.tables.changelog_queue.get()
            except TimeoutError:
                await self._look_at_stall()
            else:
                await self._apply(event.value)
            self._end_if_done()

    async def _apply(self, batch: Batch) -> None:
        consumer = cast("Consumer", self.app.consumer)
        if batch.tp not in self.active_tps or batch.generation != consumer.generation(batch.tp):
            return
        self.note_received(batch.tp)
        if batch.records:
            tp = batch.tp
            events = [
                Restored(ChangelogRecord(tp, tp.partition, each.offset, each.key, each.value)) for each in batch.records
            ]
            await self._write(tp, events)
        self.active_offsets[batch.tp] = batch.position - 1

    async def _write(self, tp: TP, events: list[Restored]) -> None:
        # In a thread: the store waits for Redis there, while the loop fetches on and the group hears of the worker.
        apply = self.tp_to_table[tp].apply_changelog_batch
        await until_it_passes(
            lambda: asyncio.to_thread(apply, cast("list[EventT[Any]]", events)),
            lambda error: isinstance(error, StoreUnavailable) and not isinstance(error, StoreRefused),
            lambda error, _: log.warning("recovery waits for Redis", partition=tp.partition, reason=str(error)),
        )

    def _end_if_done(self) -> None:
        if self.in_recovery and not self.need_recovery():
            self.end()

    async def _look_at_stall(self) -> None:
        """Name the partitions that recovery waits for, and give up on those of which Kafka has nothing more.

        Raises whatever Kafka answers; while it answers nothing, this waits.
        """
        missing = {tp: left for tp, left in self.active_remaining().items() if left > 0} if self.in_recovery else {}
        if missing:
            ends = await self.app.consumer.highwaters(*missing)
            for tp, left in missing.items():
                log.warning("changelog ends in compacted records", partition=tp.partition, missing=left, end=ends[tp])
                self.active_offsets[tp] = self.active_highwaters[tp]


class Tables(FaustTables):
    """Faust's table manager without its second of sleep, and with patience for a Redis that is away."""

    def new_recovery(self) -> Recovery:
        """Return the recovery service."""
        return BatchRecovery(self.app, self, beacon=self.beacon, loop=self.loop)

    async def on_start(self) -> None:
        """Register the table's changelog and start recovery's service."""
        await self.register_changelogs()
        await self.recovery.start()

    async def on_rebalance(self, *args: Any, **kwargs: Any) -> None:
        """Wait for Redis, since the store takes the partitions over, and let Faust go on."""
        await self.app.until_redis_answers()
        await super().on_rebalance(*args, **kwargs)
