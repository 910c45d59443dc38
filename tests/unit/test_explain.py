"""What a decision says: why, what next, the play, the evidence."""

import re

import pytest
from story import POLICY, courtship, fold, meeting, profile, purchase, record_of, state_of, ticket

from relationship.classify.fold import advance
from relationship.classify.transitions import RULES
from relationship.contract import times
from relationship.state.account import copy
from relationship.timeline.what_next import NUMBERS, STEPS, nearest


def test_every_id_of_the_evidence_is_an_event_that_was_folded():
    """Evidence names real events, none twice in a dimension, at most three."""
    told = courtship()
    ids = {message.event_id for _, message in told}
    _, decisions = fold(told)
    for decision in decisions:
        for part in decision["dimensions"]:
            assert set(part["evidence"]) <= ids
            assert len(set(part["evidence"])) == len(part["evidence"]) <= 3
            assert part["evidence"] or part["contribution"] == 0


def test_the_heaviest_event_comes_first():
    """A planning meeting outweighs a webinar of the same day."""
    _, decisions = fold([*courtship()[:5], meeting(60, "web", kind="webinar"), meeting(60.1, "plan"), *courtship()[5:]])
    parts = {part["name"]: part for part in decisions[-1]["dimensions"]}
    assert "web" not in parts["engagement"]["evidence"]


def test_what_next_is_the_least_that_would_do():
    """The evidence that `what_next` asks for changes the status, one piece less does not, nor as little of another kind."""
    head = record_of(fold(courtship()[:6])[0]).head
    best = nearest(head, POLICY)
    for step in STEPS[head.status]:
        trial, t = copy(head), best.since
        for number in range(1, best.pieces + 1):
            assert trial.effective_status == head.effective_status
            advance(trial, step.fact(t), POLICY)
            t += 7 * times.DAY_US
            if step is best.step:
                assert (trial.effective_status == best.target) == (number == best.pieces)


def test_what_next_is_a_sentence_in_the_contract_s_terms():
    """It starts with a capital, ends with a full stop and names a status."""
    for decision in fold([*courtship(), purchase(1000)])[1]:
        assert re.fullmatch(r"[A-Z].*\.", decision["what_next"])
        assert re.search(r"customer|candidate|client|lapsed", decision["what_next"])


def test_why_says_what_carried_it_and_what_tipped_it():
    """A promotion to client names its dimensions in words, and the event by kind and day."""
    decision = fold(courtship())[1][-1]
    assert decision["to"] == "client"
    assert "tipped it" in decision["why"]
    assert "of its" in decision["why"]
    assert decision["effective_at"][:10] in decision["why"]


@pytest.mark.parametrize(
    ("told", "play", "stop"),
    [
        ([purchase(1)], "serve_at_scale", "account manager"),
        (courtship(), "keep", "mass promotions"),
    ],
)
def test_a_play_says_what_to_do_and_what_to_stop(told, play, stop):
    """The play fits the status told, and names what would cost money."""
    decision = fold(told)[1][-1]
    assert decision["play"]["name"] == play
    assert any(stop in each for each in decision["play"]["stop"])
    assert decision["play"]["actions"]


def test_a_lapsed_account_is_won_back_by_what_it_was_worth():
    """A relationship is won back; a one-off buyer is let go."""
    bought, advised = ([purchase(0), purchase(900)], [*courtship(), purchase(1100)])
    lapse = [next(d for d in fold(told)[1] if d["to"] == "lapsed") for told in (bought, advised)]
    assert [d["play"]["name"] for d in lapse] == ["let_go", "win_back"]


def test_the_segment_is_another_axis_than_the_status():
    """Wholesale buyers who never talk are loyal customers."""
    told = [profile(0, industry="grocery", market="wholesale"), *(purchase(7 * i + 1) for i in range(80))]
    replay, decisions = fold(told)
    assert decisions[-1]["to"] == "customer"
    assert decisions[-1]["segment"]["market"] == "wholesale"
    assert next(replay.states(POLICY)).segment.standing == "loyal"


def test_every_status_can_be_entered_and_left():
    """The rules, with the lapse and the override, leave no status without a way in and a way out."""
    assert {rule.source for rule in RULES} == set(range(5))
    assert {rule.target for rule in RULES} | {4} == set(range(5))
    assert len(NUMBERS) == 7


def test_a_ticket_s_changes_count_for_less_than_a_new_ticket():
    """Five updates of one ticket are less contact than five tickets."""
    one = [purchase(0), *(ticket(i + 1, status="updated", ticket_id="t") for i in range(5))]
    five = [purchase(0), *(ticket(i + 1, ticket_id=f"t{i}") for i in range(5))]
    good = [record_of(fold(told)[0]).head.good[1] for told in (one, five)]
    assert good[0] < good[1]


def test_confidence_is_that_of_the_standing_told():
    """A customer who only buys is one for sure; a client just over the bar may be none, and is surer with more evidence."""
    assert state_of(fold([purchase(i, f"p{i}") for i in range(3)])[0]).confidence > 0.95
    decision = fold(courtship())[1][-1]
    assert decision["to"] == "client"
    assert 0.4 < decision["confidence"] < 0.7
    more = [meeting(165 + 7 * i, f"more{i}", outcome_met=True, requirement_change=True) for i in range(8)]
    assert state_of(fold([*courtship(), *more])[0]).confidence > 0.8
