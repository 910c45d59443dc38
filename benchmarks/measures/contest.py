"""Throughput side by side: the programs take turns on the same topic, round after round."""

from collections.abc import Iterable, Sequence

from benchmarks.events import Event
from benchmarks.plan import Plan
from benchmarks.programs import Program, running
from benchmarks.report import say
from benchmarks.results import Sample
from benchmarks.stand import Stand, publish, stand
from benchmarks.watching import answers, settle, timed

COLUMNS = {
    "events_per_second": "events/s",
    "second_half_per_second": "2nd half/s",
    "cpu_program": "CPU s/M",
    "cpu_broker": "broker s/M",
    "cpu_redis": "Redis s/M",
    "share_done": "share done",
}


async def contest(plan: Plan, name: str, events: Iterable[Event], programs: Sequence[Program]) -> list[Sample]:
    """Publish events once, and let every program go through them in every round."""
    samples = []
    with stand(plan.partitions) as on:
        total = await publish(on, events)
        for number in range(1, plan.rounds + 1):
            for program in programs:
                values = await once(on, program, total, plan.limit)
                samples.append(Sample(program.name, number, values))
                say(f"{name}, round {number}: {program.name}: {values['events_per_second']:,.0f} events/s")
    return samples


async def once(on: Stand, program: Program, total: int, limit: float) -> dict[str, float]:
    """Run one program, in a group of its own, through all events or until its time is up."""
    group = on.next_group("run")
    async with answers(on) as consumer, running(program, on, group) as runs:
        values = await timed(on, runs, consumer, total, limit)
    await settle()
    return values
