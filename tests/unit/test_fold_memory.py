"""What an account remembers of its events: orders, work, silences, and money to the last digit."""

from decimal import Decimal

import pytest
from folding import day, folded
from story import POLICY, meeting, profile, purchase, ticket

from relationship.classify.dimensions import allowance_us
from relationship.classify.fold import fresh
from relationship.classify.rhythm import BINDING
from relationship.classify.signals import is_nothing, remember, sign_of_life
from relationship.classify.timers import decay
from relationship.classify.transitions import Reading
from relationship.contract import enums
from relationship.contract.names import INDEX
from relationship.contract.times import DAY_US
from relationship.state.account import CLIENT, Account
from relationship.state.facts_from_messages import fact_of


def orders(*names):
    """Return what is remembered of the orders of sales of these orders, an hour apart."""
    account = fresh()
    for number, name in enumerate(names):
        remember(account, fact_of(purchase(number / 24, f"l{number}", order_id=name)[1]))
    return account.orders


def test_eight_orders_are_remembered_each_once():
    """The ninth pushes out the first; a further line of one that is there pushes out none."""
    crcs = {name: orders(name)[0] for name in "abcdefghi"}
    assert orders(*"abcdefgh") == [crcs[name] for name in "abcdefgh"]
    assert orders(*"abcdefghi") == [crcs[name] for name in "bcdefghi"]
    assert orders(*"abcdefghbbh") == [crcs[name] for name in "abcdefgh"]
    assert orders(*"aab") == [crcs["a"], crcs["b"]]


def test_a_refund_is_of_no_order():
    """It is remembered neither as one nor as the last visit."""
    account = fresh()
    remember(account, fact_of(purchase(1, entry="refund", order_id="a")[1]))
    assert (account.orders, account.bought_last) == ([], None)


@pytest.mark.parametrize(
    ("fields", "nothing"),
    [
        ({"amount": "0"}, False),
        ({"amount": "0", "entry": "refund"}, True),
        ({"amount": "0.00", "entry": "refund"}, True),
        ({"amount": "0.01", "entry": "refund"}, False),
        ({"amount": "0.01"}, False),
    ],
)
def test_a_refund_of_nothing_alone_is_nothing(fields, nothing):
    """A sale of nothing, a sample, is a sale and a sign of life."""
    fact = fact_of(purchase(1, **fields)[1])
    assert is_nothing(fact) is nothing
    assert sign_of_life(fact) is ("entry" not in fields)


@pytest.mark.parametrize(
    ("gaps", "days", "custom"),
    [(3.0, 60.0, True), (2.99, 60.0, False), (3.0, 59.999, False), (2.0, 900.0, False)],
)
def test_work_goes_on_after_three_gaps_and_sixty_days(gaps, days, custom):
    """Then it is custom though nobody billed it; a pitch is over by then."""
    account = Account(first=day(0), last=day(0), met=day(0), met_first=day(0), met_gaps=gaps, facts=1, t=day(0))
    folded(ticket(days, kind="advice"), onto=account)
    assert (account.bought is not None) is custom


@pytest.mark.parametrize(
    ("told", "custom"),
    [
        *((meeting(1, kind=kind), True) for kind in ("onboarding", "consultation", "check_in", "planning", "review")),
        *((meeting(1, kind=kind), False) for kind in ("sales", "negotiation", "viewing", "workshop", "webinar")),
        (ticket(1, kind="advice"), True),
        (ticket(1, kind="requirement_change"), True),
        (ticket(1, kind="question"), False),
        (ticket(1, kind="question", status="updated"), False),
        (ticket(1, kind="question", status="resolved"), True),
        (ticket(1, kind="question", status="closed"), True),
    ],
)
def test_work_in_the_house_is_custom_from_the_first(told, custom):
    """Nobody is billed there: what is done for somebody makes it a customer, what is only offered does not."""
    account = folded(profile(0, scope="internal"), told)
    assert (account.bought == day(1)) is custom
    assert folded(profile(0, scope="external"), told).bought is None


def test_money_is_exact_to_sixty_digits():
    """As many as all sums of amounts of 18 digits before the point and 8 behind it can ever come to."""
    most = "9" * 52 + ".99999998"
    account = Account(spent={"EUR": most})
    folded(purchase(1, amount="0.00000001"), onto=account)
    assert Decimal(account.spent["EUR"]) == Decimal("9" * 52 + ".99999999")
    folded(purchase(2, entry="refund", amount="0.00000001"), onto=account)
    assert Decimal(account.spent["EUR"]) == Decimal(most)


def test_activity_halves_in_a_year():
    """Of 365 days, whatever the rhythm of the account."""
    account = Account(facts=1, activity=8.0, stretch=3.0)
    decay(account, 365 * DAY_US, POLICY)
    assert account.activity == pytest.approx(4.0)


@pytest.mark.parametrize(("share", "opens"), [(1.0, True), (0.5, True), (0.499, False)])
def test_the_gate_for_staying_a_client_is_half_as_high(share, opens):
    """As high as half of what it took to become one."""
    values = [0.0] * len(INDEX)
    values[INDEX["engagement"]] = values[INDEX["trust"]] = share * POLICY.gate
    assert Reading(0, values, [0] * len(INDEX), POLICY.trade(None), POLICY).gate(0.5) is opens


def test_an_agreement_binds_from_half_a_commitment_on():
    """A retainer, an engagement and a policy do; a subscription, a phone plan's, does not."""
    assert BINDING == 0.5
    kinds = dict(zip(enums.CONTRACT_KINDS, POLICY.contract, strict=True))
    assert {kind for kind, share in kinds.items() if share >= 0.5} == set(kinds) - {"subscription"}


def test_a_longest_silence_lengthens_what_a_client_is_allowed():
    """By the policy's share of it; of a customer it says nothing."""
    trade = POLICY.trade(None)
    client = Account(status=CLIENT, longest=400)
    assert allowance_us(client, POLICY, trade) == int(min(POLICY.lapse.longest, POLICY.cadence.survived * 400) * DAY_US)
    assert allowance_us(Account(status=1, longest=400), POLICY, trade) == trade.lapse_us
