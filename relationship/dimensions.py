"""The fourteen dimensions, D1 to D14: each a value in 0-1 read off an account at its moment `t`.

Most are one formula over the decayed masses of evidence for (`good`) and against (`bad`), `standing`:

    value = (1 - 2 ** -(good / scale)) * good / (good + bad)

It is 0 without evidence, one half at `scale`, never above 1; more evidence for never lowers it. The source of each rule
is the mission's table of dimensions. The score is a sum: `contributions` are whole hundredths of a point, so they add
up to it exactly, in any order.
"""

from math import exp2
from typing import Final

from relationship import facts as f
from relationship.account import CLIENT, Account
from relationship.policy import Policy, Trade
from relationship.policy_file import DIMENSIONS, INDEX

DURATION, ENGAGEMENT, PERSONALISATION, _, TRUST, _, COMMITMENT, DIALOGUE, _, BREADTH, NEEDS, _, DUTIES, SERVICE = range(
    len(DIMENSIONS)
)
LOYALTY: Final = INDEX["loyalty"]
PLAIN: Final = tuple(
    INDEX[d] for d in ("personalisation", "bought", "trust", "dialogue", "value", "needs", "expectations")
)
YEAR_DAYS: Final = 365
MONTHS_KEPT: Final = 36  # of activity; older months say nothing of today's regularity
# The three constants of loyalty were chosen on CDNOW's purchases to 1997-06-30 (docs/quality.md); near them little changes.
SILENCE_HALVINGS: Final = 1.5  # of loyalty, over the whole silence that makes an account lapsed
UNITS_POWER: Final = 0.4  # of the units bought in all: who takes more comes back more often, if not in proportion
UNITS_MOST: Final = 16.0  # units; more are a wholesaler's, and say no more of staying


def standing(good: float, bad: float, scale: float) -> float:
    """Return the value of a mass of evidence for and against, 0-1."""
    if good <= 0.0:
        return 0.0
    return (1.0 - exp2(-(good / scale))) * good / (good + bad)


def duration(account: Account, policy: Policy, trade: Trade) -> float:
    """D1: tenure times regularity over active months, so that long tenure alone is not enough."""
    if account.first is None or account.last is None:
        return 0.0
    tenure = (account.last - account.first) / f.DAY_US
    known = min(max(tenure / 30.44, 1.0), MONTHS_KEPT)
    regular = min(1.0, account.months.bit_count() / known / policy.source.shape.regular_share)
    return (1.0 - exp2(-(tenure / trade.scales[DURATION]))) * regular


def engagement(account: Account, policy: Policy, trade: Trade) -> float:
    """D2: contact by people, decayed, worth more in several kinds and channels; purchases alone are capped."""
    shape = policy.source.shape
    contact = standing(account.good[ENGAGEMENT], account.bad[ENGAGEMENT], trade.scales[ENGAGEMENT])
    if contact:
        oldest = account.t // f.DAY_US - YEAR_DAYS
        kinds = 0
        for seen in account.seen.values():
            kinds += seen >= oldest
        contact *= shape.breadth_floor + (1.0 - shape.breadth_floor) * (1.0 - exp2(-(kinds / shape.breadth_kinds)))
    bought = shape.purchase_engagement * (1.0 - exp2(-(account.purchases / 4))) if account.purchases else 0.0
    return contact + (1.0 - contact) * bought


def allowance_us(account: Account, policy: Policy, trade: Trade) -> int:
    """Return the silence (µs) after which an account has lapsed: its trade's allowance, or its own rhythm's if longer."""
    lapse = policy.source.lapse
    own = int(min(lapse.rhythm * (account.gap + account.spread), lapse.longest) * f.DAY_US)
    trades = trade.lapse_us if account.status != CLIENT else int(trade.lapse_us * lapse.client)
    return max(trades, own)


def loyalty(account: Account, policy: Policy, trade: Trade) -> float:
    """D6: custom kept, at its price, that fades with the silence since: soon where the rhythm and the trade are quick.

    What was bought counts by its mass, for and against, and by the units taken; never by money.
    """
    good = account.good[LOYALTY]
    if good <= 0.0 or account.last is None:
        return 0.0
    taken = good * min(account.quantity, UNITS_MOST) ** UNITS_POWER if account.quantity > 1.0 else good
    kept = (1.0 - exp2(-(taken / trade.scales[LOYALTY]))) * good / (good + account.bad[LOYALTY])
    silence = account.t - account.last
    return kept * exp2(-(SILENCE_HALVINGS * silence / allowance_us(account, policy, trade))) if silence > 0 else kept


def commitment(account: Account, policy: Policy, trade: Trade) -> float:
    """D7: an agreement in force, or signed before us: strong, and never sufficient."""
    formal = 0.0
    profile = account.profile
    if profile and profile.contract:
        kind, signed, ends = profile.contract
        today = account.t // f.DAY_US
        if signed <= today and (ends is None or today <= ends):
            formal = policy.contract[kind]
    told = standing(account.good[COMMITMENT], account.bad[COMMITMENT], trade.scales[COMMITMENT])
    kept = account.good[COMMITMENT] + 1.0
    return (formal + (1.0 - formal) * told) * kept / (kept + account.bad[COMMITMENT])


def breadth(account: Account, trade: Trade) -> float:
    """D10: lines of business added over time; several bought at once are one shopping trip."""
    return 1.0 - exp2(-(account.growth / trade.scales[BREADTH]))


def service(account: Account, policy: Policy, trade: Trade) -> float:
    """D14: a named person, and hours of people's time."""
    hours = standing(account.good[SERVICE], account.bad[SERVICE], trade.scales[SERVICE])
    named = policy.source.shape.manager if account.profile and account.profile.flags & f.HAS_MANAGER else 0.0
    return hours + (1.0 - hours) * named


def duties(account: Account, found: list[float], trade: Trade) -> float:
    """D13: what is asked of an account is to say what it needs, to give feedback and to pay on time.

    Late payment lowers this dimension alone: it never erases engagement. `found` holds dialogue and needs already.
    """
    good, bad = account.good[DUTIES], account.bad[DUTIES]
    paid = standing(good, bad, trade.scales[DUTIES])
    return (2.0 * paid + found[DIALOGUE] + found[NEEDS]) / 4.0 * (good + 1.0) / (good + bad + 1.0)


def values(account: Account, policy: Policy, trade: Trade) -> list[float]:
    """Return the fourteen values at the account's own moment, each 0-1 and at most its cap."""
    good, bad, scales = account.good, account.bad, trade.scales
    out = [0.0] * len(DIMENSIONS)
    for i in PLAIN:
        for_it = good[i]
        if for_it > 0.0:
            out[i] = standing(for_it, bad[i], scales[i])
    out[DURATION] = duration(account, policy, trade)
    out[ENGAGEMENT] = engagement(account, policy, trade)
    out[LOYALTY] = loyalty(account, policy, trade)
    out[COMMITMENT] = commitment(account, policy, trade)
    if account.growth:
        out[BREADTH] = breadth(account, trade)
    out[SERVICE] = service(account, policy, trade)
    out[DUTIES] = duties(account, out, trade)
    for i, cap in policy.capped:
        out[i] = min(out[i], cap)
    return out


def contributions(found: list[float], trade: Trade) -> list[int]:
    """Return what each dimension brings to the score, in hundredths of a point; their sum is the score."""
    shares = trade.shares
    return [int(shares[i] * value + 0.5) if value else 0 for i, value in enumerate(found)]


def confidence(account: Account, policy: Policy) -> float:
    """Return how much evidence stands behind the reading, 0-1: one half at `half` recent signs of life."""
    return 1.0 - exp2(-(account.activity / policy.source.confidence.half))
