"""What the demo says of its own progress: a line on stderr with the seconds since the command was started."""

import time

from cli import STARTED
from cli.terminal import error_console


def note(text: str) -> None:
    """Say what comes next."""
    error_console().print(f"{time.monotonic() - STARTED:5.1f} s  {text}", style="bold")
