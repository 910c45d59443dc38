"""The programs that are measured, as processes: how each is started, and nothing of what it does.

Each gets the same settings twice, under the product's names and under the peers' (`BENCH_*`), so that none is favoured.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.events import ANSWERS
from benchmarks.stand import Stand
from relationship.contract.messages import COMMANDS, MEETINGS, PROFILES, PURCHASES, TICKETS
from streams.kafka.admin import ensure_topics

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parent
# Where `make compiled` builds the pure core, and what says that it is there.
COMPILED: Final = ROOT / ".compiled"
STAMP: Final = COMPILED / "stamp"
PEERS: Final = HERE / "peers"
PEERS_PYTHON: Final = HERE / ".venv" / "bin" / "python"
# The topics that every program reads where the whole intake is measured.
INTAKE: Final = (PROFILES, PURCHASES, TICKETS, MEETINGS, COMMANDS)
# What the last program that failed had printed.
LAST_LOG: Final = HERE / "failure.log"
STREAMS: Final = PEERS / "streams" / "target"


class RunFailedError(RuntimeError):
    """A program ended, or said nothing for too long. The text is one line with its last words."""


class Program(NamedTuple):
    """One contestant. `ours` has its topics made, as `clientward topics apply` does."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = {}
    ours: bool = False


def _ours(name: str, *command: str, **environment: str) -> Program:
    return Program(name, (sys.executable, *command), environment, ours=True)


def _peer(name: str, file: str, **environment: str) -> Program:
    return Program(name, (str(PEERS_PYTHON), str(PEERS / file)), environment)


def _streams(name: str, guarantee: str, **environment: str) -> Program:
    classpath = f"{STREAMS / 'streams.jar'}:{STREAMS / 'lib'}/*"
    log = "-Dorg.slf4j.simpleLogger.defaultLogLevel=error"
    command = ("java", log, "-cp", classpath, "bench.Counting")
    return Program(name, command, {"BENCH_GUARANTEE": guarantee, **environment})


COUNTING: Final = _ours("clientward", "-m", "benchmarks.counting_worker")
COUNTING_ALL: Final = _ours("clientward", "-m", "benchmarks.counting_worker", BENCH_ANSWER="all")
STREAMS_ALO: Final = _streams("Kafka Streams, at least once", "at_least_once")
STREAMS_EOS: Final = _streams("Kafka Streams, exactly once", "exactly_once_v2")
STREAMS_STEADY: Final = _streams(
    "Kafka Streams, counting", "at_least_once", BENCH_INTAKE=",".join(INTAKE), BENCH_ANSWERED="probe-"
)
QUIX: Final = _peer("Quix Streams", "quix_counting.py")
QUIX_ALL: Final = _peer("Quix Streams", "quix_counting.py", BENCH_ANSWER="all")
FAUST: Final = _peer("Faust as in its tutorial", "faust_tutorial.py")
FAUST_ALL: Final = _peer("Faust as in its tutorial", "faust_tutorial.py", BENCH_ANSWER="all")
WORKER: Final = _ours("clientward worker", "-m", "cli.main", "worker")
QUIX_CORE: Final = _peer("Quix Streams with the same core", "quix_core.py")
BARE_LOOP: Final = Program("the bare loop", (sys.executable, "-m", "benchmarks.peers.bare_loop"))


def compiled(program: Program) -> Program:
    """Return a program with the core that `make compiled` has built: Python finds it before the core in Python."""
    path = {"PYTHONPATH": f"{COMPILED}:{ROOT}", "PYTHONSAFEPATH": "1"}
    return program._replace(name=f"{program.name}, compiled", environment={**program.environment, **path})


def shipped(program: Program) -> Program:
    """Return a program with the compiled core, as image and wheels have it, under its own name; where it was built."""
    return compiled(program)._replace(name=program.name) if STAMP.exists() else program


class Running:
    """A started program."""

    def __init__(self, program: Program, process: asyncio.subprocess.Process, log: Path) -> None:
        self.program = program
        self.process = process
        self.log = log

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    def check(self) -> None:
        """Raise RunFailedError where it has ended."""
        if self.process.returncode is not None:
            raise self.failure(f"ended with code {self.process.returncode}")

    def failure(self, what: str) -> RunFailedError:
        """Return the error that says what happened to it, with the last line of what it printed; all of it is kept."""
        text = self.log.read_text(errors="replace")
        LAST_LOG.write_text(text)
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        last = next((line for line in lines if line.startswith("Fatal Python error")), lines[-1] if lines else "(none)")
        return RunFailedError(
            f"{self.program.name} {what}: {last[:200]}; all that it printed is in {LAST_LOG.relative_to(ROOT)}"
        )

    async def kill(self) -> None:
        """End it with SIGKILL, as a crash would."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGKILL)
        await self.process.wait()


async def start(program: Program, on: Stand, group: str, state: Path) -> Running:
    """Start a program in a group of the stand; `state` is its own folder, which a restart may find again."""
    if program.ours:
        await ensure_topics(on.settings(group))
    log = _log_in(state)
    with log.open("ab") as file:
        process = await asyncio.create_subprocess_exec(
            *program.command, cwd=ROOT, env=_environment(program, on, group, state), stdout=file, stderr=file
        )
    return Running(program, process, log)


def _log_in(state: Path) -> Path:
    state.mkdir(parents=True, exist_ok=True)
    return state / "log"


@asynccontextmanager
async def running(program: Program, on: Stand, group: str, times: int = 1) -> AsyncIterator[list[Running]]:
    """Run a program, or several of it in one group, until the block ends."""
    async with AsyncExitStack() as stack:
        started = []
        for number in range(times):
            each = await start(program, on, group, on.folder / f"{group}-{number}")
            stack.push_async_callback(each.kill)
            started.append(each)
        yield started


def _environment(program: Program, on: Stand, group: str, state: Path) -> dict[str, str]:
    instance = (
        state.name
    )  # a static member of its group: a program that is started again has its partitions back at once
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PYTHONFAULTHANDLER": "1",
        "CLIENTWARD_KAFKA_BOOTSTRAP": on.kafka,
        "CLIENTWARD_REDIS_URL": on.redis,
        "CLIENTWARD_GROUP": group,
        "CLIENTWARD_INSTANCE": instance,
        "CLIENTWARD_PARTITIONS": str(on.partitions),
        "CLIENTWARD_WEB_PORT": "0",
        "CLIENTWARD_DATA_DIR": str(state),
        "CLIENTWARD_LOG_LEVEL": "WARNING",
        "BENCH_KAFKA": on.kafka,
        "BENCH_GROUP": group,
        "BENCH_INSTANCE": instance,
        "BENCH_PARTITIONS": str(on.partitions),
        "BENCH_STATE": str(state),
        "BENCH_INTAKE": PURCHASES,
        "BENCH_ANSWERS": ANSWERS,
        **program.environment,
    }
