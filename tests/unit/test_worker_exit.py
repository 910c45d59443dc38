"""How a worker's process ends when its work is done: also where tasks are left that begin anew when cancelled."""

import subprocess
import sys

import pytest

LIMIT_SECONDS = 60.0
PROGRAM = """
import asyncio
from contextlib import suppress

from agents.worker import Worker, run_worker
from streams.config.settings import Settings


async def stubborn():
    while True:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(3_600)


async def run(worker, ready):
    worker.tasks = [asyncio.create_task({left})]
    await asyncio.sleep(0)


Worker.run = run
raise SystemExit(run_worker(Settings(log_format="json")))
"""


@pytest.mark.parametrize(("left", "says"), [("stubborn()", True), ("asyncio.sleep(3_600)", False)])
def test_a_worker_whose_work_is_done_ends(left: str, says: bool) -> None:
    """With exit code 0, and a word where something would not go: the agents of a Faust that stopped in a rebalance do so."""
    command = (sys.executable, "-c", PROGRAM.format(left=left))
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LIMIT_SECONDS)
    assert done.returncode == 0, done.stderr
    assert ("leaving without it" in done.stdout + done.stderr) == says
