"""The counting worker, whose Faust neither stops nor lets itself be cancelled, as a crashed one may. Says "ready"."""

import asyncio
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2])]

from counting import CountingFold  # noqa: E402 - a program of its own, run from anywhere

from agents import worker  # noqa: E402
from streams.config.load import load_settings  # noqa: E402
from streams.engine.app import App  # noqa: E402

clinging = set()


async def cling() -> None:
    """Begin anew whenever cancelled, as Faust's agents do while it does not know that it stops."""
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            print("clings", flush=True)


async def stop(_: App) -> None:
    """Never stop."""
    clinging.add(asyncio.create_task(cling()))
    await asyncio.Event().wait()


if __name__ == "__main__":
    App.stop = stop  # type: ignore[method-assign, assignment]
    worker.STOP_SECONDS = 0.1  # type: ignore[misc]
    raise SystemExit(worker.run_worker(load_settings(), lambda _: print("ready", flush=True), CountingFold()))
