"""A relationship has its own cadence, an end is an end, and marks are no relationship: the page's points, one by one."""

import json
from collections.abc import Iterable
from typing import Any

import pytest
from story import NOW_US, POLICY, command, courtship, fold, meeting, on, path, profile, purchase, ticket

from relationship.contract.outcome import RECLASSIFIED
from relationship.contract.times import micros

YEARS = 5
CLIENTS_KINDS = ("consultation", "planning", "review", "check_in")


def until(told: Iterable[Any], days: float) -> list[dict[str, Any]]:
    """Fold messages, let the clock run to a day; return the decisions."""
    replay, decisions = fold(told)
    sends = replay.run_until(micros(on(days)), NOW_US)
    return decisions + [json.loads(sent.value) for sent in sends if sent.topic == RECLASSIFIED]


def begun(industry: str, **fields: Any):
    """A relationship that begins: an agreement, a month of talks."""
    contract = {"id": "c", "kind": "engagement", "signed_on": on(0).date()}
    told = [profile(0, industry=industry, contract=contract, account_manager="m", **fields), purchase(1, kind="advice")]
    for day, kind in ((2, "onboarding"), (8, "planning"), (15, "consultation"), (22, "planning"), (30, "review")):
        told.append(meeting(day, kind=kind, outcome_met=True))
    return [*told, ticket(35, kind="advice", initiator="account")]


def after_the_first_client(decisions) -> list[str]:
    """The statuses told after the account had become a client."""
    told = path(decisions)
    return told[told.index("client") + 1 :]


@pytest.mark.parametrize(
    ("industry", "days"),
    [
        ("financial_advice", [91 * n for n in range(1, 4 * YEARS)]),
        ("accounting", [365 * n + extra for n in range(1, YEARS + 1) for extra in (0, 10, 24)]),
        ("other", [365 * n + week * 7 for n in range(YEARS) for week in range(6, 36)]),
    ],
    ids=["once a quarter", "once a year", "a gardener's winters"],
)
def test_a_client_of_its_own_cadence_stays_one_over_five_years(industry, days):
    """Once it is a client nothing else is told of it, however long its usual silence is."""
    told = begun(industry)
    told += [
        meeting(day, kind=CLIENTS_KINDS[number % 4], outcome_met=True, requirement_change=number % 3 == 0)
        for number, day in enumerate(days)
        if day > 36
    ]
    assert after_the_first_client(until(told, days[-1] + 20)) == []


def test_a_yearly_review_for_six_years():
    """An insurer's client, seen once a year at the renewal: no lapse between two reviews."""
    told = begun("insurance")
    for year in range(1, 7):
        told += [meeting(365 * year, kind="review", outcome_met=True), purchase(365 * year + 3, kind="advice")]
    assert after_the_first_client(until(told, 365 * 6 + 30)) == []


def test_no_contact_demotes_by_having_come():
    """What has faded is told by the clock: no meeting and no ticket that came is the cause of a demotion."""
    told = [*courtship(), *(purchase(165 + 20 * i) for i in range(12)), meeting(400, kind="webinar"), ticket(410)]
    ids = {message.event_id for _, message in told}
    demotions = [each for each in until(told, 600) if each["direction"] == "demotion"]
    assert demotions
    assert not [each for each in demotions if each["caused_by"] in ids]


def noticed(*more):
    """A client that gives notice on day 100."""
    notice = ticket(100, "n", ticket_id="N", kind="cancellation", reason="need_ended")
    return [*begun("consulting"), *(meeting(day, kind="check_in") for day in range(42, 98, 7)), notice, *more]


def test_a_notice_ends_it_that_day_though_it_is_worked_off():
    """Customer from the notice on; the handover's meetings make no client of it, and `why` says that it ended."""
    decisions = until(noticed(*(meeting(day, kind="consultation") for day in range(105, 180, 10))), 180)
    end = next(each for each in decisions if each["from"] == "client")
    assert (end["to"], end["direction"]) == ("customer", "demotion")
    assert end["effective_at"][:10] == on(100).date().isoformat()
    assert "agreement ended" in end["why"]
    assert "client" not in after_the_first_client(decisions)


@pytest.mark.parametrize(
    "undo",
    [
        ticket(104, "w", ticket_id="N", kind="question", status="updated"),
        command(104, "correct", "w", corrects="n", value=None),
    ],
    ids=["withdrawn", "erased"],
)
def test_a_notice_taken_back_undoes_the_end(undo):
    """It is a client again, with the evidence that it had."""
    decisions = until(noticed(undo, *(meeting(day, kind="check_in") for day in (110, 117, 124, 131))), 135)
    assert path(decisions)[-1] == "client"


def worked_off(*more):
    """A notice that is worked off over three months with a talk every ten days."""
    return noticed(*(meeting(day, outcome_met=True) for day in range(105, 196, 10)), *more)


def test_what_a_notice_was_worked_off_with_is_no_new_engagement():
    """A question after the notice's hundred days brings none of it back: no client, however close the talks were."""
    questions = [ticket(day, initiator="account") for day in (202, 215, 230)]
    assert "client" not in after_the_first_client(until(worked_off(*questions), 240))


def test_who_signs_again_has_what_the_notice_was_worked_off_with():
    """A new agreement undoes the end: what was set aside counts again, whether from before the notice or after it."""
    contract = {"id": "d", "kind": "engagement", "signed_on": on(197).date()}
    again = [profile(197, industry="consulting", contract=contract), meeting(201, kind="planning")]
    back, without = (until(told, 208)[-1] for told in (worked_off(*again), noticed(*again)))
    assert back["to"] == "client"
    shown = [{each["name"]: each["value"] for each in decision["dimensions"]} for decision in (back, without)]
    assert all(shown[0][name] > shown[1][name] + 0.1 for name in ("engagement", "personalisation"))


def test_new_engagement_after_an_end_makes_a_client_again():
    """Talks that go on for nine months after a notice: by what came once it was worked off, half a year at most."""
    decisions = until(
        noticed(*(meeting(d, outcome_met=True, requirement_change=True) for d in range(110, 380, 10))), 380
    )
    assert path(decisions)[-1] == "client"


def test_an_agreement_taken_from_the_profile_or_past_its_last_day_is_an_end():
    """The one with the profile, the other by the clock on that very day, whether or not anybody says more."""
    taken = until([*begun("consulting"), profile(60, contract=None)], 61)
    assert path(taken)[-1] == "customer"
    contract = {"id": "c", "kind": "engagement", "signed_on": on(0).date(), "ends_on": on(70).date()}
    past = until([*begun("consulting"), profile(40, contract=contract)], 75)
    assert path(past)[-1] == "customer"
    assert past[-1]["effective_at"][:10] == on(70).date().isoformat()
    renewed = contract | {"ends_on": on(400).date()}
    again = [
        *begun("consulting"),
        profile(40, contract=contract),
        profile(72, contract=renewed),
        meeting(80),
        meeting(87),
    ]
    assert path(until(again, 95))[-1] == "client"


def test_a_course_of_five_weeks_is_an_episode():
    """Ten sessions and an end: half a year later it is no client."""
    told = [profile(0, industry="other"), purchase(1, kind="service")]
    told += [meeting(3 + 3.5 * n, kind="workshop", channel="in_person") for n in range(10)]
    assert path(until(told, 220))[-1] != "client"


@pytest.mark.parametrize(("last_day", "becomes"), [(90, False), (91, True), (None, True)])
def test_an_agreement_over_within_a_season_is_of_an_episode(last_day, becomes):
    """However close the work is: a client is one by the agreement that outlasts ninety days of its first day."""
    told = begun("consulting")
    ends = None if last_day is None else on(last_day).date()
    contract = {"id": "c", "kind": "engagement", "signed_on": on(0).date(), "ends_on": ends}
    told[:2] = [profile(0, industry="consulting", contract=contract), purchase(0.5, kind="advice")]
    assert ("client" in path(until(told, 60))) is becomes


def test_marks_are_no_relationship():
    """A box tailored by a quiz, five stars after every order by phone, a plan with a nominal manager: customers all."""
    plan = {"id": "c", "kind": "subscription", "signed_on": on(0).date()}
    box = [profile(0, industry="retail", contract=plan)]
    box += [purchase(30 * n, kind="subscription", customised=True, contract_id="c") for n in range(1, 25)]
    phone = [profile(0, industry="telecom", contract=plan, account_manager="m")]
    phone += [purchase(30 * n, kind="subscription", contract_id="c", channel="phone") for n in range(1, 25)]
    stars = [profile(0, industry="restaurant")]
    for n in range(1, 50):
        stars += [purchase(14 * n, channel="phone"), ticket(14 * n + 1, kind="feedback", csat=5, status="closed")]
    bot = [purchase(0)]
    bot += [ticket(4 * n, kind="advice", channel="bot", csat=5, initiator="account") for n in range(1, 150)]
    for told in (box, phone, stars, bot):
        assert "client" not in path(until(told, 700))


def test_work_in_the_house_and_work_that_goes_on_is_custom_without_a_bill():
    """An internal account is a customer with the first talk, any other that is never billed once the work goes on."""
    assert path(fold([profile(0, scope="internal"), meeting(1, kind="consultation")])[1]) == ["customer"]
    assert "customer" in path(fold([meeting(1 + 20 * n, kind="consultation") for n in range(6)])[1])
    assert path(fold([meeting(1 + 20 * n, kind="sales") for n in range(6)])[1]) == []


def test_whoever_has_just_signed_is_welcomed():
    """The play of its first standing is a welcome and no self-service; a phone plan's is not."""
    engaged = fold([meeting(1, kind="negotiation", contract_signed=True)])[1][0]
    assert (engaged["to"], engaged["play"]["name"]) == ("customer", "welcome")
    plan = {"id": "c", "kind": "subscription", "signed_on": on(0).date()}
    signed = [profile(0, industry="telecom", contract=plan), meeting(1, kind="sales", contract_signed=True)]
    assert fold(signed)[1][0]["play"]["name"] == "serve_at_scale"
    later = [meeting(1, kind="negotiation", contract_signed=True), purchase(90), ticket(91)]
    replay, _ = fold(later)
    assert next(replay.states(POLICY)).play == "serve_at_scale"


def test_a_lapse_says_the_silence_the_rhythm_and_what_was_allowed():
    """In days, with the day since when."""
    lapse = next(each for each in until(courtship(), 400) if each["to"] == "lapsed")
    assert "days, since 2024-06-09" in lapse["why"]
    assert "its own rhythm was one every 14 days" in lapse["why"]
    assert "117 days of silence are allowed" in lapse["why"]
