"""What time does to an account that is folded: its masses fade, and its timers run before the next fact."""

from math import exp2

import pytest
from folding import bought, day, folded
from story import POLICY, command, fold, on, profile, purchase, record_of
from variants import variant

from relationship.classify.dimensions import allowance_us
from relationship.classify.fold import (
    fresh,
)
from relationship.classify.timers import ACTIVITY_HALF_LIFE_US, decay, due_at, lapse_at, run_timers
from relationship.contract.names import DIMENSIONS, INDEX
from relationship.contract.times import DAY_US
from relationship.policy.schedule import Schedule, Switch
from relationship.state.account import (
    CANDIDATE,
    CLIENT,
    CUSTOMER,
    LAPSED,
    Account,
    Override,
)

ALLOWED = POLICY.trade(None).lapse_us
HASTY = variant("hasty", lapse=30)


def test_masses_halve_in_their_own_half_life():
    """After a dimension's half-life half is left of both masses, and of the activity after a year of 365 days."""
    for name in ("engagement", "trust", "bought"):
        account = Account(facts=1, good=[8.0] * len(DIMENSIONS), bad=[4.0] * len(DIMENSIONS), activity=2.0)
        i = INDEX[name]
        decay(account, int(POLICY.half_lives_us[i]), POLICY)
        assert (account.good[i], account.bad[i]) == (pytest.approx(4.0), pytest.approx(2.0))
    account = Account(facts=1, activity=2.0)
    decay(account, 365 * DAY_US, POLICY)
    assert account.activity == pytest.approx(1.0)
    assert account.t == ACTIVITY_HALF_LIFE_US == 365 * DAY_US


def test_every_dimension_decays_by_itself():
    """A mass of one dimension alone fades, whichever it is, for or against."""
    for i in range(len(DIMENSIONS)):
        good, bad = Account(facts=1), Account(facts=1)
        good.good[i] = bad.bad[i] = 1.0
        for account in (good, bad):
            decay(account, 90 * DAY_US, POLICY)
        left = exp2(-(90 * DAY_US / POLICY.half_lives_us[i]))
        assert good.good[i] == bad.bad[i] == pytest.approx(left)


def test_each_policy_decays_for_its_own_time():
    """Ten days under one half-life and ten under another; the time of the switch is in neither twice."""
    slow, quick = variant("slow", half_life=100), variant("quick", half_life=10)
    account = Account(facts=1, good=[1.0] * len(DIMENSIONS))
    decay(account, 20 * DAY_US, Schedule(slow, [Switch(10 * DAY_US, quick)]))
    assert account.good[INDEX["trust"]] == pytest.approx(exp2(-0.1) * exp2(-1.0))
    account = Account(facts=1, good=[1.0] * len(DIMENSIONS))
    decay(account, 10 * DAY_US, Schedule(slow, [Switch(10 * DAY_US, quick)]))
    assert account.good[INDEX["trust"]] == pytest.approx(exp2(-0.1))


def test_the_shortest_time_is_time():
    """A microsecond later the account is at that moment; at its own moment nothing fades."""
    account = Account(t=5, facts=1, good=[1.0] * len(DIMENSIONS), activity=1.0)
    decay(account, 5, POLICY)
    assert (account.t, account.activity) == (5, 1.0)
    decay(account, 6, POLICY)
    assert account.t == 6
    assert account.activity < 1.0


def test_time_does_not_run_backwards():
    """A look at an earlier moment leaves the account as it is."""
    account = Account(t=DAY_US, facts=1, good=[1.0] * len(DIMENSIONS), activity=1.0)
    decay(account, 0, POLICY)
    assert (account.t, account.good[0], account.activity) == (DAY_US, 1.0, 1.0)


def test_a_lapse_is_due_when_the_allowance_is_used_up():
    """The trade's allowance after the last sign of life; never for one that showed none, or that has lapsed."""
    assert lapse_at(bought(1), POLICY) == day(1) + ALLOWED
    assert lapse_at(folded(profile(1)), POLICY) is None
    lapsed = bought(1)
    lapsed.status = LAPSED
    assert lapse_at(lapsed, POLICY) is None


def test_a_client_is_missed_sooner():
    """A client's own share of its trade's allowance."""
    account = bought(1)
    account.status = CLIENT
    assert lapse_at(account, POLICY) == day(1) + POLICY.trade(None).client_lapse_us < day(1) + ALLOWED


@pytest.mark.parametrize(
    ("switch", "policy", "expected"),
    [
        (30, "patient", 210),  # due at the very switch to one that allows more: the new one says when
        (31, "patient", 30),  # due a day before it: lapsed by the old one
        (20, "hasty", 20),  # silent for longer than the new one allows already: lapsed at its switch
        (10, "hasty", 10),
        (5, "hasty", 10),  # not yet: ten days after the last sign
    ],
)
def test_a_lapse_at_a_switch_is_the_new_policys(switch, policy, expected):
    """The first moment at which the policy then in force says so; at the moment of the switch that is the new one."""
    first, then = {"patient": (HASTY, POLICY), "hasty": (HASTY, variant("ten", lapse=10))}[policy]
    schedule = Schedule(first, [Switch(day(switch), then)])
    assert lapse_at(bought(0), schedule) == day(expected)


def test_several_switches_before_a_lapse_are_all_looked_at():
    """Thirty days, then 210 from day 20, then ten from day 60: lapsed at day 60."""
    schedule = Schedule(HASTY, [Switch(day(20), POLICY), Switch(day(60), variant("ten", lapse=10))])
    assert lapse_at(bought(0), schedule) == day(60)


def test_the_earlier_of_a_lapse_and_an_overrides_end_is_due():
    """Whichever comes first; an override alone where nothing can lapse."""
    account = bought(0)
    for until, due in ((ALLOWED - 1, ALLOWED - 1), (ALLOWED + 1, ALLOWED)):
        account.override = Override(CLIENT, day(0) + until)
        assert due_at(account, POLICY) == day(0) + due
    silent = fresh()
    assert due_at(silent, POLICY) is None
    silent.override = Override(CLIENT, 7)
    assert due_at(silent, POLICY) == 7


def test_a_timer_runs_strictly_before_the_moment_asked_for():
    """At its own moment it has not run, one microsecond later it has: then status, moment and what it was are noted."""
    account = bought(0)
    assert run_timers(account, day(0) + ALLOWED, POLICY) == []
    (change,) = run_timers(account, day(0) + ALLOWED + 1, POLICY)
    assert (change.t, change.source, change.target, change.direction) == (day(0) + ALLOWED, CUSTOMER, LAPSED, "lapse")
    assert change.cause == "2024-07-29T09:00:00Z"
    assert (account.t, account.since, account.was, account.status) == (change.t, change.t, CUSTOMER, LAPSED)
    assert change.account == account
    assert change.account is not account


def test_a_lapse_under_an_override_is_not_told_before_its_end():
    """The evidence lapses silently; when the override ends, that is what is told."""
    account = bought(0)
    account.override = Override(CLIENT, day(0) + ALLOWED + 5)
    changes = run_timers(account, day(0) + ALLOWED + 6, POLICY)
    assert [(c.t, c.source, c.target, c.direction) for c in changes] == [
        (day(0) + ALLOWED + 5, CLIENT, LAPSED, "override")
    ]
    assert account.since == day(0) + ALLOWED


def test_a_candidate_that_has_cooled_is_told_so_when_its_agreement_ends():
    """At the last moment of the last day, and not first by the next look of the clock."""
    lasting = {"id": "c", "kind": "policy", "signed_on": on(1).date(), "ends_on": on(150).date()}
    account = folded(purchase(0), profile(1, contract=lasting))
    account.status, account.since, account.check = CANDIDATE, day(1), None
    last_moment = (day(150) // DAY_US + 1) * DAY_US - 1
    assert run_timers(account, last_moment, POLICY) == []
    (change,) = run_timers(account, last_moment + 1, POLICY)
    assert (change.t, change.source, change.target, change.direction) == (last_moment, CANDIDATE, CUSTOMER, "demotion")


def test_an_override_that_hides_nothing_ends_without_a_word():
    """The status told is the same before and after."""
    account = bought(0)
    account.override = Override(CUSTOMER, day(5))
    assert run_timers(account, day(5) + 1, POLICY) == []
    assert (account.override, account.t) == (None, day(5))


def test_an_overrides_end_that_was_missed_happens_at_the_accounts_moment():
    """Due before the account's own moment it is told there, named by when it was due."""
    account = bought(10)
    account.override = Override(CLIENT, day(5))
    (change,) = run_timers(account, day(10) + 1, POLICY)
    assert (change.t, change.cause) == (day(10), "2024-01-06T09:00:00Z")


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (0, 2, 1)])
def test_an_override_due_at_an_events_moment_ends_right_after_it(order):
    """The event still falls under the override; its end is told at the same moment, in whatever order they arrive."""
    told = [purchase(1, "p"), command(2, "override", "o", status="client", until=on(10)), purchase(10, "q")]
    replay, decisions = fold([told[i] for i in order])
    head = record_of(replay).head
    last = decisions[-1]
    assert (last["effective_at"], last["from"], last["to"]) == ("2024-01-11T09:00:00Z", "client", "customer")
    assert (last["direction"], last["caused_by"]) == ("override", "2024-01-11T09:00:00Z")
    assert (head.override, head.purchases) == (None, 2)


def test_who_never_gave_a_sign_of_life_lapses_too():
    """A refund alone, or a contact of ours that nobody answered, is heard of, and its silence is measured from there."""
    refund = folded(purchase(3, entry="refund"))
    assert (refund.last, refund.heard) == (None, day(3))
    assert lapse_at(refund, POLICY) == day(3) + allowance_us(refund, POLICY, POLICY.trade(None))
    assert lapse_at(folded(profile(3)), POLICY) is None
    assert folded(purchase(3), purchase(4, "r", entry="refund")).heard is None
