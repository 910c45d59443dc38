"""What holds of the core for any history: order, repeats, batch cuts, sums, monotony, corrections, erasure."""

import json
from datetime import timedelta

import msgspec
from cases import cases
from hypothesis import given
from hypothesis import strategies as st
from story import CORE, NOW_US, POLICY, command, fold, in_force, meeting, profile, purchase, record_of, ticket

from relationship.classify.dimensions import contributions, values
from relationship.classify.fold import advance
from relationship.classify.signals import effects_of
from relationship.contract import enums, times
from relationship.contract import messages as m
from relationship.contract.outcome import RECLASSIFIED, Delivered
from relationship.replay import Replay
from relationship.state import facts as f
from relationship.state.account import Account, copy
from relationship.state.facts_from_messages import fact_of
from relationship.state.record import decode

MINUTE = 1 / 1440  # of a day
DAYS = st.integers(0, 28 * 1440).map(lambda minutes: minutes * MINUTE)  # inside the lateness allowed, to the minute


@st.composite
def messages(draw, days=DAYS):
    """Draw one message of account `a`; its id is set later, so that no two share one."""
    day = draw(days)
    kind = draw(st.sampled_from(["purchase", "ticket", "meeting", "profile", "override", "release"]))
    if kind == "purchase":
        fields = {
            "kind": draw(st.sampled_from(enums.PURCHASE_KINDS)),
            "entry": draw(st.sampled_from(["sale", "sale", "refund"])),
            "amount": draw(st.sampled_from(["0", "9.99", "120.50"])),
            "customised": draw(st.booleans()),
            "category": draw(st.sampled_from([None, "auto", "home", "life"])),
        }
        return purchase(day, "x", **fields)
    if kind == "ticket":
        fields = {
            "kind": draw(st.sampled_from(enums.TICKET_KINDS)),
            "status": draw(st.sampled_from(enums.TICKET_STATUSES)),
            "initiator": draw(st.sampled_from(["account", "us", None])),
            "channel": draw(st.sampled_from(enums.TICKET_CHANNELS)),
            "csat": draw(st.sampled_from([None, 1, 5])),
            "ticket_id": draw(st.sampled_from(["t1", "t2", "t3"])),
        }
        return ticket(day, "x", **fields)
    if kind == "meeting":
        fields = {"kind": draw(st.sampled_from(enums.MEETING_KINDS)), "no_show": draw(st.booleans())}
        return meeting(day, "x", **fields)
    if kind == "profile":
        return profile(day, "x", industry=draw(st.sampled_from(enums.INDUSTRIES)))
    if kind == "override":
        until = purchase(day + draw(st.integers(1, 20)))[1].occurred_at
        return command(
            day, "override", "x", status=draw(st.sampled_from(["client", "lapsed", "candidate"])), until=until
        )
    return command(day, "release", "x")


def named(told):
    """Give every message an id of its own."""
    return [(topic, msgspec.structs.replace(message, event_id=f"e{i}")) for i, (topic, message) in enumerate(told)]


HISTORIES = st.lists(messages(), min_size=1, max_size=14).map(named)
EVENTS = st.lists(messages().filter(lambda told: told[0] != m.COMMANDS), min_size=1, max_size=14).map(named)


def head_of(told):
    """Fold and return the account's snapshot and the decisions in force."""
    replay, decisions = fold(told)
    return record_of(replay).head, in_force(decisions)


@cases(400)
@given(EVENTS, st.randoms(use_true_random=False))
def test_order_within_the_lateness_changes_nothing(told, random):
    """Any order of the same events ends in the same account and the same decisions in force."""
    shuffled = list(told)
    random.shuffle(shuffled)
    assert head_of(sorted(told, key=lambda each: each[1].occurred_at)) == head_of(shuffled)


@cases(200)
@given(HISTORIES, st.data())
def test_repeats_change_nothing(told, data):
    """Any events sent again, anywhere later, leave the account and its decisions as they were."""
    repeats = data.draw(st.lists(st.sampled_from(told), max_size=5))
    once, _ = fold(told)
    twice, decisions = fold([*told, *repeats])
    assert record_of(once).head == record_of(twice).head
    assert len(fold(told)[1]) == len(decisions)


@cases(200)
@given(HISTORIES, st.data())
def test_how_messages_are_cut_into_steps_changes_nothing(told, data):
    """One step for all, or any cuts, publish the same decisions and end in the same head and history."""
    delivered = [Delivered(topic, i, message) for i, (topic, message) in enumerate(told)]
    cut = data.draw(st.integers(0, len(delivered)))
    whole = CORE.step("a", None, delivered, NOW_US)
    first = CORE.step("a", None, delivered[:cut], NOW_US)
    second = CORE.step("a", first.record, delivered[cut:], NOW_US)

    def decisions(*outcomes):
        return [sent.value for outcome in outcomes for sent in outcome.sends if sent.topic == RECLASSIFIED]

    assert decisions(whole) == decisions(first, second)
    if whole.record and second.record:
        one, two = decode(whole.record), decode(second.record)
        assert (one.head, one.history, one.decisions, one.offsets) == (
            two.head,
            two.history,
            two.decisions,
            two.offsets,
        )


@cases(200)
@given(HISTORIES)
def test_contributions_add_up_and_stay_in_bounds(told):
    """Values lie in 0-1, the score in 0-100, and the published parts add up to it in hundredths."""
    replay, decisions = fold(told)
    if "a" in replay.records:
        head = record_of(replay).head
        trade = POLICY.trade(head.industry)
        found = values(head, POLICY, trade)
        assert all(0.0 <= value <= 1.0 for value in found)
        assert 0 <= sum(contributions(found, trade)) <= 10_000 + 14
    for decision in decisions:
        assert sum(round(100 * part["contribution"]) for part in decision["dimensions"]) == round(
            100 * decision["score"]
        )
        assert 0 <= decision["confidence"] <= 1


@cases(200)
@given(EVENTS, messages().filter(lambda told: told[0] != m.COMMANDS), st.integers(0, 13))
def test_more_evidence_for_a_dimension_never_lowers_it(told, extra, dimension):
    """An event that is evidence for a dimension and not against it leaves that dimension at least where it was.

    A notice is left out: it ends an agreement, and sets aside what was before it.
    """
    replay, _ = fold(told)
    before = record_of(replay).head
    fact = fact_of(msgspec.structs.replace(extra[1], event_id="extra", occurred_at=times.datetime_of(before.t)))
    after: Account = copy(before)
    against = sum(bad for i, _, bad in effects_of(fact, before, POLICY) if i == dimension)
    advance(after, fact, POLICY)
    if before.ended is None and after.ended is not None:
        return
    if against == 0.0 and not isinstance(fact, f.ProfileFact) and dimension != 0:
        trade = POLICY.trade(before.industry)
        assert values(after, POLICY, trade)[dimension] >= values(before, POLICY, trade)[dimension] - 1e-12


@cases(200)
@given(EVENTS, st.data())
def test_a_withdrawal_is_as_if_the_event_had_never_been(told, data):
    """Withdrawing any one event ends in the account that never had it, and in the same decisions in force."""
    gone = data.draw(st.sampled_from(told))
    end = max(message.occurred_at for _, message in told) + timedelta(minutes=1)
    fix = m.Command(
        event_id="fix",
        account_id="a",
        occurred_at=end,
        command="correct",
        corrects=gone[1].event_id,
        by="ops",
        value=None,
    )
    withdrawn, decisions = fold([*told, (m.COMMANDS, fix)])
    marker = m.Command(event_id="fix", account_id="a", occurred_at=end, command="correct", corrects="none", by="ops")
    never = [each for each in told if each is not gone]
    replay, plain = fold(never)
    if not never:
        return
    after = record_of(withdrawn).head
    expected = record_of(replay)
    advance(expected.head, fact_of(marker), POLICY)
    assert after == expected.head
    assert in_force(decisions) == in_force(plain)


@cases(100)
@given(HISTORIES)
def test_erase_leaves_nothing(told):
    """After an erase there is no record, and what follows starts anew."""
    end = max(message.occurred_at for _, message in told) + timedelta(minutes=1)
    erase = (m.COMMANDS, m.Command(event_id="bye", account_id="a", occurred_at=end, command="erase", by="ops"))
    replay, _ = fold([*told, erase])
    assert replay.records == {}
    again, decisions = fold([*told, erase, purchase(60, "new")])
    assert record_of(again).count == 1
    assert decisions[-1]["transition_seq"] == 1


@cases(100)
@given(HISTORIES, st.integers(0, 400))
def test_timers_woken_early_and_often_change_nothing(told, days):
    """Waking an account at any moments on the way ends where waking it once at the end does."""
    end = times.micros(max(message.occurred_at for _, message in told)) + days * times.DAY_US
    once, often = fold(told)[0], Replay(CORE)
    for topic, message in told:
        often.fold(topic, message, NOW_US)
    start = min(times.micros(message.occurred_at) for _, message in told)
    sent = [list(often.run_until(start + i * (end - start) // 7, NOW_US)) for i in range(8)]
    last = list(once.run_until(end, NOW_US))
    assert [json.loads(s.value)["event_id"] for each in sent for s in each if s.topic == RECLASSIFIED] == [
        json.loads(s.value)["event_id"] for s in last if s.topic == RECLASSIFIED
    ]
