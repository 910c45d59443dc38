"""The timers of one partition: which of its accounts change without an event, and when they are looked at.

A partition keeps its accounts by the moment at which they are due, as the rules had it when each was folded last. When
the rules become others (a policy is published, or a worker starts with what it missed), every account that has a moment is
woken once, at no time at all: none of its timers runs, and its moment is found anew. A policy that allows less silence makes
accounts due that nobody would look at otherwise; what is due comes up in the next turn.

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
from streams.engine.commit import Committer, Ends
from streams.engine.redis_calls import RedisCalls
from streams.engine.step import StepBuilder

# Seconds between two looks at a partition's timers. All partitions of a worker look at the same beat, so that their calls go
# to Redis as one: at rest these looks are most of its calls.
TIMER_SECONDS: Final = 1.0
# Accounts whose timers run in one step.
STEP_ACCOUNTS: Final = 1_000
# Wall-clock time rules the timers where the stream has caught up with it to within an hour, or has been silent for a
# while: between two bursts of a backfill a partition has no lag either, and its accounts have not lapsed meanwhile.
LIVE_SECONDS: Final = 3_600.0
SILENT_SECONDS: Final = 10.0
MICROS: Final = 1_000_000
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


class Timers:
    """Runs the timers that are due. `restart` first; `advance` by the newest event folded."""

    def __init__(self, number: int, fold: Fold, ends: Ends, redis: RedisCalls, committer: Committer) -> None:
        self._number = number
        self._fold = fold
        self._ends = ends
        self._redis = redis
        self._committer = committer
        self._rescan = TimerRescan(fold)
        self._newest = 0.0  # event time of the newest message folded, seconds since the epoch
        self._beat = -1  # of the last look

    def restart(self, positions: Mapping[str, int]) -> None:
        """Begin where Redis stands."""
        self._rescan.restart(positions)

    def advance(self, newest: float) -> None:
        """Note the event time (seconds since the epoch) of the newest message of a step."""
        self._newest = max(self._newest, newest)

    async def run(self, *, at_end: bool, heard_at: float) -> bool:
        """Run the timers that are due, once a beat. True where there were any.

        `at_end`: everything that the partition is known to have is folded; `heard_at`: monotonic seconds of the last record.
        """
        beat, until = self._now(), self.clock(at_end=at_end, heard_at=heard_at)
        if until <= 0 or beat == self._beat:
            return False
        store, until_us = self._ends.store, int(until * MICROS)
        due = await self._redis.call("due", lambda: store.due(self._number, until_us, STEP_ACCOUNTS))
        if len(due) < STEP_ACCOUNTS:
            self._beat = beat
        if due:
            await self._run_timers([*due], until_us, {})
        return bool(due)

    def _now(self) -> int:
        """Return the number of the beat."""
        return int(self._ends.clock.monotonic() // TIMER_SECONDS)

    def next_beat(self) -> float:
        """Return the seconds to the next look."""
        return (self._now() + 1) * TIMER_SECONDS - self._ends.clock.monotonic()

    async def rescan(self) -> bool:
        """Look at a portion of the timers again where the rules have changed. True where there was one."""
        store = self._ends.store
        portion = await self._rescan.portion(
            lambda cursor, count: self._redis.call("scan", lambda: store.scan_due(self._number, cursor, count))
        )
        if portion is None:
            return False
        await self._run_timers(portion.keys, 0, portion.positions)
        return True

    async def _run_timers(self, keys: list[bytes], until_us: int, positions: Mapping[str, int]) -> None:
        builder = StepBuilder(self._fold, await self._committer.load(keys), self._ends.clock.wall_us())
        builder.wake(keys, until_us)
        if builder.failed_timers:
            self._ends.metrics.set_aside.inc(builder.failed_timers)
        await self._committer.commit(builder.step(positions))

    def clock(self, *, at_end: bool, heard_at: float) -> float:
        """Return the partition's time in seconds since the epoch: the stream's own, or wall-clock time where it is live."""
        wall = self._ends.clock.wall_us() / MICROS
        if at_end:
            live = wall - self._newest < LIVE_SECONDS
            if live or self._ends.clock.monotonic() - heard_at >= SILENT_SECONDS:
                return wall
        return min(self._newest, wall)
