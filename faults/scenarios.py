"""The faults, each with the script that tries it; and the controls, each with what must then be red.

A script runs beside the production, only does harm, and waits until the group is back at work: what must hold is compared at
the end, always the same.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final, NamedTuple

from faults.scripts.on_stores import (
    all_lost,
    changelog_compacted,
    decided_and_lost,
    failed_over,
    late_changelog,
    old_file_returned,
    redis_killed,
    redis_lost,
    wiped,
)
from faults.scripts.on_workers import (
    killed_at_every_point,
    killed_with_a_backlog,
    paused_owner,
    rebalance_storm,
    rolling_restart,
)
from faults.scripts.run import Result, Run
from faults.workers.arms import DECISIONS_FIRST, POSITIONS_WRITTEN
from faults.workers.controls import STRETCHED


class Fault(NamedTuple):
    """One row of the reliability table, or two together, and the script that tries it.

    `prepared` is how the workers are to differ from the product's, where the script needs that: see
    `faults/workers/controls.py`.
    """

    name: str
    what: str
    script: Callable[[Run], Awaitable[None]]
    prepared: str | None = None


FAULTS: Final = (
    Fault("F1", "worker SIGKILLed at random and at every named point", killed_at_every_point),
    Fault("F2", "rolling restart of three workers", rolling_restart),
    Fault("F3", "worker paused past its session, then resumed", paused_owner),
    Fault("F4", "rebalance storm", rebalance_storm),
    Fault("F9", "Redis SIGKILLed, append-only file every second", redis_killed),
    Fault("F10", "Redis fails over to a stale replica", failed_over),
    Fault("F11", "Redis wiped, and its append-only file cut short", redis_lost),
    Fault("F18", "changelog compacted and emptied by force", changelog_compacted),
    Fault("F1+F11", "worker killed as it has told its decisions, Redis wiped, late events", decided_and_lost),
    Fault("F11+F10", "Redis wiped and rebuilt, and then its file of before is back", old_file_returned),
    Fault("F18+F11", "changelog emptied and Redis wiped at once", all_lost),
    Fault("F3+F11", "an old changelog record behind a newer one, Redis wiped", late_changelog, STRETCHED),
    Fault(
        "F3+F18+F11",
        "the same when compaction has kept the old one",
        partial(late_changelog, compacted=True),
        STRETCHED,
    ),
)


class Control(NamedTuple):
    """A safeguard, the invariant that must be red without it, and the script in which its absence shows."""

    without: str
    red: str
    script: Callable[[Run], Awaitable[None]]

    def is_red(self, result: Result) -> bool:
        """Tell whether the fault was hit and the invariant did not hold."""
        broken = {verdict.name for verdict in result.verdicts if not verdict.passed}
        return self.red in broken and bool(result.tried) and all(result.tried.values())


CONTROLS: Final = (
    Control("offsets in the record", "I3", wiped),
    Control("position and state in one write", "I1", partial(killed_with_a_backlog, place=POSITIONS_WRITTEN)),
    Control("the fence", "I1", paused_owner),
    Control("changelog before decisions", "I2", partial(decided_and_lost, place=DECISIONS_FIRST)),
    Control("the outbox", "I2", killed_with_a_backlog),
)
