"""`python -m benchmarks.scaling.measuring`: what the page on scaling needs beside results.json. Writes `measured.json`.

What one hot account does to its partition's neighbours, how long a rebalance stops the partitions, and how fast a worker
reads accounts back from the changelog. About twelve minutes on a quiet machine.

Of the hot account's cases the quietest of the rounds is kept: what else runs on the machine can only add to a wait.
"""

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


def main() -> None:
    """Run everything, print it, and write it down."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # a new topic has no leader for a moment: it retries
    found: dict[str, Any] = {**machine.facts("make scaling-measure", "scaling"), "pauses": []}
    found["hot"] = _quietest()
    for partitions in PAUSED:
        found["pauses"].append(asyncio.run(pauses.measure(partitions)))
        say(json.dumps(found["pauses"][-1]))
    found["restoring"] = asyncio.run(restoring.measure())
    say(json.dumps(found["restoring"]))
    MEASURED.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
