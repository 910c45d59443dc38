"""A PostgreSQL of one's own for a measure or a test, where the machine has one: on the path, or where Debian puts it."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

DEBIAN: Final = Path("/usr/lib/postgresql")
START_SECONDS: Final = 30
#: What a server may leave out whose data nobody needs after a test.
QUICK: Final = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"


def program(name: str) -> str | None:
    """Return where a program of PostgreSQL's is; None where there is none."""
    newest = sorted(DEBIAN.glob(f"*/bin/{name}"), reverse=True)
    return shutil.which(name) or next((str(each) for each in newest), None)


def is_there() -> bool:
    """Tell whether a server can be started: PostgreSQL refuses root, so root needs another user for it."""
    return (
        program("initdb") is not None and program("pg_ctl") is not None and (os.geteuid() != 0 or _user() is not None)
    )


@contextmanager
def postgres(options: str = QUICK) -> Iterator[str]:
    """Run a server on loopback with options of its own, and give its URL."""
    with tempfile.TemporaryDirectory(prefix="clientward-postgres-") as name:
        folder = Path(name)
        if os.geteuid() == 0:
            shutil.chown(folder, _user() or "nobody")
        data, port = folder / "data", _free_port()
        _run("initdb", "-D", str(data), "-U", "clientward", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8")
        told = f"-h 127.0.0.1 -p {port} -k {folder} {options}"
        _run("pg_ctl", "-D", str(data), "-w", "-t", str(START_SECONDS), "-l", str(folder / "log"), "-o", told, "start")
        try:
            yield f"postgresql://clientward@127.0.0.1:{port}/postgres"
        finally:
            _run("pg_ctl", "-D", str(data), "-m", "immediate", "stop")


def _run(name: str, *arguments: str) -> None:
    found = program(name)
    if found is None:
        raise FileNotFoundError(f"there is no {name} here: install PostgreSQL")
    user = _user() if os.geteuid() == 0 else None
    subprocess.run([found, *arguments], check=True, user=user, cwd="/", stdout=subprocess.DEVNULL)  # noqa: S603 - ours


def _user() -> str | None:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    return None


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
