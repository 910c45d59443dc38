"""Where a fact has its place in a history: last, late, known already; and when the oldest ones leave it."""

import pytest
from folding import day
from story import POLICY, command, courtship, meeting, on, profile, purchase, ticket

from relationship.contract import messages as m
from relationship.contract.outcome import Delivered, Reason, Refused
from relationship.contract.times import DAY_US
from relationship.core import Core
from relationship.state import facts as f
from relationship.state.account import Account
from relationship.state.appending import is_folded_under
from relationship.state.facts_from_messages import fact_of
from relationship.state.packed import encode_facts
from relationship.state.record import AccountRecord, DecisionInForce, decode
from relationship.timeline.history import (
    HistoryLimits,
    _agreeing,
    comes_last,
    corrects,
    fold_away,
    known_fact,
    late_refusal,
    trim,
    trim_if_due,
)
from relationship.timeline.merging import difference, join, leave

T = day(1)


def fact(told):
    """Return the fact of a message."""
    return fact_of(told[1])


def having(*told, **fields):
    """Return a record that keeps the facts of messages, with the account at the last one's time."""
    facts = [fact(each) for each in told]
    record = AccountRecord(head=Account(t=facts[-1].t if facts else 0), **fields)
    record.keep(facts)
    record.newest = facts[-1].t if facts else 0
    return record


@pytest.mark.parametrize(
    ("told", "last"),
    [
        (ticket(1 + 1e-6, "a"), True),
        (ticket(1 - 1e-6, "z"), False),
        (ticket(1, "n"), True),
        (ticket(1, "m"), False),
        (ticket(1, "l"), False),
        (meeting(1, "a"), True),
        (purchase(1, "z"), False),
    ],
)
def test_a_fact_comes_last_by_its_time_and_at_one_moment_by_topic_and_id(told, last):
    """What comes last is appended; anything else is put in its place."""
    assert comes_last(having(purchase(0), ticket(1, "m")), fact(told)) is last


def test_behind_a_timer_of_its_very_moment_a_fact_does_not_come_last():
    """The timer runs after it where the history is folded anew; nor does it where nothing is kept to compare it with."""
    record = having(ticket(1, "m"))
    record.head.timer_at = T
    assert not comes_last(record, fact(ticket(1, "n")))
    assert comes_last(record, fact(ticket(1.1, "n")))
    assert not comes_last(AccountRecord(head=Account(t=T)), fact(ticket(1, "n")))


@pytest.mark.parametrize(("days", "late"), [(10, False), (9.999, True)])
def test_a_fact_may_be_as_late_as_is_allowed(days, late):
    """To the moment, and in days as they are told; a credit may come whenever it does."""
    record = having(purchase(40))
    found = late_refusal(record, fact(purchase(days, "x")), 30 * DAY_US)
    told = Refused(Reason.LATE, "older than the account's newest event by more than 30 days")
    assert found == (told if late else None)
    assert late_refusal(record, f.ReferralFact(day(days), "r"), 30 * DAY_US) is None


@pytest.mark.parametrize(("name", "late"), [("k", True), ("l", True), ("m", False)])
def test_a_fact_at_the_edge_of_what_is_kept_is_late(name, late):
    """The very one that was folded away last too, and one that would stand before it; a credit as well."""
    record = having(purchase(40), edge=(T, f.RANK[f.PurchaseFact], "l"))
    assert (late_refusal(record, fact(purchase(1, name)), 99 * DAY_US) is not None) is late
    assert late_refusal(record, f.ReferralFact(T - 1, name), 99 * DAY_US).reason is Reason.LATE


def test_a_fact_is_known_by_its_topic_and_id():
    """Or by what corrected it, which takes precedence; one of another topic is another event."""
    fix = command(3, "correct", "c", corrects="x", topic=m.PURCHASES, value=None)
    record = having(purchase(1, "x"), ticket(2, "x"), fix)
    assert known_fact(record, 1, "x").id == "c"
    assert isinstance(known_fact(record, 2, "x"), f.TicketFact)
    assert known_fact(record, 3, "x") is None
    assert known_fact(record, 1, "y") is None
    assert known_fact(record, 5, "c").id == "c"


@pytest.mark.parametrize(
    ("topic", "rank", "event", "is_it"),
    [
        (m.PURCHASES, 1, "x", True),
        (m.PURCHASES, 2, "x", False),
        (m.PURCHASES, 1, "y", False),
        (None, 1, "x", True),
        (None, 2, "x", True),
    ],
)
def test_a_correction_is_of_an_event_by_id_and_topic(topic, rank, event, is_it):
    """One that names no topic is of any."""
    assert corrects(fact(command(1, "correct", "c", corrects="x", topic=topic, value=None)), rank, event) is is_it
    assert not corrects(fact(command(1, "release", "c")), rank, event)


LIMITS = HistoryLimits(lateness_us=5 * DAY_US, kept=4, most_kept=20)


@pytest.mark.parametrize(
    ("before", "count", "merged", "trimmed"),
    [
        (6, 7, False, False),
        (7, 8, False, True),
        (8, 9, False, False),
        (10, 11, False, False),
        (11, 12, False, True),
        (11, 12, True, False),
        (19, 20, True, True),
        (18, 19, True, False),
    ],
)
def test_a_trim_is_tried_at_twice_what_is_kept_and_at_each_multiple_of_it(before, count, merged, trimmed):
    """Of an account that takes part in a merge at the most that is kept, since an unmerge separates it again."""
    record = having(*(purchase(10 * i, f"p{i:02}") for i in range(count)))
    if merged:
        record.merged_sources = ["b"]
    trim_if_due(record, before, POLICY, LIMITS)
    assert record.count == (4 if trimmed else count)
    other = having(*(purchase(10 * i, f"p{i:02}") for i in range(count)), merged_into="b" if merged else None)
    trim_if_due(other, before, POLICY, LIMITS)
    assert other.count == record.count


@pytest.mark.parametrize(
    ("days", "count"),
    [
        ([0, 1, 2, 3], 4),
        ([0, 1, 2, 3, 4], 5),
        ([0, 1, 2, 3, 4, 5.001], 5),
        ([0, 1, 2, 3, 4, 6], 5),
        ([0, 1, 2, 3, 4, 6.001], 4),
        ([0, 1, 2, 3, 20], 4),
        ([*range(19)], 6),
        ([each / 100 for each in range(19)], 19),
        ([each / 100 for each in range(20)], 4),
    ],
)
def test_a_trim_leaves_what_a_late_event_may_precede(days, count):
    """Where there are as many facts as are ever kept, the oldest leave whatever the lateness."""
    record = having(*(purchase(each, f"p{i:02}") for i, each in enumerate(days)))
    trim(record, POLICY, LIMITS)
    assert record.count == count
    assert (record.base is None) is (count == len(days))
    if record.base is not None:
        assert record.base.facts == len(days) - count
        assert record.edge == f.order(fact(purchase(days[-count - 1], f"p{len(days) - count - 1:02}")))


class Change:
    """A change of status as far as it is compared."""

    def __init__(self, t, target):
        self.t, self.source, self.target, self.direction = t, 0, target, "promotion"


@pytest.mark.parametrize(
    ("decided", "changes", "same", "joined"),
    [
        ([(1, 1), (2, 2)], [(1, 1), (2, 2)], 2, 2),
        ([(1, 1), (2, 2)], [(1, 1), (3, 2)], 1, 2),
        ([(1, 1), (2, 2)], [(1, 1), (2, 3)], 1, 1),
        ([(1, 1), (2, 2)], [(1, 1)], 1, 1),
        ([(1, 1)], [(1, 1), (2, 2)], 1, 1),
        ([(1, 1)], [(2, 1)], 0, 1),
        ([], [(1, 1)], 0, 0),
    ],
)
def test_decisions_stand_up_to_the_first_that_differs(decided, changes, same, joined):
    """By moment, statuses and direction; where another history joins, whenever they are."""
    decisions = [DecisionInForce(i, t, 0, target, 0, "e") for i, (t, target) in enumerate(decided)]
    assert decisions == [] or decisions[0].direction == "promotion"
    found = [Change(*each) for each in changes]
    assert (_agreeing(decisions, found), _agreeing(decisions, found, joined=True)) == (same, joined)


def test_a_profile_of_the_last_moment_has_its_place_before_all_else():
    """It does not come last where anything of that moment is there."""
    assert not comes_last(having(purchase(1, "a")), fact(profile(1, "z")))


def test_what_is_folded_away_leaves_snapshots_that_say_what_they_said():
    """Those of facts that are kept alone, each with its place among the facts, their bytes and the decisions left."""
    core = Core(POLICY, lateness_days=1_000)
    told = [*courtship(), *(purchase(161 + each, f"{'xy'[each % 2]}{each:03}") for each in range(900))]
    delivered = [Delivered(topic, i, message) for i, (topic, message) in enumerate(told)]
    record = decode(core.step("a", None, delivered, 0).record)
    before = {each.account: each for each in record.snapshots}
    decisions, facts = len(record.decisions), record.facts()
    assert len(before) > 3
    drop = min(each.index for each in before.values())
    fold_away(record, drop, POLICY)
    assert record.facts() == facts[drop:]
    assert record.snapshots
    left = decisions - len(record.decisions)
    assert left > 0
    for each in record.snapshots:
        old = before[each.account]
        assert old.index > drop
        assert (each.index, each.t, each.decided) == (old.index - drop, old.t, old.decided - left)
        assert each.offset == len(encode_facts(facts[drop : old.index], record.id_prefix))


def leaving(through=(), **fields):
    """Return a move by which an account leaves."""
    return m.Move(
        event_id="e", account_id="a", occurred_at=on(9), source="b", cause="c", action="leave", through=[*through],
        count=0, history="", **fields,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("move", "merged", "left", "former"),
    [
        (leaving(), ["b", "x"], ["x"], ["b", "o"]),
        (leaving(), ["x"], ["x"], ["b", "o"]),
        (leaving(["x"]), ["b", "x", "y"], ["y"], ["b", "o"]),
        (leaving(["x"]), ["x", "y"], ["x", "y"], ["o"]),
        (leaving(partial=True), ["b", "x"], ["b", "x"], ["o"]),
    ],
)
def test_who_leaves_is_no_source_any_more_and_was_one(move, merged, left, former):
    """With those that came along; a part of a history that leaves says nothing of it, nor does one that was not there."""
    record = having(purchase(1), merged_sources=merged, former_sources=["o"])
    leave(record, move, [], POLICY)
    assert (record.merged_sources, record.former_sources) == (left, former)


def test_who_joins_brings_what_is_not_there_already():
    """A fact of a topic and id that is there stays as it is; the sources are those told, each once and in order."""
    record = having(purchase(1, "p"), purchase(2, "q"), merged_sources=["z"])
    move = leaving(["y", "z"])
    join(record, move, [fact(purchase(1, "p", amount="99")), fact(ticket(1.5, "p"))], POLICY)
    assert [(type(each).__name__, each.id) for each in record.facts()] == [
        ("PurchaseFact", "p"),
        ("TicketFact", "p"),
        ("PurchaseFact", "q"),
    ]
    assert record.head.spent == {"EUR": "20.00"}
    assert record.merged_sources == ["b", "y", "z"]


def test_two_histories_differ_by_the_facts_that_only_one_has():
    """In the order of each."""
    one, two, three = (fact(purchase(each, f"p{each}")) for each in (1, 2, 3))
    assert difference([one, two], [two, three]) == ([one], [three])
    assert difference([], [one]) == ([], [one])
    assert difference([one, two], [one, two]) == ([], [])


@pytest.mark.parametrize(
    ("record", "rules", "is_known"),
    [
        (AccountRecord(), POLICY, True),
        (AccountRecord(folded_under=b"other"), POLICY, True),
        (AccountRecord(base=Account()), POLICY, False),
        (AccountRecord(base=Account(), folded_under=POLICY.digest(0)), POLICY, True),
        (AccountRecord(count=1), POLICY, False),
        (AccountRecord(count=1, folded_under=POLICY.digest(0)), POLICY, True),
    ],
)
def test_a_head_is_what_the_rules_give_where_it_was_folded_under_them(record, rules, is_known):
    """Or where nothing was folded at all, before or among the facts kept."""
    assert is_folded_under(record, rules) is is_known
