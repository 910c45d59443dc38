"""`clientward intake KEYS.toml`: take events over HTTP."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.errors import FAILED, WRONG_USE, CommandError
from cli.output import print_error, print_line
from intake.keys import NAME, RESERVED, TOPICS, has_hooks, hash_of, new_key
from streams.config.load import load_settings
from streams.config.logs import configure_logs
from streams.config.settings import Settings

if TYPE_CHECKING:
    from intake.hooking import HookTaker


def intake(
    file: Annotated[
        Path | None, typer.Argument(metavar="KEYS.toml", help="The sources and the hashes of their keys.")
    ] = None,
    host: Annotated[str, typer.Option(help="Address to serve at; 0.0.0.0 opens it to the network.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Port to serve at.")] = 8080,
    new: Annotated[
        str | None, typer.Option("--new-key", metavar="SOURCE", help="Make a key, show it once, and serve nothing.")
    ] = None,
) -> None:
    """Take CloudEvents by POST /events, answered 202 when Kafka has stored them, until told to stop.

    Takes webhooks by POST /hooks/NAME too, where the file has [hooks.NAME]: docs/intake.md says how for each sender.
    Serves /livez, /readyz, /metrics and /openapi.json. A source that is taken out of the file may send no more from its next
    request on.
    """
    if new is not None:
        _print_key(new)
        return
    if file is None:
        raise CommandError("name KEYS.toml; `clientward intake --new-key SOURCE` makes a part of one", WRONG_USE)
    try:
        from intake.run import serve  # noqa: PLC0415 - its libraries are an extra's
    except ModuleNotFoundError as error:
        raise CommandError(f"{error.name} is missing: install clientward[intake]", FAILED) from None
    settings = load_settings()
    configure_logs(settings)
    serve(settings, file, _hooks(settings, file), host, port)


def _hooks(settings: Settings, file: Path) -> "HookTaker | None":
    """Return what takes the webhooks of a file, or None where it has none."""
    if not has_hooks(file):
        return None
    try:
        from hooks.errors import HooksError  # noqa: PLC0415 - its libraries are an extra's
        from hooks.taking import Hooks  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise CommandError(f"{error.name} is missing: install clientward[adapt] for the hooks", FAILED) from None
    try:
        return Hooks(settings, file)
    except HooksError as error:
        raise CommandError(str(error), WRONG_USE) from None


def _print_key(source: str) -> None:
    if not NAME.fullmatch(source) or source == RESERVED:
        raise CommandError(f"--new-key {source}: give a name of lower-case letters, digits and dashes", WRONG_USE)
    key = new_key()
    print_error(f"the key, shown this once: {key}")
    for line in (f"[sources.{source}]", f'sha256 = ["{hash_of(key)}"]', f"topics = {list(TOPICS[:3])}"):
        print_line(line.replace("'", '"'))
