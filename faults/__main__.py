"""`python -m faults`: try the faults, and the controls without one safeguard each; print what was tried and what held.

    --seeds N       N seeds, each with the next fault of the list (default: every fault once); then the controls
    --seed S        the first seed (default: of today's clock; it is printed)
    --only NAME     this fault (F1, F9 ...) or the control of this safeguard (again for more)
    --jobs N        runs at once (2)
    --no-controls   the faults alone
    --write         write faults/results.json, and its figures into docs/reliability.md

Exits with 1 where an invariant does not hold, a fault was never hit, or a control stays green.
"""

import argparse
import json
import multiprocessing
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from typing import Any, Final

from faults.figures import with_figures
from faults.jobs import Job, carried_out
from faults.report import control_lines, run_lines, summary_lines
from faults.scenarios import CONTROLS, FAULTS
from faults.scripts.run import Result
from streams.embedded import EmbeddedError
from streams.embedded.guardian import die_with_parent

RESULTS: Final = Path("faults/results.json")
PAGE: Final = Path("docs/reliability.md")
WRONG_USE: Final = 2


def say(lines: list[str]) -> None:
    """Print lines at once."""
    print("\n".join(lines), flush=True)


def arguments() -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = argparse.ArgumentParser(prog="python -m faults", description="Try the promise.")
    parser.add_argument("--seeds", type=int, help="so many seeds, each with the next fault (default: every fault once)")
    parser.add_argument("--seed", type=int, help="the first seed (default: of the clock)")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="a fault (F1) or a safeguard")
    parser.add_argument("--jobs", type=int, default=2, help="runs at once (2): each waits most of its time")
    parser.add_argument("--no-controls", action="store_true", help="the faults alone")
    parser.add_argument("--write", action="store_true", help=f"write {RESULTS} and {PAGE}")
    return parser.parse_args()


def carried_out_all(jobs: list[Job], at_once: int, results: dict[str, Any]) -> bool:
    """Carry all runs out, print each and keep it in `results`; return whether each was as it must be."""
    good = True
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(at_once, context, initializer=die_with_parent) as pool:
        for job, result in zip(jobs, pool.map(carried_out, jobs), strict=True):
            if job.is_control:
                control = CONTROLS[job.number]
                say(control_lines(control, job.seed, result))
                results["controls"].append({"without": control.without, "red": control.red, **_plain(job, result)})
                good &= control.is_red(result)
            else:
                fault = FAULTS[job.number]
                say(run_lines(fault, job.seed, result))
                results["runs"].append({"fault": fault.name, "what": fault.what, **_plain(job, result)})
                good &= result.passed
    return good


def _plain(job: Job, result: Result) -> dict[str, Any]:
    return {
        "seed": job.seed,
        "workload": result.workload,
        "tried": dict(result.tried),
        "notes": result.notes,
        "back": [round(seconds, 1) for seconds in result.back],
        "verdicts": {verdict.name: [verdict.passed, verdict.what] for verdict in result.verdicts},
        "seconds": round(result.seconds, 1),
    }


def jobs_of(given: argparse.Namespace, seed: int) -> list[Job]:
    """Return the runs that the command line asks for: the faults in turn, seed after seed, then the controls."""
    faults = [n for n, fault in enumerate(FAULTS) if not given.only or fault.name in given.only]
    controls = [n for n, control in enumerate(CONTROLS) if not given.only or control.without in given.only]
    seeds = range(seed, seed + (given.seeds or len(faults))) if faults else range(0)
    runs = [Job(each, number, is_control=False) for each, number in zip(seeds, cycle(faults), strict=False)]
    return runs + [Job(seed, number, is_control=True) for number in controls if not given.no_controls]


def main() -> int:
    """Run, print, and return the exit code."""
    for name in [name for name in os.environ if name.startswith("CLIENTWARD_")]:
        del os.environ[name]  # the user's own servers are not to be touched
    given, begun = arguments(), time.monotonic()
    seed = given.seed if given.seed is not None else int(time.time()) % 1_000_000
    jobs = jobs_of(given, seed)
    if not jobs:
        names = ", ".join([fault.name for fault in FAULTS] + [f"'{control.without}'" for control in CONTROLS])
        sys.stderr.write(f"faults: --only knows none of {', '.join(given.only)}: there are {names}\n")
        return WRONG_USE
    say(
        [f"seed {seed}: {sum(not job.is_control for job in jobs)} runs, {sum(job.is_control for job in jobs)} controls"]
    )
    results: dict[str, Any] = {
        "seed": seed,
        "on": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "runs": [],
        "controls": [],
    }
    try:
        good = carried_out_all(jobs, given.jobs, results)
    except EmbeddedError as error:
        sys.stderr.write(f"faults: {error}\n")
        return 1
    results["seconds"] = round(time.monotonic() - begun)
    say(summary_lines(results))
    if given.write:
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        PAGE.write_text(with_figures(PAGE.read_text(encoding="utf-8"), results), encoding="utf-8")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
