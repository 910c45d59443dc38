"""`python -m benchmarks`: run the measures, print their tables, write results.json and the page of the docs.

The exit code is 1 where a run failed. A missed aim is printed as such and is no failure: it is what was measured.
"""

import argparse
import asyncio
import json
import logging
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

from aiokafka.errors import KafkaError

from benchmarks import machine, report
from benchmarks.measures import (
    baskets,
    core,
    counting,
    growth,
    latency,
    profile,
    readmodel,
    restart,
    steady,
    store,
    workers,
)
from benchmarks.plan import FULL, QUICK, Plan
from benchmarks.programs import RunFailedError
from benchmarks.results import Measure
from streams.embedded.errors import EmbeddedError

MEASURES: Final[dict[str, Callable[[Plan], Awaitable[Measure]]]] = {
    "counting": counting.measure,
    "core": core.measure,
    "latency": latency.measure,
    "steady": steady.measure,
    "growth": growth.measure,
    "restart": restart.measure,
    "workers": workers.measure,
    "profile": profile.measure,
    "baskets": baskets.measure,
    "store": store.measure,
    "readmodel": readmodel.measure,
    "readmodel-pages": readmodel.measure_pages,
    "readmodel-postgres": readmodel.measure_postgres,
}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure us and our peers side by side.")
    parser.add_argument("--quick", action="store_true", help="small sizes")
    parser.add_argument(
        "--only", help=f"measures, comma separated, printed and kept with --keep alone: {', '.join(MEASURES)}"
    )
    parser.add_argument("--keep", action="store_true", help="keep these measures beside the others of results.json")
    parser.add_argument("--rounds", type=int, help="rounds, instead of the plan's")
    parser.add_argument("--out", type=Path, help=f"another file than {report.RESULTS.name}; the docs stay as they are")
    return parser.parse_args()


def _plan(arguments: argparse.Namespace) -> Plan:
    plan = QUICK if arguments.quick else FULL
    return plan._replace(rounds=arguments.rounds) if arguments.rounds else plan


async def _run(plan: Plan, names: list[str]) -> tuple[list[Measure], dict[str, str]]:
    """Run measures; what fails is told and the others go on."""
    measures, failures = [], {}
    for name in names:
        started = time.monotonic()
        try:
            done = await MEASURES[name](plan)
        except (RunFailedError, EmbeddedError, KafkaError, ValueError, OSError) as error:
            failures[name] = str(error)
            sys.stderr.write(f"  {name} FAILED: {error}\n")
        else:
            measures.append(done)
            report.show(done)
        report.say(f"{name}: {time.monotonic() - started:.0f} s")
    return measures, failures


def _keep(
    arguments: argparse.Namespace, facts: dict[str, Any], measures: list[Measure], failures: dict[str, str]
) -> None:
    """Write the results, and the docs from them; a part of the measures replaces no others, and only where it is asked."""
    if arguments.out:
        report.write(arguments.out, facts, measures, failures)
        return
    if not arguments.only:
        report.write(report.RESULTS, facts, measures, failures)
    elif arguments.keep:
        report.add(report.RESULTS, facts, measures, list(MEASURES))
    else:
        return
    report.write_page(json.loads(report.RESULTS.read_text()))


def main() -> int:
    """Run what the command line says; return the exit code."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # a new topic has no leader for a moment: it retries
    arguments = _arguments()
    names = arguments.only.split(",") if arguments.only else list(MEASURES)
    if unknown := set(names) - set(MEASURES):
        sys.stderr.write(f"no such measure: {', '.join(sorted(unknown))}; there are {', '.join(MEASURES)}\n")
        return 2
    plan = _plan(arguments)
    started = time.monotonic()
    facts = machine.facts(machine.command_line(), plan.name)
    measures, failures = asyncio.run(_run(plan, names))
    _keep(arguments, facts, measures, failures)
    for line in report.missed(measures):
        sys.stdout.write(f"aim missed: {line}\n")
    for name, reason in failures.items():
        sys.stdout.write(f"failed: {name}: {reason}\n")
    report.say(f"all: {time.monotonic() - started:.0f} s")
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
