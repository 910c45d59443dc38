"""The retention rate: of the accounts that were clients a while ago, the share that are clients now.

Computed as a subscriber can, from the output's messages alone: the decisions in force give an account's status at any time,
and the states tell which accounts exist. One that was erased, or merged into another, does not count at either time.
"""

from bisect import bisect_right
from datetime import datetime
from typing import Final, NamedTuple

from relationship.contract.decisions import Reclassification
from relationship.contract.enums import STATUSES
from relationship.contract.times import micros
from relationship.state.account import CLIENT

CORRECTION: Final = "correction"


class Retention(NamedTuple):
    """How many were clients `then` and are there still, how many of them were `kept`, and how many are clients `now`."""

    then: int
    kept: int
    now: int

    @property
    def rate(self) -> float | None:
        """The share kept, 0-1; None where there were no clients then."""
        return self.kept / self.then if self.then else None


class Turn(NamedTuple):
    """From event time `t` (µs) on, an account is a client or is none."""

    t: int
    client: bool
    event_id: str


class Life:
    """One account: the id of its first decision, the number of its last one, and its turns in force."""

    def __init__(self, first: str) -> None:
        self.first = first
        self.seq = 0
        self.turns: list[Turn] = []


class Base:
    """The turns of every account, and which accounts have a state. The rate is over a window of `window_us` µs."""

    def __init__(self, window_us: int) -> None:
        self.window_us = window_us
        self._lives: dict[str, Life] = {}
        self._present: set[str] = set()

    def decided(self, decision: Reclassification) -> None:
        """Add a reclassification, in the account's order; one that was added before changes nothing."""
        life = self._lives.get(decision.account_id)
        if life is None or (decision.transition_seq == 1 and decision.event_id != life.first):
            # An account that comes again after an erasure is a new one, and counts from 1.
            life = self._lives[decision.account_id] = Life(decision.event_id)
        if decision.transition_seq <= life.seq:
            return
        life.seq = decision.transition_seq
        if decision.direction == CORRECTION:
            life.turns = [turn for turn in life.turns if turn.event_id != decision.supersedes]
            return
        t = micros(datetime.fromisoformat(decision.effective_at))
        life.turns.append(Turn(t, decision.to == STATUSES[CLIENT], decision.event_id))

    def stated(self, account_id: str, *, there: bool) -> None:
        """Record that an account has a state, or no longer has one."""
        if there:
            self._present.add(account_id)
        else:
            self._present.discard(account_id)
            self._lives.pop(account_id, None)

    def at(self, now: int) -> Retention:
        """Return the retention over the window that ends at `now` (µs)."""
        then = kept = clients = 0
        for account_id in self._present & self._lives.keys():
            turns = self._lives[account_id].turns
            was, is_now = _client(turns, now - self.window_us), _client(turns, now)
            then += was
            kept += was and is_now
            clients += is_now
        return Retention(then, kept, clients)


def _client(turns: list[Turn], t: int) -> bool:
    at = bisect_right(turns, t, key=lambda turn: turn.t)
    return at > 0 and turns[at - 1].client
