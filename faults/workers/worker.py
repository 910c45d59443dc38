"""The harness's worker: `clientward worker` with the real core, and one place where it ends or pauses itself.

python -m faults.workers.worker ARM.json        the other settings are those of any worker
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from agents.worker import run_worker
from faults.workers.arms import Arm, hit_file, read_arm, silent_file
from faults.workers.controls import fall_silent_by, switch_off
from relationship.core import Core
from relationship.policy.compiled import load_policy
from streams.config.load import load_settings
from streams.engine import failpoints


def reaching(arm: Arm, hit: Path) -> Callable[[str], None]:
    """Return what is called at every place, and follows the orders at the n-th time."""
    left = arm.nth

    def reach(place: str) -> None:
        nonlocal left
        if place == arm.place:
            left -= 1
            if left == 0:
                hit.touch()
                os.kill(os.getpid(), arm.signal)

    return reach


def main(file: Path) -> int:
    """Run the worker until a signal; return the exit code."""
    arm = read_arm(file)
    failpoints.hit = reaching(arm, hit_file(file))
    settings = load_settings()
    core = Core(load_policy(settings.policy_file), settings.lateness_days)
    fold = switch_off(arm.without, core)
    if arm.may_fall_silent:
        fall_silent_by(silent_file(file))
    return run_worker(settings, fold=fold)


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
