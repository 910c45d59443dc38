"""A life: what one account does over years, written down day by day by its kind, with the truth beside it.

A kind of account is a function that takes a `Life` and plays it. Its days are counted back from the end of the simulation:
-30 is thirty days before it, and 0 the end. What a kind says of the truth (`is_client` and the like) comes from what the
account is up to; nothing here adds up events.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final, NamedTuple

from simulator.casting import MONEY, ZONES, AccountTruth
from simulator.chance import Odds, around, between, dice, pick
from simulator.firms.writing import Pen, Value
from simulator.industries import INDUSTRIES, MARKETS, MONEY_ODDS, Industry
from simulator.manners import Asking, Buying, Manner, Meeting
from simulator.personas import TruthStatus
from simulator.playing import Scene
from simulator.wire import MEETINGS, PROFILES, PURCHASES, TICKETS

DAY: Final = 86_400
YEAR: Final = 365.25  # days
UNPROFILED: Final = 0.04  # share of accounts of which the CRM has no profile at all
HOLIDAY_DAYS: Final = (12.0, 35.0)

Window = tuple[float, float]  # days, from and up to


class Facts(NamedTuple):
    """Who an account is."""

    account_id: str
    kind: str
    industry: str
    party: str
    market: str
    scope: str


class Life:
    """One account's life up to the end. All days are counted from the end, so nearly all of them are below zero."""

    def __init__(self, facts: Facts, rng: Random, end: datetime) -> None:
        self.facts = facts
        self.rng = rng
        self.trade: Industry = INDUSTRIES[facts.industry]
        self._end = end
        self._zone = rng.choice(ZONES)
        self._pen = Pen(facts.account_id, rng, self.trade, MONEY[pick(rng, MONEY_ODDS)])
        self._known = rng.random() >= UNPROFILED
        self._contracts = 0
        self._contract: Value | None = None
        self._named = False
        self.pace = around(rng, 1.0, 0.2)  # of everything that it does again and again
        self.scenes: list[Scene] = []
        self.turns: list[tuple[float, TruthStatus]] = []

    def days(self, least: float, most: float) -> float:
        """Draw a number of days, or of anything, evenly between two bounds."""
        return between(self.rng, (least, most))

    def chance(self, share: float) -> bool:
        """Draw whether something that happens to this share of accounts happens."""
        return self.rng.random() < share

    def begins(self, least: float, most: float) -> float:
        """Draw the day of the beginning: so many days before the end."""
        return -self.days(least, most)

    def _turn(self, day: float, status: TruthStatus) -> None:
        self.turns = [turn for turn in self.turns if turn[0] < day]
        if not self.turns or self.turns[-1][1] != status:
            self.turns.append((day, status))

    def is_prospect(self, day: float) -> None:
        """Say that from this day on it is known, and neither buys nor is worked for."""
        self._turn(day, "prospect")

    def is_customer(self, day: float) -> None:
        """Say that from this day on it is a customer."""
        self._turn(day, "customer")

    def is_client(self, day: float) -> None:
        """Say that from this day on it is a client."""
        self._turn(day, "client")

    def is_lapsed(self, day: float) -> None:
        """Say that from this day on it is gone."""
        self._turn(day, "lapsed")

    def once(self, day: float, manner: Manner, *, lines: int = 1, kinds: Odds | None = None) -> None:
        """Do something once."""
        if day >= 0:
            return
        at = self._moment(day)
        if isinstance(manner, Buying):
            contract = self._contract["id"] if self._contract else None
            self._add(day, PURCHASES, self._pen.purchase(at, manner, lines=lines, kinds=kinds, contract=contract))
        elif isinstance(manner, Meeting):
            self._add(day, MEETINGS, self._pen.meeting(at, manner))
        else:
            for value in self._pen.ticket(at, manner):
                self._add((value["occurred_at"] - self._end).total_seconds() / DAY, TICKETS, value)

    def steps(self, window: Window, *manners: Manner, apart: Window = (1, 6)) -> float:
        """Do several things one after the other, so many days apart from the window's first day; return the last day."""
        day = window[0] + self.days(0, 1)
        for number, manner in enumerate(manners):
            day += self.days(*apart) if number else 0
            if day < window[1]:
                self.once(day, manner)
        return day

    def often(
        self,
        manner: Manner,
        gap: float,
        window: Window,
        *,
        jitter: float = 0.35,
        lines: int = 1,
        kinds: Odds | None = None,
        away: bool = True,
    ) -> None:
        """Do something again and again within a window, `gap` days apart in the middle; holidays leave holes.

        `jitter` is the log-normal sigma of the gaps. A small one keeps to the calendar: a gap does not follow the pace.
        """
        clockwork = 0.15
        usual = gap if jitter < clockwork else gap * self.pace
        holidays = self._holidays(window) if away and not isinstance(manner, Buying) else ()
        day = window[0] + usual * self.rng.random()
        while day < window[1]:
            if not any(start <= day < end for start, end in holidays):
                self.once(day, manner, lines=lines, kinds=kinds)
            day += max(0.3, around(self.rng, usual, jitter))

    def seasons(self, window: Window, length: float, *, shift: float = 9) -> Iterator[Window]:
        """Yield a season of so many days in each year of a window, the first one from its beginning on.

        A later season begins some days off the day of the first (`shift` is the sigma); the window cuts the last one.
        """
        start = window[0]
        while start < window[1]:
            yield start, min(start + length * self.days(0.85, 1.15), window[1])
            start = window[0] + YEAR * round((start - window[0]) / YEAR + 1) + self.rng.gauss(0, shift)

    def signs(
        self, day: float, *, ends: float | None = None, named: bool = True, kind: str | None = None, told: bool = True
    ) -> None:
        """Sign an agreement and name a person: in the profile a few days later, `told` or not. `ends` is its last day."""
        self._contracts += 1
        self._named = named
        self._contract = {
            "id": f"{self.facts.account_id}:C{self._contracts}",
            "kind": kind or self.trade.contract,
            "signed_on": self._moment(day).date(),
            "ends_on": None if ends is None else self._moment(ends).date(),
        }
        self.profile(day + self.days(0, 6), contract=told)

    def leaves(self, day: float, *, named: bool = False) -> None:
        """Take the agreement from the profile."""
        self._contract, self._named = None, named
        self.profile(day)

    def profile(self, day: float, *, contract: bool = True, named: bool | None = None) -> None:
        """Write the profile as it is known on a day."""
        if not self._known or day >= 0:
            return
        facts = self.facts
        value = self._pen.head("f", self._moment(day))
        value |= {"industry": facts.industry, "party": facts.party, "market": facts.market, "scope": facts.scope}
        if self._contract and contract:
            value["contract"] = self._contract
        if self._named if named is None else named:
            value |= {"account_manager": f"manager-{self.rng.randrange(40)}"}
            if self.chance(0.7):
                value["goals"] = ["agreed"]
        self._add(day, PROFILES, value)

    def withdraws(self, day: float, manner: Asking) -> None:
        """Give notice, and take it back before it has run: the ticket goes on as a question."""
        written = self._pen.ticket(self._moment(day), manner)
        self._add(day, TICKETS, written[0])
        for after, status in ((self.days(2, 20), "updated"), (self.days(21, 30), "closed")):
            value = self._pen.head("t", self._moment(day + after))
            kept = {name: written[0][name] for name in ("ticket_id", "channel", "initiator")}
            self._add(day + after, TICKETS, value | kept | {"kind": "question", "status": status})

    def truth(self) -> AccountTruth:
        """Return what is true of the account."""
        phases = tuple((self._moment(day).astimezone(UTC), status) for day, status in self.turns)
        facts = self.facts
        return AccountTruth(
            facts.account_id, facts.industry, facts.party, facts.scope, facts.market, facts.kind, "medium", phases
        )

    def _holidays(self, window: Window) -> list[Window]:
        years = (window[1] - window[0]) / YEAR
        starts = [self.days(*window) for _ in range(int(years + self.rng.random()))]
        return [(start, start + self.days(*HOLIDAY_DAYS)) for start in starts]

    def _moment(self, day: float) -> datetime:
        return (self._end + timedelta(seconds=int(day * DAY))).astimezone(self._zone)

    def _add(self, day: float, topic: str, value: dict[str, Any]) -> None:
        if day < 0:
            self.scenes.append(Scene(int(value["occurred_at"].timestamp()), topic, value))


def facts_of(seed: int, kind: str, number: int, trades: tuple[str, ...], party: Odds | None, scope: str) -> Facts:
    """Cast the account of this number of a kind."""
    rng = dice(seed, kind, number, "facts")
    industry = trades[number % len(trades)]
    of = pick(rng, party or INDUSTRIES[industry].party)
    return Facts(f"f{seed}-{kind}-{number:04d}", kind, industry, of, pick(rng, MARKETS[of]), scope)
