"""Decisions and tombstones of all partitions, from positions that others keep: what the endpoints are fed from.

What is due of a partition comes with a `Mark`: from where to read again when it and all before it is done. The same log
gives the same items in the same order from whatever mark it is read, by the client's lanes.
"""

import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition

from clientward_client import RECLASSIFIED, STATE, Decision, Gone, TopicMissingError, UnreadableError
from clientward_client.beginning import partitions_of
from clientward_client.lanes import Bounds, Committed, Due, Lane, lanes_of_decisions
from clientward_client.merging import Fetched, Partitions

log = structlog.get_logger(__name__)

TOPICS: Final = (RECLASSIFIED, STATE)
# Ms that a fetch may wait for more.
POLL_MS: Final = 250
# Records of a fetch; of them all is in memory at once.
AT_ONCE: Final = 500
# Records of a partition over which a repeat is known: a worker's outbox, sent again after a crash.
REMEMBERED: Final = 1_000


class Mark(NamedTuple):
    """Where a partition number is read from: by topic, the offset, what is known beside it, and the last that was given."""

    resume: tuple[Committed, ...]
    given: tuple[int, ...]


class Item(NamedTuple):
    """Something that is due: of which partition number and topic, and where; `message` is None where nothing is told."""

    number: int
    lane: int
    offset: int
    message: Decision | Gone | None
    resume: tuple[Committed, ...]


class Reader:
    """Reads all partitions, from a mark each. A context manager.

    Attributes:
        read: by partition number and topic, the next offset to take.
        given: by the same, the last offset of what was given.
    """

    def __init__(self, options: Mapping[str, Any], settle_ms: int | None, marks: Mapping[int, Mark]) -> None:
        self._options = options
        self._settle_ms = settle_ms
        self._marks = marks
        self._consumer: Any = None
        self._numbers: dict[int, Partitions] = {}
        self.read: dict[tuple[int, int], int] = {}
        self.given: dict[tuple[int, int], int] = {}

    async def __aenter__(self) -> Self:
        consumer = AIOKafkaConsumer(**self._options, enable_auto_commit=False, fetch_max_wait_ms=POLL_MS)
        try:
            await consumer.start()
            places = [TopicPartition(topic, number) for number in self._marks for topic in TOPICS]
            consumer.assign(places)
            begins, ends = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
            for number, mark in self._marks.items():
                lanes = self._numbers[number] = Partitions(
                    lanes_of_decisions(REMEMBERED, self._settle_ms, erasures=True)()
                )
                for index, topic in enumerate(TOPICS):
                    tp = TopicPartition(topic, number)
                    bounds, at = Bounds(begins[tp], ends[tp]), untold(mark.resume[index])
                    where = f"{topic} partition {number}"
                    consumer.seek(tp, lanes.lanes[index].start(where, at, at.offset, bounds))
                    self.read[number, index], self.given[number, index] = at.offset, -1
        except BaseException:
            await consumer.stop()
            raise
        self._consumer = consumer
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._consumer.stop()

    async def batch(self) -> list[Item]:
        """Return what has become due; waits for a moment where nothing has."""
        fetched = await self._consumer.getmany(timeout_ms=POLL_MS, max_records=AT_ONCE)
        received_ms = int(time.time() * 1000)
        for tp, records in fetched.items():
            index = TOPICS.index(tp.topic)
            for record in records:
                self._numbers[tp.partition].merging.put(Fetched(index, record, received_ms))
        await self._look_for_ends()
        return [
            self._item(number, lane, due) for number, lanes in self._numbers.items() for lane, due in lanes.due(_take)
        ]

    def _item(self, number: int, lane: Lane, due: Due) -> Item:
        lanes = self._numbers[number].lanes
        index = lanes.index(lane)
        lane.done(due)
        self.given[number, index] = max(self.given[number, index], due.offset)
        message = due.message if isinstance(due.message, Decision | Gone) else None
        return Item(number, index, due.offset, message, tuple(each.position() for each in lanes))

    async def _look_for_ends(self) -> None:
        for number, lanes in self._numbers.items():
            for index, topic in enumerate(TOPICS):
                tp = TopicPartition(topic, number)
                position = await self._consumer.position(tp)
                end, polled_ms = self._consumer.highwater(tp), self._consumer.last_poll_timestamp(tp)
                if end is not None and polled_ms is not None and position >= end:
                    lanes.merging.at_end(index, polled_ms)
                self.read[number, index] = position - lanes.merging.held(index)

    def reached(self, other: "Reader") -> bool:
        """Tell whether this one has read and given all that another one has."""
        return all(self.read[key] >= at and self.given[key] >= other.given[key] for key, at in other.read.items())


def untold(at: Committed) -> Committed:
    """Return a position without what its reader was told: everybody who is fed knows that of itself."""
    if not at.metadata:
        return at
    words = ["told=-1" if word.startswith("told=") else word for word in at.metadata.split(" ")]
    return Committed(at.offset, " ".join(words))


def _take(lane: Lane, fetched: Fetched) -> list[Due]:
    """Take a record; one that breaks the contract is logged and passed over, since nobody here could mend it."""
    try:
        return lane.take(fetched.record, fetched.received_ms)
    except UnreadableError as error:
        log.error("passed over", error=str(error))  # noqa: TRY400 - the line says it all
        return lane.skip(fetched.record)


async def marks_at(options: Mapping[str, Any], start: str | int) -> dict[int, Mark]:
    """Return the marks of "latest", "earliest" or a time in ms since the epoch. Raises TopicMissingError, KafkaError."""
    consumer = AIOKafkaConsumer(**options, enable_auto_commit=False)
    await consumer.start()
    try:
        there = await consumer.topics()
        if missing := [topic for topic in TOPICS if topic not in there]:
            raise TopicMissingError(f"there is no topic {', '.join(missing)}; run `clientward topics apply`")
        numbers = [tp.partition for tp in await partitions_of(options, RECLASSIFIED)]
        places = [TopicPartition(topic, number) for number in numbers for topic in TOPICS]
        offsets = await _offsets(consumer, places, start)
    finally:
        await consumer.stop()
    marks = {}
    for number in numbers:
        at = [offsets[TopicPartition(topic, number)] for topic in TOPICS]
        marks[number] = Mark(tuple(Committed(each) for each in at), tuple(each - 1 for each in at))
    return marks


async def _offsets(consumer: Any, places: list[TopicPartition], start: str | int) -> dict[TopicPartition, int]:
    if start == "earliest":
        return dict(await consumer.beginning_offsets(places))
    ends = await consumer.end_offsets(places)
    if start == "latest":
        return dict(ends)
    found = await consumer.offsets_for_times(dict.fromkeys(places, start))
    return {tp: ends[tp] if (at := found.get(tp)) is None else at.offset for tp in places}
