"""The guardian: a small process that starts servers for a parent and ends them when that parent is gone.

It runs as a script of its own (`python -I -S guardian.py PREFIX`), with the standard library alone, by these rules:

- It makes one temporary folder, and removes it when it ends. The servers live in it.
- It starts every server itself and so is the server's parent. It signals nothing but its own children, and a child's
  process id cannot be given to a stranger before the child was waited for.
- Requests come as JSON lines on standard input. End of file there means that the parent is gone, by Ctrl-C, crash or
  SIGKILL alike: everything is ended and removed. In case a fork of the parent holds the pipe open, the parent's id is
  also looked at every second.
- It lives in a session of its own, so that a terminal's Ctrl-C does not reach it, and answers SIGTERM by cleaning up.
- Should the guardian itself be killed with SIGKILL, Linux ends its children at once (PR_SET_PDEATHSIG).
- It holds a lock on a file in its folder. A folder whose lock is free belongs to nobody: the next guardian removes it.
"""

import contextlib
import ctypes
import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

LOOK_SECONDS = 1.0  # how often the parent's id is looked at
NEWBORN_SECONDS = 60.0  # a folder this young may belong to a guardian that has not taken its lock yet
PR_SET_PDEATHSIG = 1  # from Linux's <sys/prctl.h>
LOCK_FILE = "guardian.lock"

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent() -> None:
    """Ask Linux, between fork and exec, to end this process when its parent ends."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def sweep(prefix: str) -> None:
    """Remove folders of guardians that were killed: ours by name, user and lock file, old enough, and unlocked."""
    for folder in Path(tempfile.gettempdir()).glob(f"{prefix}-*"):
        with contextlib.suppress(OSError):
            about = (folder / LOCK_FILE).stat()
            if about.st_uid != os.getuid() or time.time() - about.st_mtime < NEWBORN_SECONDS:
                continue
            with (folder / LOCK_FILE).open("rb") as handle:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)  # BlockingIOError: its guardian lives
                shutil.rmtree(folder)


class Guardian:
    """The servers of one parent and the folder they live in."""

    def __init__(self, folder: Path) -> None:
        """Take charge of an empty folder."""
        self.folder = folder
        self.lock: BinaryIO = (folder / LOCK_FILE).open("wb")
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        self.children: dict[str, subprocess.Popen[bytes]] = {}

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Carry out one request and return what the parent is told."""
        name = request["name"]
        match request["do"]:
            case "start":
                return {"pid": self.start(name, request["argv"], request["log"])}
            case "signal":
                self.signal(name, request["number"])
                return {}
        return {"code": self.children[name].poll()}

    def start(self, name: str, argv: list[str], log: str) -> int:
        """Start a server in a session of its own, with its output in the file `log`, and return its process id."""
        if name in self.children and self.children[name].poll() is None:
            message = f"{name} runs already"
            raise RuntimeError(message)
        with Path(log).open("ab") as output:
            self.children[name] = subprocess.Popen(  # noqa: S603 - the parent's own command line
                argv,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent,  # noqa: PLW1509 - the guardian has one thread
            )
        return self.children[name].pid

    def signal(self, name: str, number: int) -> None:
        """Send a signal to a server's process group; after SIGKILL, wait until it is gone."""
        child = self.children[name]
        if child.poll() is None:
            os.killpg(child.pid, number)
            if number == signal.SIGKILL:
                child.wait()

    def close(self) -> None:
        """Kill every server, wait for each, and remove the folder."""
        for name in self.children:
            with contextlib.suppress(OSError):
                self.signal(name, signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)


def requests(parent: int) -> Iterator[dict[str, Any]]:
    """Yield the parent's requests until the parent is gone."""
    pending = b""
    while os.getppid() == parent:
        readable, _, _ = select.select([0], [], [], LOOK_SECONDS)
        if not readable:
            continue
        data = os.read(0, 65_536)
        if not data:
            return
        *lines, pending = (pending + data).split(b"\n")
        yield from map(json.loads, lines)


def tell(**reply: object) -> None:
    """Send the parent one line."""
    sys.stdout.write(json.dumps(reply) + "\n")
    sys.stdout.flush()


def serve(guardian: Guardian, parent: int) -> None:
    """Answer requests until the parent is gone; a request that fails is answered with its error."""
    tell(folder=str(guardian.folder))
    for request in requests(parent):
        try:
            reply = guardian.answer(request)
        except (OSError, RuntimeError, KeyError) as error:
            reply = {"error": f"{type(error).__name__}: {error}"}
        tell(id=request["id"], **reply)


def _leave(_number: int, _frame: object) -> None:
    """Turn SIGTERM into an orderly end."""
    raise SystemExit(0)


def main(prefix: str) -> None:
    """Guard the servers of the process that started this one."""
    parent = os.getppid()
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)  # a handler and not SIG_IGN, which the servers would inherit
    signal.signal(signal.SIGTERM, _leave)
    sweep(prefix)
    guardian = Guardian(Path(tempfile.mkdtemp(prefix=f"{prefix}-")))
    try:
        with contextlib.suppress(BrokenPipeError):
            serve(guardian, parent)
    finally:
        signal.signal(signal.SIGTERM, lambda *_: None)  # nothing interrupts the cleaning
        guardian.close()


if __name__ == "__main__":
    main(sys.argv[1])
