"""Segments are another axis than the status: who the account is, and how it stands as a customer. Loyal is not client."""

from relationship import facts as f
from relationship.account import Account
from relationship.decisions import SegmentPart, Standing
from relationship.dimensions import loyalty
from relationship.messages import Scope
from relationship.policy import Policy

INTERNAL = f.SCOPES.index("internal")
OTHER = f.INDUSTRIES.index("other")


def standing_of(account: Account, policy: Policy) -> Standing:
    """Return potential, new, regular or loyal: by purchases, the days since the first one, and the loyalty dimension."""
    if account.bought is None:
        return "potential"
    rule, days = policy.source.segment, (account.t - account.bought) / f.DAY_US
    if days < rule.new_days or account.purchases < rule.new_purchases:
        return "new"
    steady = account.purchases >= rule.loyal_purchases and days >= rule.loyal_days
    if steady and loyalty(account, policy, policy.trade(account.industry)) >= rule.loyal_value:
        return "loyal"
    return "regular"


def segment_of(account: Account, policy: Policy) -> SegmentPart:
    """Return the account's segment; what its profile does not say is null, its industry `other`, its scope external."""
    profile = account.profile
    industry = OTHER if profile is None or profile.industry is None else profile.industry
    party = None if profile is None or profile.party is None else f.PARTIES[profile.party]
    scope: Scope = "internal" if profile is not None and profile.scope == INTERNAL else "external"
    market = None if profile is None or profile.market is None else f.MARKETS[profile.market]
    return SegmentPart(f.INDUSTRIES[industry], party, scope, market, standing_of(account, policy))
