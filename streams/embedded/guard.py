"""The parent's end of the guardian: starts it, sends it requests, and lets it go.

Every call may be made from any thread. A call that Ctrl-C interrupts leaves its answer in the pipe; answers carry the
number of their request, so that the next call skips it.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from streams.embedded.errors import EmbeddedError

GUARDIAN = Path(__file__).with_name("guardian.py")
PREFIX = "clientward"
CLOSE_SECONDS = 30.0  # killing and removing takes milliseconds; a full disk or a busy machine more

# Settings of the user's own Java programs, which would change or break ours.
FOREIGN_VARIABLES = frozenset(
    {"JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "JDK_AOT_VM_OPTIONS", "CLASSPATH"}
)


class Guard:
    """A guardian process and the folder it keeps; a context manager, at whose end servers and folder are gone."""

    def __init__(self) -> None:
        """Start the guardian and wait for its folder."""
        self._numbers = count(1)
        self._lock = threading.Lock()
        self._process = subprocess.Popen(  # noqa: S603 - our own script
            [sys.executable, "-I", "-S", str(GUARDIAN), PREFIX],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={name: value for name, value in os.environ.items() if name not in FOREIGN_VARIABLES},
            start_new_session=True,
            text=True,
        )
        self.folder = Path(self._read()["folder"])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """The guardian's own process id."""
        return self._process.pid

    def start(self, name: str, argv: list[str], log: Path) -> int:
        """Start a server under `name` with its output appended to `log`; return its process id."""
        return int(self._ask("start", name, argv=argv, log=str(log))["pid"])

    def signal(self, name: str, number: int) -> None:
        """Send a signal to a server; after SIGKILL it is gone when this returns. An ended server is left alone."""
        self._ask("signal", name, number=int(number))

    def code(self, name: str) -> int | None:
        """Return a server's exit code, None while it runs; negative is the signal that ended it."""
        code = self._ask("poll", name)["code"]
        return None if code is None else int(code)

    def close(self) -> None:
        """Let the guardian go: it kills the servers and removes the folder. May be called twice."""
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):  # it is gone already
                self._process.stdin.close()
        self._process.wait(CLOSE_SECONDS)
        if self._process.stdout is not None:
            self._process.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)  # left only by a guardian that was killed

    def _ask(self, what: str, name: str, **details: object) -> dict[str, Any]:
        """Send one request and return its answer.

        Raises:
            EmbeddedError: The guardian is gone, or refused the request.
        """
        with self._lock:
            number = next(self._numbers)
            self._write(json.dumps({"id": number, "do": what, "name": name, **details}))
            reply = self._read()
            while reply.get("id") != number:
                reply = self._read()
        if "error" in reply:
            message = f"{name}: {reply['error']}"
            raise EmbeddedError(message)
        return reply

    def _write(self, line: str) -> None:
        """Send the guardian one line."""
        try:
            if self._process.stdin is not None:
                self._process.stdin.write(line + "\n")
                self._process.stdin.flush()
        except (BrokenPipeError, ValueError) as error:
            raise self._gone() from error

    def _read(self) -> dict[str, Any]:
        """Wait for the guardian's next line."""
        line = self._process.stdout.readline() if self._process.stdout is not None else ""
        if not line:
            raise self._gone()
        reply: dict[str, Any] = json.loads(line)
        return reply

    def _gone(self) -> EmbeddedError:
        """Say that the guardian ended."""
        return EmbeddedError(
            "the process that keeps the embedded servers has ended, and they with it: start them again"
        )
