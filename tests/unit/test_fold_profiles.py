"""Which profile an account has: its own over those merged in, field by field."""

import pytest
from folding import day, folded
from story import POLICY, on, profile

from relationship.classify.fold import (
    advance,
    fresh,
)
from relationship.contract import enums
from relationship.state import facts as f
from relationship.state.facts_from_messages import fact_of


def guest(**fields):
    """Return the profile of an account merged in."""
    own = fact_of(profile(1, "guest", **fields)[1])
    return f.MergedProfileFact(*(getattr(own, name) for name in own.__struct_fields__))


@pytest.mark.parametrize("own_first", [True, False])
def test_an_own_profile_lies_over_a_merged_one(own_first):
    """Field by field the own one wins, agreement and flags included, whichever came first; a later one replaces its kind."""
    own = fact_of(profile(1, "own", industry="law", party=None, market=None, account_manager="x")[1])
    contract = {"id": "c", "kind": "policy", "signed_on": on(-9).date()}
    other = guest(
        industry="retail", party="business", scope="internal", market="wholesale", contract=contract, goals="g"
    )
    account = fresh()
    for fact in (own, other) if own_first else (other, own):
        advance(account, fact, POLICY)
    assert account.profile == f.ProfileFact(
        own.t, "own", own.industry, other.party, other.scope, other.market, other.contract, own.flags | other.flags
    )
    assert account.bought == day(1)
    later = fact_of(profile(2, "later", industry="saas", scope="external", market="consumer")[1])
    advance(account, later, POLICY)
    assert account.profile.id == "later"
    assert (account.profile.industry, account.profile.scope, account.profile.market) == (
        later.industry,
        later.scope,
        later.market,
    )
    assert account.profile.contract == other.contract


@pytest.mark.parametrize("name", ["industry", "party", "scope", "market"])
def test_what_an_own_profile_leaves_open_is_filled_in(name):
    """Field by field: the own one's where it says something, the merged one's where it does not."""
    said = {"industry": "law", "party": "institution", "scope": "internal", "market": "wholesale"}
    own = fact_of(profile(1, "own", **{**said, name: None})[1])
    other = guest(industry="retail", party="business", scope="external", market="consumer")
    account = fresh()
    for fact in (own, other):
        advance(account, fact, POLICY)
    for each in said:
        assert getattr(account.profile, each) == getattr(other if each == name else own, each)


def test_an_own_agreement_lies_over_a_merged_one():
    """The account's own, where both have one."""
    mine = {"id": "m", "kind": "retainer", "signed_on": on(-3).date()}
    theirs = {"id": "t", "kind": "policy", "signed_on": on(-9).date()}
    own, other = fact_of(profile(1, "own", contract=mine)[1]), guest(contract=theirs)
    account = fresh()
    for fact in (other, own):
        advance(account, fact, POLICY)
    assert account.profile.contract == own.contract
    later = fact_of(profile(3, "later")[1])
    advance(account, later, POLICY)
    assert account.profile.contract == other.contract
    assert account.own_profile == later


def test_a_merged_profile_alone_is_the_profile():
    """As a plain one: a record has no place for the other type there."""
    account = fresh()
    advance(account, guest(industry="retail"), POLICY)
    assert type(account.profile) is f.ProfileFact
    assert account.profile.industry == enums.INDUSTRIES.index("retail")
    assert account.own_profile is None
    assert account.merged_profile is not None


def test_a_profile_replaces_the_one_before_whole():
    """What a later profile leaves out is not known any more."""
    account = folded(profile(1, industry="law"), profile(2, industry=None, party=None, market=None))
    assert account.industry is None
    assert account.profile.id == "e2"
