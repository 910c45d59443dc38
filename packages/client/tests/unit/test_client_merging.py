"""Decisions and tombstones of one partition number: nothing overtakes, and what is erased is told no more."""

import pytest
from decisions_support import FakeRecord, decision, record, tombstone

from clientward_client import Decision, Gone
from clientward_client.errors import UnreadableError
from clientward_client.lanes import Bounds, Committed, Due, Lane, lanes_of_decisions, lanes_of_states
from clientward_client.merging import Fetched, Partitions

SETTLE = 1_000


def begun(*committed: Committed | None, settle_ms: int | None = None) -> Partitions:
    """Return the two lanes of a partition number, begun."""
    number = Partitions(lanes_of_decisions(100, settle_ms, erasures=True)())
    for lane, at in zip(number.lanes, committed or (None, None), strict=True):
        lane.start("there", at, 0, Bounds(0, 99))
    return number


def take(lane: Lane, fetched: Fetched) -> list[Due]:
    """Take a record, as `Following` does."""
    return lane.take(fetched.record, fetched.received_ms)


def told(number: Partitions) -> list[str]:
    """Handle all that is due, and return it in words."""
    found = []
    for lane, due in number.due(take):
        lane.done(due)
        if isinstance(due.message, Decision):
            found.append(f"{due.message.account_id} {due.message.to}")
        elif isinstance(due.message, Gone):
            found.append(f"{due.message.account_id} gone")
    return found


def put(number: Partitions, lane: int, each: FakeRecord, received_ms: int = 5_000) -> None:
    """Put a record in."""
    number.merging.put(Fetched(lane, each, received_ms))


def test_they_come_in_the_order_in_which_they_were_stored() -> None:
    """A decision, the erasure after it, and the decision on whoever comes back."""
    number = begun()
    put(number, 1, tombstone("acme", 0, 20))
    put(number, 0, record(decision(), 0, 10))
    put(number, 0, record(decision(to="lapsed", event_id="d2"), 1, 30))
    number.merging.at_end(1, 6_000)
    assert told(number) == ["acme customer", "acme gone", "acme lapsed"]


@pytest.mark.parametrize("lane", [0, 1])
def test_a_record_waits_until_no_older_one_can_come(lane: int) -> None:
    """Until the other topic is known to have had nothing more after it was here."""
    number = begun()
    put(number, lane, tombstone("acme", 0, 20) if lane else record(decision(), 0, 20), 5_000)
    assert told(number) == []
    number.merging.at_end(1 - lane, 5_000)
    assert told(number) == [], "it may have been stored just then"
    number.merging.at_end(1 - lane, 5_001)
    assert len(told(number)) == 1


def test_one_topic_alone_waits_for_nothing() -> None:
    """States are told as they come."""
    number = Partitions(lanes_of_states())
    number.lanes[0].start("there", None, 0, Bounds(0, 9))
    put(number, 0, tombstone("acme", 0, 20))
    assert told(number) == ["acme gone"]
    assert number.lanes[0].position() == Committed(1)


def test_what_waits_of_an_erased_account_is_never_told() -> None:
    """Not even after a restart, at which the decision is read once more: so is the tombstone, and told no second time."""
    number = begun(settle_ms=SETTLE)
    put(number, 0, record(decision("acme"), 0, 10))
    put(number, 0, record(decision("shop"), 1, 11))
    put(number, 1, tombstone("acme", 7, 20))
    number.merging.at_end(0, 5_001)
    assert told(number) == ["acme gone"]
    positions = [lane.position() for lane in number.lanes]
    assert [at.offset for at in positions] == [0, 7]

    again = begun(*positions, settle_ms=SETTLE)
    put(again, 0, record(decision("acme"), 0, 10))
    put(again, 0, record(decision("shop"), 1, 11))
    put(again, 1, tombstone("acme", 7, 20))
    for lane in (0, 1):
        again.merging.at_end(lane, 10**12)
    assert told(again) == ["shop customer"]
    assert [lane.position().offset for lane in again.lanes] == [2, 8]


def test_a_record_that_cannot_be_read_stays() -> None:
    """The error comes again until somebody decides to pass over it."""
    number = begun()
    put(number, 0, FakeRecord(value=b"{"))
    number.merging.at_end(1, 6_000)
    for _ in range(2):
        with pytest.raises(UnreadableError, match=r"reclassified.v1 partition 0 offset 0"):
            told(number)
    assert number.lanes[0].position().offset == 0
