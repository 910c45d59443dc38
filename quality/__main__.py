"""`python -m quality`: measure, write `quality/results.json` and `docs/quality.md`, and print the page.

    --quick         one small simulation and nothing learned: printed, not written
    --only PART     simulator, firms, rivals or cdnow (again for more); the other parts stay as they were written
    --page          write the page anew from the results, and measure nothing

Exits with 1 where an aim is missed that some method reaches; a quick run does not judge the aims at firms.
"""

import argparse
import hashlib
import json
import sys
from importlib.resources import files
from pathlib import Path
from time import perf_counter
from typing import Any

from quality.aims import aims
from quality.firms.reported import firms
from quality.measuring import Result, against, simulator
from quality.report import page
from relationship.policy.compiled import Policy, load_policy

RESULTS = Path("quality/results.json")
PAGE = Path("docs/quality.md")
PARTS = ("simulator", "firms", "rivals", "cdnow")


def say(text: str) -> None:
    """Tell how far it is."""
    print(f"quality: {text}", file=sys.stderr)  # noqa: T201 - the programme's output


def measured(part: str, policy: Policy, *, quick: bool) -> Result | None:
    """Return the measurement of a part."""
    if part == "simulator":
        return simulator(policy, say, quick=quick)
    if part == "firms":
        return firms(say, quick=quick)
    if part == "rivals":
        return against(policy, say, quick=quick)
    from quality.ranking import purchases  # noqa: PLC0415 - it alone needs numpy, and takes a second to load

    return purchases(policy, say, quick=quick)


def named(policy: Policy) -> dict[str, Any]:
    """Return which policy was measured, to the byte."""
    text = (files("relationship.policy") / "default.toml").read_bytes()
    return {"id": policy.id, "version": policy.version, "sha256": hashlib.sha256(text).hexdigest()}


def arguments() -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = argparse.ArgumentParser(prog="python -m quality", description="Measure the classifier.")
    parser.add_argument("--quick", action="store_true", help="one small simulation, nothing learned, nothing written")
    parser.add_argument(
        "--only", action="append", choices=PARTS, help="measure this part; the others stay as they were"
    )
    parser.add_argument("--page", action="store_true", help="write the page anew from the results")
    return parser.parse_args()


def main() -> int:
    """Measure, write and print; return the exit code."""
    given, policy = arguments(), load_policy()
    kept = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() and not given.quick else {}
    results: Result = {part: kept.get(part) for part in PARTS}
    for part in () if given.page else given.only or PARTS:
        begun = perf_counter()
        found = measured(part, policy, quick=given.quick)
        if found:
            results[part] = {"policy": named(policy), "seconds": round(perf_counter() - begun), **found}
    text = page(results)
    if not given.quick:
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        PAGE.write_text(text, encoding="utf-8")
    print(text)  # noqa: T201 - the programme's output
    # A quick run has five accounts of a kind: too few for the firms' aims to be judged by.
    return any(aim.failed for aim in aims(results | {"firms": None} if given.quick else results))


if __name__ == "__main__":
    sys.exit(main())
