"""The transitions between the statuses, as data.

`RULES` is the state machine: for each status the rules in the order in which they are tried, each with its condition and
the minimum time that the status must have been held. Promotion and demotion have different thresholds (hysteresis). A lapse
is decided by a timer and an override by a command, both in `relationship/classify/fold.py`; their descriptions are here, so
that the diagram in the docs is generated from this module alone.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from msgspec import Struct

from relationship.classify.dimensions import COMMITMENT, ENGAGEMENT, PERSONALISATION, TRUST, contributions, values
from relationship.classify.ends import is_episode, is_winding_up
from relationship.classify.rhythm import binding_of
from relationship.classify.trades import trade_of
from relationship.contract.decisions import Direction
from relationship.policy.compiled import Policy, Trade
from relationship.state.account import CANDIDATE, CLIENT, CUSTOMER, LAPSED, PROSPECT, Account

MUST_SHOW: Final = 2  # of engagement, personalisation, trust, commitment: the contract's condition for a client
CONTACT_SHARE: Final = 0.5  # of the level that engagement must reach where two others open the gate
GATE_SLACK: Final = 0.5  # the gate's hysteresis: a client stays one down to half of the level that it took to enter


class Reading(Struct, frozen=True, gc=False):
    """What the rules' conditions are evaluated on.

    Attributes:
        score: hundredths of a point.
        values: the value of each dimension, 0-1.
        contributions: what each dimension adds to the score, in hundredths of a point.
        trade: the tables of the account's industry.
        policy: the policy in force.
    """

    score: int
    values: list[float]
    contributions: list[int]
    trade: Trade
    policy: Policy

    def gate(self, slack: float = 1.0) -> bool:
        """Tell whether two of engagement, personalisation, trust, commitment reach the level, one of them of the first two.

        The level is the policy's `gate` times `slack`. Some contact with people must show in any case: a box tailored by a
        quiz and a plan with a nominal manager open no gate.
        """
        level = self.policy.gate * slack
        values = self.values
        if values[ENGAGEMENT] < level * CONTACT_SHARE:
            return False
        close = (values[ENGAGEMENT] >= level) + (values[PERSONALISATION] >= level)
        return close > 0 and close + (values[TRUST] >= level) + (values[COMMITMENT] >= level) >= MUST_SHOW

    def is_turning(self) -> bool:
        """Tell whether engagement, personalisation or trust reaches the gate's level: money alone makes no candidate."""
        values, level = self.values, self.policy.gate
        return values[ENGAGEMENT] >= level or values[PERSONALISATION] >= level or values[TRUST] >= level


def read(account: Account, policy: Policy) -> Reading:
    """Return the reading of an account at its own event time."""
    trade = trade_of(account, policy)
    computed = values(account, policy, trade)
    parts = contributions(computed, trade)
    return Reading(sum(parts), computed, parts, trade, policy)


def client_border(account: Account, reading: Reading) -> int:
    """Return the score (hundredths of a point) at which an account becomes a client."""
    return reading.trade.client_up - eased(account, reading.policy)


def leaving_border(account: Account, reading: Reading) -> int:
    """Return the score (hundredths of a point) below which a client has faded."""
    return reading.trade.client_down - eased(account, reading.policy)


def eased(account: Account, policy: Policy) -> int:
    """Return by how much (hundredths of a point) an agreement in force lowers both borders; 0 without a firm's bar."""
    return int(policy.agreed * binding_of(account, policy)) if policy.agreed else 0


Condition = Callable[[Account, Reading], bool]


class Rule(NamedTuple):
    """One transition.

    Attributes:
        source, target: the statuses.
        direction: of the decision that it makes.
        says: the condition in words, for the docs.
        stay: the name of the minimum time in the policy's `[stays]`; None where none is required.
        holds: the condition.
    """

    source: int
    target: int
    direction: Direction
    says: str
    stay: str | None
    holds: Condition

    @property
    def is_fading(self) -> bool:
        """Tell whether it is a demotion by evidence that has faded: those that have a least time."""
        return self.direction == "demotion" and self.stay is not None


def _known_long_enough(account: Account, reading: Reading) -> bool:
    return account.first is not None and account.t - account.first >= reading.policy.stays_us["tenure"]


def _may_begin(account: Account, reading: Reading) -> bool:
    if account.ended is None:
        return True
    return not is_winding_up(account, account.t, reading.policy)


def _has_ended(account: Account, _reading: Reading) -> bool:
    return account.ended is not None


def _becomes_client(account: Account, reading: Reading) -> bool:
    stands = reading.score >= client_border(account, reading) and reading.gate()
    return stands and _may_begin(account, reading) and _known_long_enough(account, reading) and not is_episode(account)


def _becomes_candidate(account: Account, reading: Reading) -> bool:
    stands = reading.score >= reading.trade.candidate_up and reading.is_turning()
    return stands and _may_begin(account, reading)


def _has_cooled(_account: Account, reading: Reading) -> bool:
    return reading.score < reading.trade.candidate_down


def _is_no_client(account: Account, reading: Reading) -> bool:
    return reading.score < leaving_border(account, reading) or not reading.gate(GATE_SLACK)


def _is_neither(account: Account, reading: Reading) -> bool:
    return _is_no_client(account, reading) and _has_cooled(account, reading)


def _bought(account: Account, _reading: Reading) -> bool:
    return account.bought is not None


def _took_all_back(account: Account, _reading: Reading) -> bool:
    return account.bought is None


def _client_again(account: Account, reading: Reading) -> bool:
    return account.was == CLIENT and account.ended is None and not _is_no_client(account, reading)


def _candidate_again(account: Account, reading: Reading) -> bool:
    return account.ended is None and (account.was == CLIENT or _was_candidate(account, reading))


def _was_candidate(account: Account, reading: Reading) -> bool:
    return account.was == CANDIDATE and not _has_cooled(account, reading)


def _always(_account: Account, _reading: Reading) -> bool:
    return True


RULES: Final = (
    Rule(PROSPECT, CUSTOMER, "promotion", "first purchase or agreement", None, _bought),
    Rule(CUSTOMER, PROSPECT, "demotion", "its only purchase was refunded in full", None, _took_all_back),
    Rule(
        CUSTOMER,
        CANDIDATE,
        "promotion",
        "score reaches candidate_up, and contact, tailoring or trust shows",
        "customer",
        _becomes_candidate,
    ),
    Rule(
        CANDIDATE,
        CLIENT,
        "promotion",
        "score reaches client_up, the gate is open, known for the least tenure, and no agreement of an episode",
        "candidate",
        _becomes_client,
    ),
    Rule(CLIENT, CUSTOMER, "demotion", "its agreement has ended", None, _has_ended),
    Rule(CANDIDATE, CUSTOMER, "demotion", "score falls below candidate_down", "candidate", _has_cooled),
    Rule(CLIENT, CUSTOMER, "demotion", "score falls below candidate_down", "client", _is_neither),
    Rule(CLIENT, CANDIDATE, "demotion", "score falls below client_down, or the gate closes", "client", _is_no_client),
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


def next_rule(account: Account, reading: Reading, *, alive: bool, falls: bool) -> Rule | None:
    """Return the first rule that fires, or None.

    Only a sign of life ends a lapse: `alive` tells whether the fact just folded was one. `falls` tells whether evidence that
    has faded may be told now: by the clock, and by a fact that speaks against the account.
    """
    if account.status == LAPSED and not alive:
        return None
    held = account.t - account.since
    for rule in _BY_SOURCE[account.status]:
        if not falls and rule.is_fading:
            continue
        if (rule.stay is None or held >= reading.policy.stays_us[rule.stay]) and rule.holds(account, reading):
            return rule
    return None
