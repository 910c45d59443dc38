"""The fourteen dimensions, D1 to D14: each a value in 0-1, computed from an account at its own event time.

Most are one formula over the decayed masses of evidence for (`good`) and against (`bad`), `standing`:

    value = (1 - 2 ** -(good / scale)) * good / (good + bad)

It is 0 without evidence, one half at `scale`, and never above 1; more evidence for a dimension never lowers it. The source
of each rule is the mission's table of dimensions. The score is the sum of the `contributions`, which are whole hundredths
of a point, so that they add up to it exactly and in any order.
"""

from math import exp2
from typing import Final

from relationship.classify.rhythm import MONTH_DAYS, binding_of, rhythm_of
from relationship.contract import times
from relationship.contract.names import DIMENSIONS
from relationship.policy.compiled import Policy, Trade
from relationship.state import facts as f
from relationship.state.account import CANDIDATE, CLIENT, Account

# Places in `DIMENSIONS`, as a test holds them; one by one, since a literal is compiled into the code that uses it.
DURATION: Final = 0
ENGAGEMENT: Final = 1
PERSONALISATION: Final = 2
BOUGHT: Final = 3
TRUST: Final = 4
LOYALTY: Final = 5
COMMITMENT: Final = 6
DIALOGUE: Final = 7
BREADTH: Final = 9
NEEDS: Final = 10
DUTIES: Final = 12
SERVICE: Final = 13
# The dimensions that masses of evidence enter: all but duration, loyalty and breadth. Seven are `standing` and nothing else.
WEIGHED: Final = tuple(i for i in range(len(DIMENSIONS)) if i not in {DURATION, LOYALTY, BREADTH})
RECENT_DAYS: Final = 365  # a kind of contact counts for as long, to the day: every season once
MONTHS_KEPT: Final = 36  # of activity; older months do not tell today's regularity
# The three constants of loyalty were chosen on CDNOW's purchases to 1997-06-30 (docs/quality.md); the result is not
# sensitive to them.
SILENCE_HALVINGS: Final = 1.5  # of loyalty, over the whole silence that makes an account lapsed
SEASON_MONTHS: Final = (
    1.5  # that a season's silence may be longer than last year's: half a month at each end, and half one
)
TWICE: Final = 2.2  # of the rhythm of its contacts: one that is left out is no lapse, two are
UNITS_POWER: Final = 0.4  # of the units bought in all: who buys more comes back more often, but not in proportion
UNITS_MOST: Final = 16.0  # units; more are a wholesaler's, and do not make its return likelier


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
    """D2: contact with people, decayed, weighted by the breadth of kinds and channels; purchases add a capped share.

    `contact` is the standing of the contact evidence.
    """
    shape = policy.shape
    if contact:
        oldest = account.t // times.DAY_US - RECENT_DAYS
        kinds = 0
        for seen in account.seen.values():
            kinds += seen >= oldest
        contact *= shape.breadth_floor + (1.0 - shape.breadth_floor) * (1.0 - exp2(-(kinds / shape.breadth_kinds)))
    if not account.purchases:
        return contact
    bought = shape.purchase_engagement * (1.0 - exp2(-(account.purchases / 4)))
    return contact + (1.0 - contact) * bought


def allowance_us(account: Account, policy: Policy, trade: Trade) -> int:
    """Return the silence (µs) after which an account lapses: the longer of its trade's allowance and its own rhythm.

    The same season of an earlier year lengthens it; of a candidate or client also the longest silence that it came back
    from, the rhythm of its contacts, and an agreement in force.
    """
    lapse = policy.lapse
    rhythm = lapse.rhythm * (account.gap + account.spread)
    if account.season:
        rhythm = max(rhythm, (account.season + SEASON_MONTHS) * MONTH_DAYS)
    if account.status < CANDIDATE:
        return max(int(min(lapse.longest, rhythm) * times.DAY_US), trade.lapse_us)
    rhythm = max(rhythm, policy.cadence.survived * account.longest)
    if TWICE * account.met_days > rhythm * account.met_gaps:  # else it is no longer, however regular it is
        rhythm = max(rhythm, TWICE * rhythm_of(account))
    own = int(min(lapse.longest, rhythm) * times.DAY_US)
    binding = binding_of(account, policy)
    if binding:
        return max(own, int(trade.lapse_us * (1.0 + policy.cadence.agreement * binding)))
    return max(own, trade.lapse_us if account.status != CLIENT else trade.client_lapse_us)


def loyalty(account: Account, policy: Policy, trade: Trade) -> float:
    """D6: repeated custom, which fades with the silence since: sooner where the rhythm and the trade are quick.

    Purchases count by their masses, for and against, and by the units bought; never by money.
    """
    good = account.good[LOYALTY]
    if good <= 0.0 or account.last is None:
        return 0.0
    bought = good * min(account.quantity, UNITS_MOST) ** UNITS_POWER if account.quantity > 1.0 else good
    kept = (1.0 - exp2(-(bought / trade.scales[LOYALTY]))) * good / (good + account.bad[LOYALTY])
    silence = account.t - account.last
    return kept * exp2(-(SILENCE_HALVINGS * silence / allowance_us(account, policy, trade))) if silence > 0 else kept


def commitment(account: Account, signed: float, policy: Policy) -> float:
    """D7: an agreement in force by the profile, and `signed`, the standing of the evidence of agreements."""
    formal = 0.0
    profile = account.profile
    if profile and profile.contract:
        kind, begins, ends = profile.contract
        today = account.t // times.DAY_US
        if begins <= today and (ends is None or today <= ends):
            formal = policy.contract[kind]
    if not formal and not signed:
        return 0.0
    kept = account.good[COMMITMENT] + 1.0
    return (formal + (1.0 - formal) * signed) * kept / (kept + account.bad[COMMITMENT])


def breadth(account: Account, trade: Trade) -> float:
    """D10: lines of business added over time; several bought within a short time count once."""
    return 1.0 - exp2(-(account.growth / trade.scales[BREADTH]))


def service(account: Account, hours: float, policy: Policy) -> float:
    """D14: a named account manager, and `hours`, the standing of the hours of our people's time."""
    named = account.profile is not None and account.profile.flags & f.HAS_MANAGER
    return hours + (1.0 - hours) * policy.shape.manager if named else hours


def duties(account: Account, computed: list[float]) -> float:
    """D13: an account's duties are to say what it needs, to give feedback and to pay on time.

    Late payment lowers this dimension alone, and not engagement. `computed` has the values of payment, dialogue and needs.
    """
    good, bad = account.good[DUTIES], account.bad[DUTIES]
    return (2.0 * computed[DUTIES] + computed[DIALOGUE] + computed[NEEDS]) / 4.0 * (good + 1.0) / (good + bad + 1.0)


def values(account: Account, policy: Policy, trade: Trade) -> list[float]:
    """Return the fourteen values at the account's own event time, each 0-1 and at most its cap."""
    good, bad, scales = account.good, account.bad, trade.scales
    out = [0.0] * len(DIMENSIONS)
    for i in WEIGHED:
        for_it = good[i]
        if for_it > 0.0:  # `standing`, inlined: this runs at every event
            out[i] = (1.0 - exp2(-(for_it / scales[i]))) * for_it / (for_it + bad[i])
    out[DURATION] = duration(account, policy, trade)
    out[ENGAGEMENT] = engagement(account, out[ENGAGEMENT], policy)
    out[LOYALTY] = loyalty(account, policy, trade)
    profile = account.profile
    if out[COMMITMENT] or (profile is not None and profile.contract is not None):
        out[COMMITMENT] = commitment(account, out[COMMITMENT], policy)
    if account.growth:
        out[BREADTH] = breadth(account, trade)
    if profile is not None:
        out[SERVICE] = service(account, out[SERVICE], policy)
    out[DUTIES] = duties(account, out)
    for i, cap in policy.capped:
        out[i] = min(out[i], cap)
    return out


def contributions(computed: list[float], trade: Trade) -> list[int]:
    """Return what each dimension adds to the score, in hundredths of a point; their sum is the score."""
    shares = trade.shares
    return [int(shares[i] * value + 0.5) if value else 0 for i, value in enumerate(computed)]
