"""The cast: personas as timelines of hidden phases, each with the status that someone who knew them would give.

The statuses here are the ground truth. They follow from what the people are up to (`phases`), not from what their
events add up to: the simulator never computes a score. A phase of silence keeps the status that went before until the
trade's patience has run out, and only then is the account called lapsed.
"""

from math import inf
from typing import Final, Literal, NamedTuple

from simulator.chance import Odds, odds
from simulator.industries import INDUSTRIES
from simulator.manners import PLAIN, PRODUCT, Manner

TruthStatus = Literal["prospect", "customer", "client", "lapsed"]

REST: Final = (inf, inf)  # to the end of the simulation


class Habit(NamedTuple):
    """Something done again and again.

    Attributes:
        manner: how.
        pace: days between two events as a multiple of the trade's own.
        jitter: log-normal sigma of those days; 0.2 is clockwork, 0.8 is whim.
    """

    manner: Manner
    pace: float = 1.0
    jitter: float = 0.4


class Phase(NamedTuple):
    """A stretch of an account's life.

    Attributes:
        status: what it truly is meanwhile.
        days: bounds of its length.
        habits: what goes on.
        opening: what it starts with, a few days apart.
        by_patience: `days` are multiples of the patience of the trade, which runs out.
        bound: a contract is in force and in the profile.
        named: a named person of ours looks after the account, and its goals are known.
        lines: how many lines of business it buys in.
    """

    status: TruthStatus
    days: tuple[float, float]
    habits: tuple[Habit, ...] = ()
    opening: tuple[Manner, ...] = ()
    by_patience: bool = False
    bound: bool = False
    named: bool = False
    lines: int = 1


class Persona(NamedTuple):
    """A kind of account.

    Attributes:
        name: what it is called in tables.
        weight: its share of the cast, in proportion.
        industries: the trades it is found in; empty for every one.
        phases: its life, in order.
        party: who it is, where the trade does not say.
        market: where it buys, where the party does not say.
        scope: external or internal.
        difficulty: how hard such accounts are to tell.
        early: the share of the time within which it begins.
    """

    name: str
    weight: float
    industries: tuple[str, ...]
    phases: tuple[Phase, ...]
    party: Odds | None = None
    market: Odds | None = None
    scope: Literal["external", "internal"] = "external"
    difficulty: Odds = odds(easy=45, medium=38, hard=17)
    early: float = 0.75


def gone(status: TruthStatus) -> tuple[Phase, Phase]:
    """Return the phases of an account that stops: a silence in which nobody can know yet, then lapsed."""
    return Phase(status, (0.9, 1.2), by_patience=True), Phase("lapsed", REST)


def buyer(
    *habits: Habit, days: tuple[float, float] = REST, opening: tuple[Manner, ...] = (PLAIN,), lines: int = 1
) -> Phase:
    """Return a phase of somebody who buys, starting with a purchase unless `opening` is empty."""
    return Phase("customer", days, habits, opening, lines=lines)


PLAIN_ASKS: Final = Habit(PRODUCT, 2.0, 0.9)
ADVISED: Final = (
    "consulting",
    "law",
    "financial_advice",
    "accounting",
    "architecture",
    "banking",
    "marketing_agency",
    "healthcare",
)
EITHER: Final = (*ADVISED, "insurance", "saas", "real_estate")
GOODS_TRADES: Final = ("retail", "grocery", "restaurant", "other")
PLAN_TRADES: Final = ("telecom", "streaming", "banking", "insurance")
MEETING_TRADES: Final = tuple(name for name in INDUSTRIES if name not in {"streaming", "telecom"})

HARDER: Final = odds(easy=10, medium=45, hard=45)
CLEAR: Final = odds(easy=75, medium=20, hard=5)
