"""What the scripts share: how a run begins, the production beside it, and how long is waited for what."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from faults.scripts.run import Run
from faults.workers.group import WorkerProcess

PACE: Final = 250.0  # records a second while a script does its harm
FIRST: Final = 1_500  # records that are folded before the first fault
BACKLOG: Final = 2_000  # records that are there before the workers are, where a step is to be large
HIT_SECONDS: Final = 60.0  # within which an armed worker gets to its place, or never


@asynccontextmanager
async def producing(run: Run, per_second: float = PACE) -> AsyncIterator[None]:
    """Produce while the block runs, and stop with it."""
    task = asyncio.create_task(run.production.run(per_second))
    try:
        yield
    finally:
        run.production.stop()
        await task


async def begun(run: Run, workers: int) -> list[WorkerProcess]:
    """Start workers, and return when some of the workload is folded: accounts that no fault will touch."""
    started = await run.start_workers(workers)
    await run.production.burst(FIRST)
    await run.on.until_folded(HIT_SECONDS)
    return started
