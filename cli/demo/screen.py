"""The demo as a frame on a terminal: drawn anew several times a second, whatever its size is by then.

It takes the terminal's other screen, so that what was there before comes back at the end, at Ctrl-C too. A thread draws it,
for the servers are started and waited for in the foreground; a lock keeps what it draws from changing meanwhile.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock
from typing import TYPE_CHECKING, Final

from rich.console import Group
from rich.live import Live

from cli import STARTED
from cli.demo.frame import frame, story_lines
from cli.demo.watched import Watched
from cli.terminal import console

if TYPE_CHECKING:  # they import the servers, and the first frame must not wait for them
    from cli.demo.play import Tally
    from cli.demo.stage import Seen
    from views.base.decisions import Decision

FRAMES: Final = 8  # a second


class Screen:
    """Draws what it is told."""

    def __init__(self) -> None:
        self._watched = Watched()
        self._lock = RLock()

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Draw while the block runs; where it comes to its end, print the story of the account that was followed."""
        with Live(
            console=console(), screen=True, get_renderable=self._frame, refresh_per_second=FRAMES, redirect_stdout=False
        ):
            yield
        for line in story_lines(self._watched, console().width):
            console().print(line)

    def _frame(self) -> Group:
        now = time.monotonic()
        size = console().size
        with self._lock:
            self._watched.tick(now)
            return Group(*frame(self._watched, size.width, size.height, now, STARTED))

    def step(self, text: str) -> None:
        """Show what comes next, and what came before."""
        with self._lock:
            self._watched.step(text, time.monotonic())

    def stored(self, events: int, of: int) -> None:
        """Move the progress of the step."""
        with self._lock:
            self._watched.stored(events, of)

    def decided(self, decision: "Decision") -> None:
        """Take in a reclassification: those into client are shown."""
        with self._lock:
            self._watched.decided(decision)

    def update(self, tally: "Tally", seen: "Seen | None") -> None:
        """Show where the play stands."""
        with self._lock:
            self._watched.update(tally, seen, time.monotonic())
