"""`clientward advise`: who an account is and how to speak to it, for a chat agent."""

from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.errors import FAILED, WRONG_USE, CommandError
from cli.output import print_error, print_line
from streams.config.load import load_settings
from streams.config.logs import configure_logs


def advise(
    keys: Annotated[
        Path | None, typer.Argument(metavar="KEYS", help="Who may ask by HTTP: a line `NAME SHA256` a key.")
    ] = None,
    stdio: Annotated[
        bool, typer.Option("--stdio", help="Speak MCP over stdin and stdout, to who started this.")
    ] = False,
    host: Annotated[str, typer.Option(help="Address to serve at; 0.0.0.0 opens it to the network.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Port to serve at.")] = 8070,
    new: Annotated[
        str | None, typer.Option("--new-key", metavar="NAME", help="Make a key, show it once, and serve nothing.")
    ] = None,
) -> None:
    """Tell a chat agent who an account is and how to speak to it: by HTTP and MCP, or by MCP over stdin and stdout.

    Serves GET /advice?account=ID, and the Model Context Protocol at /mcp with one tool, which reads. Both want a key. With
    --stdio the agent starts the command itself, and no key is wanted.
    """
    if new is not None:
        key, line = _of_extra("keys").new_key(new)
        print_error(f"the key, shown this once: {key}")
        print_line(line)
        return
    if stdio == (keys is not None):
        raise CommandError(
            "name KEYS to serve by HTTP, or give --stdio; `clientward advise --new-key NAME` makes a key", WRONG_USE
        )
    run = _of_extra("run")
    settings = load_settings()
    configure_logs(settings)
    if keys is None:
        run.speak(settings)
    else:
        run.serve(settings, keys, host, port)


def _of_extra(module: str) -> Any:
    """Return a module of the room, whose libraries are an extra's."""
    try:
        return import_module(f"advising.{module}")
    except ModuleNotFoundError as error:
        raise CommandError(f"{error.name} is missing: install clientward[advise]", FAILED) from None
