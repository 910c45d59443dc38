"""How a worker's process ends when its work is done: also where tasks are left that begin anew when cancelled."""

import subprocess
import sys

import pytest

LIMIT_SECONDS = 60.0
PROGRAM = """
import asyncio
import os
import signal
from contextlib import suppress
from types import SimpleNamespace

import agents.worker
from agents.worker import Worker, run_worker
from streams.config.settings import Settings


async def stubborn():
    while True:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(3_600)


async def run(worker, ready):
    worker.tasks = [asyncio.create_task({left})]
    await asyncio.sleep(0)


async def deaf(worker, ready):
    agents.worker.LONGEST_SECONDS = 0.2
    os.kill(os.getpid(), signal.SIGTERM)
    await stubborn()


async def clinging(worker, ready):
    worker._start = lambda app, ready: stubborn()
    app = SimpleNamespace(_crashed=asyncio.Event(), failed=asyncio.Event())
    working = asyncio.create_task(worker._work(app, None))
    await asyncio.sleep(0.1)
    working.cancel()
    done, _ = await asyncio.wait([working], timeout=20)
    assert done


Worker.run = {run}
raise SystemExit(run_worker(Settings(log_format="json")))
"""


@pytest.mark.parametrize(
    ("run", "left", "says"),
    [
        ("run", "stubborn()", True),
        ("run", "asyncio.sleep(3_600)", False),
        ("deaf", "asyncio.sleep(0)", True),
        ("clinging", "", True),
    ],
)
def test_a_worker_whose_work_is_done_or_that_is_told_to_stop_ends(run: str, left: str, says: bool) -> None:
    """With exit code 0, and a word where something would not go: the agents of a Faust that stopped in a rebalance do so."""
    command = (sys.executable, "-c", PROGRAM.format(run=run, left=left))
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LIMIT_SECONDS)
    assert done.returncode == 0, done.stderr
    assert ("leaving without it" in done.stdout + done.stderr) == says
