"""What one fact is evidence of: which rows of the policy its parts add up to, and whether it is a sign of life."""

from collections import defaultdict

import pytest
from story import POLICY, command, meeting, on, profile, purchase, ticket

from relationship.classify.signals import answered, effects_of, is_by_bot, person_factor, remember, sign_of_life
from relationship.contract import enums
from relationship.contract.names import INDEX
from relationship.state import facts as f
from relationship.state.account import Account
from relationship.state.facts_from_messages import fact_of

EXTRA = POLICY.extra
SERVICE = INDEX["service"]
NEW = Account()


def fact(told):
    """Return the fact of a message."""
    return fact_of(told[1])


def total(effects):
    """Return effects by dimension, as (mass for, mass against), to twelve digits."""
    found = defaultdict(lambda: (0.0, 0.0))
    for i, good, bad in effects:
        found[i] = found[i][0] + good, found[i][1] + bad
    return {i: (round(good, 12), round(bad, 12)) for i, (good, bad) in found.items() if good or bad}


def effects(told, account=NEW):
    """Return what a message's fact is evidence of."""
    return total(effects_of(fact(told), account, POLICY))


def times(rows, factor):
    """Return rows of the policy, scaled."""
    return [(i, good * factor, bad * factor) for i, good, bad in rows]


@pytest.mark.parametrize("kind", enums.PURCHASE_KINDS)
def test_a_purchase_is_evidence_by_its_kind(kind):
    """The row of its kind and no more."""
    index = enums.PURCHASE_KINDS.index(kind)
    assert effects(purchase(1, kind=kind)) == total(POLICY.purchase[index])


@pytest.mark.parametrize(
    ("fields", "row"),
    [
        ({"customised": True}, "customised"),
        ({"discount_code": "X"}, "discounted"),
        ({"list_price": "10.01"}, "discounted"),
        ({"list_price": "10.00"}, "full_price"),
        ({"list_price": "9.99"}, "premium"),
        ({"contract_id": "c"}, "under_contract"),
        ({"due_on": on(4).date(), "paid_on": on(4).date()}, "paid_on_time"),
        ({"due_on": on(4).date(), "paid_on": on(5).date()}, "paid_late"),
        ({"channel": "rep"}, "by_person"),
        ({"channel": "phone"}, "by_person"),
    ],
)
def test_a_purchases_particulars_add_their_rows(fields, row):
    """Each adds its row to that of the kind: a day late is late, a cent below list is a discount."""
    assert effects(purchase(1, **fields)) == total([*POLICY.purchase[0], *EXTRA[row]])


@pytest.mark.parametrize("fields", [{"channel": "web"}, {"channel": "bot"}, {"due_on": on(4).date()}, {"quantity": 9}])
def test_other_particulars_of_a_purchase_add_nothing(fields):
    """A shop's own channels, a due day without a payment, a quantity."""
    assert effects(purchase(1, **fields)) == total(POLICY.purchase[0])


def test_a_refund_is_its_own_row_alone():
    """Whatever else the refunded purchase was."""
    assert effects(purchase(1, entry="refund", customised=True, channel="rep")) == total(EXTRA["refund"])


@pytest.mark.parametrize(
    ("fields", "counts"),
    [
        ({"initiator": "account"}, True),
        ({}, True),
        ({"initiator": "us"}, False),
        ({"initiator": "us", "status": "resolved"}, False),
        ({"initiator": "us", "status": "updated"}, True),
        ({"initiator": "us", "sentiment": 0.0}, True),
        ({"initiator": "us", "csat": 3}, True),
    ],
)
def test_a_ticket_of_ours_counts_where_the_account_answered(fields, counts):
    """An update, a sentiment or a mark alone is an answer; without one it is one-way contact, and no sign of life."""
    of_fields = fact(ticket(1, **fields))
    assert answered(of_fields) is counts
    assert sign_of_life(of_fields) is counts
    if not counts:
        assert effects(ticket(1, **fields)) == total(EXTRA["ours_unanswered"])


def test_an_unanswered_change_of_a_known_ticket_is_nothing():
    """Our own ticket lowers trust once, and not at every change that we make to it."""
    opened = fact(ticket(1, "x", initiator="us"))
    assert (
        effects(ticket(2, "y", ticket_id="x", initiator="us", status="closed"), Account(tickets=[opened.ticket])) == {}
    )


def test_who_wrote_first_adds_its_row():
    """The account's own ticket adds `theirs_initiated`, an answer to ours `ours_and_answered`, neither where unknown."""
    kind = POLICY.ticket[0]
    assert effects(ticket(1, initiator="account")) == total([*kind, *POLICY.ticket_theirs])
    assert effects(ticket(1, initiator="us", status="updated")) == total([*kind, *EXTRA["ours_and_answered"]])
    assert effects(ticket(1)) == total(kind)


@pytest.mark.parametrize(("status", "index"), [("opened", 0), ("updated", 1), ("resolved", 2), ("closed", 3)])
def test_a_change_of_a_known_ticket_counts_in_part(status, index):
    """By its status, for what it is about and for who wrote; the first event of a ticket counts whole."""
    known = Account(tickets=[fact(ticket(1, "x")).ticket])
    factor = POLICY.ticket_change[index]
    told = ticket(2, "y", ticket_id="x", status=status, initiator="account")
    assert 0.0 < factor < 1.0
    assert effects(told, known) == total(times([*POLICY.ticket[0], *POLICY.ticket_theirs], factor))
    assert effects(told) == total([*POLICY.ticket[0], *POLICY.ticket_theirs])


@pytest.mark.parametrize(
    ("fields", "consumer"),
    [
        (None, False),
        ({"market": "consumer", "party": "business"}, True),
        ({"market": "retail", "party": "business"}, True),
        ({"market": "business", "party": "individual"}, False),
        ({"market": "wholesale", "party": "individual"}, False),
        ({"market": None, "party": "individual"}, True),
        ({"market": None, "party": "business"}, False),
        ({"market": None, "party": None}, False),
    ],
)
def test_a_bot_counts_by_who_the_account_is(fields, consumer):
    """The market says it, and the party where no market is known; it scales what the ticket is about."""
    account = Account(profile=None if fields is None else fact(profile(0, **fields)))
    factor = POLICY.source.persons.bot_consumer if consumer else POLICY.source.persons.bot_business
    assert person_factor(account, POLICY) == factor
    assert effects(ticket(1, channel="bot", initiator="account"), account) == total(
        times([*POLICY.ticket[0], *POLICY.ticket_theirs], factor)
    )


def heard_by(*channels):
    """Return an account whose tickets told these channels, in order."""
    account = Account()
    for number, channel in enumerate(channels):
        remember(account, fact(ticket(number, f"x{number}", channel=channel)))
    return account


@pytest.mark.parametrize(
    ("channels", "by_bot"),
    [
        ((), False),
        (("bot",), False),
        (("bot", "bot"), True),
        (("bot", None, "bot", None), True),
        (("email", "email", "bot"), False),
        (("bot", "bot", "bot", "email"), False),
        (("bot", "bot", "bot", "bot", "email"), True),
    ],
)
def test_a_channel_that_is_not_told_is_as_most_that_are(channels, by_bot):
    """Of the account's own tickets, the latest counting most; who never told one is heard as a person."""
    account = heard_by(*channels)
    untold, bots = ticket(9, channel=None, kind="advice"), ticket(9, channel="bot", kind="advice")
    assert is_by_bot(fact(untold), account) is by_bot
    assert (effects(untold, account) == effects(bots, account)) is by_bot
    assert not is_by_bot(fact(ticket(9, channel="email")), heard_by("bot", "bot"))


def test_a_bots_change_of_a_ticket_counts_for_both_reasons():
    """A share of a share."""
    factor = POLICY.ticket_change[1] * POLICY.source.persons.bot_business
    known = Account(tickets=[fact(ticket(1, "x")).ticket])
    assert effects(ticket(2, "y", ticket_id="x", status="updated", channel="bot"), known) == total(
        times(POLICY.ticket[0], factor)
    )


@pytest.mark.parametrize(
    ("fields", "rows"),
    [
        ({"csat": 4}, [("csat_high", 1.0)]),
        ({"csat": 3.99}, [("csat_middle", 1.0)]),
        ({"csat": 3}, [("csat_middle", 1.0)]),
        ({"csat": 2.99}, [("csat_low", 1.0)]),
        ({"sentiment": 0.5}, [("liked", 0.5)]),
        ({"sentiment": -0.5}, [("disliked", 0.5)]),
        ({"sentiment": 0.0}, []),
        ({"sla_met": True}, [("sla_met", 1.0)]),
        ({"sla_met": False}, [("sla_missed", 1.0)]),
        ({"outcome_met": True}, [("outcome_met", 1.0)]),
        ({"outcome_met": False}, [("outcome_missed", 1.0)]),
        ({"reason": "price"}, [("left_for_price", 1.0)]),
        ({"reason": "competitor"}, [("left_for_rival", 1.0)]),
        ({"reason": "service"}, []),
        ({"reason": "need_ended"}, []),
        ({"reason": "other"}, []),
    ],
)
def test_what_a_ticket_says_of_us_adds_its_row(fields, rows):
    """A mark by its two borders, a sentiment in proportion, a promise kept or broken, and why somebody leaves."""
    added = [each for row, factor in rows for each in times(EXTRA[row], factor)]
    assert effects(ticket(1, **fields)) == total([*POLICY.ticket[0], *added])


def hours(told):
    """Return the hours of people's time that a message's fact is evidence of."""
    return sum(good for i, good, _ in effects_of(fact(told), NEW, POLICY) if i == SERVICE)


@pytest.mark.parametrize(("ours", "people"), [(None, 1), (0, 1), (1, 1), (3, 3), (4, 4), (5, 4), (100, 4)])
def test_a_meetings_time_is_that_of_four_people_at_most(ours, people):
    """Half an hour of each of ours; nobody named is one person, and a crowd is no more care than four."""
    assert hours(meeting(1, attendees_ours=ours, duration_minutes=30)) == pytest.approx(people * 0.5)


def test_a_meeting_is_evidence_by_its_kind_and_who_asked_for_it():
    """Its row, that of who initiated it, what came of it, and its time by the kind's share of an hour."""
    index = 8  # a workshop
    share = POLICY.meeting_hours[index]
    assert 0.0 < share < 1.0

    def of(**fields):
        return effects(meeting(1, kind="workshop", duration_minutes=90, **fields))

    plain = [*POLICY.meeting[index], (SERVICE, 1.5 * share, 0.0)]
    assert of(initiator=None) == total(plain)
    assert of(initiator="account") == total([*plain, *POLICY.meeting_theirs])
    assert of(initiator="us") == total([*plain, *EXTRA["ours_and_attended"]])
    for field, row in (("requirement_change", "requirement_change"), ("contract_signed", "signed")):
        assert of(initiator=None, **{field: True}) == total([*plain, *EXTRA[row]])
    for met, row in ((True, "outcome_met"), (False, "outcome_missed")):
        assert of(initiator=None, outcome_met=met) == total([*plain, *EXTRA[row]])


def test_a_missed_meeting_is_that_it_was_missed_alone():
    """No contact, no time, no sign of life."""
    told = meeting(1, no_show=True, outcome_met=True, contract_signed=True)
    assert effects(told) == total(EXTRA["no_show"])
    assert not sign_of_life(fact(told))


def test_the_rest_is_of_nothing_or_its_own_row():
    """A referral is evidence, a profile and a command are not; a sale and a referral are signs of life, a refund is none."""
    referral = f.ReferralFact(1, "r")
    assert total(effects_of(referral, NEW, POLICY)) == total(EXTRA["referred"])
    assert effects(profile(1)) == effects(command(1, "release")) == {}
    assert [sign_of_life(each) for each in (referral, fact(purchase(1)), fact(meeting(1)))] == [True] * 3
    silent = (purchase(1, entry="refund"), profile(1), command(1, "release"))
    assert [sign_of_life(fact(each)) for each in silent] == [False] * 3
