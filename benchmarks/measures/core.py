"""The full relationship core: the worker, Quix Streams calling the same core, and the bare loop as the limit.

All three run the core in Python, and where `make compiled` has built it the compiled one too: the less the core costs, the
more the engines around it show.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from benchmarks.events import marked
from benchmarks.measures.contest import COLUMNS, contest
from benchmarks.plan import Plan
from benchmarks.programs import BARE_LOOP, QUIX_CORE, STAMP, WORKER, Program, compiled
from benchmarks.results import Aim, Measure, at_least, medians
from benchmarks.simulation import simulated

PROGRAMS: Final = (WORKER, QUIX_CORE, BARE_LOOP)
NOT_COMPILED: Final = "without a C compiler `make compiled` builds nothing, so that the compiled core was not measured"


async def measure(plan: Plan) -> Measure:
    """Run it."""
    events = marked(simulated(plan.core_events, plan.partitions), plan.partitions)
    also = [compiled(program) for program in PROGRAMS] if STAMP.exists() else []
    samples = await contest(plan, "core", events, (*PROGRAMS, *also))
    found = {program: values["events_per_second"] for program, values in medians(samples).items()}
    aims = _aims(found, PROGRAMS, "")
    if also:
        aims += _aims(found, also, ", all compiled")
    title = f"The full relationship core, {plan.core_events:,} events"
    return Measure("core", title, COLUMNS, samples, aims, () if also else (NOT_COMPILED,))


def _aims(found: Mapping[str, float], programs: Sequence[Program], which: str) -> list[Aim]:
    ours, quix, bare = (found[program.name] for program in programs)
    return [
        at_least(f"times Quix Streams with the same core{which}", ours / quix, 4.0),
        at_least(f"of the bare loop{which}", ours / bare, 0.7),
    ]
