"""Harm done to workers: killed, paused, told to stop, added and removed."""

import asyncio
from typing import Final

from faults.scripts.pacing import BACKLOG, HIT_SECONDS, begun, producing
from faults.scripts.run import Run
from faults.workers.arms import Arm
from faults.workers.group import WorkerProcess
from streams.engine.failpoints import FAILPOINTS

# Steps of a busy partition are many and letters few: the how-manieth time at most.
NTH: Final = 12
NTH_OF: Final = {"dead_letters_sent": 3, "outbox_noted": 4}
CHANCE_SECONDS: Final = 10.0  # for a worker that may have no partition, or nothing to do, to get to its place


async def killed_at_every_point(run: Run) -> None:
    """SIGKILL at every named point, and at random moments; three workers, each up again at once. At last all together."""
    orders = [Arm(point, run.chance.randint(1, NTH_OF.get(point, NTH))) for point in FAILPOINTS]
    orders += [Arm()] * 4
    run.chance.shuffle(orders)
    for arm in orders:
        run.tried[_killed(arm)] += 0
    workers = [run.add_worker() for _ in range(3)]
    async with producing(run):
        await asyncio.gather(*(_killed_in_turn(run, w, orders[i :: len(workers)]) for i, w in enumerate(workers)))
        await asyncio.gather(*(worker.kill() for worker in workers))
        run.hit("SIGKILL of all workers at once")
        await asyncio.gather(*(worker.start() for worker in workers))
        await run.recovered()


def _killed(arm: Arm) -> str:
    return f"SIGKILL after {arm.place}" if arm.place else "SIGKILL at random"


async def _killed_in_turn(run: Run, worker: WorkerProcess, orders: list[Arm]) -> None:
    for arm in orders:
        await worker.start(arm)
        if arm.place is None:
            await asyncio.sleep(run.chance.uniform(0.0, 2.0))  # the moment of death, not a wait for something
            await worker.kill()
        elif await worker.until_hit(HIT_SECONDS):
            await worker.until_gone(HIT_SECONDS)
        else:
            await worker.kill()
            continue
        run.hit(_killed(arm))
    await worker.start()


async def rolling_restart(run: Run) -> None:
    """Three workers, one after the other told to stop (SIGTERM) and started anew; every exit code is 0."""
    workers = await begun(run, 3)
    async with producing(run):
        await asyncio.sleep(1.0)
        for worker in workers:
            run.check_exit(await worker.stop())
            run.hit("SIGTERM")
            await worker.start()
            await run.recovered()


async def rebalance_storm(run: Run) -> None:
    """A worker is added or removed (SIGTERM) every 3 s, between one and four of them."""
    workers = await begun(run, 1)
    idle = [run.add_worker() for _ in range(3)]
    async with producing(run):
        for _ in range(9):
            adding = bool(idle) and (len(workers) == 1 or run.chance.random() < 0.5)  # noqa: PLR2004 - evens
            async with asyncio.timeout(60):
                if adding:
                    worker = idle.pop(run.chance.randrange(len(idle)))
                    worker.launch()
                    workers.append(worker)
                    run.hit("worker added")
                else:
                    worker = workers.pop(run.chance.randrange(len(workers)))
                    run.check_exit(await worker.stop())
                    idle.append(worker)
                    run.hit("worker removed")
            await asyncio.sleep(3.0)  # the storm's own beat
        await run.recovered()


async def paused_owner(run: Run) -> None:
    """Paused with a large step in its hands (SIGSTOP), past its session; resumed when another has gone on."""
    paused, other = run.add_worker(), run.add_worker()
    await run.production.burst(BACKLOG)
    await paused.start(Arm("folded", run.chance.randint(1, 3), pause=True))
    if not await paused.until_hit(HIT_SECONDS):
        return
    run.hit("SIGSTOP with a step not yet written")
    await other.start()
    async with producing(run):
        await run.recovered()
        await asyncio.sleep(1.0)  # so that there are newer records than those in its hands
        await paused.resume()
        run.hit("SIGCONT when another has gone on")
        await asyncio.sleep(3.0)  # its late write meets a partition at work
        await run.recovered()
    refusals = sum("fenced" in line for line in paused.log.splitlines())
    run.notes.append(f"the late owner was refused {refusals} times")


async def killed_with_a_backlog(run: Run, place: str = "committed", count: int = 2) -> None:
    """So many workers killed at a place, with large steps under way, and started again."""
    workers = [run.add_worker() for _ in range(count)]
    await run.production.burst(BACKLOG)
    await asyncio.gather(*(killed_at(run, worker, Arm(place)) for worker in workers))
    await asyncio.gather(*(worker.start() for worker in workers))
    async with producing(run):
        await run.recovered()


async def killed_at(run: Run, worker: WorkerProcess, arm: Arm) -> None:
    """Start a worker that is to be killed at a place; one that never gets there (no partition was its) is killed."""
    await worker.start(arm)
    if await worker.until_hit(CHANCE_SECONDS):
        await worker.until_gone(HIT_SECONDS)
        run.hit(_killed(arm))
    else:
        await worker.kill()
        run.hit("SIGKILL beside it")
