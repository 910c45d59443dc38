"""An account as it stands at one moment: what all its facts, folded in order, have come to.

A plain, mutable value with no behaviour but its encoding. It is a snapshot, never the truth: the truth is the history,
and `relationship/classify/fold.py` makes this of it. Floats hold masses of evidence; money is exact and is summed as
Decimal.
"""

from copy import copy as shallow
from typing import Final

from msgspec import Struct, field

from relationship.contract.names import DIMENSIONS
from relationship.state.facts import MergedProfileFact, Number, ProfileFact

PROSPECT, CUSTOMER, CANDIDATE, CLIENT, LAPSED = range(5)
TICKETS_REMEMBERED: Final = (
    8  # open tickets at a time whose changes are told from new ones; more is rare, and costs size
)


def _zeros() -> list[float]:
    return [0.0] * len(DIMENSIONS)


class Override(Struct, array_like=True, frozen=True):
    """An override in force: `status` holds until `until` (µs), whatever the score."""

    status: int
    until: int


class Account(Struct, array_like=True):
    """Everything the classifier knows of an account at event time `t` (µs).

    Attributes:
        good: mass of evidence for each dimension, decayed to `t`.
        bad: mass of evidence against each dimension, decayed to `t`.
        activity: number of signs of life, decayed to `t`; what confidence stands on.
        facts: number of facts folded.
        first: moment of the first sign of life.
        last: moment of the last sign of life.
        gap: running mean of the days between signs of life, and `spread` of their deviation from it.
        month: month (since year 0) of the newest active month; bit i of `months` tells that of i months before it.
        seen: kind or channel of contact by a person, with the day on which it was last seen.
        lines: CRC of each line of business bought; `growth` counts those added later on, the last at `line_at`.
        tickets: CRC of the tickets touched last.
        spent: exact net sum by currency, sales less refunds.
        bought: moment of the first purchase, or of the first agreement.
        status: the status that the evidence gives, `since` when, and what it `was` before a lapse.
        hold: the override that hides it, if any.
        profile: what is known of it. Where an account is merged into it that has one too, that is `guest`, its own is `own`,
            and this is the one over the other.
    """

    t: int = 0
    good: list[float] = field(default_factory=_zeros)
    bad: list[float] = field(default_factory=_zeros)
    activity: float = 0.0
    facts: int = 0
    first: int | None = None
    last: int | None = None
    gap: float = 0.0
    spread: float = 0.0
    month: int = 0
    months: int = 0
    seen: dict[int, int] = field(default_factory=dict)
    lines: list[int] = field(default_factory=list)
    growth: int = 0
    line_at: int = 0
    tickets: list[int] = field(default_factory=list)
    purchases: int = 0
    refunds: int = 0
    quantity: Number = 0
    spent: dict[str, str] = field(default_factory=dict)
    bought: int | None = None
    profile: ProfileFact | None = None
    status: int = PROSPECT
    since: int = 0
    was: int = PROSPECT
    override: Override | None = None
    own_profile: ProfileFact | None = None
    merged_profile: MergedProfileFact | None = None

    @property
    def effective_status(self) -> int:
        """The status that the world is told: an override's, or the evidence's."""
        return self.override.status if self.override else self.status

    @property
    def industry(self) -> int | None:
        """The industry's position in the contract's list, where it is known."""
        profile = self.profile
        return None if profile is None else profile.industry


def copy(account: Account) -> Account:
    """Return an equal account; folding onto the one leaves the other as it is."""
    twin = shallow(account)
    twin.good, twin.bad = account.good[:], account.bad[:]
    twin.seen, twin.spent = account.seen.copy(), account.spent.copy()
    twin.lines, twin.tickets = account.lines[:], account.tickets[:]
    return twin
