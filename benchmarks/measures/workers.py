"""One, two and four workers of one group on this machine's cores: how far they share, and whether each event counts once."""

import msgspec
from redis import Redis

from benchmarks.counting_worker import Total
from benchmarks.events import marked, skewed
from benchmarks.plan import Plan
from benchmarks.programs import COUNTING, RunFailedError, running
from benchmarks.report import say
from benchmarks.results import Aim, Measure, Sample, at_most
from benchmarks.stand import Stand, publish, stand
from benchmarks.watching import answers, settle, timed
from clientward_store.keys import keys_of
from streams.config.settings import TABLE

COLUMNS = {
    "second_half_per_second": "2nd half/s",
    "events_per_second": "events/s",
    "cpu_program": "CPU s/M",
    "cpu_broker": "broker s/M",
    "cpu_redis": "Redis s/M",
    "off_by": "lost or doubled",
}
# Seconds for a run: all events must be folded, or nobody could tell whether one is lost.
LIMIT_SECONDS = 300.0
NOTE = (
    "the workers start together and share the partitions while the first events are being folded, so the second half shows "
    "what they do; broker, Redis, workers and observer share the same cores"
)


async def measure(plan: Plan) -> Measure:
    """Run it."""
    samples = []
    with stand(plan.partitions) as on:
        events = skewed(plan.workers_events, plan.accounts, plan.partitions)
        total = await publish(on, marked(events, plan.partitions))
        for number in range(1, plan.rounds + 1):
            for workers in plan.workers:
                values = await _once(on, workers, total, LIMIT_SECONDS)
                samples.append(Sample(f"{workers} worker{'s' * (workers > 1)}", number, values))
                say(f"workers, round {number}: {workers}: {values['second_half_per_second']:,.0f} events/s")
    title = f"Workers of one group, counting, {plan.workers_events:,} events"
    return Measure("workers", title, COLUMNS, samples, [_aim(samples)], (NOTE,))


def _aim(samples: list[Sample]) -> Aim:
    return at_most("events lost or doubled in any run", max(sample.values["off_by"] for sample in samples), 0)


async def _once(on: Stand, workers: int, total: int, limit: float) -> dict[str, float]:
    """Let so many workers fold all events. Raises RunFailedError where they do not come to the end."""
    group = on.next_group("workers")
    async with answers(on) as consumer, running(COUNTING, on, group, workers) as runs:
        values = await timed(on, runs, consumer, total, limit)
        if values["share_done"] < 1.0:
            raise RunFailedError(f"{workers} workers folded {values['share_done']:.0%} of the events in {limit:g} s")
        values["off_by"] = abs(_counted(on, group) - total)
    await settle()
    return values


def _counted(on: Stand, group: str) -> int:
    """Return how many events the accounts in Redis have counted."""
    decode = msgspec.msgpack.Decoder(Total).decode
    with Redis.from_url(on.redis) as client:
        records = [
            record
            for number in range(on.partitions)
            for record in client.hvals(keys_of(f"{group}-{TABLE}", number).values)
        ]
    return sum(decode(record).count for record in records)
