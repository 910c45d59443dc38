"""The statuses, and the transitions between them as data.

`RULES` is the whole machine: for each status the rules in the order in which they are tried, each with its condition and
the least time that the status must have been held. Promotion and demotion stand at different thresholds (hysteresis).
The lapse is the clock's, an override the command's: both are in `relationship/classify/fold.py`, and have their row
here, so that the diagram in the docs is drawn from this table alone.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from msgspec import Struct

from relationship.classify.dimensions import COMMITMENT, ENGAGEMENT, PERSONALISATION, TRUST, contributions, values
from relationship.contract.decisions import Direction
from relationship.policy.compiled import Policy, Trade
from relationship.state.account import CANDIDATE, CLIENT, CUSTOMER, LAPSED, PROSPECT, Account

MUST_SHOW: Final = 2  # of engagement, personalisation, trust, commitment: the contract's rule for a client
GATE_SLACK: Final = (
    0.5  # a client stays one while its gate stands at half of what it took to enter: the gate's hysteresis
)


class Reading(Struct, frozen=True, gc=False):
    """What the rules look at: the score in hundredths of a point, and the four dimensions that must show."""

    score: int
    values: list[float]
    contributions: list[int]
    trade: Trade
    policy: Policy

    def gate(self, slack: float = 1.0) -> bool:
        """Tell whether two of engagement, personalisation, trust, commitment show, one of them of the first two."""
        level = self.policy.gate * slack
        found = self.values
        close = (found[ENGAGEMENT] >= level) + (found[PERSONALISATION] >= level)
        return close > 0 and close + (found[TRUST] >= level) + (found[COMMITMENT] >= level) >= MUST_SHOW

    def turning(self) -> bool:
        """Tell whether engagement, personalisation or trust shows: money alone makes no candidate."""
        found, level = self.values, self.policy.gate
        return found[ENGAGEMENT] >= level or found[PERSONALISATION] >= level or found[TRUST] >= level


def read(account: Account, policy: Policy) -> Reading:
    """Return the reading of an account at its own moment."""
    trade = policy.trade(account.industry)
    found = values(account, policy, trade)
    parts = contributions(found, trade)
    return Reading(sum(parts), found, parts, trade, policy)


Condition = Callable[[Account, Reading], bool]


class Rule(NamedTuple):
    """From one status to another. `stay` names the least time of the policy's `[stays]`, `says` the condition in words."""

    source: int
    target: int
    direction: Direction
    says: str
    stay: str | None
    holds: Condition


def _known_long_enough(account: Account, reading: Reading) -> bool:
    return account.first is not None and account.t - account.first >= reading.policy.stays_us["tenure"]


def _client(account: Account, reading: Reading) -> bool:
    return reading.score >= reading.trade.client_up and reading.gate() and _known_long_enough(account, reading)


def _candidate(_account: Account, reading: Reading) -> bool:
    return reading.score >= reading.trade.candidate_up and reading.turning()


def _cool(_account: Account, reading: Reading) -> bool:
    return reading.score < reading.trade.candidate_down


def _no_client(_account: Account, reading: Reading) -> bool:
    return reading.score < reading.trade.client_down or not reading.gate(GATE_SLACK)


def _no_client_at_all(account: Account, reading: Reading) -> bool:
    return _no_client(account, reading) and _cool(account, reading)


def _bought(account: Account, _reading: Reading) -> bool:
    return account.bought is not None


def _client_again(account: Account, reading: Reading) -> bool:
    return account.was == CLIENT and not _no_client(account, reading)


def _candidate_again(account: Account, reading: Reading) -> bool:
    return account.was == CLIENT or (account.was == CANDIDATE and not _cool(account, reading))


def _always(_account: Account, _reading: Reading) -> bool:
    return True


RULES: Final = (
    Rule(PROSPECT, CUSTOMER, "promotion", "first purchase or agreement", None, _bought),
    Rule(
        CUSTOMER,
        CANDIDATE,
        "promotion",
        "score reaches candidate_up, and contact, tailoring or trust shows",
        "customer",
        _candidate,
    ),
    Rule(
        CANDIDATE,
        CLIENT,
        "promotion",
        "score reaches client_up, the gate is open, known for the least tenure",
        "candidate",
        _client,
    ),
    Rule(CANDIDATE, CUSTOMER, "demotion", "score falls below candidate_down", "candidate", _cool),
    Rule(CLIENT, CUSTOMER, "demotion", "score falls below candidate_down", "client", _no_client_at_all),
    Rule(CLIENT, CANDIDATE, "demotion", "score falls below client_down, or the gate closes", "client", _no_client),
    Rule(LAPSED, CLIENT, "return", "was a client, and still stands at client_down", None, _client_again),
    Rule(
        LAPSED,
        CANDIDATE,
        "return",
        "was a client, or a candidate that still stands at candidate_down",
        None,
        _candidate_again,
    ),
    Rule(LAPSED, CUSTOMER, "return", "has bought before, or buys now", None, _bought),
    Rule(LAPSED, PROSPECT, "return", "has never bought", None, _always),
)
LAPSE_SAYS: Final = "silent for longer than its own rhythm and its industry's allowance"
OVERRIDE_SAYS: Final = "a person holds the status until a given time"

_BY_SOURCE: Final = tuple(tuple(r for r in RULES if r.source == status) for status in range(LAPSED + 1))


def next_rule(account: Account, reading: Reading, *, alive: bool) -> Rule | None:
    """Return the rule that fires now, if any. `alive`: the fact just folded was a sign of life; only that ends a lapse."""
    if account.status == LAPSED and not alive:
        return None
    held = account.t - account.since
    for rule in _BY_SOURCE[account.status]:
        if (rule.stay is None or held >= reading.policy.stays_us[rule.stay]) and rule.holds(account, reading):
            return rule
    return None
