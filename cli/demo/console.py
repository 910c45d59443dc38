"""The demo's console: one more process under the stage's guardian, with a login that is good once."""

import sys
from importlib.util import find_spec
from typing import NamedTuple

from cli.demo.stage import READY_SECONDS, Stage, answers
from streams.embedded.ports import free_ports
from streams.embedded.server import Server

#: What the extra `console` brings; where one is missing there is no console, and the demo goes on.
LIBRARIES = ("argon2", "jinja2", "sqlalchemy", "starlette", "uvicorn")


class Console(NamedTuple):
    """Where it is, and the code that logs in once."""

    url: str
    code: str


def start_console(stage: Stage) -> Console | None:
    """Start the console of what runs; None where its libraries are not installed. Raises EmbeddedError."""
    if stage.guard is None or any(find_spec(name) is None for name in LIBRARIES):
        return None
    from console.access.users import Users  # noqa: PLC0415 - its libraries are an extra's

    folder, port = stage.config.parent / "console", free_ports(1)[0]
    users = folder / "users.json"
    metrics = [part for each in stage.workers for part in ("--metrics", f"http://127.0.0.1:{each.port}/metrics")]
    own = ["/usr/bin/env", f"CLIENTWARD_CONFIG={stage.config}", sys.executable, "-P", "-m", "cli.main", "console"]
    argv = [*own, "--port", str(port), "--users", str(users), *metrics]
    server = Server(stage.guard, "console", folder, port, argv, _is_live)
    server.launch()
    server.wait_ready(READY_SECONDS)
    return Console(f"http://127.0.0.1:{port}", Users(users).add_once("demo", "admin"))


def _is_live(port: int) -> bool:
    return answers(f"http://127.0.0.1:{port}/livez") is not None
