"""`python -m benchmarks.scaling.measuring`: what the page on scaling needs beside results.json. Writes `measured.json`.

What one hot account does to its partition's neighbours, how long a rebalance stops the partitions, and how fast a worker
reads accounts back from the changelog. About twenty minutes on a quiet machine.

`--only pauses`, or another part, measures that one anew and keeps the rest of the file as it is.

Of the hot account's cases the quietest of the rounds is kept: what else runs on the machine can only add to a wait.
"""

import argparse
import asyncio
import json
import logging
from pathlib import Path
from typing import Any, Final

from benchmarks import machine
from benchmarks.report import say
from benchmarks.scaling import hot, pauses, restoring

MEASURED: Final = Path(__file__).parent / "measured.json"
ROUNDS: Final = 3
# Partitions at which a pause is measured: as shipped, and five times that.
PAUSED: Final = (12, 60)


def _quietest() -> dict[str, dict[str, float]]:
    """Run the hot account's cases, taking turns, and return of each the round in which its neighbours waited least."""
    found: dict[str, dict[str, float]] = {}
    for number in range(1, ROUNDS + 1):
        for case in hot.CASES:
            seen = asyncio.run(hot.run(case))
            say(f"round {number}: {case.name}: {json.dumps(seen)}")
            found[case.name] = min(found.get(case.name, seen), seen, key=lambda each: each["p99_ms"])
    return found


def _pauses() -> list[dict[str, float]]:
    return [asyncio.run(pauses.measure(partitions)) for partitions in PAUSED]


def _restoring() -> dict[str, float]:
    return asyncio.run(restoring.measure())


PARTS: Final = {"hot": _quietest, "pauses": _pauses, "restoring": _restoring}


def main() -> None:
    """Run what is asked for, print it, and write it down."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling.measuring")
    parser.add_argument("--only", choices=PARTS, help="measure this part anew, and keep the others")
    only = parser.parse_args().only
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # a new topic has no leader for a moment: it retries
    facts = machine.facts("make scaling-measure", "scaling")
    found: dict[str, Any] = facts if only is None else json.loads(MEASURED.read_text())
    if only:
        found.setdefault("anew", {})[only] = facts
    for name in [only] if only else PARTS:
        found[name] = PARTS[name]()
        say(f"{name}: {json.dumps(found[name])}")
    MEASURED.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
