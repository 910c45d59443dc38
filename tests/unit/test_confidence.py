"""The confidence told: by the points above the bar, for each side of it, and by what is told."""

from math import exp, log

import msgspec
import pytest
from story import POLICY

from relationship.classify.confidence import chance_of_client, confidence
from relationship.policy.compiled import Policy
from relationship.state.account import CANDIDATE, CLIENT, Account, Override


def chance(odds: float) -> float:
    """Return the chance of these log-odds."""
    return 1 / (1 + exp(-odds))


def test_the_chance_is_a_half_where_the_policy_says_and_e_times_a_width_further():
    """Of clients `client` points above the bar, of others `other`; by widths of their own, and what the events carry."""
    curve, up = POLICY.confidence, POLICY.trade(None).client_up
    middle = curve.client - POLICY.firm.bar
    for status, half, width in ((CLIENT, middle, curve.client_width), (CANDIDATE, curve.other, curve.other_width)):
        account = Account(status=status)
        for widths in (-1, 0, 2):
            score = up + round(100 * (half + widths * width))
            assert chance_of_client(account, score, POLICY) == pytest.approx(chance(widths * POLICY.carries))


@pytest.mark.parametrize("carries", [0.0, 0.25, 1.0])
def test_what_a_firms_events_do_not_carry_is_taken_off_the_odds(carries):
    """Where they carry a quarter of a judgement, so do the odds; where they carry none, the chance is a half."""
    firm = Policy(POLICY.source)
    firm.carries = carries
    for account in (Account(status=CLIENT), Account(status=CANDIDATE)):
        odds = log(1 / chance_of_client(account, 0, POLICY) - 1)
        assert chance_of_client(account, 0, firm) == pytest.approx(chance(-odds * carries))


def test_a_bar_that_a_firm_has_raised_or_lowered_moves_the_half_with_it():
    """By the points that the bar was moved, and no further down than as far below the bar as it was above."""
    curve = POLICY.confidence
    client = Account(status=CLIENT)
    for bar, half in ((-5.0, curve.client + 5.0), (2 * curve.client, -curve.client), (99.0, -curve.client)):
        firm = Policy(POLICY.source)
        firm.firm = msgspec.structs.replace(POLICY.firm, bar=bar)
        score = firm.trade(None).client_up + round(100 * half)
        assert chance_of_client(client, score, firm) == pytest.approx(0.5)


def test_the_confidence_is_of_what_is_told():
    """Of a client the chance, of any other its rest; by the status told, an override's too; bounded, of an end fixed."""
    up = POLICY.trade(None).client_up
    told_client = Account(status=CANDIDATE, override=Override(CLIENT, 1))
    told_other = Account(status=CANDIDATE)
    assert confidence(told_client, up, POLICY) == chance_of_client(told_other, up, POLICY)
    assert confidence(told_other, up, POLICY) == 1 - chance_of_client(told_other, up, POLICY)
    assert chance_of_client(Account(status=CANDIDATE, ended=1), up, POLICY) == POLICY.confidence.ended
    assert chance_of_client(Account(status=CLIENT, ended=1), up, POLICY) != POLICY.confidence.ended
    for score, odds in ((10**7, 30.0), (-(10**7), -30.0)):
        assert chance_of_client(told_other, score, POLICY) == chance(odds)
