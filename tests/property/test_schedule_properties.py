"""With a switch of the policy in the middle of a history, order and batch cuts change as little as without one."""

from cases import cases
from hypothesis import given
from hypothesis import strategies as st
from story import NOW_US, POLICY, fold, fold_on, in_force, on, record_of
from test_core_properties import EVENTS, HISTORIES
from variants import variant

from relationship.contract.outcome import RECLASSIFIED, Delivered
from relationship.contract.times import DAY_US, micros
from relationship.core import Core
from relationship.policy.schedule import Schedule, Switch
from relationship.state.record import decode
from relationship.timeline.shadow import Shadow

EASY = variant("2", candidate_up=2.0, candidate_down=1.0, client_up=4.0, client_down=3.0, half_life=5, lapse=6)
SWITCHES = st.integers(0, 28 * 1440).map(lambda minutes: Schedule(POLICY, [Switch(micros(on(minutes / 1440)), EASY)]))


def decided(outcomes):
    """Return the decisions that steps sent."""
    return [sent.value for outcome in outcomes for sent in outcome.sends if sent.topic == RECLASSIFIED]


@cases(200)
@given(EVENTS, SWITCHES, st.randoms(use_true_random=False))
def test_order_changes_nothing_across_a_switch(told, schedule, random):
    """Any order of the same events ends in the same account and the same decisions in force."""
    shuffled = list(told)
    random.shuffle(shuffled)
    inorder, one = fold(sorted(told, key=lambda each: each[1].occurred_at), Core(schedule))
    anyhow, two = fold(shuffled, Core(schedule))
    assert record_of(inorder).head == record_of(anyhow).head
    assert in_force(one) == in_force(two)


@cases(200)
@given(HISTORIES, SWITCHES, st.data())
def test_batch_cuts_change_nothing_across_a_switch(told, schedule, data):
    """One step for all, or any cuts, publish the same decisions and end in the same head and history."""
    core = Core(schedule)
    delivered = [Delivered(topic, i, message) for i, (topic, message) in enumerate(told)]
    cut = data.draw(st.integers(0, len(delivered)))
    whole = core.step("a", None, delivered, NOW_US)
    first = core.step("a", None, delivered[:cut], NOW_US)
    second = core.step("a", first.record, delivered[cut:], NOW_US)
    assert decided([whole]) == decided([first, second])
    if whole.record and second.record:
        one, two = decode(whole.record), decode(second.record)
        assert (one.head, one.history, one.decisions, one.switch) == (two.head, two.history, two.decisions, two.switch)


@cases(150)
@given(EVENTS, SWITCHES, st.data())
def test_when_a_switch_is_heard_of_changes_nothing_that_stands(told, schedule, data):
    """Heard of in time or only after some of its events: the same account, the same decisions in force."""
    late, heard = Core(POLICY), data.draw(st.integers(0, len(told) - 1))
    replay, decisions = fold(told[:heard], late)
    late.rules = schedule
    for topic, message in told[heard:]:
        decisions += fold_on(replay, topic, message)
    wanted = fold(told, Core(schedule))
    assert record_of(replay).head == record_of(wanted[0]).head
    assert in_force(decisions) == in_force(wanted[1])


@cases(100)
@given(EVENTS, SWITCHES, st.integers(0, 400))
def test_timers_woken_early_and_often_change_nothing_across_a_switch(told, schedule, days):
    """Waking an account at any moments on the way ends where waking it once at the end does."""
    end = micros(max(message.occurred_at for _, message in told)) + days * DAY_US
    once, often = fold(told, Core(schedule))[0], fold(told, Core(schedule))[0]
    start = min(micros(message.occurred_at) for _, message in told)
    sent = [each for i in range(8) for each in often.run_until(start + i * (end - start) // 7, NOW_US)]
    last = list(once.run_until(end, NOW_US))
    assert [s.value for s in sent if s.topic == RECLASSIFIED] == [s.value for s in last if s.topic == RECLASSIFIED]


@cases(150)
@given(HISTORIES, st.randoms(use_true_random=False))
def test_a_shadow_is_what_its_policy_alone_would_have_folded(told, random):
    """In any order of arrival the shade's account is the one of a fold by that policy, and no decision is another."""
    random.shuffle(told)
    core = Core(POLICY)
    core.shadow = Shadow("trial", EASY)
    beside, decisions = fold(told, core)
    alone = fold(told, Core(EASY))[0]
    assert decisions == fold(told)[1]
    if "a" in alone.records:
        assert record_of(beside).shadowed.head == record_of(alone).head
