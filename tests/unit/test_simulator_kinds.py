"""The kinds of account are lived in full, the same way every time, and are labelled by what they are up to."""

import itertools
from collections import Counter
from datetime import UTC, datetime

import msgspec
import pytest

from relationship.contract import messages as m
from simulator.firms import GROUPS, HELDOUT, KINDS, TUNING, Base
from simulator.firms.base import lived

END = datetime(2025, 6, 1, 12, tzinfo=UTC)
NEVER_CLIENTS = [name for group in ("plain", "marked", "served") for name in GROUPS[group]]
EPISODES = {"five_week_course", "bootcamp", "three_week_sprint", "advised_once", "kitchen_fitted"}


@pytest.fixture(scope="module")
def base() -> Base:
    """Return four accounts of every kind."""
    return Base(KINDS.values(), per_kind=4, seed=5, end=END)


def statuses(truth):
    """Return what an account was, in order."""
    return [status for _, status in truth.phases]


def scenes_of(kind, number=0, seed=9):
    """Return the messages of one account of a kind."""
    return lived(KINDS[kind], number, seed, END).scenes


def of_topic(scenes, topic):
    """Return the values of one topic."""
    return [scene.value for scene in scenes if scene.topic == topic]


def test_the_same_seed_gives_the_same_life_whoever_else_is_played():
    """A life follows from its kind, its number and the seed; another seed gives another."""
    one = lived(KINDS["gardened"], 2, 7, END)
    same = Base((KINDS["bought_once"], KINDS["gardened"]), per_kind=3, seed=7, end=END)
    other = lived(KINDS["gardened"], 2, 8, END)
    assert one.truth() == same.truths[5]
    assert one.scenes == same._lives[5].scenes
    assert one.scenes != other.scenes


def test_every_message_is_one_of_the_contract_and_happens_before_the_end(base):
    """All lives decode as the contract's messages, under ids of their own, in order, and none at or after the end."""
    for life in base._lives:
        ids = Counter((scene.topic, scene.value["event_id"]) for scene in life.scenes)
        assert set(ids.values()) == {1}
        assert [scene.at for scene in life.scenes] == sorted(scene.at for scene in life.scenes)
        assert life.scenes[-1].at < END.timestamp()
        for scene in life.scenes:
            message = msgspec.convert(scene.value, m.MESSAGE_TYPES[scene.topic])
            assert message.account_id == life.facts.account_id
            assert int(message.occurred_at.timestamp()) == scene.at


def test_every_truth_begins_before_the_end_and_goes_forward(base):
    """Phases are in order and no status follows itself; every account has one at the end."""
    for truth in base.truths:
        moments = [since for since, _ in truth.phases]
        assert moments == sorted(moments)
        assert truth.status_at(END) is not None
        assert all(one != other for one, other in zip(statuses(truth), statuses(truth)[1:], strict=False))


def test_a_third_of_the_kinds_is_kept_out_of_tuning_in_every_group():
    """The two splits share no kind, and each group of kinds has some of both."""
    held = {kind.name for kind in HELDOUT}
    assert held.isdisjoint(kind.name for kind in TUNING)
    assert len(HELDOUT) >= len(KINDS) / 3
    assert set().union(*GROUPS.values()) == set(KINDS)
    assert all(kinds & held and kinds - held for kinds in GROUPS.values())


def test_labels_follow_from_what_the_account_is_up_to(base):
    """Who is served goes on as a client, who only buys never was one, and what ended is none at the end."""
    for truth in base.truths:
        last, was = truth.status_at(END), "client" in statuses(truth)
        if truth.persona in GROUPS["steady"] | GROUPS["unusual"]:
            assert last == "client", truth
        elif truth.persona in NEVER_CLIENTS:
            assert not was, truth
        elif truth.persona in GROUPS["ended"]:
            assert last != "client", truth
            assert was == (truth.persona not in EPISODES), truth


def test_notice_is_given_before_the_end_of_the_engagement_and_worked_off():
    """There is a cancellation, talks after it, then a profile without the agreement, and a client no more from then on."""
    life = next(life for number in range(9) if (life := lived(KINDS["notice_worked_off"], number, 3, END))._known)
    notice = next(each for each in of_topic(life.scenes, m.TICKETS) if each["kind"] == "cancellation")
    left = next(
        since for since, status in life.truth().phases if status == "customer" and since > notice["occurred_at"]
    )
    talks = [each for each in of_topic(life.scenes, m.MEETINGS) if notice["occurred_at"] < each["occurred_at"] < left]
    assert len(talks) >= 1
    profiles = of_topic(life.scenes, m.PROFILES)
    assert "contract" not in profiles[-1]


def test_a_season_leaves_the_rest_of_the_year_silent():
    """A gardener's client has a gap of months each winter, is a client through it, and comes back at about the same day."""
    life = lived(KINDS["gardened"], 1, 4, END)
    meetings = sorted(each["occurred_at"] for each in of_topic(life.scenes, m.MEETINGS))
    gaps = [(b - a).days for a, b in itertools.pairwise(meetings)]
    winters = [number for number, gap in enumerate(gaps) if gap > 80]
    assert winters
    assert statuses(life.truth())[-1] == "client"
    starts = [meetings[number + 1] for number in winters]
    assert all(abs((b - a).days - 365 * round((b - a).days / 365)) < 60 for a, b in itertools.pairwise(starts))


def test_who_waits_is_silent_at_the_end_under_an_agreement():
    """A lawsuit waits for the court: nothing for months up to the end, and the profile's last word is an agreement."""
    life = next(life for number in range(9) if (life := lived(KINDS["waits_for_the_court"], number, 4, END))._known)
    last = max(each["occurred_at"] for each in of_topic(life.scenes, m.MEETINGS))
    assert (END - last).days > 60
    assert of_topic(life.scenes, m.PROFILES)[-1]["contract"]["ends_on"] is None


def test_a_notice_taken_back_goes_on_as_a_question():
    """The ticket that gave notice is updated to another kind within weeks."""
    tickets = of_topic(scenes_of("took_its_notice_back"), m.TICKETS)
    notice = next(each for each in tickets if each["kind"] == "cancellation")
    later = [each for each in tickets if each["ticket_id"] == notice["ticket_id"] and each is not notice]
    assert [(each["status"], each["kind"]) for each in later] == [("updated", "question"), ("closed", "question")]


def test_worked_for_without_a_bill_means_no_purchase():
    """Pro bono and internal accounts have no purchase at all, and plenty of meetings."""
    for kind in ("worked_for_free", "inside_the_house", "paid_by_an_insurer"):
        scenes = scenes_of(kind)
        assert not of_topic(scenes, m.PURCHASES)
        assert of_topic(scenes, m.MEETINGS)


def test_accounts_of_a_kind_differ_widely():
    """Years, contacts and lengths of talk of one kind spread by factors, so that no number gives a kind away."""
    lives = [lived(KINDS["advised_monthly"], number, 6, END) for number in range(40)]
    contacts = sorted(len(of_topic(life.scenes, m.MEETINGS)) for life in lives)
    minutes = sorted(
        sum(each["duration_minutes"] for each in met) / len(met)
        for life in lives
        if (met := of_topic(life.scenes, m.MEETINGS))
    )
    assert contacts[-4] > 3 * contacts[4]
    assert minutes[-4] > 1.5 * minutes[4]
