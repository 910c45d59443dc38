"""The rhythm of an account: how far apart its contacts with people are, and how long a silence that makes usual.

A review every quarter, or every spring, is a rhythm: the evidence of such an account fades by it, within the bounds of its
trade. What comes at random is none, however far apart: of a relationship that thins out the old evidence fades as any.
"""

from math import exp2
from typing import Final

from relationship.classify.signals import SAME_VISIT_US
from relationship.classify.trades import trade_of
from relationship.contract import times
from relationship.policy.compiled import Policy, Trade
from relationship.state.account import Account
from relationship.state.facts import Number

MONTH_DAYS: Final = 30.44  # a year's twelfth
YEAR_MONTHS: Final = (13, 12, 11)  # months ago in which the same season of last year lies, to a month
FEW_GAPS: Final = 1.5  # gaps with which a regular rhythm is believed by half
BINDING: Final = 0.5  # commitment of an agreement that binds both sides through a silence: no phone plan's


def record_contact(account: Account, t: int, policy: Policy) -> None:
    """Record a contact with a person at event time `t` (µs); several of one visit are one."""
    last = account.met
    if last is None:
        account.met = account.met_first = t
    elif t - last >= SAME_VISIT_US:
        gap = (t - last) / times.DAY_US
        kept = exp2(-(gap / policy.cadence.memory))
        account.met_gaps = account.met_gaps * kept + 1.0
        account.met_days = account.met_days * kept + gap
        account.met_squares = account.met_squares * kept + gap * gap
        account.met = t
        account.stretch = stretch_of(account, policy, trade_of(account, policy))


def rhythm_of(account: Account) -> float:
    """Return the days between two contacts of an account, as far as they are regular; 0 before the second contact."""
    gaps = account.met_gaps
    return account.met_days / gaps * regularity_of(account) if gaps else 0.0


def regularity_of(account: Account) -> float:
    """Return how regular the contacts are, 0-1: 1 for clockwork, 0 where they come as chance has it.

    The squared coefficient of variation of the gaps is 1 for events that come by chance, and 0 for a calendar's. With few
    gaps nobody can tell.
    """
    gaps, days = account.met_gaps, account.met_days
    if not days:
        return 0.0
    irregular = gaps * account.met_squares / (days * days) - 1.0
    return max(0.0, 1.0 - irregular) * gaps / (gaps + FEW_GAPS)


def stretch_of(account: Account, policy: Policy, trade: Trade) -> Number:
    """Return by how much the account's evidence lasts longer than the trade's usual, or shorter."""
    cadence = policy.cadence
    stretch: Number = 1
    if account.met_gaps:
        gap = account.met_days / account.met_gaps
        stretch = max(min(gap, trade.longest) / trade.usual, cadence.least)
        if stretch > 1.0:
            stretch = 1.0 + (stretch - 1.0) * regularity_of(account)
    if account.season:
        stretch = max(stretch, min(account.season * MONTH_DAYS, trade.longest) / trade.usual)
    binding = binding_of(account, policy)
    return max(stretch, 1.0 + cadence.agreement * binding) if binding else stretch


def binding_of(account: Account, policy: Policy) -> float:
    """Return how much an agreement in force at the account's time binds, 0-1; 0 for one that hardly binds."""
    profile = account.profile
    if profile is None or profile.contract is None or account.ended is not None:
        return 0.0
    kind, begins, ends = profile.contract
    today, binding = account.t // times.DAY_US, policy.contract[kind]
    return binding if binding >= BINDING and begins <= today and (ends is None or today <= ends) else 0.0


def season_of(months: int) -> int:
    """Return how many months of silence followed, a year ago, the month that is the newest of a mask of active ones."""
    longest = 0
    for ago in YEAR_MONTHS:
        if months >> ago & 1:
            next_active = (months & ((1 << ago) - 1)).bit_length() - 1
            if next_active > 0:
                longest = max(longest, ago - 1 - next_active)
    return longest
