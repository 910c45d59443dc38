"""The segment: who an account is, and its standing as a customer. Independent of the status: loyal is not client."""

from relationship.classify.dimensions import loyalty
from relationship.classify.trades import trade_of
from relationship.contract import enums, times
from relationship.contract.decisions import SegmentPart, Standing
from relationship.contract.messages import Scope
from relationship.policy.compiled import Policy
from relationship.state.account import Account

INTERNAL = enums.SCOPES.index("internal")
OTHER = enums.INDUSTRIES.index("other")


def standing_of(account: Account, policy: Policy) -> Standing:
    """Return potential, new, regular or loyal: by purchases, the days since the first one, and the loyalty dimension."""
    if account.bought is None:
        return "potential"
    rule, days = policy.source.segment, (account.t - account.bought) / times.DAY_US
    if days < rule.new_days or account.purchases < rule.new_purchases:
        return "new"
    steady = account.purchases >= rule.loyal_purchases and days >= rule.loyal_days
    if steady and loyalty(account, policy, trade_of(account, policy)) >= rule.loyal_value:
        return "loyal"
    return "regular"


def segment_of(account: Account, policy: Policy) -> SegmentPart:
    """Return the account's segment. What its profile lacks is null; an unknown industry is `other`, a scope external."""
    profile = account.profile
    industry = OTHER if profile is None or profile.industry is None else profile.industry
    party = None if profile is None or profile.party is None else enums.PARTIES[profile.party]
    scope: Scope = "internal" if profile is not None and profile.scope == INTERNAL else "external"
    market = None if profile is None or profile.market is None else enums.MARKETS[profile.market]
    return SegmentPart(enums.INDUSTRIES[industry], party, scope, market, standing_of(account, policy))
