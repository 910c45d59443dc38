"""The group of worker processes: started, armed, killed, paused, told to stop; under a guardian, so that none is left.

A worker is a slot: its processes come one after the other, with one log between them.
"""

import asyncio
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from faults.servers.probing import answers
from faults.workers.arms import Arm, hit_file, silent_file, write_arm
from streams.embedded.guard import Guard
from streams.embedded.ports import free_ports
from streams.embedded.server import Server, last_words

ROOT: Final = Path(__file__).parents[2]
LOOK_SECONDS: Final = 0.05  # between two looks at a process: nobody tells
READY_SECONDS: Final = 60.0  # a worker is ready in 3 to 8 s; several on two busy cores take longer
STOP_SECONDS: Final = 30.0  # for a clean exit
PROBE_SECONDS: Final = 2.0
UNARMED: Final = Arm()


class WorkerProcess:
    """One slot of the group.

    Attributes:
        exits: the exit codes of its processes so far; negative is the signal that ended one.
    """

    def __init__(self, guard: Guard, number: int, config: Path, without: str | None) -> None:
        name = f"worker-{number}"
        folder = guard.folder / name
        port = free_ports(1)[0]
        self._arm_file = folder / "arm.json"
        self._without = without
        variables = {"CLIENTWARD_CONFIG": config, "CLIENTWARD_WEB_PORT": port, "PYTHONPATH": ROOT}
        argv = ["/usr/bin/env", *(f"{name}={value}" for name, value in variables.items()), sys.executable, "-P"]
        argv += ["-m", "faults.workers.worker", str(self._arm_file)]
        self._server = Server(guard, name, folder, port, argv, _is_ready)
        self._guard = guard
        self.exits: list[int] = []
        self._started = 0

    @property
    def log(self) -> str:
        """What its processes have printed."""
        return self._server.log.read_text(errors="replace") if self._server.log.exists() else ""

    @property
    def gave_up(self) -> bool:
        """Whether its process has ended and nobody asked for it."""
        return not self.running and len(self.exits) < self._started

    @property
    def last_words(self) -> str:
        """The last line that its processes have printed."""
        return last_words(self._server.log)

    @property
    def running(self) -> bool:
        """Whether its process is there, paused or not."""
        return self._server.running

    @property
    def hit(self) -> bool:
        """Whether it got to the place where it was to end or pause itself."""
        return hit_file(self._arm_file).exists()

    async def start(self, arm: Arm = UNARMED) -> None:
        """Start a process and return when it is ready, or has ended or paused itself as it was told to.

        Raises EmbeddedError where it ends otherwise, and TimeoutError.
        """
        self.launch(arm)
        async with asyncio.timeout(READY_SECONDS):
            while not (self.hit or await self.is_ready()):
                if not (self.running or self.hit):
                    raise self._server.failure("ended while it started")
                await asyncio.sleep(LOOK_SECONDS)

    def launch(self, arm: Arm = UNARMED) -> None:
        """Start a process and return at once."""
        write_arm(msgspec.structs.replace(arm, without=self._without), self._arm_file)
        self._server.launch()
        self._started += 1

    def silence(self) -> None:
        """Let a worker that may do so fall silent."""
        silent_file(self._arm_file).touch()

    async def until_hit(self, seconds: float) -> bool:
        """Return True when the process has ended or paused itself, False if it has not within so many seconds."""
        return await until(lambda: self.hit, seconds)

    async def until_gone(self, seconds: float) -> None:
        """Return when the process is gone, and note how it ended. Raises TimeoutError."""
        if not await until(lambda: not self.running, seconds):
            raise TimeoutError(f"{self._server.name} is still there after {seconds:.0f} s: {self.last_words}")
        code = self._guard.code(self._server.name)
        self.exits.append(0 if code is None else code)

    async def kill(self) -> None:
        """End the process with SIGKILL."""
        await asyncio.to_thread(self._server.kill)
        await self.until_gone(STOP_SECONDS)

    async def stop(self) -> int:
        """Ask the process to end (SIGTERM) and return its exit code; one that is still importing has none of its own."""
        was_ready = await self.is_ready()
        self._guard.signal(self._server.name, signal.SIGTERM)
        await self.until_gone(STOP_SECONDS)
        if self.exits[-1] == -signal.SIGTERM and not was_ready:
            self.exits[-1] = 0
        return self.exits[-1]

    async def is_ready(self) -> bool:
        """Tell whether it says that it is ready."""
        return await asyncio.to_thread(_is_ready, self._server.port)

    async def resume(self) -> None:
        """Let a paused process go on."""
        await asyncio.to_thread(self._server.resume)


async def until(condition: Callable[[], bool], seconds: float) -> bool:
    """Return whether a condition came to hold within so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(LOOK_SECONDS)
    return True


def _is_ready(port: int) -> bool:
    return answers(port, "/readyz", PROBE_SECONDS)
