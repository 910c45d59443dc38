"""Every row of the transitions, at its threshold and its least stay, and just beside each: `next_rule` driven by hand.

A case names the row that it belongs to by (from, to). Scores are hundredths of a point, held and known times are µs.
"""

from math import nextafter

import msgspec
import pytest
from story import POLICY, on, profile

from relationship.classify.transitions import (
    CONTACT_SHARE,
    GATE_SLACK,
    RULES,
    Reading,
    client_border,
    leaving_border,
    next_rule,
)
from relationship.contract.names import INDEX
from relationship.contract.times import micros
from relationship.policy.compiled import Policy
from relationship.policy.file import Firm
from relationship.state.account import CANDIDATE, CLIENT, CUSTOMER, LAPSED, PROSPECT, Account
from relationship.state.facts_from_messages import fact_of

TRADE = POLICY.trade(None)
GATE = POLICY.gate
STAY = POLICY.stays_us
TENURE = STAY["tenure"]
ANEW = POLICY.anew_us
LONG = 10**15  # µs, thirty years: longer than any stay
NOTHING: dict[str, float] = {}
OPEN = {"engagement": GATE, "trust": GATE}
HALF_OPEN = {"engagement": GATE * GATE_SLACK, "trust": GATE * GATE_SLACK}
TURNING = {"trust": GATE}


def below(value: float) -> float:
    """Return the next smaller number."""
    return nextafter(value, 0.0)


def reading(score, shown):
    """Return a reading of this score, in which only these dimensions show anything."""
    values = [0.0] * len(INDEX)
    for name, value in shown.items():
        values[INDEX[name]] = value
    return Reading(score, values, [0] * len(INDEX), TRADE, POLICY)


def fired(
    status,
    score=0,
    shown=NOTHING,
    *,
    held=LONG,
    known=LONG,
    bought=True,
    was=PROSPECT,
    alive=True,
    ended=None,
    notice=None,
):
    """Return the status that the rules lead to and the direction, or None where they leave the account as it is."""
    t = 2 * LONG
    first = None if known is None else t - known
    account = Account(t=t, status=status, since=t - held, first=first, was=was, bought=t if bought else None)
    account.ended, account.ended_by = (None, None) if ended is None else (t - ended, notice)
    rule = next_rule(account, reading(score, shown), alive=alive, falls=True)
    return None if rule is None else (rule.target, rule.direction)


# The row, what the account and its reading are, and whether that row fires.
CASES = [
    ((PROSPECT, CUSTOMER), {"bought": True, "held": 0}, True),
    ((PROSPECT, CUSTOMER), {"bought": False}, False),
    ((PROSPECT, CUSTOMER), {"bought": False, "score": 10_000, "shown": OPEN}, False),
    ((CUSTOMER, PROSPECT), {"bought": False, "held": 0}, True),
    ((CUSTOMER, PROSPECT), {"bought": True, "score": 0}, False),
    ((CUSTOMER, CANDIDATE), {"score": TRADE.candidate_up, "shown": TURNING, "held": STAY["customer"]}, True),
    ((CUSTOMER, CANDIDATE), {"score": TRADE.candidate_up - 1, "shown": TURNING}, False),
    ((CUSTOMER, CANDIDATE), {"score": TRADE.candidate_up, "shown": TURNING, "held": STAY["customer"] - 1}, False),
    ((CUSTOMER, CANDIDATE), {"score": TRADE.candidate_up, "shown": {"trust": below(GATE)}}, False),
    ((CUSTOMER, CANDIDATE), {"score": TRADE.candidate_up, "shown": {"engagement": GATE}}, True),
    ((CUSTOMER, CANDIDATE), {"score": TRADE.candidate_up, "shown": {"engagement": below(GATE)}}, False),
    ((CUSTOMER, CANDIDATE), {"score": TRADE.candidate_up, "shown": {"personalisation": GATE}}, True),
    ((CUSTOMER, CANDIDATE), {"score": TRADE.candidate_up, "shown": {"personalisation": below(GATE)}}, False),
    ((CUSTOMER, CANDIDATE), {"score": TRADE.candidate_up, "shown": {"commitment": 1.0, "loyalty": 1.0}}, False),
    ((CANDIDATE, CLIENT), {"score": TRADE.client_up, "shown": OPEN, "held": STAY["candidate"], "known": TENURE}, True),
    ((CANDIDATE, CLIENT), {"score": TRADE.client_up - 1, "shown": OPEN}, False),
    ((CANDIDATE, CLIENT), {"score": TRADE.client_up, "shown": OPEN, "held": STAY["candidate"] - 1}, False),
    ((CANDIDATE, CLIENT), {"score": TRADE.client_up, "shown": OPEN, "known": TENURE - 1}, False),
    ((CANDIDATE, CLIENT), {"score": TRADE.client_up, "shown": OPEN, "known": None}, False),
    ((CANDIDATE, CLIENT), {"score": 10_000, "shown": {"engagement": below(GATE), "trust": GATE}}, False),
    ((CANDIDATE, CLIENT), {"score": 10_000, "shown": {"engagement": GATE, "trust": below(GATE)}}, False),
    ((CANDIDATE, CLIENT), {"score": 10_000, "shown": {"engagement": GATE, "commitment": below(GATE)}}, False),
    ((CANDIDATE, CLIENT), {"score": 10_000, "shown": {"personalisation": below(GATE), "trust": GATE}}, False),
    ((CANDIDATE, CLIENT), {"score": 10_000, "shown": {"engagement": GATE, "personalisation": GATE}}, True),
    ((CANDIDATE, CLIENT), {"score": 10_000, "shown": {"personalisation": GATE, "commitment": GATE}}, False),
    (
        (CANDIDATE, CLIENT),
        {"score": 10_000, "shown": {"personalisation": GATE, "commitment": GATE, "engagement": GATE * CONTACT_SHARE}},
        True,
    ),
    ((CANDIDATE, CLIENT), {"score": 10_000, "shown": {"engagement": 1.0}}, False),
    ((CANDIDATE, CLIENT), {"score": 10_000, "shown": {"trust": 1.0, "commitment": 1.0}}, False),
    ((CANDIDATE, CUSTOMER), {"score": TRADE.candidate_down - 1, "held": STAY["candidate"]}, True),
    ((CANDIDATE, CUSTOMER), {"score": TRADE.candidate_down}, False),
    ((CANDIDATE, CUSTOMER), {"score": TRADE.candidate_down - 1, "held": STAY["candidate"] - 1}, False),
    ((CLIENT, CUSTOMER), {"score": TRADE.candidate_down - 1, "shown": OPEN, "held": STAY["client"]}, True),
    ((CLIENT, CUSTOMER), {"score": TRADE.candidate_down, "shown": OPEN}, False),
    ((CLIENT, CUSTOMER), {"score": TRADE.candidate_down - 1, "held": STAY["client"] - 1}, False),
    ((CLIENT, CANDIDATE), {"score": TRADE.client_down - 1, "shown": OPEN, "held": STAY["client"]}, True),
    ((CLIENT, CANDIDATE), {"score": TRADE.client_down - 1, "shown": OPEN, "held": STAY["client"] - 1}, False),
    ((CLIENT, CANDIDATE), {"score": TRADE.client_down, "shown": HALF_OPEN}, False),
    ((CLIENT, CANDIDATE), {"score": 10_000, "shown": {**HALF_OPEN, "trust": below(HALF_OPEN["trust"])}}, True),
    ((CLIENT, CANDIDATE), {"score": 10_000, "shown": {"trust": 1.0, "commitment": 1.0}}, True),
    ((CLIENT, CUSTOMER), {"score": 10_000, "shown": OPEN, "held": 0, "ended": 0}, True),
    ((CANDIDATE, CLIENT), {"score": 10_000, "shown": OPEN, "ended": ANEW - 1}, False),
    ((CANDIDATE, CLIENT), {"score": 10_000, "shown": OPEN, "ended": ANEW}, True),
    ((CANDIDATE, CLIENT), {"score": 10_000, "shown": OPEN, "ended": POLICY.notice_us - 1, "notice": 7}, False),
    ((CANDIDATE, CLIENT), {"score": 10_000, "shown": OPEN, "ended": POLICY.notice_us, "notice": 7}, True),
    ((CUSTOMER, CANDIDATE), {"score": 10_000, "shown": OPEN, "ended": ANEW - 1}, False),
    ((LAPSED, CANDIDATE), {"was": CLIENT, "score": 10_000, "shown": OPEN, "ended": LONG}, False),
    ((CLIENT, CANDIDATE), {"score": TRADE.candidate_down}, True),
    ((LAPSED, CLIENT), {"was": CLIENT, "score": TRADE.client_down, "shown": HALF_OPEN, "held": 0}, True),
    ((LAPSED, CLIENT), {"was": CLIENT, "score": TRADE.client_down - 1, "shown": OPEN}, False),
    ((LAPSED, CLIENT), {"was": CLIENT, "score": 10_000, "shown": {"trust": 1.0}}, False),
    ((LAPSED, CLIENT), {"was": CANDIDATE, "score": 10_000, "shown": OPEN}, False),
    ((LAPSED, CLIENT), {"was": CLIENT, "score": 10_000, "shown": OPEN, "alive": False}, False),
    ((LAPSED, CANDIDATE), {"was": CLIENT, "score": 0, "held": 0}, True),
    ((LAPSED, CANDIDATE), {"was": CANDIDATE, "score": TRADE.candidate_down, "held": 0}, True),
    ((LAPSED, CANDIDATE), {"was": CANDIDATE, "score": TRADE.candidate_down - 1}, False),
    ((LAPSED, CANDIDATE), {"was": CUSTOMER, "score": 10_000, "shown": OPEN}, False),
    ((LAPSED, CANDIDATE), {"was": CLIENT, "alive": False}, False),
    ((LAPSED, CUSTOMER), {"was": CUSTOMER, "held": 0}, True),
    ((LAPSED, CUSTOMER), {"was": CANDIDATE, "score": TRADE.candidate_down - 1}, True),
    ((LAPSED, CUSTOMER), {"was": CUSTOMER, "bought": False}, False),
    ((LAPSED, CUSTOMER), {"was": CUSTOMER, "alive": False}, False),
    ((LAPSED, PROSPECT), {"was": PROSPECT, "bought": False, "held": 0}, True),
    ((LAPSED, PROSPECT), {"was": PROSPECT, "bought": False, "alive": False}, False),
    ((LAPSED, PROSPECT), {"was": PROSPECT, "bought": True}, False),
]


@pytest.mark.parametrize(("row", "case", "fires"), CASES)
def test_a_row_fires_at_its_edge_and_not_beside_it(row, case, fires):
    """At the threshold, the gate, the least stay and the tenure the row fires; one unit short of any of them it does not."""
    source, target = row
    rule = next(each for each in RULES if (each.source, each.target) == row)
    found = fired(source, **case)
    if fires:
        assert found == (target, rule.direction)
    else:
        assert found is None or found[0] != target


def test_every_row_has_a_case_on_both_sides():
    """A rule that is added has its edge tested too."""
    rows = {(rule.source, rule.target) for rule in RULES}
    assert {row for row, _, fires in CASES if fires} == rows
    assert {row for row, _, fires in CASES if not fires} == rows


@pytest.mark.parametrize("status", [PROSPECT, CUSTOMER, CANDIDATE, CLIENT])
def test_only_a_lapse_asks_for_a_sign_of_life(status):
    """What is no sign of life can promote and demote: a late payment may let a client's score fall below its border."""
    case = {
        PROSPECT: {"bought": True},
        CUSTOMER: {"score": 10_000, "shown": TURNING},
        CANDIDATE: {"score": 0},
        CLIENT: {"score": 0},
    }
    assert fired(status, **case[status], alive=False) is not None
    assert fired(status, **case[status], alive=False) == fired(status, **case[status], alive=True)


def test_the_first_row_that_holds_is_taken():
    """A client whose score has fallen below both borders goes to customer at once; a returning client is one at once."""
    assert fired(CLIENT, TRADE.candidate_down - 1) == (CUSTOMER, "demotion")
    assert fired(LAPSED, TRADE.client_down, OPEN, was=CLIENT) == (CLIENT, "return")
    assert fired(LAPSED, TRADE.candidate_down, was=CANDIDATE) == (CANDIDATE, "return")


@pytest.mark.parametrize(
    ("shown", "opens"),
    [
        ({"engagement": 1.0, "trust": 1.0}, True),
        ({"engagement": 0.5, "personalisation": 1.0, "commitment": 1.0}, True),
        ({"engagement": 0.5, "trust": 1.0, "commitment": 1.0}, False),  # neither close nor personal
        ({"engagement": 0.49, "personalisation": 1.0, "trust": 1.0}, False),  # too little contact with people
        ({"engagement": 1.0}, False),
    ],
)
def test_the_gate_wants_two_of_four_and_one_of_the_first_two(shown, opens):
    """In shares of the gate's level; some contact with people must show in any case."""
    values = [0.0] * len(INDEX)
    for name, share in shown.items():
        values[INDEX[name]] = POLICY.gate * share
    assert Reading(0, values, [0] * len(INDEX), TRADE, POLICY).gate() is opens


@pytest.mark.parametrize(
    ("kind", "eased"), [("retainer", 600), ("engagement", 540), ("policy", 300), ("subscription", 0), (None, 0)]
)
def test_a_firms_bar_is_lower_by_an_agreement_that_binds(kind, eased):
    """By up to six points, to enter and to stay; a plan binds hardly, and the shipped policy has nothing to take back."""
    firm = Policy(msgspec.structs.replace(POLICY.source, firm=Firm(bar=8.0)))
    contract = None if kind is None else {"id": "c", "kind": kind, "signed_on": on(0).date()}
    account = Account(profile=fact_of(profile(0, industry=None, contract=contract)[1]), t=micros(on(1)))
    for policy, less in ((firm, eased), (POLICY, 0)):
        trade = policy.trade(None)
        found = Reading(0, [0.0] * len(INDEX), [0] * len(INDEX), trade, policy)
        assert client_border(account, found) == trade.client_up - less
        assert leaving_border(account, found) == trade.client_down - less


@pytest.mark.parametrize(("score", "moves"), [(0, None), (1, "client")])
def test_a_candidate_with_an_agreement_enters_at_the_lower_border(score, moves):
    """At a firm's bar less what the agreement takes back; a hundredth of a point below it does not."""
    firm = Policy(msgspec.structs.replace(POLICY.source, firm=Firm(bar=8.0)))
    contract = {"id": "c", "kind": "retainer", "signed_on": on(0).date()}
    account = Account(t=micros(on(400)), status=CANDIDATE, since=micros(on(300)), first=micros(on(0)), bought=1)
    account.profile = fact_of(profile(0, industry=None, contract=contract)[1])
    shown = reading(firm.trade(None).client_up - 601 + score, OPEN)
    rule = next_rule(account, Reading(shown.score, shown.values, [], firm.trade(None), firm), alive=True, falls=True)
    assert (rule is None) is (moves is None)
