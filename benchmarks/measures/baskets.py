"""Lines of one instant: what a till, which stamps all lines of a basket alike, costs beside lines a second apart.

One account has 4,000 lines in 20 baskets, with ids in no order. The worker folds a basket's lines by their ids, up to 250 in
a step, and so does a file that is replayed; a producer that sends them one by one, against the order of their ids, has the
basket's history folded anew for each.
"""

import random
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from benchmarks.plan import Plan
from benchmarks.results import Measure, Sample, at_most
from relationship.contract.messages import PURCHASES, Purchase
from relationship.contract.outcome import Delivered
from relationship.core import Core
from relationship.policy.compiled import load_policy

BASKETS: Final = 20
LINES: Final = 200  # of a basket
AT_ONCE: Final = 250  # messages of an account in a step of the worker
START: Final = datetime(2025, 1, 6, 9, tzinfo=UTC)
COLUMNS: Final = {"seconds": "s, 4,000 lines", "us": "µs a line"}


async def measure(plan: Plan) -> Measure:
    """Run it."""
    samples = []
    for number in range(1, plan.rounds + 1):
        apart, alike = lines(1), lines(0)
        cases = {
            "a second apart, a step each": (apart, 1),
            "of one instant, as the worker folds them": (sorted(alike, key=_order), AT_ONCE),
            "of one instant, a step each": (sorted(alike, key=_order), 1),
        }
        for name, (told, most) in cases.items():
            seconds = fold(told, most)
            samples.append(Sample(name, number, {"seconds": seconds, "us": seconds / len(told) * 1e6}))
    found = {sample.program: sample.values["seconds"] for sample in samples}
    ratio = found["of one instant, a step each"] / found["a second apart, a step each"]
    title = f"Lines of one instant, {BASKETS * LINES:,} lines of one account in {BASKETS} baskets"
    return Measure("baskets", title, COLUMNS, samples, [at_most("times the cost of lines a second apart", ratio, 1.5)])


def lines(apart_seconds: int) -> list[Purchase]:
    """Return the lines, in no order within a basket."""
    luck = random.Random(7)  # noqa: S311 - ids in no order, no secret
    return [
        Purchase(
            event_id=f"{luck.getrandbits(64):016x}",
            account_id="a",
            occurred_at=START + timedelta(days=basket, seconds=apart_seconds * line),
            amount="4.20",
            currency="EUR",
            order_id=f"o{basket}",
        )
        for basket in range(BASKETS)
        for line in range(LINES)
    ]


def _order(purchase: Purchase) -> tuple[datetime, str]:
    return purchase.occurred_at, purchase.event_id


def fold(told: Sequence[Purchase], most: int) -> float:
    """Fold lines, so many a step, and return the seconds of the processor."""
    core, record, started = Core(load_policy()), None, time.process_time()
    for step in _steps(told, most):
        record = core.step("a", record, step, 0).record
    return time.process_time() - started


def _steps(told: Sequence[Purchase], most: int) -> Iterator[list[Delivered]]:
    for start in range(0, len(told), most):
        yield [Delivered(PURCHASES, start + i, each) for i, each in enumerate(told[start : start + most])]
