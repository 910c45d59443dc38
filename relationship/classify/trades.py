"""The tables of an account's trade: what nearly every rule begins with."""

from relationship.policy.compiled import Policy, Trade
from relationship.state.account import Account


def trade_of(account: Account, policy: Policy) -> Trade:
    """Return the tables of the industry in the account's profile; those of `other` where there is none."""
    profile = account.profile
    industry = None if profile is None else profile.industry
    return policy.trades[-1 if industry is None else industry]  # `Policy.trade`, inlined: this runs some times an event
