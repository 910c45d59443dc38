"""The systems that take part, as far as they are built: what each feeds, and what each gets."""

import json

import pytest
from reading import POLICY_FILE, STORIES, dims, history, score, tale
from story import courtship, fold, meeting, on, path, profile, purchase, record_of, state_of, step, ticket

from cli.main import run
from relationship.classify.plays import CANDIDATE, CLIENT, CUSTOMER, PLAYS, PROSPECT
from relationship.contract import messages as m
from relationship.contract.outcome import STATE

ASKED = {"kind": "advice", "initiator": "account"}
QUESTIONS = [ticket(10 + 10 * i, f"q{i}", **ASKED) for i in range(12)]
BY_BOT = [ticket(10 + 10 * i, f"q{i}", channel="bot", **ASKED) for i in range(12)]


@pytest.mark.row("system: CRM")
def test_a_crm_feeds_profiles_and_reads_states():
    """A profile with contract and account manager moves the account, and its state goes out on the compacted topic."""
    contract = {"id": "c", "kind": "retainer", "signed_on": on(0).date()}
    outcome = step(None, [profile(0, contract=contract, account_manager="Ada Canary", goals="a canary")])
    (sent,) = [each for each in outcome.sends if each.topic == STATE]
    state = json.loads(sent.value)
    assert (sent.key, state["status"], state["segment"]["party"]) == ("a", "customer", "business")
    assert state["score"] > 5
    assert "canary" not in repr(outcome).lower(), "of a person and of goals only that they are"


@pytest.mark.row("system: analytics, backtest")
def test_a_backtest_on_history_says_who_when_and_at_which_cost(tmp_path, capsys, monkeypatch):
    """Two policies over one file: the account that only one calls a client, from when to when, and the cost."""
    monkeypatch.chdir(tmp_path)
    strict = tmp_path / "strict.toml"
    default = POLICY_FILE.read_text(encoding="utf-8")
    strict.write_text(default.replace("client_up = 52.0", "client_up = 90.0"), encoding="utf-8")
    story = STORIES / "healthcare-care-over-years.jsonl"
    assert run(["policy", "backtest", "default", str(strict), str(story), "--json"]) == 0
    (found,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    decisions, _ = tale("healthcare-care-over-years")
    assert found["account_id"] == decisions[0]["account_id"]
    assert (found["a"], found["b"]) == ("client", "candidate")
    assert found["since"] == decisions[-1]["effective_at"]
    assert found["cost_if_a_is_right"] == pytest.approx(1.0, abs=0.1), "about a year of a client missed"


@pytest.mark.row("system: chat agent")
class TestChatAgent:
    """An AI chat agent's contacts arrive as `channel: bot`."""

    def test_they_count_for_less_than_a_person_s(self):
        """The same questions to a bot bring less engagement, trust and service, and are no breadth of contact."""
        person, bot = dims([purchase(1), *QUESTIONS]), dims([purchase(1), *BY_BOT])
        for name in ("engagement", "trust", "service", "personalisation"):
            assert 0.0 < bot[name] < person[name]
        head = record_of(fold([purchase(1), *BY_BOT])[0]).head
        assert head.seen == {}

    def test_they_weigh_differently_for_businesses_and_consumers(self):
        """A consumer may well want a bot; a business wants a person."""
        consumer = score([purchase(1), *BY_BOT], party="individual", market="consumer")
        business = score([purchase(1), *BY_BOT], party="business", market="business")
        assert business < consumer
        person = [
            score([purchase(1), *QUESTIONS], party=party, market=market)
            for party, market in (("individual", "consumer"), ("business", "business"))
        ]
        assert person[0] == person[1]

    def test_they_alone_make_no_candidate(self):
        """A year of talking to a bot every third day is a customer's."""
        told = [purchase(1), *(ticket(2 + 3 * i, f"b{i}", kind="advice", channel="bot") for i in range(60))]
        assert path(fold(history(told))[1]) == ["customer"]


@pytest.mark.row("system: rewards, play")
def test_the_play_s_rewards_follow_tenure_and_use():
    """A customer's programme rewards use, a client's appreciation grows with tenure."""
    assert "rewards grow with use" in PLAYS[PROSPECT].marketing
    assert "rewards grow with use" in PLAYS[CUSTOMER].marketing
    assert any("appreciation that grows with tenure" in action for action in PLAYS[CLIENT].actions)


@pytest.mark.row("system: surveys")
@pytest.mark.parametrize(
    "event",
    [ticket(100, kind="feedback", channel="web"), meeting(100, kind="interview"), ticket(100, csat=4)],
    ids=["feedback", "interview", "csat"],
)
def test_surveys_interviews_and_feedback_are_dialogue(event):
    """Each moves D8."""
    assert dims([purchase(1), event])["dialogue"] > dims([purchase(1)])["dialogue"]


@pytest.mark.row("system: workshops")
def test_workshops_and_webinars_are_meetings_that_count_for_less():
    """Both are contact; a webinar, watched by many, is less than a workshop, and that less than a talk of two."""
    webinar, workshop, talk = (
        dims([purchase(1), meeting(100, kind=kind)]) for kind in ("webinar", "workshop", "consultation")
    )
    for name in ("engagement", "service"):
        assert dims([purchase(1)])[name] < webinar[name] < workshop[name] < talk[name]


@pytest.mark.row("system: workshops")
def test_workshops_and_webinars_are_part_of_the_candidate_s_play():
    """What education offers a candidate."""
    assert "workshop, webinar" in PLAYS[CANDIDATE].marketing


@pytest.mark.row("system: referrals")
def test_a_referral_credits_the_account_that_is_named():
    """A buyer who names a client raises its trust and its value, by a message of the worker's own, keyed to it."""
    told = [*courtship(), purchase(165, "theirs", account="b", referred_by="a")]
    replay, _ = fold(told)
    plain, _ = fold(told[:-1])
    assert replay.offsets[m.REFERRALS] == 1
    assert state_of(replay).score > state_of(plain).score
    assert replay.records.keys() == {"a", "b"}


@pytest.mark.row("system: referrals")
def test_nobody_refers_itself_and_a_refund_refers_nobody():
    """Neither gives credit."""
    told = [purchase(1, "x", referred_by="a"), purchase(2, "y", account="b", referred_by="a", entry="refund")]
    replay, _ = fold(told)
    assert m.REFERRALS not in replay.offsets


@pytest.mark.row("system: referrals")
def test_success_story_candidates_are_named_by_the_play():
    """A client's story is told with consent; a candidate hears one of its kind."""
    assert any("success story, with consent" in action for action in PLAYS[CLIENT].actions)
    assert "a success story of its kind" in PLAYS[CANDIDATE].marketing
