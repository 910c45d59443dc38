"""The pure core: what one event costs, and where its microseconds go.

The simulator's records are decoded beforehand and folded one by one, each step from stored bytes to stored bytes, as an
event that comes alone costs; and ten of an account at a time, as a backlog costs. The total is measured without a profiler;
the shares are cProfile's, whose own cost is spread over calls, so small functions look somewhat dearer than they are.

`python -m benchmarks.measures.profile EVENTS PARTITIONS` prints the total alone, as JSON: so the compiled core is
measured, in a process of its own.
"""

import cProfile
import json
import os
import pstats
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from benchmarks.plan import Plan
from benchmarks.programs import ROOT, STAMP, Program, compiled
from benchmarks.results import Measure, Sample, at_most
from benchmarks.simulation import simulated
from relationship.contract.outcome import Delivered, Refused
from relationship.core import Core
from relationship.policy.compiled import load_policy
from streams.wire.codecs import Codec, Limits

MICROS: Final = 1e6
TOGETHER: Final = 10
# Aims, µs of an event one by one: in Python, and compiled.
PYTHON_AIM: Final = 30.0
COMPILED_AIM: Final = 15.0
IN_PYTHON: Final = "all"
COMPILED: Final = "all, compiled"
COLUMNS: Final = {"alone": "µs, events one by one", "together": "µs, ten of an account at a time"}
# What is told apart: a name for a function, and who calls it where several do; no row is part of another.
PARTS: Final[Mapping[str, tuple[str, str | None]]] = {
    "read the stored record": ("decode", "_case"),
    "the event as a fact": ("fact_of", None),
    "look for a repeat": ("known_fact", None),
    "timers due before it": ("run_timers", "advance"),
    "decay to its moment": ("decay", "advance"),
    "its effects on the dimensions": ("effects_of", "advance"),
    "rhythm and months": ("_record_life", None),
    "what it states (sums, lines, tickets)": ("_apply", "advance"),
    "dimensions and score": ("read", "advance"),
    "the rules": ("next_rule", "advance"),
    "tell a decision": ("decide", None),
    "tell a state": ("_publish_state", None),
    "keep what was sent, packed": ("pack", None),
    "next due moment": ("next_due", None),
    "write the record": ("encode", "_fitting"),
}


async def measure(plan: Plan) -> Measure:
    """Run it."""
    events = [*_decoded(plan.profile_events, plan.partitions)]
    samples = []
    for number in range(1, plan.rounds + 1):
        alone, together = (_costs(steps) for steps in (_one_by_one(events), _by_account(events)))
        samples += [Sample(part, number, {"alone": alone[part], "together": together[part]}) for part in alone]
        if STAMP.exists():
            samples.append(Sample(COMPILED, number, _compiled(plan)))
    title = f"The pure core, µs for one event, {len(events):,} events"
    measure = Measure("profile", title, COLUMNS, samples, ())
    found, bounds = measure.medians(), {IN_PYTHON: PYTHON_AIM, COMPILED: COMPILED_AIM}
    aims = [at_most(f"µs, {name}, one by one", found[name]["alone"], bounds[name]) for name in bounds if name in found]
    return measure._replace(aims=aims)


def _compiled(plan: Plan) -> dict[str, float]:
    """Return what an event costs the compiled core."""
    argv = (sys.executable, "-m", "benchmarks.measures.profile", str(plan.profile_events), str(plan.partitions))
    environment = os.environ | compiled(Program("the core", argv)).environment
    done = subprocess.run(argv, env=environment, cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S603 - our own
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _decoded(count: int, partitions: int) -> Iterable[tuple[str, Delivered]]:
    codec, now = Codec(Limits()), time.time_ns() // 1000
    for offset, event in enumerate(simulated(count, partitions)):
        message = codec.decode_value(event.topic, event.value, now)
        if not isinstance(message, Refused):
            yield message.account_id, Delivered(event.topic, offset, message)


Steps = Sequence[tuple[str, Sequence[Delivered]]]


def _one_by_one(events: Iterable[tuple[str, Delivered]]) -> Steps:
    return [(account, (delivered,)) for account, delivered in events]


def _by_account(events: Iterable[tuple[str, Delivered]]) -> Steps:
    by_account: dict[str, list[Delivered]] = defaultdict(list)
    for account, delivered in events:
        by_account[account].append(delivered)
    return [
        (account, mine[start : start + TOGETHER])
        for account, mine in by_account.items()
        for start in range(0, len(mine), TOGETHER)
    ]


def _fold(steps: Steps) -> None:
    core, records = Core(load_policy()), dict[str, bytes | None]()
    now = time.time_ns() // 1000
    for account, messages in steps:
        records[account] = core.step(account, records.get(account), messages, now).record


def _costs(steps: Steps) -> dict[str, float]:
    """Return µs of an event by part; `all` first, `the rest` last."""
    total = _total(steps)
    profiler = cProfile.Profile(time.process_time)
    profiler.runcall(_fold, steps)
    shares = _shares(pstats.Stats(profiler))
    costs = {part: share * total for part, share in shares.items()}
    return {IN_PYTHON: total, **costs, "the rest": total - sum(costs.values())}


def _total(steps: Steps) -> float:
    """Return µs of an event, without a profiler."""
    events = sum(len(messages) for _, messages in steps)
    _fold(steps[: len(steps) // 10])
    started = time.process_time()
    _fold(steps)
    return (time.process_time() - started) / events * MICROS


def _shares(stats: pstats.Stats) -> dict[str, float]:
    """Return the share of the whole that every part has, its callees included."""
    table: Mapping[tuple[str, int, str], tuple[int, int, float, float, Any]] = stats.stats  # type: ignore[attr-defined]
    whole = next(cumulative for (_, _, name), (_, _, _, cumulative, _) in table.items() if name == "_fold")
    shares = {}
    for part, (name, caller) in PARTS.items():
        spent = 0.0
        for (file, _, function), (_, _, _, cumulative, callers) in table.items():
            if function == name and "/relationship/" in file:
                spent += cumulative if caller is None else _from(callers, caller)
        shares[part] = spent / whole
    return shares


def _from(callers: Mapping[tuple[str, int, str], tuple[int, int, float, float]], name: str) -> float:
    return sum(cumulative for (_, _, caller), (_, _, _, cumulative) in callers.items() if caller == name)


def main() -> None:
    """Print what an event costs the core that is imported here."""
    events = [*_decoded(int(sys.argv[1]), int(sys.argv[2]))]
    sys.stdout.write(json.dumps({"alone": _total(_one_by_one(events)), "together": _total(_by_account(events))}))


if __name__ == "__main__":
    main()
