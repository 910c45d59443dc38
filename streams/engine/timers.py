"""The timers of one partition: which of its accounts change without an event, and when they are looked at."""

from collections.abc import Mapping
from typing import Final

from relationship.contract.outcome import Fold
from streams.engine.commit import Committer, Ends
from streams.engine.redis_calls import RedisCalls
from streams.engine.step import StepBuilder
from streams.engine.timer_rescan import TimerRescan

# Seconds between two looks at a partition's timers.
TIMER_SECONDS: Final = 1.0
# Accounts whose timers run in one step.
STEP_ACCOUNTS: Final = 1_000
# Wall-clock time rules the timers where the stream has caught up with it to within an hour, or has been silent for a
# while: between two bursts of a backfill a partition has no lag either, and its accounts have not lapsed meanwhile.
LIVE_SECONDS: Final = 3_600.0
SILENT_SECONDS: Final = 10.0
MICROS: Final = 1_000_000


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
        self._looked_at = 0.0

    def restart(self, positions: Mapping[str, int]) -> None:
        """Begin where Redis stands."""
        self._rescan.restart(positions)

    def advance(self, newest: float) -> None:
        """Note the event time (seconds since the epoch) of the newest message of a step."""
        self._newest = max(self._newest, newest)

    async def run(self, *, at_end: bool, heard_at: float) -> bool:
        """Run the timers that are due, at most once a second. True where there were any.

        `at_end`: everything that the partition is known to have is folded; `heard_at`: monotonic seconds of the last record.
        """
        now = self._ends.clock.monotonic()
        until = self.clock(at_end=at_end, heard_at=heard_at)
        if until <= 0 or now - self._looked_at < TIMER_SECONDS:
            return False
        store, until_us = self._ends.store, int(until * MICROS)
        due = await self._redis.call("due", lambda: store.due(self._number, until_us, STEP_ACCOUNTS))
        if len(due) < STEP_ACCOUNTS:
            self._looked_at = self._ends.clock.monotonic()
        if due:
            await self._run_timers([*due], until_us, {})
        return bool(due)

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
        await self._committer.commit(builder.step(positions))

    def clock(self, *, at_end: bool, heard_at: float) -> float:
        """Return the partition's time in seconds since the epoch: the stream's own, or wall-clock time where it is live."""
        wall = self._ends.clock.wall_us() / MICROS
        if at_end:
            live = wall - self._newest < LIVE_SECONDS
            if live or self._ends.clock.monotonic() - heard_at >= SILENT_SECONDS:
                return wall
        return min(self._newest, wall)
