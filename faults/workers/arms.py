"""What a worker of the harness is armed with: where it is to end or pause itself, and which safeguard it lacks.

The harness writes it into a file, and the worker (`faults/workers/worker.py`) reads that file: nothing of the
product knows of it.
"""

import signal
from pathlib import Path
from typing import Final

import msgspec

from streams.engine.failpoints import FAILPOINTS

# Places that no step of the product has: a worker gets to them only where a safeguard is off, or a moment is stretched.
POSITIONS_WRITTEN: Final = "positions_written"  # of a commit in two writes, between them
DECISIONS_FIRST: Final = "decisions_first"  # decisions are stored, their accounts' changelog is not
CHANGELOG_CLEARED: Final = "changelog_cleared"  # the partition is confirmed as ours, the changelog is not sent yet
OWN_POINTS: Final = (POSITIONS_WRITTEN, DECISIONS_FIRST, CHANGELOG_CLEARED)
PLACES: Final = (*FAILPOINTS, *OWN_POINTS)


class Arm(msgspec.Struct, frozen=True):
    """A worker's orders.

    Attributes:
        place: one of `PLACES`, or None: it does nothing to itself.
        nth: the how-manieth time there, from 1, counted over all partitions of the worker.
        pause: True to be paused there (SIGSTOP) instead of killed (SIGKILL).
        without: the safeguard that is off, one of `faults.workers.controls.SAFEGUARDS`, or None.
        may_fall_silent: True for one that sends no changelog, and so no decision, from when its `silent_file` is there: it
            folds and commits as many steps as may wait.
    """

    place: str | None = None
    nth: int = 1
    pause: bool = False
    without: str | None = None
    may_fall_silent: bool = False

    @property
    def signal(self) -> signal.Signals:
        """What the worker sends itself."""
        return signal.SIGSTOP if self.pause else signal.SIGKILL


def write_arm(arm: Arm, file: Path) -> None:
    """Write a worker's orders, and forget those of before and that it ever followed some."""
    for made in (hit_file(file), silent_file(file)):
        made.unlink(missing_ok=True)
    file.write_bytes(msgspec.json.encode(arm))


def read_arm(file: Path) -> Arm:
    """Return a worker's orders."""
    return msgspec.json.decode(file.read_bytes(), type=Arm)


def silent_file(file: Path) -> Path:
    """Return the file that lets a worker fall silent, if it may."""
    return file.with_suffix(".silent")


def hit_file(file: Path) -> Path:
    """Return the file that is there once the worker has got to the place where it ends or pauses itself."""
    return file.with_suffix(".hit")
