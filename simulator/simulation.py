"""A whole simulation: the cast with its truth, and the stream of records that it gives off.

    simulation = simulate(accounts=3_000, end=datetime.now(UTC), seed=7)
    for event in simulation.events(): ...
    simulation.truth_at(moment)

The same arguments give the same bytes. Account number n is the same in a cast of any size, but for who sent it.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from operator import attrgetter
from typing import IO, Final

import msgspec

from simulator.casting import DAY, AccountTruth, Role, cast
from simulator.chance import dice
from simulator.clients import CLIENTS
from simulator.faults import Rates, SimEvent, deliver
from simulator.personas import TruthStatus
from simulator.playing import Player

YEAR: Final = 365.25 * DAY  # seconds
REFERRED: Final = 0.08  # share of accounts that somebody sent
CLIENT_NAMES: Final = frozenset(persona.name for persona in CLIENTS)


class Simulation:
    """A cast and what it does up to `end`. Nothing is played before `events` is iterated."""

    def __init__(self, roles: list[Role], seed: int, end: datetime, rates: Rates) -> None:
        self._roles = roles
        self._seed = seed
        self._rates = rates
        self.end = end
        self.accounts: list[AccountTruth] = [role.truth for role in roles]

    def events(self) -> Iterator[SimEvent]:
        """Yield all records in the order of their arrival; about 1 KB of memory for each while it runs."""
        records: list[SimEvent] = []
        for number in range(len(self._roles)):
            records += self.played(number)
        records.sort(key=attrgetter("arrival"))
        yield from records

    def played(self, number: int) -> list[SimEvent]:
        """Return the records of one account, in the order in which its messages happened."""
        role = self._roles[number]
        scenes = Player(self._seed, role, self._referrer(number)).play()
        rng = dice(self._seed, number, "faults")
        return deliver(scenes, role.truth.account_id, rng, self._rates, int(self.end.timestamp()))

    def truth_at(self, moment: datetime) -> dict[str, TruthStatus]:
        """Return the true status of every account that had begun by a moment."""
        statuses = ((truth.account_id, truth.status_at(moment)) for truth in self.accounts)
        return {account_id: status for account_id, status in statuses if status is not None}

    def first(self, accounts: int) -> "Simulation":
        """Return the simulation of the first so many accounts only."""
        return Simulation(self._roles[:accounts], self._seed, self.end, self._rates)

    def _referrer(self, number: int) -> str | None:
        """Return a client of a lower number who was there before, for a few accounts."""
        rng = dice(self._seed, number, "referral")
        if not number or rng.random() >= REFERRED:
            return None
        other = self._roles[rng.randrange(number)]
        earlier = other.spans[0].start < self._roles[number].spans[0].start
        return other.truth.account_id if earlier and other.persona.name in CLIENT_NAMES else None


def simulate(accounts: int, end: datetime, seed: int, years: float = 2.0, rates: Rates | None = None) -> Simulation:
    """Cast so many accounts over the years that end at `end` (with an offset; whole seconds)."""
    last = int(end.timestamp())
    first = last - int(years * YEAR)
    roles = [cast(seed, number, first, last) for number in range(accounts)]
    return Simulation(roles, seed, end, rates or Rates())


def simulate_events(
    events: int, end: datetime, seed: int, years: float = 2.0, rates: Rates | None = None
) -> Simulation:
    """Cast as many accounts as it takes for `events` records: at least that many, by less than one account's."""
    accounts, total = 0, 0
    simulation = simulate(64, end, seed, years, rates)
    while total < events:
        if accounts == len(simulation.accounts):
            simulation = simulate(2 * accounts, end, seed, years, rates)
        total += len(simulation.played(accounts))
        accounts += 1
    return simulation.first(accounts)


def write(events: Iterable[SimEvent], file: IO[bytes]) -> int:
    """Write records as lines for `replay` and `send`; return how many.

    A line has no key, so a record whose fault is its key is left out. One whose value is broken makes a broken line.
    """
    lines = 0
    for event in events:
        if event.fault == "poison:KEY":
            continue
        file.write(b'{"topic":"' + event.topic.encode() + b'","value":' + event.value + b"}\n")
        lines += 1
    return lines


def write_truth(simulation: Simulation, file: IO[bytes]) -> None:
    """Write the truth, one account a line: its facts, persona, difficulty, and `phases` as [since, status]."""
    for truth in simulation.accounts:
        file.write(msgspec.json.encode(truth._asdict()) + b"\n")
