"""`clientward top`: the workers live. Needs Textual: `clientward[top]`."""

import sys
from importlib.util import find_spec
from typing import Annotated, Final

import typer

from cli.errors import DONE, FAILED, WRONG_USE, CommandError
from streams.config.load import load_settings

INSTALL: Final = "the screen needs Textual, which is not installed: pip install 'clientward[top]'"
NO_TERMINAL: Final = (
    "this is no terminal: `clientward lag --json`, `workers --json` and `tail --json` tell the same to a pipe"
)


def top(
    every: Annotated[float, typer.Option("--every", min=0.5, help="Seconds between two looks.")] = 2.0,
) -> int:
    """Watch the workers live: rates, lag by partition, who works, the latest decisions and refusals.

    p pauses, s sorts the partitions by another column, q quits. It writes nothing, and looks while it is open only.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise CommandError(NO_TERMINAL, WRONG_USE)
    if find_spec("textual") is None:
        raise CommandError(INSTALL, FAILED)
    settings = load_settings()
    from cli.top.looking import Servers  # noqa: PLC0415 - it and Textual take longer than what comes before
    from cli.top.screen import Top  # noqa: PLC0415 - an extra, and the help must do without

    Top(Servers(settings), every).run()
    return DONE
