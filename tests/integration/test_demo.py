"""`clientward demo` as a person starts it: what it prints, how it ends, and that nothing of it stays behind.

A demo here has a folder for temporary files of its own. What it starts inherits that, so that everything of it is found
again by it, whatever its parent has become: its processes by their environment, its files by the folder.
"""

import asyncio
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from live import ROOT, plain_environment

PROCESSES = Path("/proc")
FIRST_SECONDS = 90.0  # to the first reclassification, which takes 6 s on an idle machine
END_SECONDS = 120.0
GONE_SECONDS = 60.0  # the promise is a minute; the guardian takes about a second
LOOK_SECONDS = 0.05

STATUS = "prospect|customer|candidate|client|lapsed"
RECLASSIFICATION = re.compile(rf"^\d{{4}}-\d\d-\d\d s\d+-\d{{5}} +({STATUS}) → ({STATUS}) +\d+\.\d  \S.*$")

pytestmark = pytest.mark.skipif(not PROCESSES.is_dir(), reason="orphans are looked for in /proc, which is Linux's")


class Demo:
    """A demo that runs, in a process group of its own as a shell would start it."""

    def __init__(self, process: Process, folder: Path) -> None:
        self.process = process
        self.folder = folder

    async def line(self) -> str:
        """Return the next line of its standard output; empty at the end."""
        assert self.process.stdout is not None
        return (await self.process.stdout.readline()).decode()

    async def first_reclassification(self) -> None:
        """Return when the first reclassification is printed: servers and worker are up by then."""
        async with asyncio.timeout(FIRST_SECONDS):
            while line := await self.line():
                if RECLASSIFICATION.match(line):
                    return
        pytest.fail("the demo ended without a reclassification")

    def send(self, number: int) -> None:
        """Send a signal to the whole group, as a terminal does."""
        os.killpg(self.process.pid, number)

    async def end(self) -> tuple[int, str, str]:
        """Wait for its end; return the exit code and what else it wrote to standard output and standard error."""
        async with asyncio.timeout(END_SECONDS):
            out, err = await self.process.communicate()
        assert self.process.returncode is not None
        return self.process.returncode, out.decode(), err.decode()

    def left(self) -> list[str]:
        """Return what is there of it: its processes, and what is in its folder for temporary files."""
        return [f"process {pid}: {text}" for pid, text in self.processes()] + [str(p) for p in self.folder.iterdir()]

    def processes(self) -> list[tuple[int, str]]:
        """Return the processes that have its folder in their environment."""
        mark = f"TMPDIR={self.folder}".encode()
        found = []
        for entry in PROCESSES.iterdir():
            with suppress(OSError):  # not a process, another user's, or gone by now
                if mark in (entry / "environ").read_bytes().split(b"\0"):
                    found.append((int(entry.name), (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()))
        return found


@asynccontextmanager
async def demo(folder: Path, *arguments: str) -> AsyncIterator[Demo]:
    """Start `clientward demo`; at the end of the block it is killed if it still runs."""
    await asyncio.to_thread(folder.mkdir)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "cli.main",
        "demo",
        *arguments,
        cwd=folder.parent,
        env=plain_environment(PYTHONPATH=str(ROOT), TMPDIR=str(folder), COLUMNS="250"),
        stdout=PIPE,
        stderr=PIPE,
        process_group=0,
    )
    try:
        yield Demo(process, folder)
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


async def eventually(truth: Callable[[], bool]) -> bool:
    """Look until something is so, for a minute at most; nobody tells of a stranger's death."""
    with suppress(TimeoutError):
        async with asyncio.timeout(GONE_SECONDS):
            while not truth():  # noqa: ASYNC110
                await asyncio.sleep(LOOK_SECONDS)
    return truth()


def figure(out: str, name: str) -> int:
    """Return the figure of a row of the summary."""
    found = re.search(rf"^ *{re.escape(name)} +([\d,]+)", out, re.MULTILINE)
    assert found, f"no {name} in the summary"
    return int(found[1].replace(",", ""))


async def test_the_demo_shows_customers_becoming_clients(tmp_path: Path) -> None:
    """Exit code 0; a line for each decision, and a summary with all figures that agrees with them; nothing stays."""
    async with demo(tmp_path / "demo", "--events", "3000", "--seconds", "3") as running:
        code, out, err = await running.end()
        assert code == 0, err
        assert running.left() == []
    told = [found for line in out.splitlines() if (found := RECLASSIFICATION.match(line))]
    ways = Counter(found.groups() for found in told)
    assert ways["prospect", "customer"] > 0
    assert ways["candidate", "client"] > 0
    assert figure(out, "decisions") == len(told)
    assert figure(out, "events sent") >= 3_000
    accounted = figure(out, "applied") + figure(out, "repeats") + figure(out, "refused")
    assert accounted >= figure(out, "events sent")
    assert figure(out, "repeats") > 0
    assert figure(out, "refused") > 0
    assert figure(out, "events/s") > 0
    assert re.search(r"publish → decision +(p50 \d+ ms, p99 \d+ ms|none measured)", out)
    assert len(re.findall(r"^(?:clients|lapsed)\W+precision [01]\.\d{3}, recall [01]\.\d{3}", out, re.MULTILINE)) == 2
    assert "Traceback" not in err


async def test_a_killed_demo_leaves_nothing_and_the_next_one_works(tmp_path: Path) -> None:
    """SIGKILL in the middle: a demo started at once runs to its end, and nothing of the first is there after a minute."""
    async with demo(tmp_path / "first", "--events", "3000") as first:
        await first.first_reclassification()
        assert len(first.processes()) >= 5, "a demo is itself, a guardian for each of three, Kafka, Redis and a worker"
        first.send(signal.SIGKILL)
        await first.process.wait()
        async with demo(tmp_path / "second", "--events", "500", "--seconds", "1") as second:
            code, out, err = await second.end()
            assert code == 0, err
            assert any(map(RECLASSIFICATION.match, out.splitlines()))
            assert second.left() == []
        assert await eventually(lambda: not first.left()), first.left()


async def test_ctrl_c_ends_a_demo_cleanly(tmp_path: Path) -> None:
    """Ctrl-C in the middle: exit code 130, no traceback, and neither a process nor a file stays."""
    async with demo(tmp_path / "demo", "--events", "3000") as running:
        await running.first_reclassification()
        running.send(signal.SIGINT)
        code, _, err = await running.end()
        assert code == 130, err
        assert "Traceback" not in err
        assert running.left() == []
