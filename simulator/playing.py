"""Playing: a role on its calendar becomes the messages that its systems would have sent.

Habits go on with a jitter of their own; clients take holidays, in which they neither meet nor ask; and now and then
somebody does what does not fit the persona. Nothing here knows how any of it will be judged.
"""

from collections.abc import Iterator
from datetime import datetime
from random import Random
from typing import Final, NamedTuple

from simulator.casting import DAY, Role, Span
from simulator.chance import around, between, dice
from simulator.industries import Industry
from simulator.manners import COUNTER, STRAY, Asking, Buying, Manner
from simulator.personas import Habit
from simulator.wire import MEETINGS, PROFILES, PURCHASES, TICKETS, Clerk, Value

MONTH: Final = 30.4  # days between two instalments or invoices
STRAYS_A_YEAR: Final = 0.7  # events that do not fit an ordinary customer
HOLIDAY_DAYS: Final = (18.0, 45.0)
HOLIDAYS_A_YEAR: Final = 1.1
UNPROFILED: Final = 0.03  # share of ordinary accounts of which the CRM has no profile
SLOWER_TALKS: Final = 1.3  # a hard client meets that much less often


class Scene(NamedTuple):
    """One message, before it is written out: `at` in POSIX seconds."""

    at: int
    topic: str
    value: Value


class Player:
    """Plays one role. `referrer` is the account that sent it, if one did."""

    def __init__(self, seed: int, role: Role, referrer: str | None = None) -> None:
        self._role = role
        self._rng: Random = dice(seed, role.truth.account_id, "play")
        self._clerk = Clerk(role, self._rng)
        self._referrer = referrer
        self._end = role.spans[-1].end
        self._holidays: list[tuple[int, int]] = []

    def play(self) -> list[Scene]:
        """Return the account's messages in the order of event time, none at or after the end."""
        scenes = list(self._profiles())
        for span in self._role.spans:
            self._plan_holidays(span)
            for at, manner in self._moments(span):
                scenes += self._act(at, manner, span)
        kept = [scene for scene in scenes if scene.at < self._end]
        kept.sort(key=_by_time)
        if self._referrer:
            first = next((scene for scene in kept if scene.topic == PURCHASES), None)
            if first:
                first.value["referred_by"] = self._referrer
        return kept

    def _profiles(self) -> Iterator[Scene]:
        if self._rng.random() < UNPROFILED * self._role.noise:
            return
        known = None
        for span in self._role.spans:
            facts = (span.phase.bound, span.phase.named)
            if facts != known and span.phase.status != "lapsed":
                known = facts
                bound, named = facts
                at = span.start + (0 if span is self._role.spans[0] else int(DAY * between(self._rng, (0, 9))))
                yield Scene(at, PROFILES, self._clerk.profile(self._when(at), bound=bound, named=named))

    def _plan_holidays(self, span: Span) -> None:
        self._holidays = []
        years = (span.end - span.start) / DAY / 365
        if span.phase.status == "client" and span.phase.habits:
            for _ in range(int(years * HOLIDAYS_A_YEAR * self._role.noise + self._rng.random())):
                away = span.start + int((span.end - span.start) * self._rng.random())
                self._holidays.append((away, away + int(DAY * between(self._rng, HOLIDAY_DAYS))))

    def _moments(self, span: Span) -> Iterator[tuple[int, Manner]]:
        at = float(span.start)
        for manner in span.phase.opening:
            at += DAY * between(self._rng, (0.01, 0.2))
            yield int(at), manner
            at += DAY * between(self._rng, (1, 5))
        for habit in (*span.phase.habits, *self._strays(span)):
            yield from self._habit(habit, span)

    def _strays(self, span: Span) -> tuple[Habit, ...]:
        if span.phase.status != "customer" or not span.phase.habits:
            return ()
        days = 365 / (STRAYS_A_YEAR * self._role.noise)
        asks, meets = self._role.trade.asks_every, self._role.trade.meets_every
        return Habit(STRAY, days / asks, 0.9), Habit(COUNTER, 3 * days / meets, 0.9)

    def _habit(self, habit: Habit, span: Span) -> Iterator[tuple[int, Manner]]:
        rng, manner, jitter = self._rng, habit.manner, habit.jitter
        gap = DAY * self._gap(habit, span)
        at = span.start + gap * rng.random()
        while at < span.end:
            if not self._away(at, manner):
                yield int(at), manner
            at += around(rng, gap, jitter)

    def _gap(self, habit: Habit, span: Span) -> float:
        slower = SLOWER_TALKS if span.phase.status == "client" and self._role.truth.difficulty == "hard" else 1.0
        return pace(habit.manner, self._role.trade) * habit.pace * slower

    def _away(self, at: float, manner: Manner) -> bool:
        return not isinstance(manner, Buying) and any(start <= at < end for start, end in self._holidays)

    def _act(self, at: int, manner: Manner, span: Span) -> Iterator[Scene]:
        if isinstance(manner, Buying):
            return self._buy(at, manner, span.phase.lines)
        if isinstance(manner, Asking):
            return self._ask(at, manner)
        return iter((Scene(at, MEETINGS, self._clerk.meeting(self._when(at), manner)),))

    def _buy(self, at: int, manner: Buying, lines: int) -> Iterator[Scene]:
        bought = self._clerk.purchase(self._when(at), manner, lines)
        yield Scene(at, PURCHASES, bought)
        if self._rng.random() < manner.returned:
            back = at + int(DAY * between(self._rng, (1, 14)))
            yield Scene(back, PURCHASES, self._clerk.refund(self._when(back), bought))

    def _ask(self, at: int, manner: Asking) -> Iterator[Scene]:
        opened = self._clerk.ticket(self._when(at), manner)
        yield Scene(at, TICKETS, opened)
        steps = ("updated", "closed") if self._rng.random() < 0.2 else ("closed",)  # noqa: PLR2004 - one in five drags on
        for status in steps:
            at += int(DAY * around(self._rng, 0.7, 0.9))
            yield Scene(at, TICKETS, self._clerk.answer(self._when(at), opened, manner, status))

    def _when(self, at: int) -> datetime:
        return datetime.fromtimestamp(at, self._role.zone)


def pace(manner: Manner, trade: Industry) -> float:
    """Return the days between two events of this manner in a trade, for a habit of pace 1."""
    if isinstance(manner, Buying):
        return MONTH if manner.dues or manner.expert else trade.buys_every
    return trade.asks_every if isinstance(manner, Asking) else trade.meets_every


def _by_time(scene: Scene) -> int:
    return scene.at
