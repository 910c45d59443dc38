"""The console's tables with a million accounts: how quickly they are written, each list answers, and each page is there.

Written by the product's own writer in batches as a follower hands them in, into SQLite; PostgreSQL gets the same rows.
Questions are drawn with values that occur, rare and frequent ones, first pages and later ones; a question's time is the
whole call, answers decoded. Then the real console is asked for its pages, over the same tables
(`benchmarks/console/pages.py`).
"""

import asyncio
import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from benchmarks.console.pages import ask_pages
from benchmarks.console.postgres import is_there, postgres
from benchmarks.console.records import DAYS, FIRST, SEED
from benchmarks.console.tables import copied, written, wrote
from benchmarks.plan import Plan
from benchmarks.report import say
from benchmarks.results import Measure, Sample, at_most
from benchmarks.stand import stand
from readmodel.answers import Page
from readmodel.database import ReadModel
from readmodel.filters import AccountFilter, RefusalFilter, ShadowFilter
from readmodel.queries.accounts import account, accounts
from readmodel.queries.audit import audit_entries
from readmodel.queries.base import base_counts, flows
from readmodel.queries.closest import closest, levels_of
from readmodel.queries.decisions import decisions
from readmodel.queries.refusals import refusal_counts, refusals
from readmodel.queries.shadow import shadow_counts, shadow_differences
from relationship.contract.enums import INDUSTRIES, MARKETS, PARTIES, STATUSES
from relationship.contract.filters import AuditFilter, DecisionFilter
from relationship.contract.outcome import Reason
from relationship.policy.compiled import load_policy

COLUMNS: Final = {
    "p50": "p50 ms",
    "p95": "p95 ms",
    "most": "most ms",
    "rate": "records/s",
    "bytes": "bytes/account",
    "cpu": "CPU ms",
    "busy": "% of a core",
    "own": "MB of its own",
    "mapped": "MB of files",
}
TARGET_MS: Final = 200.0
PAGE_TARGET_MS: Final = 1_000.0
MILLIS: Final = 1e3
# Accounts that the writer is timed with on PostgreSQL, into which a whole base is copied.
WRITTEN: Final = 50_000
Question = Callable[[], object]


async def measure(plan: Plan) -> Measure:
    """Ask the questions of SQLite."""
    with TemporaryDirectory(prefix="clientward-readmodel-") as folder:
        file = Path(folder) / "readmodel.sqlite"
        whole = await asyncio.to_thread(written, file, plan.readmodel_accounts)
        samples = await asyncio.to_thread(_asked, plan, f"sqlite:///{file}")
    return _measure(plan, "readmodel", "The console's read model on SQLite", [Sample("written", 1, whole), *samples])


async def measure_pages(plan: Plan) -> Measure:
    """Ask a console for its pages, over SQLite."""
    with TemporaryDirectory(prefix="clientward-readmodel-") as folder, stand(plan.partitions) as on:
        file = Path(folder) / "readmodel.sqlite"
        await asyncio.to_thread(written, file, plan.readmodel_accounts)
        samples = await ask_pages(on, f"sqlite:///{file}", plan.readmodel_accounts)
    return _measure(plan, "readmodel-pages", "The console's pages over SQLite", samples)


async def measure_postgres(plan: Plan) -> Measure:
    """Do both on PostgreSQL, as its package sets it up, with the rows of a SQLite file copied into it."""
    if not is_there():
        raise OSError("there is no PostgreSQL on this machine: install it")
    with TemporaryDirectory(prefix="clientward-readmodel-") as folder, postgres("") as url:
        file = Path(folder) / "readmodel.sqlite"
        await asyncio.to_thread(written, file, plan.readmodel_accounts)
        samples = [Sample("written, the first accounts", 1, await asyncio.to_thread(wrote, url, WRITTEN))]
        copy = await asyncio.to_thread(copied, file, url, plan.readmodel_accounts)
        samples += [Sample("copied", 1, copy), *await asyncio.to_thread(_asked, plan, url)]
        with stand(plan.partitions) as on:
            samples += await ask_pages(on, url, plan.readmodel_accounts)
    return _measure(plan, "readmodel-postgres", "The console's read model and pages on PostgreSQL", samples)


def _measure(plan: Plan, name: str, title: str, samples: Sequence[Sample]) -> Measure:
    """Return samples as a measure, with the aims that they are held to."""
    aims = []
    for what, target in (("", TARGET_MS), ("by HTTP", PAGE_TARGET_MS), ("in Chromium", PAGE_TARGET_MS)):
        times = [each.values["p95"] for each in samples if "p95" in each.values and _how(each) == what]
        if times:
            aims.append(
                at_most(f"ms at p95 of the slowest {f'page {what}' if what else 'question'}", max(times), target)
            )
    notes = [f"the machine's load was {os.getloadavg()[2]:.1f} over the last quarter of an hour"]
    return Measure(name, f"{title}, {plan.readmodel_accounts:,} accounts", COLUMNS, samples, aims, notes)


def _how(sample: Sample) -> str:
    """Return how a page was asked for; empty for a question."""
    return next((how for how in ("by HTTP", "in Chromium", "rows") if sample.program.endswith(how)), "")


def _asked(plan: Plan, url: str) -> list[Sample]:
    """Ask every question so many times."""
    model, samples = ReadModel.open(url), []
    draw = random.Random(SEED)  # noqa: S311 - a seeded generator is what a measure wants
    for name, ask in _questions(model, draw, plan.readmodel_accounts).items():
        samples.append(Sample(name, 1, _timed(ask, plan.readmodel_questions)))
        say(f"{name}: {samples[-1].values}")
    model.close()
    return samples


def _timed(ask: Question, count: int) -> dict[str, float]:
    times = []
    for _ in range(count):
        started = time.perf_counter()
        ask()
        times.append((time.perf_counter() - started) * MILLIS)
    times.sort()
    return {"p50": times[len(times) // 2], "p95": times[int(len(times) * 0.95)], "most": times[-1]}


def _questions(model: ReadModel, draw: random.Random, count: int) -> dict[str, Question]:
    """Return each list and search, as a call that draws what it asks for."""
    levels = levels_of(load_policy(None))

    def name() -> str:
        return f"account-{draw.randrange(count) * 7_919 % 10_000_000:07}"

    def later(ask: Callable[..., Page[Any]], *given: Any) -> object:
        """Ask for a page, and half of the time for one after it."""
        found = ask(model, *given)
        return ask(model, *given, after=found.after) if found.after and draw.random() < 0.5 else found  # noqa: PLR2004

    return {
        "decisions": lambda: later(decisions),
        "decisions, one filter": lambda: later(decisions, next(_filters(draw, 1))),
        "decisions, two or three filters": lambda: later(decisions, next(_filters(draw, draw.choice((2, 3))))),
        "decisions, all filters": lambda: later(decisions, next(_filters(draw, 7))),
        "decisions of an account": lambda: decisions(model, DecisionFilter(account=name())),
        "account": lambda: account(model, name()),
        "accounts by prefix": lambda: later(accounts, AccountFilter(prefix=name()[: draw.randrange(9, 14)])),
        "accounts by status and segment": lambda: later(accounts, _segment(draw)),
        "base": lambda: base_counts(model),
        "flows": lambda: flows(model, by=draw.choice(("day", "week", "month", "all"))),
        "closest, up": lambda: closest(model, levels, "up"),
        "closest, down": lambda: closest(model, levels, "down", industry=draw.choice(INDUSTRIES)),
        "refusals": lambda: later(
            refusals, RefusalFilter(reason=draw.choice([None, *Reason]), since=draw.choice((None, FIRST)))
        ),
        "refusals by hour": lambda: refusal_counts(
            model, by=draw.choice(("hour", "day")), since=FIRST + timedelta(days=DAYS - 30)
        ),
        "audit": lambda: later(
            audit_entries, AuditFilter(by=draw.choice((None, "user-7")), action=draw.choice((None, "merge")))
        ),
        "shadow": lambda: later(
            shadow_differences, ShadowFilter(publication="p", active=draw.choice((None, *STATUSES)))
        ),
        "shadow counts": lambda: shadow_counts(model, "p"),
    }


def _filters(draw: random.Random, count: int) -> Iterator[DecisionFilter]:
    """Give filters of so many fields, drawn without regard to whether anything fits."""
    while True:
        since = FIRST + timedelta(days=draw.uniform(0, DAYS))
        chosen = {
            "industry": draw.choice(INDUSTRIES),
            "from_": draw.choice(STATUSES),
            "to": draw.choice(STATUSES),
            "direction": draw.choice(("promotion", "demotion", "lapse", "return", "correction")),
            "policy": draw.choice(("1", "2", "clientward-default", "none")),
            "since": since,
            "until": since + timedelta(days=draw.choice((1, 30, 365))),
            "least_confidence": draw.choice((0.3, 0.5, 0.9, 0.95, 0.99, 0.997)),
        }
        names = draw.sample(sorted(chosen), count)
        yield DecisionFilter(**{each: chosen[each] for each in names})


def _segment(draw: random.Random) -> AccountFilter:
    return AccountFilter(
        status=draw.choice((None, *STATUSES)),
        industry=draw.choice((None, *INDUSTRIES)),
        party=draw.choice((None, *PARTIES)),
        scope=draw.choice((None, "internal")),
        market=draw.choice((None, *MARKETS)),
    )
