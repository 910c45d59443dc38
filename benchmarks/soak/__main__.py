"""`python -m benchmarks.soak`: run the soak, judge it, and write its results, the graph, and its section of the docs.

A run of under half an hour is a try: it writes into `.cache/soak/` and leaves results and docs as they are. The exit code
is 1 where a check is missed or the run failed.
"""

import argparse
import json
import logging
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import uvloop
from aiokafka.errors import KafkaError

from benchmarks import machine
from benchmarks.events import SEED
from benchmarks.programs import PEERS_PYTHON, RunFailedError
from benchmarks.soak import page, verdict
from benchmarks.soak.feed import scripts
from benchmarks.soak.holding import horizon
from benchmarks.soak.running import Sizes, Soak, soak
from streams.embedded.errors import EmbeddedError

# Minutes from which a run is a soak that is kept: the issue's.
KEPT_MINUTES: Final = 30.0
# Events a second, accounts, and accounts in the cache, unless told.
RATE: Final = 1_000
ACCOUNTS: Final = 1_000_000
CACHE: Final = 2_000
TRIES: Final = Path(__file__).parents[2] / ".cache" / "soak"
DRAW: Final = Path(__file__).parent / "draw.py"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description="Load one worker for a long while.")
    parser.add_argument("--minutes", type=float, default=KEPT_MINUTES, help="how long")
    parser.add_argument("--rate", type=int, default=RATE, help="events a second; one soak is kept of each")
    parser.add_argument("--accounts", type=int, default=ACCOUNTS, help="the fixed set of accounts")
    parser.add_argument("--cache", type=int, default=CACHE, help="accounts that the worker may keep in memory")
    return parser.parse_args()


def _command(sizes: Sizes) -> str:
    """Return the command line that asks for these sizes."""
    usual = sizes._replace(rate=RATE, accounts=ACCOUNTS, cache=CACHE)
    told = " ".join(f"--{name} {size}" for name, size in sizes._asdict().items() if size != getattr(usual, name))
    return f"make soak MINUTES={sizes.minutes:g}" + (f' ARGS="{told}"' if told else "")


def _results(sizes: Sizes, facts: Mapping[str, Any], seen: Soak) -> dict[str, Any]:
    held, last = seen.holding, seen.samples[-1]
    redis = {
        "used_mib": last.redis_mib,
        "accounts": held.accounts,
        "bytes_per_account": last.redis_mib * verdict.MIB / held.accounts,
        **held.each(),
        **horizon(scripts(SEED)),
    }
    found = verdict.checks(seen.samples, seen.expected, seen.held, seen.answered)
    return {
        **facts,
        "sizes": sizes._asdict(),
        "figures": verdict.figures(seen.samples),
        "redis": redis,
        "line": verdict.worker_line(seen.samples)._asdict(),
        "checks": [check._asdict() for check in found],
        "samples": [sample._asdict() for sample in seen.samples],
    }


def _keep(results: Mapping[str, Any], *, kept: bool) -> None:
    """Write what a run has found, and draw it; a try goes elsewhere and leaves the docs alone."""
    TRIES.mkdir(parents=True, exist_ok=True)
    rate, into = results["sizes"]["rate"], (page.KEPT, page.DOCS) if kept else (TRIES, TRIES)
    path, graph = page.results_of(rate, into[0]), page.graph_of(rate, into[1])
    page.write(path, results)
    subprocess.run((PEERS_PYTHON, DRAW, path, graph), check=True)  # noqa: S603 - our own script
    if kept:
        page.write_page()
    sys.stdout.write(f"{page.section(results)}\nwritten: {path}, {graph}\n")


def main() -> int:
    """Run what the command line says; return the exit code."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # a new topic has no leader for a moment: it retries
    sizes = Sizes(**vars(_arguments()))
    facts = machine.facts(_command(sizes), "soak")
    try:
        seen = uvloop.run(soak(sizes))
    except (RunFailedError, EmbeddedError, KafkaError, OSError) as error:
        sys.stderr.write(f"the soak failed: {error}\n")
        return 1
    results = json.loads(json.dumps(_results(sizes, facts, seen)))
    _keep(results, kept=sizes.minutes >= KEPT_MINUTES)
    return 0 if all(check["met"] for check in results["checks"]) else 1


if __name__ == "__main__":
    raise SystemExit(main())
