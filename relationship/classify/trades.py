"""The tables of an account's trade: what nearly every rule begins with."""

from relationship.policy.compiled import Policy, Trade
from relationship.state.account import Account


def trade_of(account: Account, policy: Policy) -> Trade:
    """Return the tables of the industry in the account's profile; those of `other` where there is none."""
    profile = account.profile
    return policy.trade(None if profile is None else profile.industry)
