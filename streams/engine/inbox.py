"""What a partition's task has fetched and not folded: decoded, merged by event time, bounded.

Rules:
- `put` never waits, so that no topic and no partition can hold up the delivery to another. A topic that has enough
  waiting is held at the consumer instead, and let go when there is room again.
- Only batches of the last seek count; what was fetched before it is void.
- A backfill is folded as it happened: before records of a day ago or older are taken, the ends of all topics are asked
  for, and what was stored before them is waited for. Live records wait for nothing: they are not a month apart.
- A record's place in the merge is when its message happened. A refused record stands where the one before it stood.
"""

import asyncio
import time
from collections import deque
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Final

from faust.types import TP

from relationship.contract.messages import MESSAGE_TYPES
from streams.engine.intake import Intake
from streams.engine.merge import Merge
from streams.wire.arrivals import EPOCH, Arrival, StepInput, first_step_input
from streams.wire.codecs import Codec
from streams.wire.records import Batch

# Records that a topic may have waiting before it is held, and the rest at which it is let go.
HOLD_RECORDS: Final = 20_000
LET_GO_RECORDS: Final = 5_000
# Age from which records are a backfill's. Well below the days that an event may be late.
BACKFILL: Final = timedelta(days=1)
# Records of one account that a step takes at most: an account is folded in one go, while all else waits for its end. At
# the worst, each late for a history of thousands, these take four of the six seconds within which the group must hear of us.
ACCOUNT_RECORDS: Final = 250
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
        self.held = False
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
    """The intake of one partition number."""

    def __init__(self, number: int, codec: Codec, intake: Intake, generations: Iterator[int]) -> None:
        self._lanes = {topic: TopicQueue(TP(topic, number)) for topic in MESSAGE_TYPES}
        self._codec = codec
        self._intake = intake
        self._generations = generations
        self._generation = -1
        self._gap: Batch | None = None
        self._news = asyncio.Event()
        self._merge: Merge[Arrival] = Merge(list(MESSAGE_TYPES))
        self._unfolded = 0  # arrivals that were taken and are not folded and sent
        self._unchecked = False  # old records were decoded since the ends were last asked for
        self.heard_at = time.monotonic()

    @property
    def lanes(self) -> Mapping[str, TopicQueue]:
        """The topics, by name."""
        return self._lanes

    def restart(self, positions: Mapping[str, int]) -> None:
        """Drop everything and fetch from these positions on."""
        self._generation = next(self._generations)
        self._gap = None
        self._unfolded = 0
        self._merge = Merge(list(MESSAGE_TYPES))
        for topic, offset in positions.items():
            lane = self._lanes[topic] = TopicQueue(self._lanes[topic].tp)
            lane.expected = lane.fetched = lane.folded = offset
        self._intake.rewind({self._lanes[topic].tp: offset for topic, offset in positions.items()}, self._generation)

    def put(self, batch: Batch) -> None:
        """Take a batch over from the consumer."""
        if batch.generation != self._generation:
            return
        lane = self._lanes[batch.tp.topic]
        if not follows(batch, lane.expected):
            self._gap = batch
            self._news.set()
            return
        lane.expected = batch.position
        lane.batches.append(batch)
        lane.records += len(batch.records)
        lane.end = max(lane.end or 0, batch.highwater)  # a batch may have been under way while the ends were asked for
        if batch.records:
            self.heard_at = time.monotonic()
        if not lane.held and self._waiting(lane) >= HOLD_RECORDS:
            lane.held = True
            self._intake.hold({lane.tp})
        self._news.set()

    def _waiting(self, lane: TopicQueue) -> int:
        return lane.records + self._merge.buffered(lane.tp.topic)

    async def next(self, limit: int) -> StepInput:
        """Return up to `limit` arrivals in event-time order; none where none can be taken yet.

        Raises GapError where a batch was lost, or Kafka went back to an earlier offset.
        """
        self._news.clear()
        if self._gap is not None:
            expected = self._lanes[self._gap.tp.topic].expected
            raise GapError(f"{self._gap.tp.topic} goes on at {self._gap.start} instead of {expected}")
        while True:
            await self._decode_enough(limit)
            share = self._spared(await self._take(limit))
            if share.arrivals:
                self._unfolded += len(share.arrivals)
                break
            lane = self._undecoded()
            if lane is None:
                self._settle()
                return share
            await self._decode(lane)
        for lane in self._lanes.values():
            if lane.held and self._waiting(lane) <= LET_GO_RECORDS:
                lane.held = False
                self._intake.let_go({lane.tp})
        return share

    async def _decode_enough(self, limit: int) -> None:
        """Decode what is at hand, up to a step's worth: a step costs round trips, however few records it holds."""
        while sum(map(self._merge.buffered, self._lanes)) < limit and (lane := self._undecoded()):
            await self._decode(lane)

    def _undecoded(self) -> TopicQueue | None:
        """Return the topic to decode next: one of which nothing is at hand holds the others back, so it comes first."""
        waiting = [lane for lane in self._lanes.values() if lane.batches]
        return min(waiting, key=lambda lane: self._merge.buffered(lane.tp.topic), default=None)

    async def _take(self, limit: int) -> list[Arrival]:
        if self._unchecked:
            await self._look_at_ends()
        return self._merge.take(limit)

    def _spared(self, taken: list[Arrival]) -> StepInput:
        """Leave for the next step what comes after an account's share of this one."""
        share = first_step_input(taken, ACCOUNT_RECORDS)
        self._merge.put_back(taken[len(share.arrivals) :])
        return share

    async def _look_at_ends(self) -> None:
        """Let no topic be overtaken: whatever is stored by now, and so before what is at hand, is known to come."""
        generation, self._unchecked = self._generation, False
        ends = await self._intake.ends(*[lane.tp for lane in self._lanes.values()])
        if generation == self._generation:
            for topic, lane in self._lanes.items():
                lane.end = max(lane.end or 0, ends[lane.tp])
                self._merge.add(topic, (), more=lane.more())

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

    async def _decode(self, lane: TopicQueue) -> None:
        """Move the lane's first batch into the merge."""
        generation, batch = self._generation, lane.batches.popleft()
        topic = lane.tp.topic
        lane.records -= len(batch.records)
        for start in range(0, len(batch.records), DECODE_RECORDS):
            now_us = time.time_ns() // 1000
            backfill_until = EPOCH + timedelta(microseconds=now_us) - BACKFILL
            chunk = self._codec.arrivals(topic, batch.records[start : start + DECODE_RECORDS], now_us, lane.last)
            lane.last = chunk[-1].at
            if generation != self._generation:
                return
            self._merge.add(topic, chunk, more=True)
            self._unchecked |= chunk[0].at < backfill_until
            if start + DECODE_RECORDS < len(batch.records):
                await asyncio.sleep(0)
        lane.fetched = batch.position
        self._merge.add(topic, (), more=lane.more())

    def _settle(self) -> None:
        """Count as folded what holds no record: markers of transactions, records that compaction took."""
        for topic, lane in self._lanes.items():
            if not (self._unfolded or lane.batches or self._merge.buffered(topic)):
                lane.folded = max(lane.folded, lane.fetched)

    def folded(self, positions: Mapping[str, int], arrivals: int) -> None:
        """Note what is folded and sent, so many arrivals, and let the group's offsets follow."""
        self._unfolded -= arrivals
        for topic, offset in positions.items():
            self._lanes[topic].folded = offset
        self._intake.acknowledge({self._lanes[topic].tp: offset for topic, offset in positions.items()})

    def at_end(self) -> bool:
        """Tell whether everything that the partition is known to have is folded."""
        return self._merge.is_empty() and not any(lane.more() for lane in self._lanes.values())

    def oldest_ms(self, topic: str) -> int | None:
        """Return the timestamp of a topic's oldest record that waits here, in ms, or None."""
        first = self._merge.first(topic)
        if first is not None:
            return first.arrived_ms
        batch = next((batch for batch in self._lanes[topic].batches if batch.records), None)
        return int(batch.records[0].timestamp) if batch else None

    async def bounds(self) -> tuple[Mapping[TP, int], Mapping[TP, int]]:
        """Return the first offsets that Kafka still has, and its ends."""
        tps = [lane.tp for lane in self._lanes.values()]
        return await self._intake.earliest_offsets(*tps), await self._intake.highwaters(*tps)
