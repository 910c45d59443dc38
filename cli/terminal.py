"""The consoles of rich: colours on a terminal, plain text in a pipe."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

from cli.output import printable

if TYPE_CHECKING:  # whoever prints a table must not wait for what reads Kafka
    from views.base.decisions import Decision

# Seconds between two drawings of a progress.
REFRESH_SECONDS: Final = 0.1

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


@contextmanager
def line_progress(doing: str, unit: str = "lines") -> Iterator[Callable[[int, int | None], None]]:
    """Show how many lines (or another `unit`) are done, and of how many, on a terminal only; it is gone at the end.

    Yields what is to be called with both, the second None while it is not known. No thread draws: it would be in the way of
    processes that are forked.
    """
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn(f"{{task.completed:,}} {unit}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    screen, drawn_at = error_console(), -REFRESH_SECONDS
    with Progress(
        *columns,
        console=screen,
        transient=True,
        auto_refresh=False,
        redirect_stdout=False,  # else what is printed meanwhile would go to standard error
        disable=not screen.is_terminal,
    ) as progress:
        task = progress.add_task(doing, total=None)

        def on_progress(done: int, total: int | None) -> None:
            nonlocal drawn_at
            if time.monotonic() - drawn_at >= REFRESH_SECONDS:
                drawn_at = time.monotonic()
                progress.update(task, completed=done, total=total, refresh=True)

        yield on_progress


def sentence(decision: "Decision | None") -> Text:
    """Return a reclassification as a readable line; a record that is none is named as such, and stops nothing."""
    if decision is None:
        return Text("a record that is no reclassification; see it with --json")
    before, after = printable(decision.from_), printable(decision.to)
    when = printable(decision.effective_at)[:16].replace("T", " ")
    return Text.assemble(
        (f"{when}  ", "dim"),
        f"{printable(decision.account_id)}  ",
        (before, STATUS_STYLES.get(before, "")),
        " → ",
        (after, STATUS_STYLES.get(after, "")),
        f"  {decision.score:.0f}",
        (f"  {printable(decision.why)}", "dim"),
    )
