"""Count and sum per account, state kept, changelog on: the engine alone, against the peers' engines."""

from benchmarks.events import marked, skewed
from benchmarks.measures.contest import COLUMNS, contest
from benchmarks.plan import QUICK, Plan
from benchmarks.programs import COUNTING, FAUST, QUIX, STREAMS_ALO, STREAMS_EOS
from benchmarks.results import Measure, at_least, medians

QUICK_NOTE = "in this quick run the second halves are compared, since a JVM is still warming up in the first"


async def measure(plan: Plan) -> Measure:
    """Run it."""
    events = marked(skewed(plan.events, plan.accounts, plan.partitions), plan.partitions)
    samples = await contest(plan, "counting", events, (COUNTING, STREAMS_ALO, STREAMS_EOS, QUIX, FAUST))
    found, speed = medians(samples), "second_half_per_second" if plan.name == QUICK.name else "events_per_second"
    ours = found[COUNTING.name][speed]
    aims = [
        at_least("times Kafka Streams at least once", ours / found[STREAMS_ALO.name][speed], 1.0),
        at_least("times Quix Streams", ours / found[QUIX.name][speed], 4.0),
        at_least("times Faust as in its tutorial", ours / found[FAUST.name][speed], 50.0),
    ]
    title = f"Count and sum per account, {plan.events:,} events of {plan.accounts:,} accounts"
    return Measure("counting", title, COLUMNS, samples, aims, (QUICK_NOTE,) if plan.name == QUICK.name else ())
