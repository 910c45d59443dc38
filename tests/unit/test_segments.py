"""Where potential, new, regular and loyal part, each border on both sides; who the account is; its play."""

import pytest
from story import POLICY, fold, profile, purchase, record_of

from relationship.classify.dimensions import loyalty
from relationship.classify.plays import LET_GO, PLAYS, WIN_BACK, play_of
from relationship.classify.segments import segment_of, standing_of
from relationship.contract.names import INDEX
from relationship.contract.times import DAY_US
from relationship.state.account import CANDIDATE, CLIENT, CUSTOMER, LAPSED, PROSPECT, Account, Override

RULE = POLICY.source.segment
T = 10_000 * DAY_US
LOYALTY = INDEX["loyalty"]


def buyer(days, purchases, mass=0.0):
    """Return a customer of so many days and purchases, with this mass of loyalty and a purchase just now."""
    account = Account(t=T, status=CUSTOMER, bought=T - int(days * DAY_US), purchases=purchases, last=T)
    account.good[LOYALTY] = mass
    return account


NEW_DAYS, FEW, MANY, LONG = RULE.new_days, RULE.new_purchases, RULE.loyal_purchases, RULE.loyal_days
STEADY = POLICY.trade(None).scales[LOYALTY]  # the mass at which loyalty stands at one half


@pytest.mark.parametrize(
    ("account", "standing"),
    [
        (Account(t=T), "potential"),
        (buyer(NEW_DAYS - 1e-6, 100), "new"),
        (buyer(1000, FEW - 1), "new"),
        (buyer(NEW_DAYS - 1e-6, FEW - 1), "new"),
        (buyer(NEW_DAYS, FEW), "regular"),
        (buyer(LONG, MANY, STEADY), "loyal"),
        (buyer(LONG - 1e-6, MANY, STEADY), "regular"),
        (buyer(LONG, MANY - 1, STEADY), "regular"),
        (buyer(LONG, MANY, 0.999 * STEADY), "regular"),
    ],
)
def test_each_standing_begins_at_its_border(account, standing):
    """Few days or few purchases are new; loyal needs purchases, days and the dimension, all three."""
    assert RULE.loyal_value == 0.5
    assert standing_of(account, POLICY) == standing


def test_the_loyalty_asked_for_is_the_accounts_own():
    """The border is the dimension at this very mass."""
    assert loyalty(buyer(LONG, MANY, STEADY), POLICY, POLICY.trade(None)) == 0.5


def test_what_a_profile_does_not_say_is_null():
    """The industry is `other` then, and the scope external; what it says stands."""
    nothing = segment_of(Account(t=T), POLICY)
    assert (nothing.industry, nothing.party, nothing.scope, nothing.market) == ("other", None, "external", None)
    empty = record_of(fold([profile(1, industry=None, party=None, market=None, goals="g")])[0]).head
    assert segment_of(empty, POLICY) == nothing
    told = profile(1, industry="law", party="institution", scope="internal", market="wholesale")
    full = segment_of(record_of(fold([told, purchase(2)])[0]).head, POLICY)
    assert (full.industry, full.party, full.scope, full.market) == ("law", "institution", "internal", "wholesale")
    assert full.standing == "new"


@pytest.mark.parametrize("status", [PROSPECT, CUSTOMER, CANDIDATE, CLIENT])
def test_the_play_is_that_of_the_status_told(status):
    """An override's where there is one."""
    assert play_of(Account(status=status), POLICY) is PLAYS[status]
    assert play_of(Account(status=LAPSED, override=Override(status, 1)), POLICY) is PLAYS[status]


@pytest.mark.parametrize(
    ("was", "purchases", "play"),
    [
        (CLIENT, 0, WIN_BACK[CLIENT]),
        (CANDIDATE, 0, WIN_BACK[CANDIDATE]),
        (CUSTOMER, MANY, WIN_BACK[CUSTOMER]),
        (CUSTOMER, MANY - 1, LET_GO),
        (PROSPECT, 99, LET_GO),
    ],
)
def test_a_lapsed_account_is_won_back_or_let_go_by_what_it_was(was, purchases, play):
    """Lapsed by its own silence or held as lapsed by a person: what counts is what it was, and a buyer's purchases."""
    assert play_of(Account(status=LAPSED, was=was, purchases=purchases), POLICY) is play
    held = Account(status=was, was=CLIENT, purchases=purchases, override=Override(LAPSED, 1))
    assert play_of(held, POLICY) is play
