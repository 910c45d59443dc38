"""Timers after a change of policy: one that allows less silence makes accounts due that nobody would look at before.

A partition keeps its accounts by the moment at which they are due, as the rules had it when each was folded last. When
the rules become others (a policy is published, or a worker starts with what it missed), every account that has a moment is
woken once, at no time at all: none of its timers runs, and its moment is found anew. What is due comes up in the next turn.

The accounts are taken in portions, one a turn, so that arrivals wait for a portion at most. Redis notes which rules the
timers go by once all are done, as the position in the topic of policies; whoever takes the partition over in the middle
of it begins again, which costs time and changes nothing. A partition without that note has timers that were derived by
whoever opened it.
"""

import zlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, NamedTuple

from relationship.contract.outcome import POLICIES, Fold
from relationship.core import Core
from relationship.policy.schedule import Rules

# Accounts of one portion: their step holds the event loop for some 30 ms, as one of a thousand events does.
PORTION: Final = 500
START: Final = 0  # where Redis begins and ends to scan a set

Scan = Callable[[int, int], Awaitable[tuple[int, list[bytes]]]]


class Portion(NamedTuple):
    """The accounts to wake now. `positions` is to be written with them: empty but for the last portion."""

    keys: list[bytes]
    positions: Mapping[str, int]


class TimerRescan:
    """How far one partition's timers have been looked at. `restart` first."""

    def __init__(self, fold: Fold) -> None:
        self._fold = fold if isinstance(fold, Core) else None  # another fold has no policies
        self._done = 0  # the rules that all timers go by
        self._noted = False  # whether Redis says so
        self._under: int | None = None  # the rules of the round under way
        self._cursor = START

    def restart(self, positions: Mapping[str, int]) -> None:
        """Begin where Redis stands; where it says nothing, its timers are about to be derived by the rules of now."""
        if self._fold is not None:
            self._noted = POLICIES in positions
            self._done = positions.get(POLICIES, fingerprint(self._fold.rules))
            self._under = None

    async def portion(self, scan: Scan) -> Portion | None:
        """Return what to wake next, or None where all timers go by the rules in force.

        `scan` takes a cursor and a number, and returns the next cursor and about so many accounts that have a timer.
        """
        if self._fold is None:
            return None
        rules = fingerprint(self._fold.rules)
        if rules == self._done:
            return None if self._noted else self._end([], rules)
        if rules != self._under:
            self._under, self._cursor = rules, START
        self._cursor, keys = await scan(self._cursor, PORTION)
        return Portion(keys, {}) if self._cursor != START else self._end(keys, rules)

    def _end(self, keys: list[bytes], rules: int) -> Portion:
        self._done, self._noted, self._under = rules, True, None
        return Portion(keys, {POLICIES: rules})


def fingerprint(rules: Rules) -> int:
    """Return a number that stands for the policies in force and to come: their ids, versions and moments."""
    first, names, t = rules.at(0), [], 0
    while (switch := rules.until(t)) is not None:
        names.append(rules.mark(switch))
        t = switch
    return zlib.crc32("\n".join([f"{first.id}/{first.version}", *names]).encode())
