"""A record as of a time: the facts by then, the timers due by then, and the last change with what caused it."""

import pytest
from story import POLICY, command, fold, meeting, on, purchase, record_of

from relationship.contract.times import micros
from relationship.core import Core
from relationship.state.account import CLIENT, CUSTOMER, LAPSED
from relationship.timeline.as_of import TooEarlyError, record_at

SMALL = Core(POLICY, lateness_days=1, kept=2)


def at(days):
    """Return a moment of the story in µs."""
    return micros(on(days))


def test_an_event_counts_from_its_own_moment_on():
    """At it, not a microsecond before; what comes later does not count, decisions neither."""
    record = record_of(fold([purchase(1, "p"), purchase(2, "q"), meeting(3, "m")])[0])
    before, first, second = (record_at(record, t, POLICY) for t in (at(1) - 1, at(1), at(2)))
    assert (before.record.count, before.record.decisions, before.record.seq, before.change) == (0, [], 0, None)
    assert (before.record.newest, before.cause) == (0, None)
    assert (first.record.head.purchases, first.record.seq, first.change.target) == (1, 1, CUSTOMER)
    assert (first.cause.id, first.record.newest, first.record.clock) == ("p", at(1), at(1))
    assert (second.record.head.purchases, second.record.newest) == (2, at(2))
    assert [fact.id for fact in second.record.facts()] == ["p", "q"]


def test_a_timer_due_at_that_very_moment_has_run():
    """A lapse at its moment, without a fact behind it; a microsecond before it the account was a customer."""
    record = record_of(fold([purchase(1, "p")])[0])
    due = at(1) + POLICY.trade(None).lapse_us
    lapsed = record_at(record, due, POLICY)
    assert (lapsed.record.head.status, lapsed.change.direction, lapsed.cause) == (LAPSED, "lapse", None)
    assert record_at(record, due - 1, POLICY).record.head.status == CUSTOMER


def test_the_last_change_and_the_fact_behind_it():
    """Of several the last one by then."""
    told = [purchase(1, "p"), command(2, "override", "o", status="client", until=on(9)), purchase(3, "q")]
    then = record_at(record_of(fold(told)[0]), at(4), POLICY)
    assert (then.change.target, then.cause.id) == (CLIENT, "o")
    assert then.record.seq == 2
    ended = record_at(record_of(fold(told)[0]), at(9), POLICY)
    assert (ended.change.direction, ended.change.source, ended.cause) == ("override", CLIENT, None)


def test_before_the_history_kept_is_too_early():
    """The base's own moment can be asked for still, a microsecond before it cannot; an account kept whole has no limit."""
    record = record_of(fold([purchase(10 * i, f"p{i}") for i in range(4)], SMALL)[0])
    assert record.base.t == at(10)
    assert record_at(record, at(10), POLICY).record.head.purchases == 2
    with pytest.raises(TooEarlyError, match="before 2024-01-11T09:00:00Z are folded together"):
        record_at(record, at(10) - 1, POLICY)
    whole = record_of(fold([purchase(1)])[0])
    assert record_at(whole, -5, POLICY).record.count == 0
