"""A firm records what it is said to record, and what happened stays what it was."""

from datetime import UTC, datetime

import pytest

from relationship.contract import messages as m
from simulator.firms import FIRMS, KINDS, REPORTED_FIRMS, TUNING_FIRMS, Base, Firm
from simulator.firms.recording import OPTIONAL, Recorder

END = datetime(2025, 6, 1, 12, tzinfo=UTC)
ROWS = (  # of the issue's table
    "every field", "a fifth of the fields", "none of the optional fields", "a fifth, one kind of each",
    "none, one kind of each", "5x logged", "a fifth logged", "a fifth logged, a fifth of the fields",
    "meetings only", "tickets only",
)  # fmt: skip


@pytest.fixture(scope="module")
def base() -> Base:
    """Return two accounts of every kind."""
    return Base(KINDS.values(), per_kind=2, seed=5, end=END)


def sent(base, topic=None, **ways):
    """Return the values that a firm of such ways sends."""
    scenes = [scene for account in base.recorded(Firm("tried", **ways)) for scene in account.scenes]
    return [scene.value for scene in scenes if topic in {None, scene.topic}]


def filled(values, topic):
    """Return the share of the optional fields of a topic that are there."""
    return sum(field in value for value in values for field in OPTIONAL[topic]) / len(values)


def test_a_firm_that_records_everything_sends_the_life_as_it_was(base):
    """The firm of every field changes nothing."""
    for account, life in zip(base.recorded(FIRMS["every field"]), base._lives, strict=True):
        assert account.scenes == life.scenes
        assert account.truth == life.truth()


def test_the_same_firm_records_the_same_way_every_time(base):
    """Two runs give the same messages; chance is named by seed, account and firm."""
    for firm in (FIRMS["bare"], FIRMS["half the columns"], FIRMS["5x logged"], FIRMS["taken over"]):
        assert list(base.recorded(firm)) == list(base.recorded(firm))


def test_the_issues_rows_are_among_the_reported_firms_and_no_tuning_firm_is_one_of_them():
    """Names differ, the reported ones are marked as held out, and no firm for tuning has the ways of a reported one."""
    assert set(ROWS) <= {firm.name for firm in REPORTED_FIRMS}
    assert len(FIRMS) == len(TUNING_FIRMS) + len(REPORTED_FIRMS)
    assert all(firm.heldout for firm in REPORTED_FIRMS)
    assert not any(firm.heldout for firm in TUNING_FIRMS)
    ways = [firm._replace(name="", heldout=False) for firm in REPORTED_FIRMS]
    assert not [firm.name for firm in TUNING_FIRMS if firm._replace(name="", heldout=False) in ways]


def test_a_bare_firm_sends_no_optional_field(base):
    """With no cell filled, events have the required fields alone; the profile's facts are another matter."""
    for topic in (m.PURCHASES, m.TICKETS, m.MEETINGS):
        values = sent(base, topic, cells=0.0)
        assert values
        assert filled(values, topic) == 0
    assert filled(sent(base, m.PROFILES, cells=0.0), m.PROFILES) > 0


def test_cells_are_left_out_by_chance_and_columns_altogether(base):
    """Half of the cells leave some of every field; half of the columns leave all of some fields and none of others."""
    everything, half = sent(base, m.TICKETS), sent(base, m.TICKETS, cells=0.5)
    assert filled(half, m.TICKETS) / filled(everything, m.TICKETS) == pytest.approx(0.5, abs=0.03)
    assert all(any(field in value for value in half) for field in OPTIONAL[m.TICKETS])
    firm = FIRMS["half the columns"]
    ever = firm.filled()[m.MEETINGS]
    meetings = [s.value for account in base.recorded(firm) for s in account.scenes if s.topic == m.MEETINGS]
    assert 0 < len(ever) < len(OPTIONAL[m.MEETINGS])
    assert {field for field in OPTIONAL[m.MEETINGS] if any(field in value for value in meetings)} <= set(ever)


def test_a_column_can_be_named_as_never_filled(base):
    """`never` takes one field away and leaves the others."""
    values = sent(base, m.TICKETS, never=frozenset({"ticket.csat"}))
    assert not any("csat" in value for value in values)
    assert any("sentiment" in value for value in values)


def test_one_kind_of_each(base):
    """All meetings and tickets have the firm's one kind and channel."""
    ways = {"meeting": "check_in", "ticket": "incident", "channels": {"ticket": "email"}}
    assert {value["kind"] for value in sent(base, m.MEETINGS, **ways)} == {"check_in"}
    assert {(value["kind"], value["channel"]) for value in sent(base, m.TICKETS, **ways)} == {("incident", "email")}
    mapped = sent(base, m.TICKETS, kinds={"ticket.advice": "question"})
    assert "advice" not in {value["kind"] for value in mapped}


@pytest.mark.parametrize(("logged", "low", "high"), [(0.2, 0.17, 0.23), (3.5, 3.2, 3.6), (5.0, 4.6, 5.01)])
def test_a_firm_logs_less_or_more_of_the_contact(base, logged, low, high):
    """So many entries for one contact, a ticket whole or not at all; purchases and profiles are all there."""
    for topic, name in ((m.TICKETS, "ticket_id"), (m.MEETINGS, "meeting_id")):
        before, after = sent(base, topic), sent(base, topic, logged=logged)
        share = len({value[name] for value in after}) / len({value[name] for value in before})
        assert low <= share <= high
    if logged < 1:
        whole = {}
        for value in sent(base, m.TICKETS):
            whole[value["ticket_id"]] = whole.get(value["ticket_id"], 0) + 1
        for value in sent(base, m.TICKETS, logged=logged):
            whole[value["ticket_id"]] -= 1
        kept = {value["ticket_id"] for value in sent(base, m.TICKETS, logged=logged)}
        assert all(whole[ticket] == 0 for ticket in kept)
    assert sent(base, m.PURCHASES, logged=logged) == sent(base, m.PURCHASES)


def test_more_entries_sign_nothing_twice_and_give_no_second_notice(base):
    """Copies of a contact are never a signature or a cancellation, and no id is used twice."""
    values = sent(base, logged=5.0)
    ids = [value["event_id"] for value in values]
    assert len(ids) == len(set(ids))
    assert sum(bool(value.get("contract_signed")) for value in values) == sum(
        bool(value.get("contract_signed")) for value in sent(base)
    )
    notices = [value for value in values if value.get("kind") == "cancellation"]
    assert len(notices) == len([value for value in sent(base) if value.get("kind") == "cancellation"])


def test_a_firm_sends_the_feeds_that_it_has(base):
    """A topic that is no feed is never sent; without profiles there are none, without contracts no word of one."""
    assert not sent(base, m.TICKETS, feeds=frozenset({m.MEETINGS, m.PROFILES}))
    assert sent(base, m.MEETINGS, feeds=frozenset({m.MEETINGS, m.PROFILES}))
    assert not sent(base, m.PROFILES, profiles=False)
    told = sent(base, contracts=False)
    assert not any(name in value for value in told for name in ("contract", "contract_id", "contract_signed"))
    assert any("contract" in value for value in sent(base))


def test_calls_become_meetings_and_meetings_mails(base):
    """All calls as meetings leave no ticket by phone but a notice; all meetings as mails leave no talk."""
    calls = sent(base, m.TICKETS, calls=1.0)
    assert {value["kind"] for value in calls if value["channel"] == "phone"} <= {"cancellation"}
    assert len(sent(base, m.MEETINGS, calls=1.0)) > len(sent(base, m.MEETINGS))
    assert all(value["no_show"] for value in sent(base, m.MEETINGS, mails=1.0))
    mails = [value for value in sent(base, m.TICKETS, mails=1.0) if ":M" in value["ticket_id"]]
    assert {value["channel"] for value in mails} == {"email"}
    assert {value["status"] for value in mails} == {"opened", "closed"}


def test_an_account_taken_over_begins_with_its_profile_and_no_ticket_half_done(base):
    """Nothing from before the moment is sent, the truth begins there, and the end of the truth is the same."""
    shortened = 0
    for account, life in zip(base.recorded(Firm("tried", taken_over=1.0)), base._lives, strict=True):
        assert account.truth.status_at(END) == life.truth().status_at(END)
        since = account.truth.phases[0][0].timestamp()
        assert all(scene.at >= int(since) for scene in account.scenes)
        shortened += len(account.scenes) < len(life.scenes)
        opened = {
            s.value["ticket_id"] for s in account.scenes if s.topic == m.TICKETS and s.value["status"] == "opened"
        }
        assert {s.value["ticket_id"] for s in account.scenes if s.topic == m.TICKETS} <= opened
    assert shortened > len(base.truths) * 0.9


def test_recording_leaves_the_life_as_it_was(base):
    """What one firm drops is there for the next: the life's own messages are not touched."""
    life = base._lives[0]
    before = [dict(scene.value) for scene in life.scenes]
    Recorder(FIRMS["none, one kind of each"]).record(life.scenes, life.facts.account_id, 5)
    assert [scene.value for scene in life.scenes] == before
