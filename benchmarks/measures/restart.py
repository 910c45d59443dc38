"""SIGKILL to the next decision, with the local disk lost: what an engine must do before it can decide again.

Every account has one event, so the state is as large as it can be for its number of events. The program folds them all,
has time to commit, and is killed; its folder is removed; one event for each partition is published; and it is started
again at once, as the same static member of its group: none waits until the group forgets the dead one.
"""

import asyncio
import shutil
import time
from typing import Final

from aiokafka import AIOKafkaConsumer

from benchmarks.events import marked, marker, moment, one_each
from benchmarks.plan import Plan
from benchmarks.programs import COUNTING, QUIX, STREAMS_ALO, Program, Running, start
from benchmarks.report import say
from benchmarks.results import Measure, Sample, at_least, medians
from benchmarks.stand import Stand, publish, stand
from benchmarks.watching import answers, timed

COLUMNS: Final = {
    "first_seconds": "s to the first",
    "all_seconds": "s to all partitions",
    "fold_seconds": "s to fold all",
}
# Seconds after the last answer: every program commits once a second.
COMMITTED_SECONDS: Final = 2.5
# Seconds for a program to fold all, and then to come back.
FOLD_SECONDS: Final = 600.0
BACK_SECONDS: Final = 300.0
LAST: Final = 999_999_999  # the count of the markers that are published after the kill


async def measure(plan: Plan) -> Measure:
    """Run it."""
    samples = []
    for number in range(1, plan.rounds + 1):
        for program in (COUNTING, STREAMS_ALO, QUIX):
            values = await _once(plan, program)
            samples.append(Sample(program.name, number, values))
            say(f"restart, round {number}: {program.name}: {values['first_seconds']:.1f} s")
    found = {program: values["first_seconds"] for program, values in medians(samples).items()}
    aims = [
        at_least(f"times faster than {peer.name}", found[peer.name] / found[COUNTING.name], 5.0)
        for peer in (STREAMS_ALO, QUIX)
    ]
    title = f"SIGKILL to the first decision, {plan.restart_accounts:,} accounts, local disk lost"
    return Measure("restart", title, COLUMNS, samples, aims)


async def _once(plan: Plan, program: Program) -> dict[str, float]:
    """Fold everything, kill, and time the way back."""
    with stand(plan.partitions) as on:
        total = await publish(on, marked(one_each(plan.restart_accounts, plan.partitions), plan.partitions))
        group, state = on.next_group("restart"), on.folder / "state"
        async with answers(on) as consumer:
            run = await start(program, on, group, state)
            began = time.monotonic()
            try:
                await timed(on, [run], consumer, total, FOLD_SECONDS)
                fold_seconds = time.monotonic() - began
                await asyncio.sleep(COMMITTED_SECONDS)
            finally:
                await run.kill()
            return {**await _back(on, program, group, consumer), "fold_seconds": fold_seconds}


async def _back(on: Stand, program: Program, group: str, consumer: AIOKafkaConsumer) -> dict[str, float]:
    """Start a killed program again without its folder; return the seconds to its first answer and to all."""
    killed = time.monotonic()
    shutil.rmtree(on.folder / "state")
    run = await start(program, on, group, on.folder / "state")
    try:
        await publish(on, [marker(number, LAST, moment(0)) for number in range(on.partitions)])
        return await _answered(on, run, consumer, killed)
    finally:
        await run.kill()


async def _answered(on: Stand, run: Running, consumer: AIOKafkaConsumer, killed: float) -> dict[str, float]:
    """Return the seconds since the kill to the first answer and to all. Raises RunFailedError where one is missing."""
    wanted = {marker(number, LAST, "").key for number in range(on.partitions)}
    first: float | None = None
    while wanted:
        run.check()
        if time.monotonic() - killed > BACK_SECONDS:
            raise run.failure(f"did not answer within {BACK_SECONDS:g} s after its restart")
        fetched = await consumer.getmany(timeout_ms=100)
        found = wanted & {record.key for records in fetched.values() for record in records}
        if found and first is None:
            first = time.monotonic() - killed
        wanted -= found
    return {"first_seconds": first or 0.0, "all_seconds": time.monotonic() - killed}
