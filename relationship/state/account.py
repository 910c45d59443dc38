"""An account at one event time: the result of folding all its facts in order.

A plain, mutable value with no behaviour but its encoding. It is a snapshot derived from the history by
`relationship/classify/fold.py`; the history is the source of truth. Floats hold masses of evidence; money is exact and is
summed as Decimal.
"""

from collections.abc import Callable
from typing import Final

from msgspec import Struct, field

from relationship.contract.names import DIMENSIONS
from relationship.state.facts import MergedProfileFact, Number, ProfileFact

# Written one by one: a literal is compiled into the code that compares it.
PROSPECT: Final = 0
CUSTOMER: Final = 1
CANDIDATE: Final = 2
CLIENT: Final = 3
LAPSED: Final = 4
# Tickets whose changes are distinguished from new tickets; a busy business has fifty open. Beyond that, a change of a ticket
# that is not remembered counts as a change and not as a new ticket: the error is towards no change.
TICKETS_REMEMBERED: Final = 64
# Orders whose further lines are recognised by their id; lines of one order come together.
ORDERS_REMEMBERED: Final = 8


def _zeros() -> list[float]:
    return [0.0] * len(DIMENSIONS)


class Override(Struct, array_like=True, frozen=True):
    """An override in force: the account has `status` until `until` (µs), whatever the score."""

    status: int
    until: int


class Merge(Struct, array_like=True, frozen=True):
    """A merge in force: the account that this one is merged into, and the id of the command."""

    into: str
    command: str


class Account(Struct, array_like=True):
    """Everything the classifier knows of an account at event time `t`. All times are µs since the epoch.

    Attributes:
        t: event time of the snapshot.
        good: mass of evidence for each dimension, decayed to `t`.
        bad: mass of evidence against each dimension, decayed to `t`.
        activity: number of signs of life, decayed to `t`.
        facts: number of facts folded.
        first: time of the first sign of life.
        last: time of the last sign of life.
        gap: running mean of the days between signs of life.
        spread: running mean of the absolute deviation (days) from `gap`.
        month: the newest active month, in months since year 0.
        months: activity by month; bit i is set where the month i months before `month` was active.
        seen: by kind or channel of contact with a person, the day (since the epoch) on which it was last seen.
        lines: CRC of each line of business bought.
        growth: number of lines added a while after the one before.
        line_at: time at which the last line was added.
        tickets: CRC of the tickets changed last, the most recent at the end.
        purchases: number of sales; the lines of one order, or of one visit, are one.
        refunds: number of refunds.
        quantity: units bought in all.
        spent: exact net sum by currency, sales less refunds.
        bought: time of the first purchase or agreement.
        profile: the profile in force; where accounts are merged, `own_profile` over `merged_profile`.
        status: the status by the evidence, since `since`; before a lapse it was `was`.
        override: the override in force, which hides `status`.
        own_profile: the account's own profile, where `merged_profile` is set.
        merged_profile: the profile of an account merged into this one.
        orders: CRC of the orders bought last, the most recent at the end.
        bought_last: time of the last sale that began an order or a visit.
        heard: time of the last event of an account that never gave a sign of life, a refund or an unanswered contact.
        tickets_forgotten: a ticket has left `tickets` for want of room.
        merge: the merge in force, which overrides cannot pass.
        timer_at: time at which a timer changed the account last.
        met: time of the last contact with a person.
        met_first: time of the first contact with a person; `meetings` and `letters` count the meetings and tickets since.
        met_gaps: number of gaps between contacts with people, the older ones decayed; `met_days` the sum of their days and
            `met_squares` that of their squares.
        stretch: factor on the half-lives of its evidence, by its rhythm and an agreement in force.
        longest: the longest silence (whole days) after which a candidate or client came back.
        season: months of silence that followed this month in an earlier year, 0 where none did.
        signed: time at which it signed an engagement or a retainer.
        ended: time at which its agreement ended; None where none has, or where it has begun anew.
        ended_by: CRC of the ticket that ended it; None where a profile or the day of its end did.
        ended_good: evidence of engagement and personalisation from before the end, which counts again if that is undone.
        check: next time at which the rules are tried by the clock: evidence may have faded, a least time have passed.
        bots: share of bots (0-1) among the channels told of its tickets, the latest counting most.
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
    orders: list[int] = field(default_factory=list)
    bought_last: int | None = None
    heard: int | None = None
    tickets_forgotten: bool = False
    merge: Merge | None = None
    timer_at: int = 0
    met: int | None = None
    met_first: int | None = None
    meetings: int = 0
    letters: int = 0
    met_gaps: Number = 0
    met_days: Number = 0
    met_squares: Number = 0
    stretch: Number = 1
    longest: int = 0
    season: int = 0
    signed: int | None = None
    ended: int | None = None
    ended_by: int | None = None
    ended_good: tuple[float, float] | None = None
    check: int | None = None
    bots: Number = 0

    @property
    def effective_status(self) -> int:
        """The status that is published: the override's where one is in force, else that of the evidence."""
        return self.override.status if self.override else self.status

    @property
    def industry(self) -> int | None:
        """The industry's position in the contract's enumeration; None where it is unknown."""
        profile = self.profile
        return None if profile is None else profile.industry


_shallow: Final[Callable[[Account], Account]] = Account.__copy__  # type: ignore[attr-defined]  # of every Struct


def copy(account: Account) -> Account:
    """Return an independent copy: folding into one leaves the other unchanged."""
    twin = _shallow(account)
    twin.good, twin.bad = account.good[:], account.bad[:]
    twin.seen, twin.spent = account.seen.copy(), account.spent.copy()
    twin.lines, twin.tickets, twin.orders = account.lines[:], account.tickets[:], account.orders[:]
    return twin
