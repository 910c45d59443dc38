"""The fourteen dimensions, D1 to D14: each a value in 0-1 read off an account at its moment `t`.

Most are one formula over the decayed masses of evidence for (`good`) and against (`bad`), `standing`:

    value = (1 - 2 ** -(good / scale)) * good / (good + bad)

It is 0 without evidence, one half at `scale`, never above 1; more evidence for never lowers it. The source of each rule
is the mission's table of dimensions. The score is a sum: `contributions` are whole hundredths of a point, so they add
up to it exactly, in any order.
"""

from math import exp2
from typing import Final

from relationship.contract import times
from relationship.contract.names import DIMENSIONS, INDEX
from relationship.policy.compiled import Policy, Trade
from relationship.state import facts as f
from relationship.state.account import CLIENT, Account

DURATION, ENGAGEMENT, PERSONALISATION, _, TRUST, _, COMMITMENT, DIALOGUE, _, BREADTH, NEEDS, _, DUTIES, SERVICE = range(
    len(DIMENSIONS)
)
LOYALTY: Final = INDEX["loyalty"]
# What masses of evidence have a say in: all but tenure, custom and lines. `standing` alone says seven of them.
WEIGHED: Final = tuple(i for i in range(len(DIMENSIONS)) if i not in {DURATION, LOYALTY, BREADTH})
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
    tenure = (account.last - account.first) / times.DAY_US
    months = tenure / 30.44
    known = 1.0 if months < 1.0 else min(months, MONTHS_KEPT)
    regular = account.months.bit_count() / known / policy.shape.regular_share
    tenured = 1.0 - exp2(-(tenure / trade.scales[DURATION]))
    return tenured * regular if regular < 1.0 else tenured


def engagement(account: Account, contact: float, policy: Policy) -> float:
    """D2: `contact` by people, decayed, worth more in several kinds and channels; purchases alone are capped."""
    shape = policy.shape
    if contact:
        oldest = account.t // times.DAY_US - YEAR_DAYS
        kinds = 0
        for seen in account.seen.values():
            kinds += seen >= oldest
        contact *= shape.breadth_floor + (1.0 - shape.breadth_floor) * (1.0 - exp2(-(kinds / shape.breadth_kinds)))
    if not account.purchases:
        return contact
    bought = shape.purchase_engagement * (1.0 - exp2(-(account.purchases / 4)))
    return contact + (1.0 - contact) * bought


def allowance_us(account: Account, policy: Policy, trade: Trade) -> int:
    """Return the silence (µs) after which an account has lapsed: its trade's allowance, or its own rhythm's if longer."""
    lapse = policy.lapse
    rhythm = lapse.rhythm * (account.gap + account.spread)
    own = int((min(lapse.longest, rhythm)) * times.DAY_US)
    trades = trade.lapse_us if account.status != CLIENT else trade.client_lapse_us
    return max(own, trades)


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


def commitment(account: Account, told: float, policy: Policy) -> float:
    """D7: an agreement in force, or `told` of by what was signed: strong, and never sufficient."""
    formal = 0.0
    profile = account.profile
    if profile and profile.contract:
        kind, signed, ends = profile.contract
        today = account.t // times.DAY_US
        if signed <= today and (ends is None or today <= ends):
            formal = policy.contract[kind]
    if not formal and not told:
        return 0.0
    kept = account.good[COMMITMENT] + 1.0
    return (formal + (1.0 - formal) * told) * kept / (kept + account.bad[COMMITMENT])


def breadth(account: Account, trade: Trade) -> float:
    """D10: lines of business added over time; several bought at once are one shopping trip."""
    return 1.0 - exp2(-(account.growth / trade.scales[BREADTH]))


def service(account: Account, hours: float, policy: Policy) -> float:
    """D14: a named person, and `hours` of people's time."""
    named = account.profile is not None and account.profile.flags & f.HAS_MANAGER
    return hours + (1.0 - hours) * policy.shape.manager if named else hours


def duties(account: Account, found: list[float]) -> float:
    """D13: what is asked of an account is to say what it needs, to give feedback and to pay on time.

    Late payment lowers this dimension alone: it never erases engagement. `found` holds payment, dialogue and needs already.
    """
    good, bad = account.good[DUTIES], account.bad[DUTIES]
    return (2.0 * found[DUTIES] + found[DIALOGUE] + found[NEEDS]) / 4.0 * (good + 1.0) / (good + bad + 1.0)


def values(account: Account, policy: Policy, trade: Trade) -> list[float]:
    """Return the fourteen values at the account's own moment, each 0-1 and at most its cap."""
    good, bad, scales = account.good, account.bad, trade.scales
    out = [0.0] * len(DIMENSIONS)
    for i in WEIGHED:
        for_it = good[i]
        if for_it > 0.0:  # `standing`, written out: every event comes by here
            out[i] = (1.0 - exp2(-(for_it / scales[i]))) * for_it / (for_it + bad[i])
    out[DURATION] = duration(account, policy, trade)
    out[ENGAGEMENT] = engagement(account, out[ENGAGEMENT], policy)
    out[LOYALTY] = loyalty(account, policy, trade)
    out[COMMITMENT] = commitment(account, out[COMMITMENT], policy)
    if account.growth:
        out[BREADTH] = breadth(account, trade)
    out[SERVICE] = service(account, out[SERVICE], policy)
    out[DUTIES] = duties(account, out)
    for i, cap in policy.capped:
        out[i] = min(out[i], cap)
    return out


def contributions(found: list[float], trade: Trade) -> list[int]:
    """Return what each dimension brings to the score, in hundredths of a point; their sum is the score."""
    return [int(share * value + 0.5) if value else 0 for share, value in zip(trade.shares, found, strict=True)]


def confidence(account: Account, policy: Policy) -> float:
    """Return how much evidence stands behind the reading, 0-1: one half at `half` recent signs of life."""
    return 1.0 - exp2(-(account.activity / policy.source.confidence.half))
