"""Where potential, new, regular and loyal part, each border on both sides; who the account is; its play."""

import msgspec
import pytest
from story import POLICY, fold, profile, purchase, record_of

from relationship.classify.dimensions import loyalty
from relationship.classify.plays import LET_GO, PLAYS, WELCOME, WIN_BACK, play_of
from relationship.classify.segments import segment_of, standing_of
from relationship.contract.enums import CONTRACT_KINDS
from relationship.contract.names import INDEX
from relationship.contract.times import DAY_US
from relationship.state.account import CANDIDATE, CLIENT, CUSTOMER, LAPSED, PROSPECT, Account, Override
from relationship.state.facts import ProfileFact

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


def signed(days, kind=None, **fields):
    """Return a candidate that signed so many days ago, with an agreement of a kind in its profile or without one."""
    profile = None if kind is None else ProfileFact(0, "p", None, None, None, None, (kind, 0, None), 0)
    return Account(**{"t": T, "status": CANDIDATE, "signed": T - int(days * DAY_US), "profile": profile, **fields})


@pytest.mark.parametrize(
    ("account", "is_welcomed"),
    [
        (signed(0), True),
        (signed(60), True),
        (signed(60 + 1e-6), False),
        (signed(1, status=PROSPECT), True),
        (signed(1, status=CUSTOMER), True),
        (signed(1, status=CLIENT), False),
        (signed(1, status=LAPSED, was=CUSTOMER), False),
        (signed(1, status=CLIENT, override=Override(CUSTOMER, 1)), True),
        (signed(1, ended=T), False),
        (signed(1, signed=None), False),
        (signed(1, CONTRACT_KINDS.index("retainer")), True),
        (signed(1, CONTRACT_KINDS.index("engagement")), True),
        (signed(1, CONTRACT_KINDS.index("policy")), False),
        (signed(1, CONTRACT_KINDS.index("subscription")), False),
        (signed(1, profile=ProfileFact(0, "p", None, None, None, None, None, 0)), True),
    ],
)
def test_whoever_has_just_signed_an_engagement_is_welcomed(account, is_welcomed):
    """For sixty days, unless it is a client by then or the agreement has ended; a plan or a policy is no engagement."""
    assert (play_of(account, POLICY) is WELCOME) is is_welcomed


def test_a_welcome_is_a_play_of_its_own():
    """A first contact who sets it up, and nothing that keeps a new client at arm's length."""
    assert msgspec.structs.asdict(WELCOME) == {
        "name": "welcome",
        "service_model": "a first named contact, who sets it up with them",
        "marketing": "education: workshop, webinar, guide; a success story of its kind",
        "actions": ["introduce the person who looks after it", "agree on goals and outcomes", "set the first check-in"],
        "stop": ["mass promotions and generic offers", "discount codes", "self-serve deflection of its questions"],
    }


def test_what_is_done_and_stopped_in_each_play():
    """Every action of it, and everything that costs money on such an account."""
    both = ["make buying easy", "predict needs in the mass"]
    hours, mass = "a named account manager's hours", "mass promotions and generic offers"
    ask = ["ask why", "learn from the answer"]
    plays = {**PLAYS, **{("was", status): play for status, play in WIN_BACK.items()}, "else": LET_GO}
    assert {key: play.actions for key, play in plays.items()} == {
        PROSPECT: both,
        CUSTOMER: both,
        CANDIDATE: ["invite to a planning talk", "ask for goals and feedback"],
        CLIENT: [
            "hold regular check-ins",
            "agree on outcomes",
            "show appreciation that grows with tenure",
            "tell its success story, with consent",
        ],
        ("was", CLIENT): [*ask, "offer a review of what has changed"],
        ("was", CANDIDATE): [*ask, "offer the planning talk again"],
        ("was", CUSTOMER): [*ask, "make coming back easy"],
        "else": ask,
    }
    assert {key: play.stop for key, play in plays.items()} == {
        PROSPECT: [hours],
        CUSTOMER: [hours, "bespoke work below its price"],
        CANDIDATE: [mass, "discount codes"],
        CLIENT: [mass, "self-serve deflection of its questions"],
        ("was", CLIENT): [mass],
        ("was", CANDIDATE): [mass],
        ("was", CUSTOMER): [hours, "repeated offers without an answer"],
        "else": [hours, "repeated offers without an answer"],
    }
