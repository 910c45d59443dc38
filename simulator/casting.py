"""Casting: which persona an account is, in which trade, and the calendar of its phases.

The first accounts take the personas one by one, so that even a small cast has every one of them; then chance casts.
Times are whole POSIX seconds.
"""

from datetime import UTC, date, datetime, timedelta, timezone
from random import Random
from typing import Final, Literal, NamedTuple

from simulator.chance import Odds, between, dice, odds, pick
from simulator.clients import CLIENTS
from simulator.customers import CUSTOMERS
from simulator.industries import INDUSTRIES, MARKETS, MONEY_ODDS, MONEYS, Industry, Money
from simulator.personas import Persona, Phase, TruthStatus

DAY: Final = 86_400
PERSONAS: Final = CUSTOMERS + CLIENTS
Difficulty = Literal["easy", "medium", "hard"]

# How much of every kind of noise there is, as a multiple of the ordinary.
NOISE: Final[dict[str, float]] = {"easy": 0.5, "medium": 1.0, "hard": 1.8}
MONEY: Final = {money.currency: money for money in MONEYS}
PERSONA_ODDS: Final = odds(**{persona.name: persona.weight for persona in PERSONAS})
BY_NAME: Final = {persona.name: persona for persona in PERSONAS}
# Hours east of Greenwich in which an account's systems write their times.
ZONES: Final = tuple(timezone(timedelta(hours=hours)) for hours in (0, 0, 0, 0, 0, 1, 2, 5.5, 9, -5, -8))
# Ids are opaque: every so many accounts have one that a careless program would mangle.
ODD_IDS: Final = ((211, "-Zoë☕"), (223, "-שלום"), (227, "-<b>&amp;"))


class AccountTruth(NamedTuple):
    """What is true of an account: `phases` are (since, status), in order, from its first moment on."""

    account_id: str
    industry: str
    party: str
    scope: str
    market: str
    persona: str
    difficulty: Difficulty
    phases: tuple[tuple[datetime, TruthStatus], ...]

    def status_at(self, moment: datetime) -> TruthStatus | None:
        """Return the true status at a moment, or None before the account began."""
        current: TruthStatus | None = None
        for since, status in self.phases:
            if since > moment:
                break
            current = status
        return current


class Span(NamedTuple):
    """A phase on the calendar, from `start` up to but not including `end`."""

    start: int
    end: int
    phase: Phase


class Role(NamedTuple):
    """All that is fixed about an account before it acts. `signed_on` is the day of its contract."""

    truth: AccountTruth
    persona: Persona
    trade: Industry
    money: Money
    zone: timezone
    noise: float
    spans: tuple[Span, ...]

    @property
    def signed_on(self) -> date | None:
        """The day on which the contract of the first bound phase was signed, if there is one."""
        bound = (span.start for span in self.spans if span.phase.bound)
        return next((datetime.fromtimestamp(start, self.zone).date() for start in bound), None)


def account_id(seed: int, number: int) -> str:
    """Return the id of the account of this number: different for every seed, so that two runs do not mix."""
    tail = next((tail for every, tail in ODD_IDS if number % every == every - 1), "")
    return f"s{seed}-{number:05d}{tail}"


def cast(seed: int, number: int, start: int, end: int) -> Role:
    """Cast one account, which begins some time between `start` and `end`."""
    rng = dice(seed, number, "cast")
    persona = PERSONAS[number] if number < len(PERSONAS) else BY_NAME[pick(rng, PERSONA_ODDS)]
    trade = INDUSTRIES[pick(rng, _trades(persona))]
    party = pick(rng, persona.party or trade.party)
    market = pick(rng, persona.market or MARKETS[party])
    difficulty = _difficulty(pick(rng, persona.difficulty))
    spans = _calendar(rng, persona, trade, _first_moment(rng, persona, start, end), end)
    phases = tuple((datetime.fromtimestamp(since, UTC), status) for since, status in _turns(spans))
    truth = AccountTruth(
        account_id(seed, number), trade.name, party, persona.scope, market, persona.name, difficulty, phases
    )
    return Role(truth, persona, trade, MONEY[pick(rng, MONEY_ODDS)], rng.choice(ZONES), NOISE[difficulty], spans)


def _difficulty(name: str) -> Difficulty:
    return "easy" if name == "easy" else "medium" if name == "medium" else "hard"


def _trades(persona: Persona) -> Odds:
    names = persona.industries or tuple(INDUSTRIES)
    return odds(**{name: INDUSTRIES[name].sectors for name in names})


def _first_moment(rng: Random, persona: Persona, start: int, end: int) -> int:
    # Squared: a base is mostly old accounts, and new ones trickle in.
    return start + int((end - start) * persona.early * rng.random() ** 1.5)


def _calendar(rng: Random, persona: Persona, trade: Industry, begin: int, end: int) -> tuple[Span, ...]:
    spans = []
    for phase in persona.phases:
        if begin >= end:
            break
        until = min(float(end), begin + max(_days(rng, phase, trade), 0.02) * DAY)
        spans.append(Span(begin, int(until), phase))
        begin = int(until)
    return tuple(spans)


def _days(rng: Random, phase: Phase, trade: Industry) -> float:
    if phase.days[1] == float("inf"):
        return phase.days[1]
    patience = trade.client_patience if phase.status == "client" else trade.patience
    return between(rng, phase.days) * (patience if phase.by_patience else 1.0)


def _turns(spans: tuple[Span, ...]) -> list[tuple[int, TruthStatus]]:
    turns: list[tuple[int, TruthStatus]] = []
    for span in spans:
        if not turns or turns[-1][1] != span.phase.status:
            turns.append((span.start, span.phase.status))
    return turns
