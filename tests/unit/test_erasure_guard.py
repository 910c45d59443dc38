"""What an erasure covers, and what becomes of the records of its account that were stored before it."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from story import CORE, command, purchase

from relationship.contract import messages as m
from relationship.contract.outcome import Reason, Refused
from streams.engine.erasure_guard import REMEMBERED, ErasureGuard
from streams.engine.step import StepBuilder
from streams.wire.arrivals import EPOCH, arrival_of


def arrival(topic, stored, account="a", at=0.0, offset=0, message=None):
    """Return a record of an account that Kafka stored `stored` ms after the epoch."""
    told = message or purchase(0, account=account)[1]
    record = SimpleNamespace(offset=offset, timestamp=stored, headers=(), key=account.encode())
    return arrival_of(topic, record, told, EPOCH + timedelta(seconds=at))


def erasure(stored, offset=5, account="a", at=1.0):
    """Return an erasure of an account."""
    return arrival(m.COMMANDS, stored, account, at, offset, command(0, "erase", account=account)[1])


def guard_of(*erasures):
    """Return a guard that knows of erasures."""
    guard = ErasureGuard()
    guard.note(erasures)
    return guard


def test_an_erasure_is_noted_wherever_it_stands_among_the_commands():
    """Other commands before it and behind it are passed over."""
    release = arrival(m.COMMANDS, 4_000, offset=4, message=command(0, "release")[1])
    guard = guard_of(release, erasure(5_000), release)
    before = arrival(m.PURCHASES, 4_999)
    assert before not in guard.part([before])[0]
    assert before in guard_of(release).part([before])[0]


@pytest.mark.parametrize(
    ("record", "covered"),
    [
        (arrival(m.PURCHASES, 4_999), True),
        (arrival(m.PURCHASES, 5_000), True),
        (arrival(m.PURCHASES, 5_001), False),
        (arrival(m.TICKETS, 4_999, at=9_000), True),
        (arrival(m.PURCHASES, 4_999, account="b"), False),
        (arrival(m.COMMANDS, 4_999, message=command(0, "release")[1]), True),
        (arrival_of(m.PURCHASES, SimpleNamespace(offset=1, headers=()), Refused(Reason.LATE, "old"), EPOCH), False),
    ],
    ids=["before", "in the same millisecond", "after", "dated later", "another's", "a command", "refused"],
)
def test_what_was_stored_before_the_erasure_is_not_folded(record, covered) -> None:
    """Whenever it is dated; what was stored after it is, and so is what has no account."""
    guard = guard_of(erasure(5_000))
    alive, erased = guard.part([record])
    assert (record in alive, list(erased)) == (not covered, [record] if covered else [])


@pytest.mark.parametrize(("at", "covered"), [(4.9, True), (5.0, True), (5.1, False)])
def test_what_other_accounts_send_is_covered_by_its_event_time_and_answered(at, covered) -> None:
    """It is stored whenever their partition comes to it; it reaches the core, which knows what to answer."""
    (found,) = [
        each
        for each in guard_of(erasure(5_000)).part([arrival(m.REFERRALS, 90_000, at=at)])[0]
        if each.topic != m.COMMANDS
    ]
    assert found.covered is covered


def test_what_the_group_had_acknowledged_is_not_erased_again() -> None:
    """It covers what it covered, and is a repeat in its turn; a new account's record is folded without it."""
    guard = ErasureGuard(6)
    guard.note([erasure(5_000, offset=5)])
    assert guard.part([arrival(m.PURCHASES, 4_000)])[0] == []
    new = arrival(m.PURCHASES, 6_000)
    assert guard.part([new])[0] == [new]
    assert guard.part([erasure(5_000, offset=5)])[0] == []
    guard.note([erasure(7_000, offset=6)])
    assert [each.offset for each in guard.part([erasure(7_000, offset=6)])[0]] == [6]


def test_what_the_group_had_acknowledged_is_not_answered_again() -> None:
    """A rebuild meets the same messages; whoever had to do with the account was told when it was erased."""
    message = arrival(m.REFERRALS, 90_000, at=1.0)
    for acknowledged, answered in ((5, True), (6, False)):
        guard = ErasureGuard(acknowledged)
        guard.note([erasure(5_000, offset=5)])
        alive, erased = guard.part([message])
        assert (len(alive), len(erased)) == ((1, 0) if answered else (0, 1))


def test_a_record_after_the_erasure_brings_it_forward() -> None:
    """The account begins anew; the erasure's own turn is then a repeat, and its time does not move the clock."""
    erase, new = erasure(5_000, at=900.0), arrival(m.PURCHASES, 6_000, at=2.0)
    guard = guard_of(erase)
    alive, erased = guard.part([new])
    assert [each.topic for each in alive] == [m.COMMANDS, m.PURCHASES]
    assert (alive[0].offset, alive[0].at, alive[1]) == (5, new.at, new)
    assert erased == []
    assert guard.part([arrival(m.PURCHASES, 7_000), erase])[1] == [erase]


def test_what_was_folded_before_the_erasure_was_known_is_folded_again_behind_it() -> None:
    """Where it was stored after it; the rest is erased, and another account's is left alone."""
    guard = ErasureGuard()
    old, new, other = (
        arrival(m.PURCHASES, ms, who, offset=ms) for ms, who in ((4_000, "a"), (6_000, "a"), (6_000, "b"))
    )
    assert guard.part([old, new, other])[0] == [old, new, other]
    guard.note([erasure(5_000)])
    alive, erased = guard.part([erasure(5_000)])
    assert [each.offset for each in alive] == [5, 6_000]
    assert erased == []


def test_it_remembers_no_more_than_it_says() -> None:
    """A record that was folded longer ago is not folded again."""
    guard = ErasureGuard()
    guard.part([arrival(m.PURCHASES, 6_000, offset=1)])
    guard.part([arrival(m.PURCHASES, 6_001, "b") for _ in range(REMEMBERED - 1)])
    guard.note([erasure(5_000)])
    assert len(guard.part([erasure(5_000)])[0]) == 2
    guard = ErasureGuard()
    guard.part([arrival(m.PURCHASES, 6_000, offset=1)])
    guard.part([arrival(m.PURCHASES, 6_001, "b") for _ in range(REMEMBERED)])
    guard.note([erasure(5_000)])
    assert len(guard.part([erasure(5_000)])[0]) == 1


def test_the_last_erasure_of_an_account_covers() -> None:
    """In whatever order they are noted; an earlier one is carried out in its turn like any other."""
    first, last = erasure(3_000, offset=1), erasure(5_000, offset=2)
    for guard in (guard_of(first, last), guard_of(last, first)):
        assert guard.part([arrival(m.PURCHASES, 4_000)])[0] == []
        assert guard.part([first])[0] == [first]
        assert guard.part([last])[0][0].offset == 2


def test_without_an_erasure_nothing_is_looked_at_at_all() -> None:
    """The arrivals go through as they are."""
    arrivals = [arrival(m.PURCHASES, 1)]
    guard = guard_of(arrival(m.COMMANDS, 1, message=command(0, "release")[1]))
    assert guard.part(arrivals)[0] is arrivals


def test_what_is_left_out_is_accounted_for() -> None:
    """It counts as a repeat, and changes nothing."""
    folding = StepBuilder(CORE, {}, 0)
    folding.repeats([arrival(m.PURCHASES, 9)])
    step = folding.step({m.PURCHASES: 10})
    assert step.counts == {(m.PURCHASES, "repeat"): 1}
    assert not step.write.values


def test_an_erasure_counts_as_carried_out_once_it_is_folded() -> None:
    """Or where the group had acknowledged it, up to the very offset; it says when Kafka stored it."""
    guard = guard_of(erasure(5_000))
    assert guard.carried_out() == {}
    guard.part([erasure(5_000)])
    assert guard.carried_out() == {"a": 5_000}
    for acknowledged, done in ((5, {}), (6, {"a": 5_000})):
        known = ErasureGuard(acknowledged)
        known.note([erasure(5_000, offset=5)])
        assert known.carried_out() == done
        known.note([erasure(7_000, offset=6)])
        assert known.carried_out() == {}


def test_an_erasure_is_carried_out_again_where_it_is_asked_for() -> None:
    """Though the group had acknowledged it: in its turn, and before the first record that it does not cover."""
    guard = ErasureGuard(6)
    guard.note([erasure(5_000, offset=5)])
    guard.carry_out_again("a")
    assert guard.carried_out() == {}
    new = arrival(m.PURCHASES, 6_000, offset=9)
    alive, erased = guard.part([new, new])
    assert ([each.offset for each in alive], erased) == ([5, 9, 9], [])


def test_a_guard_that_nothing_was_acknowledged_to_begins_at_the_first_command() -> None:
    """The very first record of the topic may be an erasure, and is carried out."""
    guard = ErasureGuard()
    first = erasure(5_000, offset=0)
    guard.note([first])
    assert guard.carried_out() == {}
    assert guard.part([first])[0] == [first]


def test_noting_an_erasure_again_changes_nothing() -> None:
    """Neither does an earlier one: what was carried out stays so."""
    guard = guard_of(erasure(5_000, offset=5))
    guard.part([erasure(5_000, offset=5)])
    guard.note([erasure(5_000, offset=5), erasure(4_000, offset=4)])
    assert guard.carried_out() == {"a": 5_000}
    assert guard.part([erasure(5_000, offset=5)])[1][0].offset == 5


@pytest.mark.parametrize("count", [2_000, 2_001])
def test_two_thousand_arrivals_are_remembered(count) -> None:
    """What was folded two thousand arrivals ago is folded again behind an erasure; one more, and it is forgotten."""
    guard = ErasureGuard()
    guard.part([arrival(m.PURCHASES, 6_000, offset=1), *[arrival(m.PURCHASES, 6_001, "b")] * (count - 1)])
    guard.note([erasure(5_000)])
    assert len(guard.part([erasure(5_000)])[0]) == (2 if count == 2_000 else 1)
