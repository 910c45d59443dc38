"""The statuses: who becomes what, and who does not."""

import pytest
from story import POLICY, courtship, fold, meeting, on, path, profile, purchase, record_of, state_of, ticket

from relationship.contract.times import micros


def test_an_account_that_only_shows_up_is_a_prospect():
    """A profile and a sales talk make no customer, and no decision is told of them."""
    replay, decisions = fold([profile(0), meeting(1, kind="sales")])
    assert decisions == []
    assert state_of(replay).status == "prospect"


def test_the_first_purchase_makes_a_customer():
    """The first purchase leads out of prospect, effective when it happened, caused by its event."""
    _, decisions = fold([purchase(3, "first")])
    assert path(decisions) == ["customer"]
    assert decisions[0]["direction"] == "promotion"
    assert decisions[0]["caused_by"] == "first"
    assert decisions[0]["effective_at"] == "2024-01-04T09:00:00Z"


def test_an_agreement_makes_a_customer_without_a_purchase():
    """A contract in the profile, in force, is an exchange too."""
    _, decisions = fold([profile(0, contract={"id": "c", "kind": "retainer", "signed_on": on(-1).date()})])
    assert path(decisions) == ["customer"]


def test_a_customer_becomes_a_candidate_and_then_a_client():
    """Advice, plans, tailored work and reviews lead from customer through candidate to client, each told once."""
    replay, decisions = fold(courtship())
    assert path(decisions) == ["customer", "candidate", "client"]
    assert state_of(replay).status == "client"


@pytest.mark.parametrize("industry", ["law", "restaurant", "other"])
def test_spending_alone_never_makes_a_client(industry):
    """Two years of large purchases every third day, tailored to nobody, leave a customer a customer in every trade."""
    told = [profile(0, industry=industry), *(purchase(1 + 3 * i, amount="99999.00") for i in range(240))]
    replay, decisions = fold(told)
    assert path(decisions) == ["customer"]
    assert state_of(replay).segment.standing == "loyal"


def test_a_contract_paid_on_time_is_no_relationship():
    """A phone plan paid for two years, with a contract in force, is a customer's."""
    plan = {"id": "c", "kind": "subscription", "signed_on": on(0).date()}
    told = [profile(0, industry="telecom", contract=plan)]
    told += [
        purchase(1 + 30 * i, kind="subscription", contract_id="c", due_on=on(30 * i).date(), paid_on=on(30 * i).date())
        for i in range(24)
    ]
    assert path(fold(told)[1]) == ["customer"]


def test_meetings_nobody_came_to_make_no_client():
    """Thirty missed meetings are no engagement."""
    told = [purchase(0), *(meeting(7 * i + 1, no_show=True, initiator="us") for i in range(30))]
    replay, decisions = fold(told)
    assert path(decisions) == ["customer"]
    assert state_of(replay).score < 5


def test_our_own_unanswered_calls_make_no_client():
    """Tickets that we open and nobody answers are worth nothing, and are no sign of life."""
    calls = [ticket(5 * i + 1, kind="advice", initiator="us", channel="phone") for i in range(40)]
    replay, _ = fold([purchase(0), *calls])
    alone, _ = fold([purchase(0)])
    assert record_of(replay).head.last == record_of(alone).head.last
    assert state_of(replay).status == "customer"


def test_a_bot_counts_for_less_than_a_person():
    """The same contacts by a bot leave a customer where people make a candidate at least."""

    def contacts(channel):
        return [
            purchase(0),
            *(ticket(10 * i + 1, kind="advice", initiator="account", channel=channel) for i in range(12)),
        ]

    assert state_of(fold(contacts("bot"))[0]).status == "customer"
    assert state_of(fold(contacts("phone"))[0]).score > 2 * state_of(fold(contacts("bot"))[0]).score


def test_a_client_is_made_after_the_least_tenure_only():
    """However dense the first weeks, nobody is a client before the policy's least tenure."""
    dense = [
        profile(0),
        purchase(0.1),
        *(meeting(0.5 + i / 2, kind="planning", contract_signed=True) for i in range(100)),
    ]
    _, decisions = fold(dense)
    client = next(d for d in decisions if d["to"] == "client")
    assert client["effective_at"] >= on(POLICY.source.stays.tenure).isoformat()[:10]


def test_silence_lapses_an_account_when_the_clock_gets_there():
    """A silence longer than rhythm and trade allow is a lapse, at that moment, caused by the clock, and not before."""
    replay, _ = fold([purchase(i * 10) for i in range(5)])
    sends = list(replay.run_until(micros(on(40 + 209)), 0))
    assert sends == []
    sends = list(replay.run_until(micros(on(40 + 211)), 0))
    assert state_of(replay).status == "lapsed"
    assert state_of(replay).since == "2024-09-07T09:00:00Z"
    assert any(b'"direction":"lapse"' in (sent.value or b"") for sent in sends)


def test_a_slow_buyer_is_given_his_own_time():
    """An account that buys every 300 days has not lapsed after its industry's 210."""
    _, decisions = fold([purchase(i * 300) for i in range(4)])
    assert path(decisions) == ["customer", "lapsed", "customer"], "only the first gap, of no rhythm yet, is a lapse"


def test_a_lapse_due_before_the_next_event_is_folded_before_it():
    """The next event of a lapsed client comes back to what it was: a lapse, then a return."""
    _, decisions = fold([*courtship(), purchase(1000, "back")])
    assert path(decisions)[-2:] == ["lapsed", "candidate"]
    assert [d["direction"] for d in decisions[-2:]] == ["lapse", "return"]
    assert decisions[-1]["caused_by"] == "back"
    assert decisions[-2]["caused_by"] == decisions[-2]["effective_at"]


def test_no_sign_of_life_does_not_bring_a_lapsed_account_back():
    """A missed meeting or a profile after the lapse changes nothing."""
    _, decisions = fold([purchase(0), meeting(400, no_show=True), profile(410)])
    assert path(decisions) == ["customer", "lapsed"]


def test_a_client_whose_contact_fades_is_demoted():
    """Two years of buying goods and nothing else bring a client back to customer, by at most one step at a time."""
    _, decisions = fold([*courtship(), *(purchase(165 + 20 * i) for i in range(40))])
    assert path(decisions)[2] == "client"
    assert path(decisions)[-1] == "customer"
    assert {d["direction"] for d in decisions[3:]} == {"demotion"}


def test_late_payment_lowers_duties_and_leaves_engagement():
    """Paying late is told by its own dimension alone."""
    late = [purchase(161, due_on=on(100).date(), paid_on=on(160).date())]
    timely = [purchase(161, due_on=on(160).date(), paid_on=on(160).date())]
    good, bad = (record_of(fold([*courtship(), *extra])[0]).head for extra in (timely, late))
    assert bad.bad[12] > good.bad[12]
    assert bad.good[1] == good.good[1]
