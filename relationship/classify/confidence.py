"""Confidence: the chance that the standing told is right, of being a client or of being none."""

from math import exp
from typing import Final

from relationship.classify.trades import trade_of
from relationship.classify.transitions import eased
from relationship.policy.compiled import Policy
from relationship.state.account import CLIENT, Account

SURE: Final = 30.0  # of log-odds: beyond it nothing changes, and exp would overflow


def chance_of_client(account: Account, score: int, policy: Policy) -> float:
    """Return the chance that an account of this score, in hundredths of a point, is a client.

    A logistic curve of the points above the bar, flatter where the firm's events carry less of a judgement.
    """
    curve = policy.confidence
    spared = eased(account, policy) / 100
    above = (score - trade_of(account, policy).client_up) / 100 + spared
    if account.status == CLIENT:
        # A calibrated bar is higher by what lies between a bar and the points at which half are clients.
        odds = (above - max(curve.client - policy.firm.bar + spared, -curve.client)) / curve.client_width
    elif account.ended is not None:
        return curve.ended
    else:
        odds = (above - curve.other) / curve.other_width
    odds *= policy.carries
    return 1.0 / (1.0 + exp(-min(SURE, max(-SURE, odds))))


def confidence(account: Account, score: int, policy: Policy) -> float:
    """Return the chance, 0-1, that the standing told is right; `score` is in hundredths of a point."""
    chance = chance_of_client(account, score, policy)
    return chance if account.effective_status == CLIENT else 1.0 - chance
