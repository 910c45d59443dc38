"""Which events are named as evidence: the heaviest at the moment of the look, by their decayed mass."""

import pytest
from story import POLICY, command, meeting, on, profile, purchase, ticket

from relationship.classify.evidence import EVIDENCE_KEPT, evidence_of
from relationship.classify.fold import advance, fresh
from relationship.contract.names import INDEX
from relationship.state.account import TICKETS_REMEMBERED
from relationship.state.facts_from_messages import fact_of


def evidence(*told, dimension):
    """Fold messages in order; return the ids named for a dimension."""
    facts, account = [fact_of(message) for _, message in told], fresh()
    for fact in facts:
        advance(account, fact, POLICY)
    return evidence_of(facts, account, POLICY)[INDEX[dimension]]


def test_evidence_fades_with_its_age():
    """Two half-lives ago a planning meeting (1.2) weighs 0.3, less than today's talk (0.4), more than a webinar."""
    days = 2 * POLICY.source.dimensions["engagement"].half_life
    told = [meeting(0, "plan"), meeting(days, "talk", kind="negotiation"), meeting(days, "web", kind="webinar")]
    assert evidence(*told, dimension="engagement") == ["talk", "plan", "web"]
    assert evidence(meeting(days, "plan"), *told[1:], dimension="engagement") == ["plan", "talk", "web"]


@pytest.mark.parametrize(("by", "worked_off"), [(None, 60), (7, 100)])
def test_what_an_end_set_aside_is_no_evidence_any_more(by, worked_off):
    """Until it is worked off: 60 days, of a notice 100; and of contact and tailoring alone: trust stays."""
    days = (1, 2, 2 + worked_off - 0.001, 2 + worked_off)
    told = [fact_of(meeting(day, f"m{number}")[1]) for number, day in enumerate(days)]
    account = fresh()
    for fact in told:
        advance(account, fact, POLICY)
    account.ended, account.ended_by = told[1].t, by
    found = evidence_of(told, account, POLICY)
    assert found[INDEX["engagement"]] == found[INDEX["personalisation"]] == ["m3"]
    assert len(found[INDEX["trust"]]) == 3


def test_three_are_named_and_the_first_of_equals_comes_first():
    """Equal weights stand in the order of the events; the fourth is left out."""
    told = [meeting(1, name) for name in ("d", "c", "b", "a")]
    assert EVIDENCE_KEPT == 3
    assert evidence(*told, dimension="engagement") == ["d", "c", "b"]


def test_what_speaks_against_is_evidence_too():
    """By whichever of its two masses is the larger; an event of no weight in a dimension is not named."""
    told = [purchase(1, "goods"), purchase(2, "advice", kind="advice"), purchase(3, "mixed", kind="service")]
    assert evidence(*told, dimension="bought") == ["advice", "goods", "mixed"]
    assert evidence(*told, dimension="trust") == ["advice"]


def test_several_effects_of_one_event_weigh_together():
    """An advice ticket that pleased outweighs one that said nothing, though it came first."""
    told = [ticket(1, "liked", kind="advice", sentiment=1.0), ticket(1.001, "plain", kind="advice")]
    assert evidence(*told, dimension="trust") == ["liked", "plain"]
    assert evidence(*told[::-1], dimension="trust") == ["liked", "plain"]


def test_a_known_ticket_weighs_as_a_change_of_one():
    """As when it was folded: once it is forgotten a change weighs as one still, and only another opening as a new one."""
    change = ticket(20, "change", ticket_id="x", kind="advice", status="closed")
    opening = ticket(20, "change", ticket_id="x", kind="advice", status="opened")
    others = [ticket(10 + i / 100, f"q{i}", kind="question") for i in range(TICKETS_REMEMBERED)]
    told = [ticket(1, "x", kind="advice"), *others[:-1]]
    assert evidence(*told, change, dimension="trust")[:2] == ["x", "change"]
    assert evidence(*told, opening, dimension="trust")[:2] == ["x", "change"]
    told = [ticket(1, "x", kind="advice"), *others]
    assert evidence(*told, change, dimension="trust")[:2] == ["x", "change"]
    assert evidence(*told, opening, dimension="trust")[:2] == ["change", "x"]


def test_duration_names_the_first_and_the_last_sign_of_life():
    """Once where they are one; what is no sign of life is not named."""
    told = [profile(0), purchase(1, "first"), purchase(2), purchase(3, "last"), meeting(4, no_show=True)]
    assert evidence(*told, dimension="duration") == ["first", "last"]
    assert evidence(*told[:2], dimension="duration") == ["first"]
    assert evidence(told[0], dimension="duration") == []


def test_breadth_names_the_last_purchases_that_opened_a_line():
    """One line is no breadth; of five the last three, each by its first purchase."""
    told = [purchase(40 * i, name, category=name) for i, name in enumerate("abcde")]
    assert evidence(told[0], purchase(1, "z", category="a"), dimension="breadth") == []
    assert evidence(*told[:2], purchase(50, "z", category="a"), dimension="breadth") == ["a", "b"]
    assert evidence(*told, dimension="breadth") == ["c", "d", "e"]


def test_a_profile_stands_behind_what_it_says():
    """An agreement behind commitment, a named manager behind service, after the events; goals alone behind neither."""
    contract = {"id": "c", "kind": "retainer", "signed_on": on(0).date()}
    signed = [meeting(1, "signed", contract_signed=True), profile(2, "p", contract=contract)]
    assert evidence(*signed, dimension="commitment") == ["signed", "p"]
    assert evidence(*signed, dimension="service") == ["signed"]
    named = [meeting(1, "m"), profile(2, "p", account_manager="x", goals="y")]
    assert evidence(*named, dimension="service") == ["m", "p"]
    assert evidence(*named, dimension="commitment") == []
    assert evidence(profile(2, "p", goals="y"), dimension="service") == []
    assert evidence(command(1, "release"), dimension="engagement") == []
