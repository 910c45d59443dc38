"""`python -m benchmarks.scaling.measuring`: what the page on scaling needs beside results.json. Writes `measured.json`.

What one hot account does to its partition's neighbours, how long a rebalance stops the partitions, and how fast a worker
reads accounts back from the changelog. About six minutes.
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
# Partitions at which a pause is measured: as shipped, and five times that.
PAUSED: Final = (12, 60)


def main() -> None:
    """Run everything, print it, and write it down."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # a new topic has no leader for a moment: it retries
    found: dict[str, Any] = {**machine.facts("make scaling-measure", "scaling"), "hot": {}, "pauses": []}
    for case in hot.CASES:
        found["hot"][case.name] = asyncio.run(hot.run(case))
        say(f"{case.name}: {json.dumps(found['hot'][case.name])}")
    for partitions in PAUSED:
        found["pauses"].append(asyncio.run(pauses.measure(partitions))._asdict())
        say(json.dumps(found["pauses"][-1]))
    found["restoring"] = asyncio.run(restoring.measure())
    say(json.dumps(found["restoring"]))
    MEASURED.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
