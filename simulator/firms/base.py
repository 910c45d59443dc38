"""A base: so many accounts of each kind, played once, and recorded by as many firms as one likes.

    base = Base(HELDOUT, per_kind=60, seed=401, end=END)
    for account in base.recorded(FIRMS["every field"]): ...

The same arguments give the same messages, and an account is the same whatever else is played beside it.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from simulator.casting import AccountTruth
from simulator.chance import dice
from simulator.firms.habits import Kind
from simulator.firms.life import Life, facts_of
from simulator.firms.recording import Firm, Recorder
from simulator.playing import Scene


class Recorded(NamedTuple):
    """One account as a firm knows it: its truth from the moment on from which anything is known, and its messages."""

    truth: AccountTruth
    scenes: list[Scene]


def lived(kind: Kind, number: int, seed: int, end: datetime) -> Life:
    """Play the account of this number of a kind, up to the end."""
    facts = facts_of(seed, kind.name, number, kind.trades, kind.party, kind.scope)
    life = Life(facts, dice(seed, kind.name, number, "life"), end)
    kind.play(life)
    life.scenes.sort(key=lambda scene: scene.at)
    return life


class Base:
    """Accounts of some kinds, `per_kind` of each."""

    def __init__(self, kinds: Iterable[Kind], *, per_kind: int, seed: int, end: datetime) -> None:
        self.seed, self.end = seed, end
        self._lives = [lived(kind, number, seed, end) for kind in kinds for number in range(per_kind)]
        self.truths = [life.truth() for life in self._lives]

    def recorded(self, firm: Firm) -> Iterator[Recorded]:
        """Yield every account as a firm knows it."""
        recorder = Recorder(firm)
        for life, truth in zip(self._lives, self.truths, strict=True):
            scenes, since = recorder.record(life.scenes, truth.account_id, self.seed)
            yield Recorded(truth if since is None else known_since(truth, since), scenes)


def known_since(truth: AccountTruth, since: int) -> AccountTruth:
    """Return the truth from a moment (POSIX seconds) on."""
    moment = datetime.fromtimestamp(since, UTC)
    then = truth.status_at(moment)
    later = tuple(phase for phase in truth.phases if phase[0] > moment)
    return truth._replace(phases=later if then is None else ((moment, then), *later))
