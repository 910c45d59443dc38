"""What holds for any history in which commands come at any place: corrections, merges, overrides, erasures."""

import json
from datetime import timedelta

from account_strategies import LAST_DAY, as_of, end_of, eventful, value_of
from cases import cases
from hypothesis import given
from hypothesis import strategies as st
from story import CORE, NOW_US, POLICY, command, fold, in_force, purchase, record_of, steps
from test_core_properties import EVENTS, messages, named
from variants import variant

from relationship.classify.fold import advance, fresh
from relationship.classify.transitions import GATE_SLACK, read
from relationship.contract import messages as m
from relationship.contract.outcome import AUDIT, RECLASSIFIED, Delivered
from relationship.contract.times import micros
from relationship.state.account import CANDIDATE, CLIENT, CUSTOMER, LAPSED, PROSPECT
from relationship.state.facts_from_messages import command_fact, fact_of
from relationship.state.record import decode

EASY = variant("easy", candidate_up=6.0, candidate_down=4.0, client_up=9.0, client_down=8.0, half_life=20)
YEAR = st.lists(messages(st.integers(0, 300)), min_size=5, max_size=40).map(named)
HISTORY = eventful()


def of(decisions, account):
    """Return an account's decisions."""
    return [each for each in decisions if each["account_id"] == account]


def until(replay, decisions, clock):
    """Let the clock of every account run on; return the decisions with those that it makes."""
    sends = replay.run_until(clock, NOW_US)
    return decisions + [json.loads(sent.value) for sent in sends if sent.topic == RECLASSIFIED]


def told_apart(replay):
    """Return what matters of every account: all but the offsets and what was counted on the way."""
    records = {account: decode(raw) for account, raw in replay.records.items()}
    return {
        account: (r.head, r.history, r.decisions, r.merged_into, r.merged_sources) for account, r in records.items()
    }


@cases(60)
@given(HISTORY)
def test_contributions_add_up_whatever_is_commanded(told):
    """In every decision, corrections included; their numbers have no gap, and each names what it supersedes."""
    decisions = fold(told)[1]
    for each in decisions:
        parts = sum(round(100 * part["contribution"]) for part in each["dimensions"])
        assert parts == round(100 * each["score"])
    for account in "ab":
        mine = of(decisions, account)
        assert [each["transition_seq"] for each in mine] == list(range(1, len(mine) + 1))
        ids = {each["event_id"] for each in mine}
        assert len(ids) == len(mine)
        assert all(each["supersedes"] in ids for each in mine if each["supersedes"])
        status = "prospect"
        for each in mine:
            assert each["from"] == status
            status = each["to"]


@cases(60)
@given(HISTORY, st.data())
def test_repeats_of_events_and_commands_change_nothing(told, data):
    """Any messages sent again, anywhere later: corrected, merged and overridden accounts stay as they were."""
    repeats = data.draw(st.lists(st.sampled_from(told), max_size=5))
    once, decisions = fold(told)
    twice, again = fold([*told, *repeats])
    assert told_apart(once) == told_apart(twice)
    assert decisions == again


@cases(60)
@given(HISTORY, st.data())
def test_how_messages_are_cut_into_steps_changes_nothing(told, data):
    """Account a's steps, with corrections and overrides among its messages: one for all, or any cuts."""
    mine = [each for each in told if each[1].account_id == "a"]
    delivered = [Delivered(topic, i, message) for i, (topic, message) in enumerate(mine)]
    cut = data.draw(st.integers(0, len(delivered)))
    whole = CORE.step("a", None, delivered, NOW_US)
    first = CORE.step("a", None, delivered[:cut], NOW_US)
    second = CORE.step("a", first.record, delivered[cut:], NOW_US)
    sent = [each.value for step in (first, second) for each in step.sends if each.topic == RECLASSIFIED]
    assert [each.value for each in whole.sends if each.topic == RECLASSIFIED] == sent
    if whole.record and second.record:
        one, two = decode(whole.record), decode(second.record)
        assert (one.head, one.history, one.decisions, one.offsets) == (
            two.head,
            two.history,
            two.decisions,
            two.offsets,
        )


@cases(60)
@given(EVENTS, EVENTS, st.data())
def test_when_a_merge_comes_changes_nothing(a, b, data):
    """Before, between or after the events of both, in any order: the account is the one that had them all."""
    b = as_of(b, "b")
    told = data.draw(st.permutations([*a, *b]))
    at = data.draw(st.integers(0, len(told)))
    merge = command(LAST_DAY, "merge", account="b", into="a")
    merged, decisions = fold([*told[:at], merge, *told[at:]])
    last, wanted = fold([*a, *b, merge])
    assert record_of(merged).head == record_of(last).head
    assert steps(of(decisions, "a")) == steps(of(wanted, "a"))
    assert record_of(merged).merged_sources == ["b"]


@cases(60)
@given(EVENTS, EVENTS, st.data())
def test_an_unmerge_ends_where_the_merge_began(a, b, data):
    """Whatever came meanwhile, to either: both accounts stand as if they had never been one."""
    b = as_of(b, "b")
    told = data.draw(st.permutations([*a, *b]))
    there, back = sorted(data.draw(st.tuples(*[st.integers(0, len(told))] * 2)))
    merge, unmerge = (command(LAST_DAY + i, name, account="b", into="a") for i, name in enumerate(("merge", "unmerge")))
    replay, decisions = fold([*told[:there], merge, *told[there:back], unmerge, *told[back:]])
    plain, wanted = fold(told)
    assert record_of(replay).head == record_of(plain).head
    assert steps(of(decisions, "a")) == steps(of(wanted, "a"))
    wanted = until(plain, wanted, record_of(replay, "b").clock)
    expected = record_of(plain, "b")
    for _, each in (merge, unmerge):
        advance(expected.head, command_fact(each), POLICY)
    assert record_of(replay, "b").head == expected.head
    assert in_force(of(decisions, "b")) == in_force(of(wanted, "b"))


COMMANDED = st.lists(st.sampled_from(["override", "release", "correct", "merge", "unmerge"]), min_size=2, max_size=6)


@st.composite
def commanded(draw):
    """Draw events of a, and commands of a that are dated anywhere among them, each at its own moment; no erasure."""
    told = draw(EVENTS)
    for number, kind in enumerate(draw(COMMANDED)):
        day = draw(st.integers(0, LAST_DAY)) + (number + 1) / 1000
        name, fields = f"c{number}", {}
        if kind == "override":
            until = purchase(day + draw(st.integers(1, 40)))[1].occurred_at
            fields = {"status": draw(st.sampled_from(["client", "lapsed"])), "until": until}
        elif kind in {"merge", "unmerge"}:
            fields = {"into": draw(st.sampled_from("bc"))}
        elif kind == "correct":
            topic, event = draw(st.sampled_from([each for each in told if each[0] != m.COMMANDS]))
            moved = value_of(event, occurred_at=purchase(draw(st.integers(0, LAST_DAY)))[1].occurred_at)
            fields = {"corrects": event.event_id, "topic": topic, "value": draw(st.sampled_from([None, moved]))}
        told = [*told, command(day, kind, name, **fields)]
    return told


def what_stands(replay):
    """Return what matters of every account: its facts, where it is merged into, and else the account after them.

    The timers of a merged account do not run, so how far they came is a matter of what came last.
    """
    records = {account: decode(raw) for account, raw in replay.records.items()}
    return {
        account: (r.facts(), r.merged_into, r.merged_sources, None if r.merged_into else r.head)
        for account, r in records.items()
        if r.count
    }


def at_the_end(told):
    """Fold messages, and run the timers up to a moment after all of them."""
    replay, decisions = fold(told)
    sends = replay.run_until(micros(purchase(3 * LAST_DAY)[1].occurred_at), NOW_US)
    return replay, decisions + [json.loads(sent.value) for sent in sends if sent.topic == RECLASSIFIED]


@cases(80)
@given(commanded(), st.data())
def test_commands_and_events_in_any_order_end_the_same(told, data):
    """Within the lateness, an override, a release, a correction, a merge and an unmerge do what their dates say."""
    one, decisions = at_the_end(sorted(told, key=lambda each: each[1].occurred_at))
    two, again = at_the_end(data.draw(st.permutations(told)))
    assert what_stands(one) == what_stands(two)
    for account, raw in one.records.items():
        if decode(raw).merged_into is None:  # what a merged account told before the merge was known stands
            assert steps(of(decisions, account)) == steps(of(again, account))


@cases(60)
@given(EVENTS, st.data())
def test_a_correction_and_its_reversal_end_where_they_began(told, data):
    """An event moved in time or withdrawn, and put back as it was: the same account, the same decisions in force."""
    topic, event = data.draw(st.sampled_from(told))
    moved = value_of(event, occurred_at=purchase(data.draw(st.integers(0, LAST_DAY)))[1].occurred_at)
    value = data.draw(st.sampled_from([None, moved]))
    fix = command(LAST_DAY + 1, "correct", "fix", corrects=event.event_id, topic=topic, value=value)
    back = command(LAST_DAY + 2, "correct", "back", corrects=event.event_id, topic=topic, value=value_of(event))
    replay, decisions = fold([*told, fix, back])
    plain, wanted = fold(told)
    wanted = until(plain, wanted, record_of(replay).clock)
    expected = record_of(plain).head
    for _, each in (fix, back):
        advance(expected, command_fact(each), POLICY)
    assert record_of(replay).head == expected
    assert in_force(decisions) == in_force(wanted)


@cases(60)
@given(HISTORY)
def test_an_erasure_leaves_nothing_of_the_account(told):
    """No record of a, and in b's nothing that names it; what is sent of it after its erasure is tombstones and the audit."""
    end = end_of(told) + timedelta(minutes=1)
    erase = m.Command(event_id="bye", account_id="a", occurred_at=end, command="erase", by="ops")
    replay = fold(told)[0]
    sends = replay.fold(m.COMMANDS, erase, NOW_US)[1]
    assert "a" not in replay.records
    assert all(sent.value is None or sent.topic == AUDIT for sent in sends if sent.key == "a")
    if "b" in replay.records:
        record = decode(replay.records["b"])
        assert record.merged_into is None
        assert record.merged_sources == []
        assert {fact.id for fact in record.facts()} <= {each.event_id for _, each in told if each.account_id == "b"}


@cases(60)
@given(YEAR)
def test_nothing_flaps_inside_the_band(told):
    """Up only at the upper threshold, down only below the lower or with the gate shut, and not before the least stay."""
    account, trades = fresh(), EASY
    told = sorted(told, key=lambda each: each[1].occurred_at)
    for _, message in told:
        fact = command_fact(message) if isinstance(message, m.Command) else fact_of(message)
        since = account.since
        for change in advance(account, fact, trades)[0]:
            if change.direction != "override" and change.account.override is None:
                _holds(change, since, trades)
            since = change.account.since


def _holds(change, since, trades):
    """Assert that a change was due: by its threshold, its gate and its least stay, or by an end."""
    account, status = change.account, change.source
    reading = read(account, trades)
    if LAPSED in {status, account.status}:
        return
    if (status, account.status) == (CUSTOMER, PROSPECT):  # by what was bought, not by the score
        assert account.bought is None
        return
    if account.ended is not None and (status, account.status) == (CLIENT, CUSTOMER):
        return
    stay = {CUSTOMER: "customer", CANDIDATE: "candidate", CLIENT: "client"}.get(status)
    assert stay is None or account.t - since >= trades.stays_us[stay]
    if account.status == CLIENT:
        assert reading.score >= reading.trade.client_up
        assert reading.gate()
    elif status == CLIENT:
        assert reading.score < reading.trade.client_down or not reading.gate(GATE_SLACK)
    elif account.status == CANDIDATE:
        assert reading.score >= reading.trade.candidate_up
    elif status == CANDIDATE:
        assert reading.score < reading.trade.candidate_down
