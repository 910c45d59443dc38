"""What a partition's task has fetched and not folded: decoded, merged by event time, bounded.

Rules:
- `put` never waits, so that no topic and no partition can hold up the delivery to another. A topic that has enough
  waiting is paused at the consumer instead, and resumed when there is room again.
- Only batches of the last seek count; what was fetched before it is void.
- A backfill is folded as it happened: before records of a day ago or older are taken, the ends of all topics are asked
  for, and what was stored before them is waited for. Live records wait for nothing: they are not a month apart.
- Of a topic that is paused, or has a fetch waiting to be taken over, nothing is heard, and what comes meanwhile would be
  missing in its lag. So the ends are asked for by a partition that is seconds behind too.
- A record's place in the merge is when its message happened. A refused record stands where the one before it stood.
"""

import asyncio
from collections import deque
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Final

from faust.types import TP

from relationship.contract.messages import MESSAGE_TYPES
from streams.engine.merge import Merge
from streams.engine.ports import Clock, Intake
from streams.wire.arrivals import EPOCH, Arrival, StepInput, first_step_input
from streams.wire.codecs import Codec
from streams.wire.records import Batch

# Records that a topic may have waiting before it is paused, and the rest at which it is resumed.
PAUSE_RECORDS: Final = 20_000
RESUME_RECORDS: Final = 5_000
# Age from which records are a backfill's. Well below the days that an event may be late.
BACKFILL: Final = timedelta(days=1)
# Records of one account that a step takes at most: an account is folded in one go, while all else waits for its end. At
# the worst, each late for a history of thousands, these take four of the six seconds within which the group must hear of us.
ACCOUNT_RECORDS: Final = 250
# Seconds that a partition is behind when it asks for the ends, and between two such questions. Scrapes of the metrics are
# 15 apart.
BEHIND_SECONDS: Final = 5.0
# Records decoded between two turns of the event loop.
DECODE_RECORDS: Final = 1_000


class GapError(RuntimeError):
    """What was fetched does not follow upon what was fetched before."""


class TopicQueue:
    """One topic of the partition, between the consumer and the merge."""

    def __init__(self, tp: TP) -> None:
        self.tp = tp
        self.batches: deque[Batch] = deque()
        self.records = 0  # in `batches`
        self.paused = False
        self.expected = 0  # where the next batch begins
        self.fetched = 0  # everything below this offset is decoded
        self.folded = 0  # everything below this offset is folded
        self.end: int | None = None  # the partition's end when it was last heard of
        self.last = EPOCH  # event time of the last record decoded

    def more(self) -> bool:
        """Tell whether the topic has, or may have, more than has been decoded."""
        return bool(self.batches) or self.end is None or self.fetched < self.end

    def lag(self) -> int:
        """Return how many offsets are not folded."""
        return max(0, (self.end or 0) - self.folded)


def follows(batch: Batch, expected: int) -> bool:
    """Tell whether a batch begins where the one before it ended, and does not go back."""
    return batch.start == expected and (not batch.records or batch.records[0].offset >= expected)


class Inbox:
    """The intake of one partition number.

    Attributes:
        account_records: how many records of one account a step takes at most.
        heard_at: when the last record came, in monotonic seconds.
    """

    def __init__(self, number: int, codec: Codec, intake: Intake, generations: Iterator[int], clock: Clock) -> None:
        self._queues = {topic: TopicQueue(TP(topic, number)) for topic in MESSAGE_TYPES}
        self._codec = codec
        self._intake = intake
        self._generations = generations
        self._clock = clock
        self._generation = -1
        self._gap: Batch | None = None
        self._news = asyncio.Event()
        self._merge: Merge[Arrival] = Merge(list(MESSAGE_TYPES))
        self._unfolded = 0  # arrivals that were taken and are not folded and sent
        self.account_records = ACCOUNT_RECORDS
        self._unchecked = False  # old records were decoded since the ends were last asked for
        self._asked_at = self.heard_at = self._clock.monotonic()  # for the ends; and heard of a record

    @property
    def queues(self) -> Mapping[str, TopicQueue]:
        """The topics, by name."""
        return self._queues

    def restart(self, positions: Mapping[str, int]) -> None:
        """Drop everything and fetch from these positions on."""
        self._generation = next(self._generations)
        self._gap = None
        self._unfolded = 0
        self._merge = Merge(list(MESSAGE_TYPES))
        for topic, offset in positions.items():
            queue = self._queues[topic] = TopicQueue(self._queues[topic].tp)
            queue.expected = queue.fetched = queue.folded = offset
        self._intake.rewind({self._queues[topic].tp: offset for topic, offset in positions.items()}, self._generation)

    def put(self, batch: Batch) -> None:
        """Take a batch over from the consumer."""
        if batch.generation != self._generation:
            return
        queue = self._queues[batch.tp.topic]
        if not follows(batch, queue.expected):
            self._gap = batch
            self._news.set()
            return
        queue.expected = batch.position
        queue.batches.append(batch)
        queue.records += len(batch.records)
        queue.end = max(
            queue.end or 0, batch.highwater
        )  # a batch may have been under way while the ends were asked for
        if batch.records:
            self.heard_at = self._clock.monotonic()
        if not queue.paused and self._waiting(queue) >= PAUSE_RECORDS:
            queue.paused = True
            self._intake.pause_fetching({queue.tp})
        self._news.set()

    def _waiting(self, queue: TopicQueue) -> int:
        return queue.records + self._merge.buffered(queue.tp.topic)

    async def next(self, limit: int) -> StepInput:
        """Return up to `limit` arrivals in event-time order; none where none can be taken yet.

        Raises GapError where a batch was lost, or Kafka went back to an earlier offset.
        """
        self._news.clear()
        if self._gap is not None:
            expected = self._queues[self._gap.tp.topic].expected
            raise GapError(f"{self._gap.tp.topic} goes on at {self._gap.start} instead of {expected}")
        while True:
            await self._decode_enough(limit)
            taken = self._spared(await self._take(limit))
            if taken.arrivals:
                self._unfolded += len(taken.arrivals)
                break
            queue = self._undecoded()
            if queue is None:
                self._skip_empty_offsets()
                return taken
            await self._decode(queue)
        for queue in self._queues.values():
            if queue.paused and self._waiting(queue) <= RESUME_RECORDS:
                queue.paused = False
                self._intake.resume_fetching({queue.tp})
        return taken

    async def _decode_enough(self, limit: int) -> None:
        """Decode what is at hand, up to a step's worth: a step costs round trips, however few records it holds."""
        while sum(map(self._merge.buffered, self._queues)) < limit and (queue := self._undecoded()):
            await self._decode(queue)

    def _undecoded(self) -> TopicQueue | None:
        """Return the topic to decode next: one of which nothing is at hand holds the others back, so it comes first."""
        waiting = [queue for queue in self._queues.values() if queue.batches]
        return min(waiting, key=lambda queue: self._merge.buffered(queue.tp.topic), default=None)

    async def _take(self, limit: int) -> list[Arrival]:
        if self._unchecked or self._is_behind():
            await self._look_at_ends()
        return self._merge.take(limit)

    def _is_behind(self) -> bool:
        """Tell whether a record has been waiting for seconds, and the ends were not asked for meanwhile."""
        if self._clock.monotonic() - self._asked_at < BEHIND_SECONDS:
            return False
        oldest = min((ms for topic in self._queues if (ms := self.oldest_ms(topic)) is not None), default=None)
        return oldest is not None and self._clock.wall_us() / 1000 - oldest >= BEHIND_SECONDS * 1000

    def _spared(self, taken: list[Arrival]) -> StepInput:
        """Leave for the next step what would be too much of one account in this one."""
        first = first_step_input(taken, self.account_records)
        self._merge.put_back(taken[len(first.arrivals) :])
        return first

    async def _look_at_ends(self) -> None:
        """Let no topic be overtaken: whatever is stored by now, and so before what is at hand, is known to come."""
        generation, self._unchecked = self._generation, False
        self._asked_at = self._clock.monotonic()
        ends = await self._intake.ends(*[queue.tp for queue in self._queues.values()])
        if generation == self._generation:
            for topic, queue in self._queues.items():
                queue.end = max(queue.end or 0, ends[queue.tp])
                self._merge.add(topic, (), more=queue.more())

    def nudge(self) -> None:
        """End a wait."""
        self._news.set()

    async def wait(self, seconds: float) -> bool:
        """Return True when a batch came, or False after `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                return await self._news.wait()
        except TimeoutError:
            return False

    async def _decode(self, queue: TopicQueue) -> None:
        """Move the queue's first batch into the merge."""
        generation, batch = self._generation, queue.batches.popleft()
        topic = queue.tp.topic
        queue.records -= len(batch.records)
        for start in range(0, len(batch.records), DECODE_RECORDS):
            now_us = self._clock.wall_us()
            backfill_until = EPOCH + timedelta(microseconds=now_us) - BACKFILL
            chunk = self._codec.arrivals(topic, batch.records[start : start + DECODE_RECORDS], now_us, queue.last)
            queue.last = chunk[-1].at
            if generation != self._generation:
                return
            self._merge.add(topic, chunk, more=True)
            self._unchecked |= chunk[0].at < backfill_until
            if start + DECODE_RECORDS < len(batch.records):
                await asyncio.sleep(0)
        queue.fetched = batch.position
        self._merge.add(topic, (), more=queue.more())

    def _skip_empty_offsets(self) -> None:
        """Count as folded what holds no record: markers of transactions, records that compaction took."""
        for topic, queue in self._queues.items():
            if not (self._unfolded or queue.batches or self._merge.buffered(topic)):
                queue.folded = max(queue.folded, queue.fetched)

    def folded(self, positions: Mapping[str, int], arrivals: int) -> None:
        """Note what is folded and sent, so many arrivals, and let the group's offsets follow."""
        self._unfolded -= arrivals
        for topic, offset in positions.items():
            self._queues[topic].folded = offset
        self._intake.acknowledge({self._queues[topic].tp: offset for topic, offset in positions.items()})

    def at_end(self) -> bool:
        """Tell whether everything that the partition is known to have is folded."""
        return self._merge.is_empty() and not any(queue.more() for queue in self._queues.values())

    def oldest_ms(self, topic: str) -> int | None:
        """Return the timestamp of a topic's oldest record that waits here, in ms, or None."""
        first = self._merge.first(topic)
        if first is not None:
            return first.arrived_ms
        batch = next((batch for batch in self._queues[topic].batches if batch.records), None)
        return int(batch.records[0].timestamp) if batch else None

    async def bounds(self) -> tuple[Mapping[TP, int], Mapping[TP, int]]:
        """Return the first offsets that Kafka still has, and its ends."""
        tps = [queue.tp for queue in self._queues.values()]
        return await self._intake.earliest_offsets(*tps), await self._intake.highwaters(*tps)
