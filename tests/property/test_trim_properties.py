"""What holds of any history of which only a few facts are kept: a trim is never seen from outside.

The small core keeps two to four facts and allows three days of lateness, so that histories of a month are folded away over
and over; the large one keeps them all. Events arrive at most three days behind the newest.
"""

from datetime import timedelta

import msgspec
from account_strategies import LAST_DAY, as_of, end_of, value_of
from cases import cases
from hypothesis import given
from hypothesis import strategies as st
from story import NOW_US, POLICY, command, fold, in_force, purchase, record_of, steps
from test_core_properties import EVENTS, messages, named

from relationship.classify.fold import advance
from relationship.classify.timers import run_timers
from relationship.contract import messages as m
from relationship.contract.outcome import RECLASSIFIED, Delivered
from relationship.contract.times import DAY_US
from relationship.core import Core
from relationship.replay import Replay
from relationship.state.facts_from_messages import command_fact
from relationship.state.record import decode
from relationship.timeline.history import base_of

LATENESS_DAYS = 3
LARGE = Core(POLICY, LATENESS_DAYS)
SMALL = st.integers(2, 4).map(lambda kept: Core(POLICY, LATENESS_DAYS, kept=kept))
DELAYS = st.floats(0, LATENESS_DAYS - 0.001)
# Days of a coarse grid, so that events often share a moment.
MANY = st.lists(messages(st.integers(0, 4 * LAST_DAY).map(lambda quarter: quarter / 4)), min_size=4, max_size=24)


def without_commands(told):
    """Return the events alone."""
    return [each for each in told if each[0] != m.COMMANDS]


@st.composite
def arrivals(draw, told):
    """Draw an order in which messages arrive, each at most the lateness allowed behind a younger one."""
    delayed = [(each[1].occurred_at.timestamp() / 86_400 + draw(DELAYS), i) for i, each in enumerate(told)]
    return [told[i] for _, i in sorted(delayed)]


@st.composite
def arriving(draw):
    """Draw a history with commands in the order of its arrival."""
    return draw(arrivals(named(draw(MANY))))


@st.composite
def events_arriving(draw):
    """Draw a history without commands, and an order of its arrival."""
    told = named(without_commands(draw(MANY)))
    return told, draw(arrivals(told))


def seen(decision):
    """Return what a decision says, but for the events named as evidence, which are looked for among the facts kept."""
    parts = [{**part, "evidence": None} for part in decision["dimensions"]]
    return {**decision, "dimensions": parts}


def head_of(replay, account="a"):
    """Return an account's snapshot, or None where there is no account."""
    return record_of(replay, account).head if account in replay.records else None


def verdicts(core, told):
    """Return what becomes of messages taken one by one."""
    record, found = None, []
    for i, (topic, message) in enumerate(told):
        outcome = core.step("a", record, [Delivered(topic, i, message)], NOW_US)
        record, found = outcome.record, [*found, *outcome.verdicts]
    return found


def assert_whole(record):
    """The base and the facts kept give the head, and the decisions in force since then."""
    account, changes = base_of(record), []
    for fact in record.facts():
        changes += advance(account, fact, POLICY)[0]
    changes += run_timers(account, record.clock + 1, POLICY)
    assert account == record.head
    assert [(c.t, c.source, c.target, c.direction) for c in changes] == [
        (d.t, d.source, d.target, d.direction) for d in record.decisions
    ]


@cases(80)
@given(arriving(), SMALL)
def test_a_trim_is_not_seen_from_outside(told, small):
    """The same verdicts, the same decisions but for their evidence, and the same account, however few facts are kept."""
    replay, decisions = fold(told, small)
    whole, wanted = fold(told, LARGE)
    assert verdicts(small, told) == verdicts(LARGE, told)
    assert [*map(seen, decisions)] == [*map(seen, wanted)]
    assert head_of(replay) == head_of(whole)


@cases(80)
@given(arriving(), SMALL)
def test_base_and_facts_kept_give_the_head_and_its_decisions(told, small):
    """After every message, so that whatever folds the history again changes nothing that stands."""
    replay = Replay(small)
    for topic, message in told:
        replay.fold(topic, message, NOW_US)
        if "a" in replay.records:
            assert_whole(record_of(replay))


@cases(80)
@given(events_arriving(), SMALL)
def test_order_within_the_lateness_changes_nothing(told, small):
    """Any order of arrival within the lateness ends where the order of the events does, where nothing is folded away."""
    events, arrived = told
    replay, decisions = fold(arrived, small)
    whole, wanted = fold(sorted(events, key=lambda each: each[1].occurred_at), LARGE)
    assert head_of(replay) == head_of(whole)
    assert in_force(decisions) == in_force(wanted)


@cases(80)
@given(arriving(), SMALL, st.data())
def test_how_messages_are_cut_into_steps_changes_nothing(told, small, data):
    """One step for all, or any cuts: the same record but for what counts steps, and the same decisions."""
    delivered = [Delivered(topic, i, message) for i, (topic, message) in enumerate(told)]
    cut = data.draw(st.integers(0, len(delivered)))
    whole = small.step("a", None, delivered, NOW_US)
    first = small.step("a", None, delivered[:cut], NOW_US)
    second = small.step("a", first.record, delivered[cut:], NOW_US)
    sent = [each.value for step in (first, second) for each in step.sends if each.topic == RECLASSIFIED]
    assert [each.value for each in whole.sends if each.topic == RECLASSIFIED] == sent
    if whole.record and second.record:
        one, two = decode(whole.record), decode(second.record)
        assert (one.head, one.base, one.edge, one.history, one.decisions, one.offsets) == (
            two.head,
            two.base,
            two.edge,
            two.history,
            two.decisions,
            two.offsets,
        )


@cases(80)
@given(arriving(), SMALL, st.data())
def test_repeats_change_nothing(told, small, data):
    """Sent again at the end, whatever was folded away is refused, and what is kept is known."""
    repeats = data.draw(st.lists(st.sampled_from(told), max_size=5))
    once, decisions = fold(told, small)
    twice, again = fold([*told, *repeats], small)
    assert head_of(once) == head_of(twice)
    assert decisions == again


@cases(80)
@given(events_arriving(), SMALL, st.data())
def test_a_withdrawal_is_done_whole_or_refused_whole(told, small, data):
    """Of an event that is kept it is as if it had never been; of one that was folded away nothing changes."""
    events, arrived = told
    if not events:
        return
    topic, gone = data.draw(st.sampled_from(events))
    fix = command(LAST_DAY + 1, "correct", "fix", corrects=gone.event_id, topic=topic, value=None)
    before = record_of(fold(arrived, small)[0])
    is_kept = gone.event_id in {fact.id for fact in before.facts()}
    replay, decisions = fold([*arrived, fix], small)
    rest = [each for each in arrived if each[1].event_id != gone.event_id] if is_kept else arrived
    never, wanted = fold(rest, LARGE)
    assert in_force(decisions) == in_force(wanted)
    if rest:
        expected = record_of(never).head
        marker = command_fact(fix[1]) if is_kept else record_of(replay).facts()[-1]
        advance(expected, marker, POLICY)
        assert record_of(replay).head == expected
    assert_whole(record_of(replay))


@cases(80)
@given(events_arriving(), SMALL, st.data())
def test_a_correction_and_its_reversal_end_where_they_began(told, small, data):
    """Of any event within the lateness, moved by an hour or withdrawn and put back: the same account and decisions."""
    _, arrived = told
    if not arrived:
        return
    plain, wanted = fold(arrived, small)
    end = end_of(arrived)
    within = [each for each in arrived if end - each[1].occurred_at < timedelta(days=LATENESS_DAYS, hours=-2)]
    topic, event = data.draw(st.sampled_from(within))
    moved = value_of(event, occurred_at=event.occurred_at + timedelta(hours=1))
    values = data.draw(st.sampled_from([None, moved])), value_of(event)
    commands = [
        (
            m.COMMANDS,
            m.Command(
                event_id=f"fix{i}",
                account_id="a",
                occurred_at=end + timedelta(hours=1, minutes=i),
                command="correct",
                corrects=event.event_id,
                topic=topic,
                value=value,
            ),
        )
        for i, value in enumerate(values)
    ]
    replay, decisions = fold([*arrived, *commands], small)
    expected = record_of(plain).head
    for _, each in commands:
        advance(expected, command_fact(each), POLICY)
    assert record_of(replay).head == expected
    assert in_force(decisions) == in_force(wanted)
    assert_whole(record_of(replay))


@cases(80)
@given(events_arriving(), EVENTS, SMALL)
def test_a_merge_joins_whole_or_not_at_all(told, b, small):
    """A history joins where it can be folded in its place: then the account is that of both; else both are as they were."""
    _, arrived = told
    b = sorted(as_of(b, "b"), key=lambda each: each[1].occurred_at)
    merge = command(LAST_DAY + 1, "merge", account="b", into="a")
    merged, decisions = fold([*arrived, *b, merge], small)
    joined = "a" in merged.records and "b" in record_of(merged).merged_sources
    mine = [each for each in decisions if each["account_id"] == "a"]
    if not joined:
        apart, wanted = fold([*arrived, *b], small)
        assert head_of(merged) == head_of(apart)
        assert in_force(mine) == in_force([each for each in wanted if each["account_id"] == "a"])
        assert record_of(merged, "b").merged_into is None
        return
    both = sorted([*arrived, *as_of_a(b)], key=lambda each: each[1].occurred_at)
    one, wanted = fold(both, Core(POLICY))
    if not any(topic == m.PROFILES for topic, _ in both):  # a merged account's profile only fills in
        assert record_of(merged).head == record_of(one).head
        assert steps(mine) == steps(wanted)
    assert_whole(record_of(merged))


def as_of_a(told):
    """Return another account's messages as account `a`'s, under their own ids."""
    return [(topic, msgspec.structs.replace(each, account_id="a")) for topic, each in told]


@cases(80)
@given(events_arriving(), st.data())
def test_an_unmerge_ends_where_the_merge_began(told, data):
    """However much comes meanwhile, to either: nothing merged is folded away, so both stand as if they had been apart.

    What the other account was told while they were one stands between the same statuses, though its moment be another.
    """
    _, arrived = told
    arrived = [purchase(0, "first")] + [
        (topic, msgspec.structs.replace(each, account_id=data.draw(st.sampled_from("ab")))) for topic, each in arrived
    ]
    there, back = sorted(data.draw(st.tuples(*[st.integers(0, len(arrived))] * 2)))
    small = Core(POLICY, LATENESS_DAYS, kept=2, most_kept=100)
    merge, unmerge = (
        (m.COMMANDS, m.Command(event_id=name, account_id="b", occurred_at=at, command=name, into="a", by="ops"))
        for name, at in (("merge", end_of(arrived[:there])), ("unmerge", end_of(arrived[:back])))
    )
    replay, decisions = fold([*arrived[:there], merge, *arrived[there:back], unmerge, *arrived[back:]], small)
    plain, wanted = fold(arrived, LARGE)
    assert head_of(replay) == head_of(plain)
    for account in "ab":
        mine, theirs = ([each for each in found if each["account_id"] == account] for found in (decisions, wanted))
        assert steps(mine) == steps(theirs)
        assert account == "a" or in_force(mine) == in_force(theirs)
    assert record_of(replay, "b").merged_into is None
    for record in replay.records:
        assert_whole(record_of(replay, record))


@cases(80)
@given(arriving(), SMALL, st.integers(0, 400))
def test_timers_woken_early_and_often_change_nothing(told, small, days):
    """Run at any moments on the way, timers tell what they tell when they run once at the end."""
    once, often = fold(told, small)[0], fold(told, small)[0]
    if "a" not in once.records:
        return
    start = record_of(once).head.t
    end = start + days * DAY_US
    sent = [each for i in range(8) for each in often.run_until(start + i * (end - start) // 7, NOW_US)]
    last = list(once.run_until(end, NOW_US))
    assert [s.value for s in sent if s.topic == RECLASSIFIED] == [s.value for s in last if s.topic == RECLASSIFIED]
    assert_whole(record_of(often))
