"""The full relationship core: the worker, Quix Streams calling the same core, and the bare loop as the limit."""

from benchmarks.events import marked, simulated
from benchmarks.measures.contest import COLUMNS, contest
from benchmarks.plan import Plan
from benchmarks.programs import BARE_LOOP, QUIX_CORE, WORKER
from benchmarks.results import Measure, at_least, medians


async def measure(plan: Plan) -> Measure:
    """Run it."""
    events = marked(simulated(plan.core_events, plan.partitions), plan.partitions)
    samples = await contest(plan, "core", events, (WORKER, QUIX_CORE, BARE_LOOP))
    found = {program: values["events_per_second"] for program, values in medians(samples).items()}
    ours = found[WORKER.name]
    aims = [
        at_least("times Quix Streams with the same core", ours / found[QUIX_CORE.name], 4.0),
        at_least("of the bare loop", ours / found[BARE_LOOP.name], 0.7),
    ]
    return Measure("core", f"The full relationship core, {plan.core_events:,} events", COLUMNS, samples, aims)
