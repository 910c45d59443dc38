"""The history kept: what is too old for it, what is a repeat, and what a trim leaves; with as few facts kept as two."""

import json

import msgspec
import pytest
from story import NOW_US, POLICY, command, fold, meeting, on, profile, purchase, record_of, refusals

from relationship.contract import messages as m
from relationship.contract.outcome import AUDIT, Applied, Delivered, Reason, Refused, Repeat, StepTooLargeError
from relationship.contract.times import DAY_US, micros
from relationship.core import LATENESS_DAYS, Core
from relationship.replay import Replay
from relationship.state import facts as f
from relationship.state.account import CLIENT, Account
from relationship.state.record import (
    DIRECTIONS,
    AccountRecord,
    DecisionInForce,
    PublishedState,
    decode,
    encode,
    newer,
)
from relationship.timeline.closing import tells_the_same
from relationship.timeline.explain import decision_id
from relationship.timeline.history import KEPT, MOST_KEPT

MOMENT = 1 / 86_400_000_000  # of a day: a microsecond
SMALL = Core(POLICY, lateness_days=5, kept=2, most_kept=100)
FULL = Core(POLICY, lateness_days=30, kept=2, most_kept=4)


def step(core, record, *told, at=NOW_US):
    """Take messages in one step of account `a`, at the next offsets."""
    first = 1 + max(decode(record).offsets.values()) if record else 0
    delivered = [Delivered(topic, first + i, message) for i, (topic, message) in enumerate(told)]
    return core.step("a", record, delivered, at)


def verdicts(core, record, *told):
    """Return what becomes of each message."""
    return step(core, record, *told).verdicts


def kept(record):
    """Return the ids of the facts kept."""
    return [fact.id for fact in decode(record).facts()]


def audited(outcome):
    """Return the only audit entry of a step, as (outcome, detail)."""
    (entry,) = [json.loads(sent.value) for sent in outcome.sends if sent.topic == AUDIT]
    return entry["outcome"], entry["detail"]


def withdrawal(days, corrects, **fields):
    """Return a correction that withdraws a purchase."""
    return command(days, "correct", f"fix{days}", corrects=corrects, topic=m.PURCHASES, **{"value": None, **fields})


def wire(told):
    """Return a message as the JSON object that a correction carries."""
    return json.loads(msgspec.json.encode(told[1]))


@pytest.mark.parametrize(
    "told",
    [
        purchase,
        meeting,
        profile,
        lambda days, name: command(days, "override", name, status="client", until=on(90)),
        lambda days, name: command(days, "release", name),
        lambda days, name: command(days, "correct", name, corrects="p", value=None),
    ],
    ids=["purchase", "meeting", "profile", "override", "release", "correct"],
)
def test_thirty_days_late_is_folded_and_a_moment_more_is_not(told):
    """Whatever it is: events, commands that are done, refused ones and corrections have the same lateness."""
    assert LATENESS_DAYS == 30
    assert refusals([purchase(40, "p"), told(10, "edge")]) == []
    (late,) = refusals([purchase(40, "p"), told(10 - MOMENT, "late")])
    assert late == Refused(Reason.LATE, "older than the account's newest event by more than 30 days")


def test_a_late_command_changes_nothing():
    """Neither the override that it asks for, nor the event that it corrects; and it is not answered in the audit."""
    record = step(SMALL, None, purchase(40, "p")).record
    for late in (command(34, "override", status="client", until=on(90)), withdrawal(34, "p")):
        outcome = step(SMALL, record, late)
        assert isinstance(outcome.verdicts[0], Refused)
        assert decode(outcome.record).head == decode(record).head
        assert outcome.sends == []


def test_lateness_is_measured_from_the_newest_event():
    """Not from the last one that came, nor from the timers' clock."""
    record = step(SMALL, None, purchase(40, "new"), purchase(36, "older")).record
    woken = SMALL.run_timers("a", record, micros(on(300)), NOW_US).record
    for each in (record, woken):
        edge, late = verdicts(SMALL, each, purchase(35, "edge"), purchase(35 - MOMENT, "late"))
        assert edge == Applied()
        assert isinstance(late, Refused)


def test_a_referrals_credit_has_no_lateness():
    """How late it comes says how far apart two partitions are; it may not reach behind the history kept all the same."""
    credit = (m.REFERRALS, m.Referral(event_id="r", account_id="a", occurred_at=on(1), referred="b"))
    assert refusals([purchase(400), credit]) == []
    record = step(SMALL, None, *(purchase(10 * i, f"p{i}") for i in range(4))).record
    assert decode(record).edge is not None
    assert verdicts(SMALL, record, credit) == [
        Refused(Reason.LATE, "older than the history that is kept of the account")
    ]


def test_a_trim_comes_at_twice_what_is_kept_and_leaves_what_may_still_be_reached():
    """Facts beyond those kept go, unless a late event may come before them."""
    assert (KEPT, MOST_KEPT) == (256, 4096)
    told = [purchase(10 * i, f"p{i}") for i in range(6)]
    assert kept(step(SMALL, None, *told[:3]).record) == ["p0", "p1", "p2"]
    assert kept(step(SMALL, None, *told[:4]).record) == ["p2", "p3"]
    assert kept(step(SMALL, None, *told[:5]).record) == ["p2", "p3", "p4"]
    assert kept(step(SMALL, None, *told).record) == ["p4", "p5"]
    close = [purchase(i, f"p{i}") for i in range(6)]
    assert kept(step(SMALL, None, *close).record) == [f"p{i}" for i in range(6)]
    edge = [purchase(0, "p0"), purchase(1, "p1"), purchase(5, "p2"), purchase(6, "p3")]
    assert kept(step(SMALL, None, *edge).record) == ["p1", "p2", "p3"], "p1 is just as late as is allowed"


def test_a_trim_at_the_most_keeps_what_is_kept_whatever_the_lateness():
    """One fewer than the most and nothing may go; at the most the oldest go, and an event as old as they is LATE."""
    told = [purchase(i, f"p{i}") for i in range(4)]
    wide = Core(POLICY, lateness_days=30, kept=2, most_kept=5)
    assert kept(step(wide, None, *told).record) == ["p0", "p1", "p2", "p3"]
    record = step(FULL, None, *told).record
    assert kept(record) == ["p2", "p3"]
    assert decode(record).head.purchases == 4


def test_the_edge_of_the_history_kept():
    """The last fact folded away is behind it, and what follows that one is not: by moment, then topic, then id."""
    record = step(FULL, None, *(purchase(i, f"p{i}") for i in range(4))).record
    assert decode(record).edge == (micros(on(1)), f.RANK[f.PurchaseFact], "p1")
    late = Refused(Reason.LATE, "older than the history that is kept of the account")
    assert verdicts(FULL, record, purchase(1, "p1")) == [late], "the very fact at the edge is not folded twice"
    assert verdicts(FULL, record, purchase(1, "p0")) == [late]
    assert verdicts(FULL, record, profile(1, "z")) == [late]
    assert verdicts(FULL, record, purchase(1, "p10")) == [Applied()]
    assert verdicts(FULL, record, meeting(1, "a")) == [Applied()]
    assert verdicts(FULL, record, purchase(2, "p2")) == [Repeat()]


def test_a_correction_may_not_move_an_event_to_the_edge():
    """Onto the edge itself it is refused, right behind it it is done."""
    record = step(FULL, None, *(purchase(i, f"p{i}") for i in range(3)), purchase(3, "p1x")).record
    assert decode(record).edge == (micros(on(1)), f.RANK[f.PurchaseFact], "p1")
    for day, outcome in ((1 - MOMENT, "refused"), (1, "done")):
        moved = withdrawal(4, "p1x", value=wire(purchase(day, "p1x")))
        assert audited(step(FULL, record, moved))[0] == outcome


def test_a_merge_may_not_reach_the_edge():
    """A history that joins must lie behind the last fact folded away: on the edge it is refused."""
    record = step(FULL, None, *(purchase(i, f"p{i}") for i in range(4))).record
    for day, name, done in ((1, "p1", False), (1, "p2x", True), (1 - MOMENT, "p2x", False)):
        replay = Replay(FULL)
        replay.records["a"] = record
        replay.offsets = dict.fromkeys(m.MESSAGE_TYPES, 100)
        replay.fold(*purchase(day, name, account="b"), NOW_US)
        sends = replay.fold(*command(4, "merge", account="b", into="a"), NOW_US)[1]
        answers = [json.loads(sent.value)["outcome"] for sent in sends if sent.topic == AUDIT]
        assert answers == (["done"] if done else ["done", "refused"])
        assert record_of(replay, "b").merged_into == ("a" if done else None)


def test_decisions_folded_away_are_not_told_again():
    """A late event behind a trim undoes and tells only what the history kept has decided."""
    told = [purchase(10 * i, f"p{i}") for i in range(4)]
    replay, decisions = fold([*told, purchase(29, "late")], SMALL)
    assert [each["direction"] for each in decisions] == ["promotion"]
    assert record_of(replay).decisions == []
    assert record_of(replay).head.purchases == 5


def test_a_repeat_is_the_same_payload_of_the_same_topic():
    """Another payload is a conflict, another topic another event; a command is known by its id alone."""
    record = step(SMALL, None, purchase(1, "x"), command(2, "release", "c")).record
    assert verdicts(SMALL, record, purchase(1, "x")) == [Repeat()]
    assert verdicts(SMALL, record, purchase(1, "x", amount="11.00"))[0].reason is Reason.CONFLICT
    assert verdicts(SMALL, record, meeting(1, "x")) == [Applied()]
    assert verdicts(SMALL, record, command(2, "release", "c")) == [Repeat()]
    assert verdicts(SMALL, record, command(3, "override", "c", status="client", until=on(9))) == [Repeat()]


def test_a_corrected_event_that_comes_again_is_a_repeat():
    """As it was or as it is now, and withdrawn too; a command of its id is another thing."""
    value = wire(purchase(1, "x", amount="12.00"))
    for new in (value, None):
        record = step(SMALL, None, purchase(1, "x"), withdrawal(2, "x", value=new)).record
        assert verdicts(SMALL, record, purchase(1, "x"), purchase(1, "x", amount="12.00")) == [Repeat()] * 2
        assert verdicts(SMALL, record, command(3, "release", "x")) == [Applied()]
        assert verdicts(SMALL, record, meeting(1, "x")) == [Applied()]


def test_what_comes_first_of_equal_moments_is_appended_or_folded_anew_alike():
    """An event at the head's own moment takes its place by topic and id, as if it had come in order."""
    late = fold([meeting(1, "m"), purchase(1, "p")], SMALL)[0]
    in_order = fold([purchase(1, "p"), meeting(1, "m")], SMALL)[0]
    assert record_of(late).head == record_of(in_order).head
    assert kept(late.records["a"]) == kept(in_order.records["a"]) == ["p", "m"]


def test_newer_is_what_was_written_later_or_the_same_again():
    """A rebuild takes the later record, also where it is the very same one; never an earlier one."""
    first = step(SMALL, None, purchase(1)).record
    second = step(SMALL, first, purchase(2)).record
    assert [decode(each).revision for each in (first, second)] == [1, 2]
    assert [decode(each).written_ms for each in (first, second)] == [NOW_US // 1000] * 2
    assert [SMALL.newer(*pair) for pair in ((first, second), (first, first), (second, first))] == [True, True, False]
    assert newer(encode(decode(first)), first)


def test_what_was_folded_anew_in_fewer_steps_is_newer_than_what_comes_back():
    """A Redis that was lost, and rebuilt without its last steps, comes back with more of them; clocks may go back."""
    lost = step(SMALL, None, purchase(1)).record
    for told in (purchase(2), purchase(3)):
        lost = step(SMALL, lost, told).record
    anew = step(SMALL, None, purchase(1), purchase(2), purchase(3), at=NOW_US + 1_000_000).record
    assert decode(anew).revision < decode(lost).revision
    assert [SMALL.newer(lost, anew), SMALL.newer(anew, lost)] == [True, False]
    behind = step(SMALL, anew, purchase(4), at=NOW_US).record
    assert SMALL.newer(anew, behind)
    assert not SMALL.newer(behind, anew)


def test_a_timer_due_after_the_clock_does_not_run():
    """An override that ends a microsecond after the newest event is in force still, in order and folded anew."""
    held = command(1, "override", "o", status="client", until=on(3 + MOMENT))
    for told in ([purchase(1, "p"), held, purchase(3, "q")], [purchase(3, "q"), held, purchase(1, "p")]):
        record = decode(step(SMALL, None, *told).record)
        assert record.head.override is not None
        assert record.head.effective_status == CLIENT


def test_a_correction_moves_the_clock_as_an_event_does():
    """And a withdrawal of all that there was leaves the clock where it stands."""
    record = step(SMALL, None, purchase(1, "p")).record
    fixed = decode(step(SMALL, record, withdrawal(4, "p")).record)
    assert (fixed.newest, fixed.clock, fixed.count) == (micros(on(4)), micros(on(4)), 1)
    assert fixed.head.purchases == 0


def test_a_new_record_is_empty():
    """Nothing is counted, kept, told or pending."""
    new = AccountRecord()
    assert (new.layout, new.revision, new.offsets, new.newest, new.clock) == (2, 0, {}, 0, 0)
    assert (new.head, new.base, new.edge, new.count, new.history, new.id_prefix) == (Account(), None, None, 0, b"", "")
    assert (new.seq, new.decisions, new.published_state, new.applied, new.repeats) == (0, [], None, 0, 0)
    assert (new.pending, new.merged_into, new.merged_sources, new.switch, new.shadowed) == (b"", None, [], "", None)


def test_a_published_state_tells_the_same_but_for_a_score_that_hardly_moved():
    """Another status, standing or profile is another, and so is a score five points off."""
    state = PublishedState(1, 2, "p", 3000)
    assert tells_the_same(state, 1, 2, "p", 3499)
    assert tells_the_same(state, 1, 2, "p", 2501)
    for other in ((2, 2, "p", 3000), (1, 3, "p", 3000), (1, 2, "q", 3000), (1, 2, "p", 3500), (1, 2, "p", 2500)):
        assert not tells_the_same(state, *other)
    assert not tells_the_same(None, 1, 2, "p", 3000)


def test_a_decision_is_the_same_by_all_of_its_parts():
    """Its moment, both statuses and the direction; not by what caused it."""
    decision = DecisionInForce(7, 10, 1, 2, DIRECTIONS.index("promotion"), "e")
    assert decision.direction == "promotion"
    assert decision.same_as(10, 1, 2, "promotion")
    for other in ((11, 1, 2, "promotion"), (10, 0, 2, "promotion"), (10, 1, 3, "promotion")):
        assert not decision.same_as(*other)
    assert not decision.same_as(10, 1, 2, "return")


def test_a_decision_that_has_moved_is_known_by_the_moment_under_which_it_was_told():
    """Its id and its time are those published; back at that time it is as it was."""
    decision = DecisionInForce(7, 10, 1, 2, DIRECTIONS.index("promotion"), "e")
    moved = decision.moved_to(5)
    assert (moved.t, moved.effective, moved.seq, moved.cause) == (5, 10, 7, "e")
    assert decision_id("a", moved) == decision_id("a", decision)
    assert moved.moved_to(3).effective == 10
    assert moved.moved_to(10) == decision


def test_the_clock_moves_with_events_and_with_timers_and_never_back():
    """Run up to a later moment, an event that is older than that finds its timers run."""
    record = step(SMALL, None, purchase(0, "p")).record
    woken = SMALL.run_timers("a", record, micros(on(300)), NOW_US).record
    assert decode(woken).clock == micros(on(300))
    assert decode(SMALL.run_timers("a", woken, micros(on(200)), NOW_US).record).clock == micros(on(300))
    late = step(SMALL, woken, purchase(1, "late"))
    assert decode(late.record).clock == micros(on(300))
    assert decode(late.record).newest == micros(on(1))
    assert decode(late.record).head.t == micros(on(1)) + POLICY.trade(None).lapse_us
    assert step(SMALL, None, purchase(0)).due_at == micros(on(0)) + POLICY.trade(None).lapse_us
    assert DAY_US == 86_400_000_000


def test_a_record_is_held_below_the_bytes_that_its_changelog_takes():
    """Whatever the ids are: the oldest facts are folded away sooner, and nothing of the account is lost."""
    core = Core(POLICY, most_bytes=20_000)
    told = [purchase(day / 100, f"{day:036}") for day in range(1, 700)]
    replay = fold(told, core)[0]
    assert len(replay.records["a"]) <= 20_000
    record = record_of(replay)
    assert record.head == record_of(fold(told)[0]).head
    assert record.base is not None
    assert 0 < record.count < len(told)


def test_a_message_that_cannot_fit_is_refused_and_names_the_account():
    """Alone; among several, the step is to be made smaller, so that the others are not refused with it."""
    core = Core(POLICY, most_bytes=300)
    outcome = core.step("acme", None, [Delivered(m.PURCHASES, 0, purchase(1, "p")[1])], NOW_US)
    (verdict,) = outcome.verdicts
    assert (verdict.reason, outcome.record, outcome.changed, outcome.sends) == (Reason.SIZE, None, False, [])
    assert "'acme'" in verdict.text
    two = [Delivered(m.PURCHASES, i, purchase(i, f"p{i}")[1]) for i in range(2)]
    with pytest.raises(StepTooLargeError, match="acme"):
        core.step("acme", None, two, NOW_US)


def test_histories_that_would_not_fit_together_are_not_merged():
    """Neither one too long to travel nor two too long for one record; both are refused and both accounts stand."""
    long = [purchase(day / 10, f"{day:036}", account="b") for day in range(60)]
    for own, detail in (([], "longer than a message"), ([purchase(1, f"{i:036}") for i in range(60)], "longer than a")):
        most = 6_000 if own else 4_500
        core = Core(POLICY, most_bytes=most)
        replay = Replay(core)
        sends = []
        for topic, message in [*long, *own, command(20, "merge", account="b", into="a")]:
            sends += replay.fold(topic, message, NOW_US)[1]
        refused = [json.loads(sent.value)["detail"] for sent in sends if sent.topic == AUDIT]
        assert detail in refused[-1]
        assert record_of(replay, "b").merged_into is None
