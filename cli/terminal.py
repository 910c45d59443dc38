"""The consoles of rich: colours on a terminal, plain text in a pipe."""

from functools import cache
from typing import Final

from rich.console import Console

STATUS_STYLES: Final = {
    "prospect": "dim",
    "customer": "default",
    "candidate": "yellow",
    "client": "bold green",
    "lapsed": "red",
}


class PipeConsole(Console):
    """Rich ends the process where a pipe is closed; how to end is for `cli/main.py` to say."""

    def on_broken_pipe(self) -> None:
        """Hand the error on."""
        raise BrokenPipeError


@cache
def console() -> Console:
    """Return the console on stdout. Nothing in a text is markup."""
    return PipeConsole(markup=False, emoji=False, highlight=False)


@cache
def error_console() -> Console:
    """Return the console on stderr, for progress."""
    return Console(stderr=True, markup=False, emoji=False, highlight=False)
