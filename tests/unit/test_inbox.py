"""The inbox of one partition: what is decoded, held, void and missing; the consumer is a hand-written one."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import count

import pytest
from aiokafka.structs import ConsumerRecord
from faust.types import TP
from partition_owner import Clock

from relationship.contract.messages import MESSAGE_TYPES, PURCHASES, TICKETS
from streams.engine.inbox import ACCOUNT_RECORDS, BEHIND_SECONDS, PAUSE_RECORDS, RESUME_RECORDS, GapError, Inbox
from streams.engine.ports import SystemClock
from streams.wire.codecs import Codec, Limits
from streams.wire.records import Batch, FetchedRecord


class Consumer:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.rewound: dict[TP, int] = {}
        self.held: set[TP] = set()
        self.acknowledged: dict[TP, int] = {}
        self.now_at: dict[TP, int] = {}

    def rewind(self, positions: Mapping[TP, int], generation: int) -> None:
        """Note positions."""
        assert generation > 0
        self.rewound = dict(positions)

    def pause_fetching(self, tps: set[TP]) -> None:
        """Note a hold."""
        self.held |= tps

    def resume_fetching(self, tps: set[TP]) -> None:
        """Note the end of a hold."""
        self.held -= tps

    def acknowledge(self, offsets: Mapping[TP, int]) -> None:
        """Note offsets."""
        self.acknowledged.update(offsets)

    async def ends(self, *tps: TP) -> Mapping[TP, int]:
        """Return where the partitions end now; 0 unless a test says otherwise."""
        return {tp: self.now_at.get(tp, 0) for tp in tps}

    async def earliest_offsets(self, *tps: TP) -> Mapping[TP, int]:
        """Return 0 everywhere."""
        return dict.fromkeys(tps, 0)

    async def highwaters(self, *tps: TP) -> Mapping[TP, int]:
        """Return 0 everywhere."""
        return dict.fromkeys(tps, 0)


def purchase(offset: int, second: int) -> FetchedRecord:
    """Return a purchase of some second."""
    value = {
        "event_id": f"e{offset}",
        "account_id": "a",
        "occurred_at": f"2026-01-01T00:{second // 60:02}:{second % 60:02}Z",
        "amount": "1",
        "currency": "EUR",
    }
    return ConsumerRecord(PURCHASES, 0, offset, 1, 0, b"a", json.dumps(value).encode(), None, 1, 1, ())


def batch(topic: str, records: Sequence[FetchedRecord], start: int, end: int, generation: int = 1) -> Batch:
    """Return a batch that leads to the last record, or to the end where there is none."""
    position = records[-1].offset + 1 if records else end
    return Batch(TP(topic, 0), records, start, position, end, generation)


def opened(consumer: Consumer, clock: Clock | None = None) -> Inbox:
    """Return an inbox that was sought to the beginning, all topics but purchases known to be at their end."""
    inbox = Inbox(0, Codec(Limits()), consumer, count(1), clock or SystemClock())
    inbox.restart(dict.fromkeys(MESSAGE_TYPES, 0))
    for topic in MESSAGE_TYPES:
        if topic != PURCHASES:
            inbox.put(batch(topic, [], 0, 0))
    return inbox


async def taken(inbox: Inbox, limit: int = 10) -> list[int]:
    """Return the offsets that the next step takes."""
    return [arrival.record.offset for arrival in (await inbox.next(limit)).arrivals]


async def test_records_come_out_once_the_other_topics_are_known_to_have_no_more() -> None:
    """A topic of which nothing is known yet holds the others back."""
    consumer = Consumer()
    consumer.now_at = {TP(topic, 0): 1 for topic in MESSAGE_TYPES}
    inbox = Inbox(0, Codec(Limits()), consumer, count(1), SystemClock())
    inbox.restart(dict.fromkeys(MESSAGE_TYPES, 0))
    inbox.put(batch(PURCHASES, [purchase(0, 1)], 0, 1))
    assert await taken(inbox) == []
    for topic in MESSAGE_TYPES:
        if topic != PURCHASES:
            inbox.put(batch(topic, [], 0, 1))
    assert await taken(inbox) == [0]


async def test_it_is_at_its_end_when_everything_known_is_folded() -> None:
    """Lag counts what is not folded, and offsets without records count as folded."""
    consumer = Consumer()
    inbox = opened(consumer)
    inbox.put(Batch(TP(PURCHASES, 0), [purchase(0, 1)], 0, 3, 3, 1))
    await inbox.next(10)
    assert inbox.queues[PURCHASES].lag() == 3
    inbox.folded({PURCHASES: 1}, 1)
    assert consumer.acknowledged == {TP(PURCHASES, 0): 1}
    assert await taken(inbox) == []
    assert inbox.queues[PURCHASES].lag() == 0
    assert inbox.at_end()


@pytest.mark.parametrize("waited", [BEHIND_SECONDS, BEHIND_SECONDS - 1.0])
async def test_a_partition_that_is_behind_asks_for_the_ends(waited: float) -> None:
    """What is not fetched, since enough is waiting, counts as lag all the same. Who is not behind asks nothing."""
    consumer, clock = Consumer(), Clock()
    clock.move(3_600)  # to the hour after the purchases, which are no backfill so
    inbox = opened(consumer, clock)
    stored_ms = clock.wall_us() // 1000 - int(waited * 1000)
    inbox.put(batch(PURCHASES, [replace(purchase(offset, 1), timestamp=stored_ms) for offset in range(4)], 0, 4))
    consumer.now_at = {TP(PURCHASES, 0): 900}
    await inbox.next(1)
    assert inbox.queues[PURCHASES].lag() == 4
    clock.seconds += BEHIND_SECONDS  # and not the wall clock, so that the records wait as long as before
    await inbox.next(1)
    assert inbox.queues[PURCHASES].lag() == (900 if waited == BEHIND_SECONDS else 4)


async def test_a_topic_with_enough_waiting_is_held_and_let_go() -> None:
    """Backpressure is a hold at the consumer, of that topic alone."""
    consumer = Consumer()
    inbox = opened(consumer)
    records = [purchase(offset, 1) for offset in range(PAUSE_RECORDS)]
    inbox.put(batch(PURCHASES, records, 0, PAUSE_RECORDS))
    assert consumer.held == {TP(PURCHASES, 0)}
    while await taken(inbox, 1_000):
        assert (TP(PURCHASES, 0) in consumer.held) == (inbox._merge.buffered(PURCHASES) > RESUME_RECORDS)
    assert not consumer.held


async def test_batches_of_an_earlier_seek_are_void() -> None:
    """What was fetched before a seek is dropped, and what follows it is taken."""
    inbox = opened(Consumer())
    inbox.restart(dict.fromkeys(MESSAGE_TYPES, 0))
    inbox.put(batch(PURCHASES, [purchase(0, 1)], 0, 1, generation=1))
    assert not inbox.queues[PURCHASES].batches
    inbox.put(batch(PURCHASES, [purchase(0, 1)], 0, 1, generation=2))
    assert inbox.queues[PURCHASES].batches


@pytest.mark.parametrize(("start", "first"), [(5, 5), (1, 0)])
async def test_a_lost_batch_and_a_step_back_are_noticed(start: int, first: int) -> None:
    """A batch that does not begin where the one before it ended, or goes back behind it, is an error."""
    inbox = opened(Consumer())
    inbox.put(batch(PURCHASES, [purchase(0, 1)], 0, 9))
    inbox.put(batch(PURCHASES, [purchase(first, 1)], start, 9))
    with pytest.raises(GapError, match=PURCHASES):
        await inbox.next(10)


async def test_a_refused_record_stands_where_the_one_before_it_stood() -> None:
    """A record without a time moves no clock: it keeps its place in its topic."""
    inbox = opened(Consumer())
    broken = ConsumerRecord(PURCHASES, 0, 1, 1, 0, b"a", b"{", None, 1, 1, ())
    inbox.put(batch(PURCHASES, [purchase(0, 7), broken, purchase(2, 9)], 0, 3))
    arrivals = (await inbox.next(10)).arrivals
    assert [arrival.record.offset for arrival in arrivals] == [0, 1, 2]
    assert arrivals[0].at == arrivals[1].at < arrivals[2].at
    assert inbox.oldest_ms(TICKETS) is None


async def test_old_records_wait_for_what_other_topics_have_stored_meanwhile() -> None:
    """A backfill is not overtaken: a topic known to be at its end is asked again, and its newer records are waited for."""
    consumer = Consumer()
    inbox = opened(consumer)
    consumer.now_at = {TP(PURCHASES, 0): 1, TP(TICKETS, 0): 1}
    inbox.put(batch(PURCHASES, [purchase(0, 30)], 0, 1))
    assert await taken(inbox) == [], "a ticket is stored that may have happened before"
    consumer.now_at = {TP(PURCHASES, 0): 1}
    inbox.put(batch(TICKETS, [], 0, 1))
    assert await taken(inbox) == [0]


async def test_a_busy_account_leaves_the_rest_of_its_records_for_the_next_step() -> None:
    """A step ends before an account's share of it is exceeded; nothing is lost or changes its place."""
    inbox = opened(Consumer())
    records = [purchase(offset, offset // 100) for offset in range(ACCOUNT_RECORDS + 10)]
    inbox.put(batch(PURCHASES, records, 0, len(records)))
    assert await taken(inbox, 5_000) == [*range(ACCOUNT_RECORDS)]
    assert await taken(inbox, 5_000) == [*range(ACCOUNT_RECORDS, ACCOUNT_RECORDS + 10)]


async def test_an_end_heard_of_is_not_forgotten_for_a_batch_that_was_fetched_before_it() -> None:
    """A topic known to have more holds the others back, also when an older look at its end comes in late."""
    consumer = Consumer()
    inbox = opened(consumer)
    consumer.now_at = {TP(TICKETS, 0): 5}  # stored, and not fetched yet
    inbox.put(batch(PURCHASES, [purchase(0, 1)], 0, 1))
    assert await taken(inbox) == []
    inbox.put(Batch(TP(TICKETS, 0), [], 0, 0, 0, 1))  # was under way when the ends were asked for
    assert await taken(inbox) == []
    assert not inbox.at_end()
