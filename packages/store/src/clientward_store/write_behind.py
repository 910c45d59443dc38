"""Write-behind: what an agent sets is read from memory at once, and written to Redis a moment later off the event loop.

Faust's tables are synchronous mappings, so a store that wrote in `table[key] = value` would stop the whole worker for a
round trip an event. Here the values of a partition wait up to FLUSH_SECONDS and are written in one atomic step, with the
changelog offset that Kafka has confirmed by then, from a thread of the store's own.

Rules:
- The changelog offset in Redis is never ahead of the values: a value is buffered before Faust hears of its changelog
  record, and whatever is buffered is written with the offset. So what a crash takes from memory, recovery reads from the
  changelog.
- Before Faust commits its input, hands partitions over or ends, the buffer is flushed (`faust_private.FlushBarrier`).
- A partition's writes are sent one after the other. Each names the id of the last one (`Ownership.tip`), so that a Redis
  that lost one refuses the next; one whose reply was lost is sent again unchanged, and is written once.
- At most MAX_PENDING keys are buffered: beyond that, as in iteration, the caller waits for Redis.
- Only the owner of a partition in a running worker writes behind. Scripts, tests and tables without an owner write at once.
"""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Final

from clientward_store.errors import Fenced, StoreUnavailable
from clientward_store.faust_private import RawStore
from clientward_store.ownership import InFlight, Ownership, Values
from clientward_store.partitions import Partitions
from clientward_store.scripts import WRITE_SCRIPT, value_commands

#: Seconds that a value waits to be written with others; a crash costs this much of the changelog to be read again.
FLUSH_SECONDS: Final = 0.05
#: Keys of one partition that may be buffered: some megabytes, and the longest that one write keeps Redis busy (20 ms).
MAX_PENDING: Final = 5_000


class WriteBehind(RawStore):
    """The writing half of the mapping."""

    parts: Partitions
    #: Changelog offsets that Kafka has confirmed; each is written with the next write of its partition.
    confirmed: dict[int, int]
    #: Set when a buffer stops being empty.
    buffered: asyncio.Event
    #: The first error that stops the worker: from then on nothing is acknowledged.
    failure: Exception | None = None
    _thread: ThreadPoolExecutor | None = None

    def put(self, partition: int, values: Values) -> None:
        """Set values: buffered where a running worker owns the partition, or else written at once."""
        ownership = self.parts.owned.get(partition)
        if ownership is None or not self.started or self.should_stop:
            self.write_now(partition, values)
            return
        ownership.buffer.pending.update(values)
        self.buffered.set()
        if len(ownership.buffer.pending) > MAX_PENDING:
            with self.stopping_on_errors():
                self.flush_blocking(partition)

    def write_now(self, partition: int, values: Values) -> None:
        """Write values together with the confirmed offset, and see the partition from now on."""
        if not self.parts.owners_only:
            self.parts.assigned.add(partition)
        with self.stopping_on_errors():
            self.flush_blocking(partition)
            self.parts.write(partition, values, self.confirmed.get(partition))
        self.confirmed.pop(partition, None)

    @contextmanager
    def stopping_on_errors(self) -> Iterator[None]:
        """Let an error of the store stop the worker, with nothing more acknowledged.

        Faust would acknowledge the event on which an agent raised, and go on.
        """
        try:
            yield
        except (Fenced, StoreUnavailable) as error:
            self.stop_worker(error)
            raise

    def stop_worker(self, error: Exception) -> None:
        """Crash the running worker, from whichever thread."""
        if isinstance(error, Fenced):
            self.confirmed.pop(error.partition, None)
        if self.started and not self.should_stop:
            self.failure = self.failure or error
            # Recovery may run in a thread: the worker's loop is told, whichever thread this is.
            self.loop.call_soon_threadsafe(lambda: self.add_future(self.crash(error)))

    async def flush(self, partition: int) -> None:
        """Return once Redis has all that was set in a partition until now.

        Raises:
            StoreUnavailable: Redis cannot serve; the values stay buffered.
            Fenced: The partition is not this worker's, or Redis has lost writes; the worker is stopped as well.
        """
        ownership = self.parts.owned.get(partition)
        if ownership is None:
            return
        async with ownership.lock:
            if ownership.buffer.in_flight is not None:
                await self._until_written(partition, ownership)
            if self._send_pending(partition, ownership) is not None:
                await self._until_written(partition, ownership)

    async def _until_written(self, partition: int, ownership: Ownership) -> None:
        """Wait for the write in flight, as often as it has to be sent."""
        while (write := ownership.buffer.in_flight) is not None:
            answer = asyncio.wrap_future(write.answer)
            await asyncio.wait([answer])
            answer.exception()  # `_complete` raises it; asyncio wants it looked at here too
            if ownership.buffer.in_flight is not write:
                return  # a synchronous call has completed it meanwhile
            self._complete(partition, ownership, write)

    def flush_blocking(self, partition: int) -> None:
        """Write what is buffered, and block until Redis has it. Raises as `flush` does."""
        ownership = self.parts.owned.get(partition)
        if ownership is None or not ownership.buffer:
            return
        while ownership.buffer:
            write = ownership.buffer.in_flight or self._send_pending(partition, ownership)
            if write is None:
                return
            wait([write.answer])
            self._complete(partition, ownership, write)

    def _send_pending(self, partition: int, ownership: Ownership) -> InFlight | None:
        """Send what is buffered; None where there is nothing, or the partition has been lost."""
        offset = self.confirmed.get(partition)
        buffer = ownership.buffer
        if self.parts.owned.get(partition) is not ownership or (not buffer.pending and offset is None):
            return None
        values, buffer.pending = buffer.pending, {}
        buffer.in_flight = self._send(partition, ownership, values, offset)
        return buffer.in_flight

    def _send(self, partition: int, ownership: Ownership, values: Values, offset: int | None) -> InFlight:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"{self.table_name} to Redis")
        tip = ownership.next_tip(values)
        expected, args = self.parts.request(partition, [*value_commands(values)], offset, ownership.tip, tip)
        answer = self._thread.submit(self.parts.clients.run, WRITE_SCRIPT, self.parts.keys(partition), args)
        return InFlight(values, offset, expected, tip, answer)

    def _complete(self, partition: int, ownership: Ownership, write: InFlight) -> None:
        """Apply the reply to a write that has one; where it was not written, it is sent again.

        Raises:
            StoreUnavailable: Redis cannot serve.
            Fenced: The partition is not this worker's, or Redis has lost writes; the worker is stopped as well.
        """
        values, offset = write.values, write.offset
        ownership.buffer.in_flight = None
        if self.parts.owned.get(partition) is not ownership:
            return
        written = False
        try:
            written = self.parts.apply(partition, values, offset, write.expected, write.answer.result())
        except Fenced as error:
            self.stop_worker(error)
            raise
        finally:
            if not written and self.parts.owned.get(partition) is ownership:
                ownership.buffer.in_flight = self._send(partition, ownership, values, offset)
        if not written:
            return
        ownership.committed(write.tip)
        if self.confirmed.get(partition) == offset:
            self.confirmed.pop(partition, None)

    def stop_writing(self) -> None:
        """Let the thread end once it has sent what it was given."""
        if self._thread is not None:
            self._thread.shutdown(wait=False)
            self._thread = None
