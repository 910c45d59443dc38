"""A schedule of policies: which one is in force when, what a switch does to an account, and who hears of it too late."""

import pytest
from story import (
    NOW_US,
    POLICY,
    command,
    courtship,
    fold,
    fold_on,
    in_force,
    meeting,
    on,
    path,
    profile,
    purchase,
    record_of,
)
from variants import variant

from relationship.contract.times import DAY_US, micros
from relationship.core import Core
from relationship.policy.schedule import Schedule, Switch
from relationship.replay import Replay

STRICT = variant("2", client_up=95.0)
HASTY = variant("3", lapse=30)
EASY = variant("2", candidate_up=2.0, candidate_down=1.0, client_up=4.0, client_down=3.0, half_life=5, lapse=6)


def day(days):
    """Return a moment of the story in µs."""
    return micros(on(days))


def versions(decisions):
    """Return the policy's version that each decision names."""
    return [decision["policy"]["version"] for decision in decisions]


def test_each_moment_has_its_policy():
    """Before the first switch the first policy; from a switch's own moment on its policy, until the next."""
    schedule = Schedule(POLICY, [Switch(200, HASTY), Switch(100, STRICT)])
    assert [schedule.at(t) for t in (0, 99, 100, 199, 200, 10**18)] == [POLICY, POLICY, STRICT, STRICT, HASTY, HASTY]
    assert [schedule.until(t) for t in (0, 100, 200)] == [100, 200, None]
    assert schedule.mark(99) == ""
    assert len({schedule.mark(t) for t in (99, 100, 200)}) == 3


def test_of_two_switches_at_one_moment_the_last_counts():
    """Whoever publishes for the same moment again replaces what was to be."""
    assert Schedule(POLICY, [Switch(100, STRICT), Switch(100, HASTY)]).at(100) is HASTY


def test_one_policy_is_in_force_for_all_time():
    """A policy is its own schedule."""
    assert POLICY.at(-1) is POLICY.at(10**18) is POLICY
    assert POLICY.until(0) is None
    assert POLICY.mark(0) == ""


def test_a_schedule_without_a_switch_decides_as_its_policy():
    """The same decisions, byte for byte."""
    assert fold(courtship(), Core(Schedule(POLICY)))[1] == fold(courtship())[1]


def test_a_decision_names_the_policy_in_force_at_its_moment():
    """Promotions before the switch are the old policy's, the demotion after it is the new one's."""
    schedule = Schedule(POLICY, [Switch(day(170), STRICT)])
    decisions = fold([*courtship(), *(purchase(175 + 20 * i, f"f{i}") for i in range(40))], Core(schedule))[1]
    assert versions(decisions[:3]) == ["1", "1", "1"]
    assert set(versions(decisions[3:])) == {"2"}


def test_a_stricter_policy_keeps_out_whom_the_old_one_would_let_in():
    """With the bar at 95 points from day 100 on nobody becomes a client after it."""
    assert path(fold(courtship())[1])[-1] == "client"
    assert "client" not in path(fold(courtship(), Core(Schedule(POLICY, [Switch(day(100), STRICT)])))[1])


def test_a_late_event_folds_under_the_policy_of_its_own_time():
    """An event of before the switch that arrives after it is weighed by the policy of then."""
    core = Core(Schedule(POLICY, [Switch(day(90), STRICT)]))
    told = courtship()
    late = [*told[:8], *told[9:11], told[8], *told[11:]]
    assert in_force(fold(late, core)[1]) == in_force(fold(told, core)[1])
    assert record_of(fold(late, core)[0]).head == record_of(fold(told, core)[0]).head


def test_a_shorter_allowance_lapses_from_its_switch_on():
    """Silent for longer than the new policy allows but not the old one: lapsed at the switch, by the new policy."""
    replay = fold([profile(0), purchase(1)], core=Core(Schedule(POLICY, [Switch(day(60), HASTY)])))[0]
    sent = list(replay.run_until(day(61), NOW_US))
    assert b'"lapse"' in sent[0].value
    assert b'"effective_at":"2024-03-01T09:00:00Z"' in sent[0].value
    assert b'"version":"3"' in sent[0].value


def test_a_lapse_before_the_switch_is_the_old_policy_s():
    """What the old policy lapses in its own time it lapses, woken before the switch or long after it."""
    for woken in (day(32), day(9000)):
        replay = fold([profile(0), purchase(1)], Core(Schedule(HASTY, [Switch(day(5000), POLICY)])))[0]
        sent = list(replay.run_until(woken, NOW_US))
        assert b'"version":"3"' in sent[0].value
        assert b'"effective_at":"2024-02-01T09:00:00Z"' in sent[0].value


@pytest.mark.parametrize("heard_after", [10, 14])
def test_who_hears_of_a_switch_too_late_folds_anew_and_corrects(heard_after):
    """Decisions told under the old policy in the new one's time are undone; those in force are as if heard in time."""
    schedule = Schedule(POLICY, [Switch(day(90), STRICT)])
    told = [*courtship(), purchase(165)]
    core, decisions = Core(POLICY), []
    replay = Replay(core)
    for number, message in enumerate(told):
        if number == heard_after:
            core.rules = schedule
        decisions += fold_on(replay, *message)
    in_time, wanted = fold(told, Core(schedule))
    assert in_force(decisions) == in_force(wanted)
    assert record_of(replay).head == record_of(in_time).head


def test_a_timer_too_finds_that_it_heard_too_late():
    """An account that is only woken is folded anew as well, and says so once."""
    core = Core(POLICY)
    replay = fold(courtship(), core)[0]
    core.rules = Schedule(POLICY, [Switch(day(90), STRICT)])
    assert any(b"no longer holds" in (sent.value or b"") for sent in replay.run_until(day(161), NOW_US))
    assert list(replay.run_until(day(162), NOW_US)) == []


def test_a_merged_account_is_left_alone():
    """It stands for nothing by itself, and tells nothing of a switch."""
    core = Core(POLICY)
    replay = fold([*courtship(), command(161, "merge", into="b")], core)[0]
    core.rules = Schedule(POLICY, [Switch(day(90), STRICT)])
    assert not any(sent.key == "a" for sent in replay.run_until(day(162), NOW_US))


def test_half_lives_count_each_for_its_time():
    """A day under each policy fades a mass by both half-lives, whether or not a timer looked in between."""
    slow, quick = POLICY, variant("4", half_life=1)
    account = fold([purchase(0), purchase(1)], Core(Schedule(slow, [Switch(day(0.5), quick)])))[0]
    head = record_of(account).head
    straight = record_of(fold([purchase(0), purchase(1)], Core(slow))[0]).head
    assert sum(head.good) < sum(straight.good)
    assert head.t == straight.t == day(1)
    assert day(1) - day(0) == DAY_US


def test_a_lapse_due_at_the_very_moment_of_an_event_does_not_wait_for_the_next():
    """A meeting nobody came to, at the moment of the lapse: the account has lapsed, whichever of its events came first."""
    impatient = Core(Schedule(POLICY, [Switch(day(0), EASY)]))
    told = [purchase(0), meeting(6, kind="sales", no_show=True)]
    for order in (told, told[::-1]):
        replay, decisions = fold(order, impatient)
        assert path(decisions) == ["customer", "lapsed"]
        assert record_of(replay).head.since == day(6)
