"""One server process under a guard: start, wait until it answers, kill, pause, start again in the same folder."""

import signal
import time
from collections.abc import Callable
from pathlib import Path

from streams.embedded.errors import EmbeddedError
from streams.embedded.guard import Guard

POLL_SECONDS = 0.02
START_SECONDS = 120.0  # a warm start takes 1 to 6 s; a loaded machine with a cold disk has taken ten times that


class Server:
    """A process that listens on a loopback port.

    Every method waits until what it says has happened, and may be called from any thread (use `asyncio.to_thread` from
    a coroutine).

    Attributes:
        name: What messages call it.
        port: Where it listens, the same over restarts.
        folder: Its own folder, which holds its data over restarts.
        log: The file that takes what it prints.
    """

    def __init__(
        self, guard: Guard, name: str, folder: Path, port: int, argv: list[str], ready: Callable[[int], bool]
    ) -> None:
        """Describe the server; `start` starts it, and `ready(port)` tells when it answers."""
        self.name = name
        self.port = port
        self.folder = folder
        self.log = folder / "log"
        self._guard = guard
        self._argv = argv
        self._ready = ready
        self._pid: int | None = None
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def pid(self) -> int:
        """The process id of the last start.

        Raises:
            EmbeddedError: It was never started.
        """
        if self._pid is None:
            message = f"{self.name} was not started"
            raise EmbeddedError(message)
        return self._pid

    @property
    def running(self) -> bool:
        """Whether the process is there, paused or not."""
        return self._pid is not None and self._guard.code(self.name) is None

    def launch(self) -> None:
        """Start the process and return at once; `wait_ready` waits."""
        self._pid = self._guard.start(self.name, self._argv, self.log)

    def wait_ready(self, limit: float = START_SECONDS) -> None:
        """Wait until the server answers.

        Raises:
            EmbeddedError: It ended, or did not answer within `limit` seconds. The text holds its last log line.
        """
        deadline = time.monotonic() + limit
        while not self._ready(self.port):
            code = self._guard.code(self.name)
            if code is not None:
                raise self.failure(f"ended with code {code} while it started")
            if time.monotonic() > deadline:
                raise self.failure(f"did not open port {self.port} in {limit:.0f} s")
            time.sleep(POLL_SECONDS)

    def start(self, limit: float = START_SECONDS) -> None:
        """Start the server, in its folder and on its port, and wait until it answers."""
        self.launch()
        self.wait_ready(limit)

    def kill(self) -> None:
        """End the server with SIGKILL, as a crash would; its folder stays for `start`."""
        self._guard.signal(self.name, signal.SIGKILL)

    def stop(self, grace: float = 30.0) -> int:
        """Ask the server to end (SIGTERM), kill it after `grace` seconds, and return its exit code."""
        self._guard.signal(self.name, signal.SIGTERM)
        deadline = time.monotonic() + grace
        while (code := self._guard.code(self.name)) is None and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        if code is None:
            self.kill()
        return self._guard.code(self.name) or 0

    def pause(self) -> None:
        """Freeze the server (SIGSTOP): its connections stay open and nothing answers."""
        self._guard.signal(self.name, signal.SIGSTOP)

    def resume(self) -> None:
        """Let a frozen server go on (SIGCONT)."""
        self._guard.signal(self.name, signal.SIGCONT)

    def failure(self, what: str) -> EmbeddedError:
        """Make the one line that says what the server did, its last words, and what to do."""
        advice = "run it again, and if that fails look for a full disk or too little memory (Kafka needs 300 MB)"
        return EmbeddedError(f"{self.name} {what}; its last line: {last_words(self.log)}; {advice}")


def last_words(log: Path) -> str:
    """Return the last line that a log holds and that says something; stack frames say nothing to a user."""
    try:
        lines = log.read_text(errors="replace").splitlines()
    except OSError:
        return "(none)"
    telling = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith(("at ", "..."))]
    return telling[-1] if telling else "(none)"
