"""The sentences of a decision, word for word: why it was made, what would come next, and what to do with the account.

Numbers and days are those of the policy that comes with the package.
"""

import pytest
from story import POLICY, command, courtship, fold, meeting, on, profile, purchase, record_of, ticket

from relationship.classify.plays import LET_GO, PLAYS, WIN_BACK
from relationship.classify.timers import StatusChange
from relationship.classify.transitions import Reading, read
from relationship.contract.names import DIMENSIONS
from relationship.contract.times import DAY_US, micros
from relationship.state import facts as f
from relationship.state.account import CANDIDATE, CLIENT, CUSTOMER, LAPSED, PROSPECT, Account, Override
from relationship.state.facts_from_messages import fact_of
from relationship.timeline.explain import describe, dimension_parts, why
from relationship.timeline.state_message import since_of
from relationship.timeline.what_next import (
    ADVICE,
    APART_US,
    MOST_STEPS,
    NUMBERS,
    PLANNING,
    PURCHASE,
    REVIEW,
    STEPS,
    what_next,
)

SIGNED = {"id": "c", "kind": "retainer", "signed_on": on(-1).date()}


def plans(count, status, since, until, silence=None):
    """Return what comes next where planning meetings do, with all that they are taken to be."""
    lapse = f"; silence until {silence} would make it lapsed" if silence else ""
    return (
        f"{count} planning meetings of an hour in person, which it asks for and whose outcomes are met, a week apart, the "
        f"first between {since} and {until}, would make it a {status}{lapse}."
    )


def told(messages):
    """Fold messages; return each decision's two sentences."""
    return [(each["why"], each["what_next"]) for each in fold(messages)[1]]


def test_the_sentences_of_a_courtship():
    """Each names what carries the score, in points of it, what tipped it, and the least that would change it again."""
    assert told(courtship()) == [
        (
            "Its first agreement or purchase: the purchase of goods of 2024-01-02.",
            plans("Three", "candidate", "2024-02-16", "2024-03-01", "2024-06-30"),
        ),
        (
            (
                "From customer to candidate: 3 meetings and 1 ticket since 2024-03-01, one in 9 days where one in 30 is "
                "usual; trust, regular contact and work tailored to them bring 29 of its 40 points; the check-in meeting of "
                "2024-04-05 tipped it."
            ),
            plans("Three", "client", "2024-05-20", "2024-06-03", "2024-10-02"),
        ),
        (
            (
                "From candidate to client: 5 meetings and 1 ticket since 2024-03-01, one in 12 days where one in 30 is "
                "usual; regular contact, trust and work tailored to them bring 35 of its 54 points; the planning meeting of "
                "2024-05-10 tipped it."
            ),
            (
                "If it meets and writes to nobody, a purchase of goods after 2024-07-05 no longer keeps it a client; a "
                "notice would end it at once; silence until 2024-09-04 would make it lapsed."
            ),
        ),
    ]


def test_the_sentences_of_a_lapse_and_a_return():
    """The days of silence, and what it was before."""
    assert told([*courtship(), purchase(1000)])[-2:] == [
        (
            (
                "No sign of life for 117 days, since 2024-06-09: its own rhythm was one every 14 days, and 117 days of "
                "silence are allowed by that, its history and its industry."
            ),
            "A purchase of goods, between 2024-11-18 and 2024-12-02, would make it a candidate.",
        ),
        (
            (
                "Back after a silence, with the purchase of goods of 2026-09-27; it was a client before, and the time they "
                "have known us, regular contact and loyalty bring 4 of its 5 points."
            ),
            "No 6 pieces of one kind of evidence would change it; silence until 2028-09-26 would make it lapsed.",
        ),
    ]


def test_the_sentences_of_an_override():
    """Until when a person holds it; at its end what the evidence says."""
    held = [purchase(0), command(2, "override", status="client", until=on(9)), purchase(20)]
    assert told(held)[1:] == [
        (
            "A person set it to client until 2024-01-10.",
            "Held by a person until 2024-01-10; then the evidence decides again.",
        ),
        (
            "The override has ended, and the evidence says customer.",
            plans("Three", "candidate", "2024-02-15", "2024-02-29", "2024-07-29"),
        ),
    ]


def test_the_sentences_of_a_demotion_and_of_a_correction():
    """The points that are left, and the event that showed that a decision no longer holds."""
    faded = told([*courtship(), *(purchase(165 + 20 * i) for i in range(40))])
    assert faded[3] == (
        (
            "The relationship has faded to 46 points by 2024-08-14: its last contact with people was 66 days before, where "
            "one in 30 is usual; trust, regular contact and work tailored to them bring 27 of its 46 points."
        ),
        plans("Two", "client", "2024-09-28", "2024-10-12", "2025-02-09"),
    )
    assert told([purchase(10, "s"), purchase(5, "f")])[1][0] == (
        "The promotion from prospect to customer of 2024-01-11 no longer holds: event f came late, or corrected what had "
        "been told."
    )


def test_an_account_without_a_sign_of_life_cannot_lapse():
    """An agreement makes a customer, and no silence is spoken of."""
    assert told([profile(0, contract=SIGNED)]) == [
        (
            "Its first agreement or purchase: the profile of 2024-01-01.",
            plans("Two", "candidate", "2024-02-15", "2024-02-29"),
        )
    ]


def test_what_no_evidence_of_one_kind_would_change():
    """A client that cannot lapse, a customer against whom everything speaks, and a prospect who need only buy."""
    client = Account(t=micros(on(0)), status=CLIENT, since=micros(on(0)))
    assert what_next(client, POLICY) == (
        "If it meets and writes to nobody, a purchase of goods after 2024-01-08 no longer keeps it a client; a notice would "
        "end it at once."
    )
    customer = Account(t=micros(on(0)), status=CUSTOMER, since=micros(on(0)), bought=micros(on(0)))
    customer.bad[1] = customer.bad[2] = customer.bad[4] = 1e6
    assert what_next(customer, POLICY) == "No 6 pieces of one kind of evidence would change it."
    customer.last = customer.t
    assert what_next(customer, POLICY) == (
        "No 6 pieces of one kind of evidence would change it; silence until 2024-07-29 would make it lapsed."
    )
    assert what_next(Account(t=micros(on(0))), POLICY) == (
        "A purchase of goods, between 2024-01-08 and 2024-01-22, would make it a customer."
    )


def test_the_kinds_of_evidence_that_are_tried():
    """Each as the fact that its words say: an hour's meeting that the account asked for, a ticket of its own, a sale."""
    t = 5 * DAY_US
    assert (MOST_STEPS, APART_US, len(NUMBERS)) == (6, 7 * DAY_US, 7)
    facts = {step: step.fact(t) for steps in STEPS.values() for step in steps}
    assert facts == {
        PLANNING: f.MeetingFact(t, "", 4, 60.0, 0, 0, 1, 1, f.OUTCOME_MET),
        REVIEW: f.MeetingFact(t, "", 5, 60.0, 0, 0, 1, 1, f.OUTCOME_MET),
        ADVICE: f.TicketFact(t, "", t & 0xFFFFFFFF, 0, 4, 0, 0, None, None, 0, None),
        PURCHASE: f.PurchaseFact(t, "", "1", "EUR", 0, 0, None, None, None),
    }
    for step in (PLANNING, REVIEW):
        for words in (step.one, step.many):
            assert all(each in words for each in ("of an hour", "in person", "it asks for", "met"))
    assert "by e-mail" in ADVICE.one
    assert "asks for advice" in ADVICE.one
    assert {
        PROSPECT: (PURCHASE,),
        CUSTOMER: (ADVICE, PLANNING, REVIEW),
        CANDIDATE: (PLANNING, REVIEW, ADVICE),
        CLIENT: (),
        LAPSED: (PURCHASE,),
    } == STEPS


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (purchase(1, kind="goods"), "the purchase of goods of 2024-01-02"),
        (purchase(1, kind="advice"), "the purchase of advice of 2024-01-02"),
        (purchase(1, kind="service"), "the purchase of a service of 2024-01-02"),
        (purchase(1, kind="service", entry="refund"), "the refund of 2024-01-02"),
        (meeting(1, kind="check_in"), "the check-in meeting of 2024-01-02"),
        (ticket(1, kind="requirement_change"), "the requirement change ticket of 2024-01-02"),
        (profile(1), "the profile of 2024-01-02"),
        (command(1, "release"), "the command of 2024-01-02"),
    ],
)
def test_a_fact_in_a_few_words(message, words):
    """Its kind and its day."""
    assert describe(fact_of(message[1])) == words


def test_the_clock_and_a_referral_in_a_few_words():
    """Where no fact is behind it, and where another account's purchase is."""
    assert describe(None) == "the clock"
    assert describe(f.ReferralFact(micros(on(1)), "r")) == "the referral of 2024-01-02"


def reading(*contributions):
    """Return a reading in which the first dimensions contribute so many hundredths of a point."""
    parts = [*contributions, *[0] * (len(DIMENSIONS) - len(contributions))]
    return Reading(sum(parts), [0.0] * len(DIMENSIONS), parts, POLICY.trade(None), POLICY)


def sentence(direction, target, by, account=None, cause=None):
    """Return why an account became this."""
    change = StatusChange(micros(on(9)), CUSTOMER, target, direction, "x", account or Account())
    return why(change, cause, by)


def test_what_carries_a_score_in_words():
    """One dimension brings, several bring; three at most, the largest first; without any it was the purchase."""
    tipped = "it had stood so for the least time on 2024-01-10."
    assert sentence("promotion", CLIENT, reading(250)) == (
        f"From customer to client: the time they have known us brings 2 of its 2 points; {tipped}"
    )
    assert sentence("promotion", CANDIDATE, reading(100, 300)) == (
        f"From customer to candidate: regular contact and the time they have known us bring 4 of its 4 points; {tipped}"
    )
    assert sentence("promotion", CLIENT, reading(100, 400, 300, 200)) == (
        "From customer to client: regular contact, work tailored to them and the advice and services they buy bring 9 of "
        f"its 10 points; {tipped}"
    )
    assert "nothing but the purchase itself" in sentence("promotion", CLIENT, reading())


def test_other_changes_in_words():
    """A lapse without a sign of life has no days; a customer without a cause is one now."""
    assert sentence("lapse", LAPSED, reading()).startswith("No sign of life for 0 days,")
    silent = Account(last=micros(on(9)) - 3 * DAY_US + 1)
    assert sentence("lapse", LAPSED, reading(), silent).startswith("No sign of life for 2 days,")
    assert sentence("promotion", CUSTOMER, reading()) == "It is a customer now."
    held = Account(override=Override(CLIENT, micros(on(20))))
    assert sentence("override", CLIENT, reading(), held) == "A person set it to client until 2024-01-21."
    assert sentence("override", CLIENT, reading()) == "The override has ended, and the evidence says client."


@pytest.mark.parametrize(
    ("cause", "words"),
    [(None, "as was agreed"), (ticket(9, kind="cancellation"), "by the cancellation ticket of 2024-01-10")],
)
def test_the_end_of_an_agreement_says_what_ended_it(cause, words):
    """Its last day, as was agreed, or a notice."""
    ended = StatusChange(micros(on(9)), CLIENT, CUSTOMER, "demotion", "x", Account(ended=micros(on(9))))
    told = why(ended, cause and fact_of(cause[1]), reading())
    assert told == f"Its agreement ended on 2024-01-10, {words}: a client no more."


def test_dimensions_are_published_by_what_they_contribute():
    """The largest first, of equal ones in their own order, with value, weight and the events behind each."""
    parts = dimension_parts(reading(100, 300, 100), [[str(i)] for i in range(14)])
    assert [part.name for part in parts[:4]] == ["engagement", "duration", "personalisation", "bought"]
    assert [part.contribution for part in parts[:4]] == [3.0, 1.0, 1.0, 0.0]
    assert [part.evidence for part in parts[:3]] == [["1"], ["0"], ["2"]]
    assert parts[0].weight == POLICY.trade(None).weights[1]
    whole = read(record_of(fold(courtship())[0]).head, POLICY)
    assert [part.value for part in dimension_parts(whole, [[]] * 14)] == [
        round(whole.values[i], 4) for i in sorted(range(14), key=lambda i: (-whole.contributions[i], i))
    ]


def test_since_when_a_status_is_in_force():
    """The last decision's moment; without a decision the first sign of life, and without one the last fact's."""
    assert since_of(record_of(fold([purchase(3), purchase(5)])[0])) == micros(on(3))
    assert since_of(record_of(fold([meeting(4, kind="sales"), profile(5)])[0])) == micros(on(4))
    assert since_of(record_of(fold([profile(5)])[0])) == micros(on(5))


def test_every_play_says_how_to_serve_and_how_to_market():
    """What is done, what is said and what is stopped, for each status, as the mission's table has it."""
    whole = {**PLAYS, **{("was", status): play for status, play in WIN_BACK.items()}, "else": LET_GO}
    assert {key: (play.name, play.service_model[:16], play.marketing[:12]) for key, play in whole.items()} == {
        PROSPECT: ("attract", "efficient, self-", "broad reach:"),
        CUSTOMER: ("serve_at_scale", "efficient, self-", "broad reach:"),
        CANDIDATE: ("court", "a first named co", "education: w"),
        CLIENT: ("keep", "a dedicated pers", "one to one: "),
        ("was", CLIENT): ("win_back", "win back: the pe", "one to one: "),
        ("was", CANDIDATE): ("win_back", "win back: its fi", "education: w"),
        ("was", CUSTOMER): ("win_back_at_scale", "win back: one of", "broad reach:"),
        "else": ("let_go", "let go: self-ser", "broad reach:"),
    }
    assert all(play.marketing.endswith("; as it was before, in its own words") for play in (*WIN_BACK.values(), LET_GO))
    assert [play.actions[0] for play in whole.values()] == [
        "make buying easy",
        "make buying easy",
        "invite to a planning talk",
        "hold regular check-ins",
        *["ask why"] * 4,
    ]
    assert [play.stop[0] for play in whole.values()] == [
        "a named account manager's hours",
        "a named account manager's hours",
        *["mass promotions and generic offers"] * 4,
        *["a named account manager's hours"] * 2,
    ]
