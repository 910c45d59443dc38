"""A worker with the counting fold, as a process of its own; the settings come from the environment. Says "ready"."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2])]

from counting import CountingFold  # noqa: E402 - a program of its own, run from anywhere

from agents.worker import run_worker  # noqa: E402
from streams.config.load import load_settings  # noqa: E402

if __name__ == "__main__":
    raise SystemExit(run_worker(load_settings(), lambda _: print("ready", flush=True), CountingFold()))
