"""Following topics in a group: at least once, the position committed after the work, through rebalances and outages.

The group gives out partitions; those of one number, of all topics, come to the same member. A partition that is newly
given is begun by `lanes.py`, from what the group has committed. What is handed out, one message or a batch, is `in hand`
until the next is asked for: that is when it counts as handled. Before partitions are given up, whatever is in hand is
waited for, and the position committed.
"""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing, suppress
from typing import Any, Final

from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka import errors as kafka

from clientward_client.beginning import POLL_MS, Beginning, started_consumer
from clientward_client.connection import named_errors
from clientward_client.errors import UnreadableError
from clientward_client.lanes import Due, Lane, Lanes, Message
from clientward_client.merging import Fetched, Partitions

log = logging.getLogger("clientward_client")

# Seconds between two commits while there is work: what a crash repeats, unless one decision takes longer.
COMMIT_SECONDS: Final = 1.0
# Seconds of work that are fetched at once; the group waits five minutes (max_poll_interval_ms) for the next fetch.
WORK_SECONDS: Final = 5.0
# Records of a fetch, before it is known how long one takes, and at most.
FIRST_AT_ONCE: Final = 20
MOST_AT_ONCE: Final = 500
# Records of one partition that may wait for those of another topic.
MOST_HELD: Final = 2_000
# Seconds that a rebalance waits for what is in hand, within the minute that the group gives.
HAND_SECONDS: Final = 45.0
# Seconds until Kafka is asked again.
RETRY_SECONDS: Final = 0.5
# Seconds that a stop waits for the last commit.
STOP_SECONDS: Final = 10.0


class Following(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """Topics followed in a group.

    Args:
        options: how aiokafka reaches the brokers.
        group: the consumer group.
        topics: what is followed; `make_lanes` returns a lane for each, anew for every partition number.
        start: for a group without a position: "earliest", "latest", or a time in ms since the epoch.
        skip_unreadable: log what cannot be read and go on, instead of raising.
        once: end when what was stored at the start is handled.
    """

    def __init__(
        self,
        options: Mapping[str, Any],
        group: str,
        topics: Sequence[str],
        make_lanes: Callable[[], Lanes],
        *,
        start: str | int = "earliest",
        skip_unreadable: bool = False,
        once: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._options = dict(options)
        self._group = group
        self._topics = list(topics)
        self._make_lanes = make_lanes
        self._beginning = Beginning(self._options, group, start)
        self._skip = skip_unreadable
        self._once = once
        self._ends: dict[TopicPartition, int] | None = None
        self._clock = clock
        self._numbers: dict[int, Partitions] = {}
        self._new: set[TopicPartition] = set()
        self._generation = 0
        self._is_revoking = False
        self._free = asyncio.Event()
        self._free.set()
        self._stopping = asyncio.Event()
        self._at_once = FIRST_AT_ONCE
        self._committed_at = 0.0
        self._consumer: Any = None
        self._in_hand: list[tuple[Lane, Due]] = []

    def stop(self) -> None:
        """Let `batches` end once what is in hand is handled."""
        self._stopping.set()

    async def commit(self) -> None:
        """Count what is in hand as handled, and commit the position now."""
        self._handled()
        await self._commit()

    async def batches(self, most: int) -> AsyncGenerator[list[Message], None]:
        """Give what the topics say, in lists of `most` messages at most, until `stop` or until the generator is closed."""
        self._at_once = max(self._at_once, most)
        async with named_errors(self._options):
            self._consumer = await started_consumer(self._options, self._group, self._topics)
            try:
                self._consumer.subscribe(self._topics, listener=self)
                while not self._stopping.is_set() and not await self._is_at_end():
                    async with aclosing(self._round(most)) as handed_out:
                        async for batch in handed_out:
                            yield batch
            finally:
                consumer, self._consumer = self._consumer, None
                await asyncio.shield(self._ended(consumer))

    async def _round(self, most: int) -> AsyncGenerator[list[Message], None]:
        """Fetch once, and hand out what is due."""
        if self._new:
            await self._begin()
        generation = await self._fetch()
        started, count = self._clock(), 0
        for hand in self._hands(most):
            count += len(hand)
            messages = [due.message for _, due in hand if due.message is not None]
            self._in_hand = hand
            self._free.clear()
            try:
                if messages:
                    yield messages
                self._handled()
            finally:
                self._in_hand = []
                self._free.set()
            if self._generation != generation or self._stopping.is_set():
                return  # what was fetched may be another member's now
            if self._clock() - self._committed_at > COMMIT_SECONDS:
                await self._commit()
        self._size(self._clock() - started, count, most)
        if count == 0 or self._clock() - self._committed_at > COMMIT_SECONDS:
            await self._commit()

    def _hands(self, most: int) -> Iterable[list[tuple[Lane, Due]]]:
        """Yield what is due by so many messages; what says nothing goes along, so that all is done in its order."""
        hand: list[tuple[Lane, Due]] = []
        told = 0
        for lane, due in self._all_due():
            hand.append((lane, due))
            told += due.message is not None
            if told == most:
                yield hand
                hand, told = [], 0
        if hand:
            yield hand

    async def _is_at_end(self) -> bool:
        """Tell whether all is handled that was there at the start, and that is all that is wanted."""
        if not self._once or self._ends is None or self._new or self._is_revoking:
            return False
        if any(number.merging.waits for number in self._numbers.values()):
            return False
        return all([await self._consumer.position(tp) >= end for tp, end in self._ends.items()])

    async def _fetch(self) -> int:
        """Fetch, and put what came in its place; return the generation of the group that it is of."""
        fetched = await self._consumer.getmany(timeout_ms=POLL_MS, max_records=self._at_once)
        generation, received_ms = self._generation, int(self._clock() * 1000)
        if self._is_revoking:
            return generation  # whoever has the partitions next reads it again
        for tp, records in fetched.items():
            if (number := self._numbers.get(tp.partition)) is not None:
                for record in records:
                    number.merging.put(Fetched(self._topics.index(tp.topic), record, received_ms))
        await self._look_for_ends(generation)
        return generation

    def _all_due(self) -> Iterable[tuple[Lane, Due]]:
        """Yield what is due, with its lane; of an account in order."""
        if not self._is_revoking:
            for number in [*self._numbers.values()]:
                yield from number.due(self._taken)

    def _taken(self, lane: Lane, fetched: Fetched) -> list[Due]:
        try:
            return lane.take(fetched.record, fetched.received_ms)
        except UnreadableError as error:
            if not self._skip:
                raise
            log.error("passed over: %s", error)  # noqa: TRY400 - the line says it all
            return lane.skip(fetched.record)

    def _handled(self) -> None:
        hand, self._in_hand = self._in_hand, []
        for lane, due in hand:
            lane.done(due)

    def _size(self, seconds: float, count: int, most: int) -> None:
        """Fetch as much at once as takes some seconds, and not less than a batch."""
        if count:
            self._at_once = max(most, min(MOST_AT_ONCE, int(WORK_SECONDS / max(seconds / count, 1e-6))))

    async def _look_for_ends(self, generation: int) -> None:
        """Note which partitions have nothing more, and let none be fetched far ahead of another."""
        for tp in self._consumer.assignment():
            number = self._numbers.get(tp.partition)
            if number is None or tp in self._new or self._generation != generation:
                continue
            lane = self._topics.index(tp.topic)
            with suppress(kafka.IllegalStateError):  # given up meanwhile
                end, polled_ms = self._consumer.highwater(tp), self._consumer.last_poll_timestamp(tp)
                if end is not None and polled_ms is not None and await self._consumer.position(tp) >= end:
                    number.merging.at_end(lane, polled_ms)
                self._pause(tp, number.merging.held(lane))

    def _pause(self, tp: TopicPartition, held: int) -> None:
        is_paused = tp in self._consumer.paused()
        if held > MOST_HELD and not is_paused:
            self._consumer.pause(tp)
        elif held <= MOST_HELD // 2 and is_paused:
            self._consumer.resume(tp)

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Wait for what is in hand, and commit: another member goes on from there."""
        self._generation += 1
        self._is_revoking = True
        if [*revoked]:
            try:
                async with asyncio.timeout(HAND_SECONDS):
                    await self._free.wait()
            except TimeoutError:
                log.warning("a decision took longer than the group waits; whoever has its partition now repeats it")
            await self._commit()
        self._numbers.clear()
        self._new.clear()

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Fetch nothing of them until it is known from where."""
        self._generation += 1
        self._is_revoking = False
        self._numbers.clear()
        self._new = set(assigned)
        self._ends = None if self._new else {}
        if self._new:
            self._consumer.pause(*self._new)

    async def _begin(self) -> None:
        """Find out from where to read what was newly given, and begin there; while no broker answers, try again."""
        generation, new = self._generation, sorted(self._new)
        try:
            begun = await self._beginning.of(self._consumer, new)
        except kafka.KafkaError as error:
            if not error.retriable:
                raise
            log.warning("positions cannot be read now, trying again: %s", error or type(error).__name__)
            await asyncio.sleep(RETRY_SECONDS)
            return
        if self._generation != generation:
            return
        for tp in new:
            number = self._numbers.setdefault(tp.partition, Partitions(self._make_lanes()))
            lane, start = self._topics.index(tp.topic), begun[tp]
            where = f"{tp.topic} partition {tp.partition}"
            self._consumer.seek(tp, number.lanes[lane].start(where, start.committed, start.begin, start.bounds))
            number.committed[lane] = start.committed
        self._new.clear()
        self._ends = {tp: begun[tp].bounds.end for tp in new}
        self._consumer.resume(*new)

    async def _commit(self) -> None:
        """Commit what has moved. Another owner's partition is left alone, and an outage is for the next time."""
        self._committed_at = self._clock()
        moved = {
            TopicPartition(topic, partition): (number, lane, position)
            for partition, number in self._numbers.items()
            for lane, topic in enumerate(self._topics)
            if TopicPartition(topic, partition) not in self._new
            and (position := number.lanes[lane].position()) != number.committed[lane]
        }
        if not moved or self._consumer is None:
            return
        try:
            await self._consumer.commit({tp: (at.offset, at.metadata) for tp, (_, _, at) in moved.items()})
        except (kafka.CommitFailedError, kafka.IllegalStateError) as error:
            log.info("the group has given the partitions to others: %s", error)
        except kafka.KafkaError as error:
            log.warning("the position could not be committed now: %s", error)
        else:
            for number, lane, position in moved.values():
                number.committed[lane] = position

    async def _ended(self, consumer: Any) -> None:
        self._consumer = consumer
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._commit()
        except TimeoutError:
            log.warning("no broker took the last position; what was handled since the one before it will be repeated")
        finally:
            self._consumer = None
            self._numbers.clear()
            await consumer.stop()
