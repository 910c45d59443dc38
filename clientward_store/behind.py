"""Writing behind: what an agent sets is read from memory at once and goes to Redis a moment later, off the event loop.

Faust's tables are synchronous mappings, so a store that wrote in `table[key] = value` would stop the whole worker for a
round trip an event. Here the values of a partition wait up to LAND_SECONDS and go in one atomic write, with the changelog
offset that Kafka has confirmed by then, from a thread of the store's own.

Rules:
- The changelog offset in Redis is never ahead of the values: a value waits before Faust hears of its changelog record,
  and whatever waits goes with the offset. So what a crash takes from memory, recovery reads from the changelog.
- Before Faust commits its input, hands partitions over or ends, everything has landed: see `Barrier`.
- A partition's writes go one after the other. Each names the mark of the last one (`Held.tip`), so that a Redis that lost
  one refuses the next; one whose answer was lost is sent again as it was, and is written once.
- BEHIND_ENTRIES wait at most: beyond that, as in iteration, the caller waits for Redis.
- Only who owns a partition in a running worker writes behind. Scripts, tests and tables without an owner write at once.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any, Final

from faust.stores.base import SerializedStore

from clientward_store.errors import Fenced, StoreUnavailable
from clientward_store.held import Flight, Held, Values
from clientward_store.partitions import Partitions
from clientward_store.scripts import WRITE_SCRIPT, value_commands

#: Seconds that a value waits for others to go with; a crash costs this much of the changelog to be read again.
LAND_SECONDS: Final = 0.05
#: Keys of one partition that may wait: some megabytes, and the longest that one write keeps Redis busy (20 ms).
BEHIND_ENTRIES: Final = 5_000


class Barrier:
    """Stands in for `flush` of Faust's producer, which Faust awaits before it commits and before it lets partitions go.

    One for an app, however many tables it has. Kafka comes first, so that the offsets it confirms go with the values.
    """

    def __init__(self, flush: Callable[[], Awaitable[None]]) -> None:
        self.flush = flush
        self.landings: set[Callable[[], Awaitable[None]]] = set()

    async def __call__(self) -> None:
        """Return once Kafka has what was produced, and Redis what was set."""
        await self.flush()
        for land in list(self.landings):
            await land()


def barrier_of(producer: Any) -> Barrier:
    """Return a producer's barrier, put there where it has none."""
    if not isinstance(producer.flush, Barrier):
        producer.flush = Barrier(producer.flush)
    barrier: Barrier = producer.flush
    return barrier


class BehindApi(SerializedStore[Any, Any]):
    """The writing half of the mapping."""

    parts: Partitions
    #: Changelog offsets that Kafka has confirmed and that travel with the next write of their partition.
    confirmed: dict[int, int]
    #: Set when something begins to wait.
    waits: asyncio.Event
    #: The first error that stops the worker: from then on nothing is acknowledged.
    failure: Exception | None = None
    _thread: ThreadPoolExecutor | None = None

    def _put(self, partition: int, values: Values) -> None:
        """Set values: they wait where the partition is owned by a running worker, or else are written at once."""
        held = self.parts.held.get(partition)
        if held is None or not self.started or self.should_stop:
            self._write(partition, values)
            return
        held.behind.waiting.update(values)
        self.waits.set()
        if len(held.behind.waiting) > BEHIND_ENTRIES:
            with self._stopping():
                self._land_now(partition)

    def _write(self, partition: int, values: Values) -> None:
        """Write values together with the offset that waits, and see the partition from now on."""
        if not self.parts.closed:
            self.parts.assigned.add(partition)
        with self._stopping():
            self._land_now(partition)
            self.parts.write(partition, values, self.confirmed.get(partition))
        self.confirmed.pop(partition, None)

    @contextmanager
    def _stopping(self) -> Iterator[None]:
        """Let an error of the store stop the worker, with nothing more acknowledged.

        Faust would acknowledge the event on which an agent raised, and go on.
        """
        try:
            yield
        except (Fenced, StoreUnavailable) as error:
            self._stop_worker(error)
            raise

    def _stop_worker(self, error: Exception) -> None:
        if isinstance(error, Fenced):
            self.confirmed.pop(error.partition, None)
        if self.started and not self.should_stop:
            self.failure = self.failure or error
            # Recovery may run in a thread: the worker's loop is told, whichever thread this is.
            self.loop.call_soon_threadsafe(lambda: self.add_future(self.crash(error)))

    async def land(self, partition: int) -> None:
        """Return once Redis has all that was set in a partition until now.

        Raises:
            StoreUnavailable: Redis cannot serve; the values wait on.
            Fenced: The partition is not this worker's, or Redis has gone back; the worker is stopped as well.
        """
        held = self.parts.held.get(partition)
        if held is None:
            return
        async with held.lock:
            if held.behind.flight is not None:
                await self._landed(partition, held)
            if self._take_off(partition, held) is not None:
                await self._landed(partition, held)

    async def _landed(self, partition: int, held: Held) -> None:
        """Wait for the flight under way, as often as it has to be sent."""
        while (flight := held.behind.flight) is not None:
            answer = asyncio.wrap_future(flight.answer)
            await asyncio.wait([answer])
            answer.exception()  # `_settle` raises it; asyncio wants it looked at here too
            if held.behind.flight is not flight:
                return  # a synchronous call has waited for it meanwhile
            self._settle(partition, held, flight)

    def _land_now(self, partition: int) -> None:
        """Write what waits, and wait for Redis here."""
        held = self.parts.held.get(partition)
        if held is None or not held.behind:
            return
        while held.behind:
            flight = held.behind.flight or self._take_off(partition, held)
            if flight is None:
                return
            wait([flight.answer])
            self._settle(partition, held, flight)

    def _take_off(self, partition: int, held: Held) -> Flight | None:
        """Send what waits; None where there is nothing, or the partition has been lost."""
        offset = self.confirmed.get(partition)
        if self.parts.held.get(partition) is not held or (not held.behind.waiting and offset is None):
            return None
        values, held.behind.waiting = held.behind.waiting, {}
        held.behind.flight = self._sent(partition, held, values, offset)
        return held.behind.flight

    def _sent(self, partition: int, held: Held, values: Values, offset: int | None) -> Flight:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"{self.table_name} to Redis")
        tip = held.next_tip(values)
        known, args = self.parts.asked(partition, [*value_commands(values)], offset, held.tip, tip)
        answer = self._thread.submit(self.parts.clients.run, WRITE_SCRIPT, self.parts.keys(partition), args)
        return Flight(values, offset, known, tip, answer)

    def _settle(self, partition: int, held: Held, flight: Flight) -> None:
        """Take in the answer to a flight that has one; where it was not written, it is under way again.

        Raises:
            StoreUnavailable: Redis cannot serve.
            Fenced: The partition is not this worker's, or Redis has gone back; the worker is stopped as well.
        """
        values, offset = flight.values, flight.offset
        held.behind.flight = None
        if self.parts.held.get(partition) is not held:
            return
        written = False
        try:
            written = self.parts.concluded(partition, values, offset, flight.known, flight.answer.result())
        except Fenced as error:
            self._stop_worker(error)
            raise
        finally:
            if not written and self.parts.held.get(partition) is held:
                held.behind.flight = self._sent(partition, held, values, offset)
        if not written:
            return
        held.committed(flight.tip)
        if self.confirmed.get(partition) == offset:
            self.confirmed.pop(partition, None)
