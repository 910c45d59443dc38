"""Settled decisions: the net change of each account, once, in order, however often the follower is killed."""

from itertools import pairwise
from typing import NamedTuple

import pytest
from decisions_support import FakeRecord, chain, decision, record
from hypothesis import given
from hypothesis import strategies as st

from clientward_client import Decision, PositionLostError, SettleChangedError
from clientward_client.lanes import Bounds, Committed, DecisionLane, Due
from clientward_client.seen import Seen
from clientward_client.settling import CLOCKS_MS, SLACK_MS, net_change

SETTLE = 1_000
EVER = 10**12  # ms: long after everything
STATUSES = ("prospect", "customer", "candidate", "client", "lapsed")


class Told(NamedTuple):
    """What a subscriber of settled decisions sees of one."""

    account: str
    from_: str
    to: str
    event_id: str


def told(due: Due) -> list[Told]:
    """Return what is told, if anything."""
    message = due.message
    return (
        [Told(message.account_id, message.from_, message.to, message.event_id)] if isinstance(message, Decision) else []
    )


def begun(committed: Committed | None, end: int, remember: int = 1_000) -> tuple[DecisionLane, int]:
    """Return a lane, and where it begins to read."""
    lane = DecisionLane(remember, SETTLE)
    return lane, lane.start("there", committed, 0, Bounds(0, end))


def follow(
    log: list[FakeRecord], committed: Committed | None = None, stop_after: int | None = None
) -> tuple[list[Told], Committed]:
    """Follow a log from a position, handle so many of what is due, and return what was told and the position then."""
    lane, at = begun(committed, len(log))
    seen: list[Told] = []
    handled = 0
    for each in [*log[at:], None]:
        for due in lane.idle(EVER) if each is None else lane.take(each, each.timestamp):
            if handled == stop_after:
                return seen, lane.position()
            handled += 1
            seen += told(due)
            lane.done(due)
    return seen, lane.position()


def test_a_decision_its_correction_and_the_decision_again_are_told_once() -> None:
    """Events that come minutes late make three decisions; who triggers a workflow hears of one."""
    first = decision(event_id="d1")
    correction = decision(from_="customer", to="prospect", event_id="c1", direction="correction", supersedes="d1")
    again = decision(event_id="d2")
    log = [record(each, offset, offset * 10) for offset, each in enumerate([first, correction, again])]
    assert follow(log)[0] == [Told("acme", "prospect", "customer", "d2")]
    assert follow(log[:2])[0] == [], "what is undone in time is not told at all"


def test_a_correction_after_a_decision_was_told_is_a_change_of_its_own() -> None:
    """What has been told is undone in words: with the direction `correction`, and from where it had led."""
    first = decision(event_id="d1")
    correction = decision(from_="customer", to="prospect", event_id="c1", direction="correction", supersedes="d1")
    log = [record(first, 0, 0), record(correction, 1, 5 * SETTLE)]
    assert follow(log)[0] == [Told("acme", "prospect", "customer", "d1"), Told("acme", "customer", "prospect", "c1")]


def test_one_that_is_undone_and_decided_again_is_not_told_again() -> None:
    """A late event that in the end changes nothing is silence to who was told before."""
    correction = decision(from_="customer", to="prospect", event_id="c1", direction="correction", supersedes="d1")
    log = [record(decision(event_id="d1"), 0, 0), record(correction, 1, 5 * SETTLE)]
    log.append(record(decision(event_id="d2"), 2, 5 * SETTLE + 1))
    assert follow(log)[0] == [Told("acme", "prospect", "customer", "d1")]


@pytest.mark.parametrize(
    ("statuses", "direction"),
    [
        (("prospect", "customer", "candidate"), "promotion"),
        (("client", "candidate", "customer"), "demotion"),
        (("client", "candidate", "lapsed"), "lapse"),
        (("lapsed", "customer", "candidate"), "return"),
    ],
)
def test_the_direction_of_a_net_change_is_what_the_statuses_say(statuses: tuple[str, ...], direction: str) -> None:
    """It sums up several decisions, and names the ids of those that it stands for."""
    net = net_change(chain("acme", *statuses))
    assert net is not None
    assert (net.from_, net.to, net.direction) == (statuses[0], statuses[-1], direction)
    assert (net.event_id, net.stands_for) == ("rc-acme-2", ("rc-acme-1",))


def test_the_direction_says_that_something_told_was_undone_or_held() -> None:
    """A correction of an earlier decision leaves its word on the net change, and so does an override."""
    correction = decision(from_="client", to="customer", event_id="c", direction="correction", supersedes="told-before")
    after = decision(from_="customer", to="candidate", event_id="d")
    held = decision(from_="customer", to="candidate", event_id="o", direction="override")
    up = decision(from_="prospect", to="customer", event_id="u")
    assert getattr(net_change([correction, after]), "direction", None) == "correction"
    assert getattr(net_change([up, held]), "direction", None) == "override"
    assert net_change([up]) is up, "a single decision is told as it is"


def test_a_change_is_told_when_it_has_stood_long_enough_and_no_sooner() -> None:
    """Either so long after it was here, or, of a backlog, so long after it was stored and a minute for the clocks."""
    lane, _ = begun(None, 1)
    assert lane.take(record(decision(), 0, 50_000), 51_000) == []
    assert lane.idle(51_000 + SETTLE + SLACK_MS - 1) == []
    assert len(lane.idle(51_000 + SETTLE + SLACK_MS)) == 1
    behind, _ = begun(None, 1)
    behind.take(record(decision(), 0, 50_000), 900_000)
    assert behind.idle(50_000 + SETTLE + CLOCKS_MS - 1) == []
    assert len(behind.idle(50_000 + SETTLE + CLOCKS_MS)) == 1


def test_a_later_record_of_the_log_tells_what_is_due_without_a_clock() -> None:
    """Of a log that is read back, each change is told at its place."""
    lane, _ = begun(None, 3)
    lane.take(record(decision("a"), 0, 0), EVER)
    assert lane.take(record(decision("b"), 1, SETTLE), EVER) == []
    (due,) = lane.take(record(decision("c"), 2, SETTLE + 1), EVER)
    assert told(due)[0].account == "a"


def test_the_position_stays_behind_the_oldest_that_waits() -> None:
    """Kafka's log is the memory of what waits; what was told beyond the position is one number beside it."""
    lane, _ = begun(None, 3)
    lane.take(record(decision("a"), 0, 0), 0)
    lane.take(record(decision("b"), 1, 10), 10)
    (due,) = lane.take(record(chain("a", "prospect", "customer", "candidate")[1], 2, 900), 900) or [None]
    assert due is None
    dues = lane.take(record(decision("c"), 3, 10 + SETTLE + 1), 0)
    assert [told(each)[0].account for each in dues] == ["b"], "a has changed since, and waits on"
    lane.done(dues[0])
    assert lane.position() == Committed(0, f"clientward-client/1 told=1 settle={SETTLE} newest=0")


def test_another_settle_is_refused_while_something_waits() -> None:
    """It would tell some twice or otherwise; where nothing waits it is free to change."""
    waits = Committed(0, "clientward-client/1 told=1 settle=5 newest=0")
    for settle in (None, SETTLE):
        with pytest.raises(SettleChangedError, match="stand for 5 ms"):
            DecisionLane(10, settle).start("there", waits, 0, Bounds(0, 9))
    DecisionLane(10, SETTLE).start("there", Committed(2, waits.metadata), 0, Bounds(0, 9))
    DecisionLane(10, SETTLE).start("there", Committed(0, "somebody else's words"), 0, Bounds(0, 9))


def test_a_topic_that_was_made_anew_is_told() -> None:
    """A position beyond the end would otherwise pass over what is written now."""
    with pytest.raises(PositionLostError, match="ends at 3, and the group stands at 4"):
        begun(Committed(4), 3)


accounts = st.sampled_from("abc")
steps = st.lists(st.tuples(accounts, st.sampled_from(STATUSES), st.integers(0, 2 * SETTLE), st.booleans()), max_size=30)


def log_of(plan: list[tuple[str, str, int, bool]]) -> list[FakeRecord]:
    """Return a log: each account's decisions chain, some records come twice, and a leader's clock may go back a little."""
    at, status, log = 5 * SETTLE, dict.fromkeys("abc", "prospect"), []
    for number, (account, to, gap, is_twice) in enumerate(plan):
        at += gap - 50
        if to != status[account]:
            made = decision(account, status[account], to, event_id=f"rc-{account}-{number}")
            status[account] = to
            log += [(made, at)] * (1 + is_twice)
    return [record(made, offset, stored) for offset, (made, stored) in enumerate(log)]


@given(steps)
def test_the_net_changes_lead_each_account_where_its_decisions_lead(plan: list[tuple[str, str, int, bool]]) -> None:
    """They chain without a gap, none leads nowhere, and the last ends where the account stands."""
    log = log_of(plan)
    seen, position = follow(log)
    for account in "abc":
        own = [each for each in seen if each.account == account]
        assert all(before.to == after.from_ for before, after in pairwise(own))
        assert all(each.from_ != each.to for each in own)
        last = next((each for each in reversed(log) if each.key == account.encode()), None)
        stands = "prospect" if last is None else str(last.value).partition('"to":"')[2].partition('"')[0]
        assert (own[-1].to if own else "prospect") == stands
    assert position.offset == len(log), "with nothing that waits the position is the end"


@given(steps, st.lists(st.integers(0, 6), max_size=6))
def test_crashes_and_restarts_change_nothing_of_what_is_told(
    plan: list[tuple[str, str, int, bool]], stops: list[int]
) -> None:
    """Stopped after any number of changes and resumed from what was committed, the same are told, each once, in order."""
    log = log_of(plan)
    whole, _ = follow(log)
    seen: list[Told] = []
    committed: Committed | None = None
    for stop in [*stops, None]:
        more, committed = follow(log, committed, stop)
        seen += more
    assert seen == whole


@given(st.lists(st.integers(0, 9), max_size=60), st.integers(1, 8), st.integers(0, 60))
def test_what_is_a_repeat_is_the_same_after_a_restart(ids: list[int], reach: int, restart: int) -> None:
    """A memory that is rebuilt from the records before the position knows what the one before knew."""
    whole, rebuilt = Seen(reach), Seen(reach)
    expected = [whole.note(str(each), offset) for offset, each in enumerate(ids)]
    start = min(restart, len(ids))
    for offset in range(max(0, start - reach), start):
        rebuilt.note(str(ids[offset]), offset)
    assert [rebuilt.note(str(ids[offset]), offset) for offset in range(start, len(ids))] == expected[start:]
    assert len(whole) <= reach + 1
