"""`python -m benchmarks`: run the measures, print their tables, write results.json and the page of the docs.

The exit code is 1 where a run failed. A missed aim is printed as such and is no failure: it is what was measured.
"""

import argparse
import asyncio
import logging
import sys
import time
from collections.abc import Awaitable, Callable
from functools import partial
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
    parser.add_argument("--quick", action="store_true", help="small sizes of some measures, printed alone")
    parser.add_argument(
        "--only", help=f"measures, comma separated, printed and kept with --keep alone: {', '.join(MEASURES)}"
    )
    parser.add_argument("--keep", action="store_true", help="keep these measures beside the others of results.json")
    parser.add_argument("--rounds", type=int, help="rounds, instead of the plan's")
    parser.add_argument("--rates", type=_rates, help="events a second of the steady measure, comma separated")
    parser.add_argument("--busy", type=_rates, help="those of them that are measured beside a busy neighbour too")
    parser.add_argument("--out", type=Path, help=f"another file than {report.RESULTS.name}; the docs stay as they are")
    return parser.parse_args()


def _rates(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(each) for each in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not whole numbers with commas between, as 100,500") from None


def _plan(arguments: argparse.Namespace) -> Plan:
    plan = QUICK if arguments.quick else FULL
    rates = plan.steady_rates if arguments.rates is None else arguments.rates
    busy = plan.busy_rates if arguments.busy is None else arguments.busy
    return plan._replace(
        rounds=arguments.rounds or plan.rounds,
        steady_rates=rates,
        busy_rates=tuple(rate for rate in busy if rate in rates),
    )


async def _run(plan: Plan, names: list[str], keep: Callable[[Measure], None]) -> tuple[list[Measure], dict[str, str]]:
    """Run measures; each is kept as soon as it is done, and what fails is told and the others go on."""
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
            keep(done)
        report.say(f"{name}: {time.monotonic() - started:.0f} s")
    return measures, failures


def _keep_one(facts: dict[str, Any], measure: Measure) -> None:
    """Put a measure among the others of the results, and into the docs."""
    report.add(report.RESULTS, facts, [measure], list(MEASURES))
    report.write_page()


def _keep_all(
    arguments: argparse.Namespace, facts: dict[str, Any], measures: list[Measure], failures: dict[str, str]
) -> None:
    """Write the results of a whole run, and the docs from them; or of any run into the file that was asked for."""
    if arguments.out:
        report.write(arguments.out, facts, measures, failures)
    elif not (arguments.only or arguments.quick):
        report.write(report.RESULTS, facts, measures, failures)
        report.write_page()


def main() -> int:
    """Run what the command line says; return the exit code."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # a new topic has no leader for a moment: it retries
    arguments = _arguments()
    plan = _plan(arguments)
    names = arguments.only.split(",") if arguments.only else list(plan.measures or MEASURES)
    if unknown := set(names) - set(MEASURES):
        sys.stderr.write(f"no such measure: {', '.join(sorted(unknown))}; there are {', '.join(MEASURES)}\n")
        return 2
    started = time.monotonic()
    facts = machine.facts(machine.command_line(), plan.name)
    keep = partial(_keep_one, facts) if arguments.keep and not arguments.out else lambda _: None
    measures, failures = asyncio.run(_run(plan, names, keep))
    _keep_all(arguments, facts, measures, failures)
    for line in report.missed(measures):
        sys.stdout.write(f"aim missed: {line}\n")
    for name, reason in failures.items():
        sys.stdout.write(f"failed: {name}: {reason}\n")
    report.say(f"all: {time.monotonic() - started:.0f} s")
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
