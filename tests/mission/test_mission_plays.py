"""What the decision is for: each row of the table of plays, what to stop, and what a mistake costs."""

from importlib.resources import files

import pytest
from reading import best
from story import command, courtship, fold, on, purchase, state_of, ticket

from relationship.analysis.backtest import otherwise
from relationship.classify.plays import CANDIDATE, CLIENT, CUSTOMER, PLAYS, PROSPECT
from relationship.contract.enums import INDUSTRIES
from relationship.contract.times import DAY_US
from relationship.policy.compiled import parse_policy

TEXT = (files("relationship.policy") / "default.toml").read_text(encoding="utf-8")
ONE_BUY = [purchase(0)]
MANY_BUYS = [purchase(10 * i, f"b{i}") for i in range(20)]


def play_at(told, status):
    """Return the play that is told with the last change to a status."""
    decisions = fold(told)[1]
    return next(each["play"] for each in reversed(decisions) if each["to"] == status)


def says(text, *words):
    """Tell whether a text, or a list of texts, says each of these."""
    text = text if isinstance(text, str) else "; ".join(text)
    return all(word in text for word in words)


@pytest.mark.row("play: prospect, customer")
@pytest.mark.parametrize("status", [PROSPECT, CUSTOMER])
def test_prospects_and_customers_are_served_at_scale(status):
    """Efficient and self-serve, with broad reach, a loyalty programme, needs predicted in the mass, buying made easy."""
    play = PLAYS[status]
    assert play.service_model == "efficient, self-serve, prompt, at scale"
    assert says(play.marketing, "promotions", "offers", "social proof", "loyalty programme whose rewards grow with use")
    assert says(play.actions, "predict needs in the mass", "make buying easy")


@pytest.mark.row("play: prospect, customer")
def test_the_play_comes_with_the_decision_and_the_state():
    """The first sale brings the customer's play; a prospect's state names its own."""
    assert play_at(ONE_BUY, "customer")["name"] == "serve_at_scale"
    assert state_of(fold([ticket(0)])[0]).play == "attract"


@pytest.mark.row("play: candidate")
def test_a_candidate_is_courted():
    """A first named contact, education and a success story; a planning talk, goals and feedback."""
    play = play_at(courtship(), "candidate")
    assert play["service_model"] == "a first named contact"
    assert says(play["marketing"], "workshop", "webinar", "guide", "a success story of its kind")
    assert says(play["actions"], "planning talk", "goals", "feedback")


@pytest.mark.row("play: client")
def test_a_client_is_kept():
    """A dedicated person, one to one; check-ins, agreed outcomes, appreciation by tenure, a story with consent."""
    play = play_at(courtship(), "client")
    assert play["service_model"] == "a dedicated person, bespoke, proactive"
    assert says(play["marketing"], "one to one", "reviews", "thought leadership", "referrals", "cross-sell that fits")
    assert says(play["actions"], "regular check-ins", "outcomes", "appreciation that grows with tenure", "with consent")


@pytest.mark.row("play: lapsed")
@pytest.mark.parametrize(
    ("told", "name", "marketing"),
    [
        ([*courtship(), purchase(1100)], "win_back", "one to one"),
        ([*courtship()[:10], purchase(1100)], "win_back", "education"),
        ([*MANY_BUYS, purchase(1100, "late")], "win_back_at_scale", "broad reach"),
        ([*ONE_BUY, purchase(1100, "late")], "let_go", "broad reach"),
    ],
    ids=["a client", "a candidate", "a buyer of many purchases", "a one-off buyer"],
)
def test_a_lapsed_account_is_won_back_or_let_go_by_what_it_was_worth(told, name, marketing):
    """Marketing as it was before, in its own words; ask why, and learn from the answer."""
    play = play_at(told, "lapsed")
    assert play["name"] == name
    assert says(play["service_model"], "let go" if name == "let_go" else "win back")
    assert says(play["marketing"], marketing, "as it was before, in its own words")
    assert says(play["actions"], "ask why", "learn from the answer")


@pytest.mark.row("play: stop")
def test_every_play_says_what_to_stop():
    """No mass promotions to a client or candidate, no account manager for a customer."""
    assert says(PLAYS[CLIENT].stop, "mass promotions")
    assert says(PLAYS[CANDIDATE].stop, "mass promotions")
    assert says(PLAYS[CUSTOMER].stop, "account manager")
    lapsed = [play_at([*told, purchase(1100, "x")], "lapsed") for told in (courtship(), MANY_BUYS, ONE_BUY)]
    assert all(play["stop"] for play in lapsed)


def priced(**costs):
    """Return the default policy with costs of telecom's own."""
    own = ", ".join(f"{name} = {value}" for name, value in costs.items())
    return parse_policy(TEXT.replace("telecom          = {", f"telecom = {{ {own},", 1), "priced")


@pytest.mark.row("play: costs")
def test_the_cost_of_each_mistake_is_a_setting_by_industry():
    """A false client four times as dear in telecom moves telecom's thresholds up by twice the points, and no other's."""
    plain, dear = parse_policy(TEXT, "plain"), priced(false_client=4.0)
    moved = {
        name: dear.trade(i).client_up - plain.trade(i).client_up
        for i, name in enumerate(INDUSTRIES)
        if dear.trade(i) != plain.trade(i)
    }
    assert moved == {"telecom": round(200 * plain.source.costs.points)}
    assert dear.costs(INDUSTRIES.index("telecom")) == (4.0, 1.0)
    assert dear.costs(None) == (1.0, 1.0)


@pytest.mark.row("play: costs")
def test_the_cost_decides_who_is_a_client():
    """Where missing a client is dear, a relationship that has only begun is one, in a shop as well."""
    missed = priced(missed_client=8.0)
    begun = courtship()[1:13]
    assert best(begun, industry="telecom") == "candidate"
    assert best(begun, policy=missed, industry="telecom") == "client"


@pytest.mark.row("play: costs")
def test_a_mistake_costs_both_ways():
    """A year in which one policy says client and the other does not costs one mistake or the other."""
    year = round(365.25 * DAY_US)
    (found,) = otherwise("a", [(0, "client")], [(0, "customer")], year, (3.0, 5.0))
    assert (found.if_a, found.if_b) == (5.0, 3.0)


@pytest.mark.row("play: stop")
def test_an_override_brings_its_own_play():
    """What a person sets is what the play follows, from the moment of it."""
    held = [*ONE_BUY, command(5, "override", status="client", until=on(90))]
    assert play_at(held, "client")["name"] == "keep"
