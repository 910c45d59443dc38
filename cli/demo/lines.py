"""The demo as lines: one a reclassification, for a pipe, for `--plain` and for whoever reads them later."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from rich.live import Live
from rich.text import Text

from cli import STARTED
from cli.output import print_error, printable
from cli.terminal import STATUS_STYLES, console, error_console

if TYPE_CHECKING:  # they import the servers, and the first line must not wait for them
    from cli.demo.play import Tally
    from cli.demo.stage import Seen
    from views.base.decisions import Decision

REPORT_SECONDS: Final = 10.0  # between two lines of progress where there is no terminal to keep one up to date


class Lines:
    """Prints each reclassification, and keeps a count at the foot of a terminal, or prints it now and then elsewhere."""

    def __init__(self) -> None:
        self._live = Live(console=console(), transient=True, auto_refresh=False) if sys.stdout.isatty() else None
        self._last = time.monotonic()

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Take the count away at the end."""
        try:
            yield
        finally:
            if self._live:
                self._live.stop()

    def step(self, text: str) -> None:
        """Print on stderr what comes next, with the seconds since the command was started."""
        error_console().print(f"{time.monotonic() - STARTED:5.1f} s  {text}", style="bold")

    def stored(self, events: int, of: int) -> None:
        """Print nothing: the next step says it."""

    def decided(self, decision: "Decision") -> None:
        """Print one reclassification as a line: as wide as the terminal, or whole where there is none."""
        terminal = console().is_terminal
        console().print(line(decision), soft_wrap=not terminal, no_wrap=True, overflow="ellipsis", crop=terminal)

    def update(self, tally: "Tally", seen: "Seen | None") -> None:
        """Show where the play stands."""
        text = f"sent {tally.sent:,} of {tally.events:,}"
        if seen is not None:
            text += (
                f" · applied {seen.applied:,} · repeats {seen.repeats:,} · refused {seen.refused:,} · lag {seen.lag:,}"
            )
        text += f" · decisions {len(tally.ids):,} · clients {sum(s == 'client' for s in tally.statuses.values()):,}"
        if self._live:
            self._live.start()
            self._live.update(Text(text, style="bold reverse", no_wrap=True), refresh=True)
        elif time.monotonic() - self._last >= REPORT_SECONDS:
            self._last = time.monotonic()
            print_error(text)


def line(decision: "Decision") -> Text:
    """Return a reclassification as account, from, to, score and why."""
    return Text.assemble(
        (f"{decision.effective_at[:10]} ", "dim"),
        f"{printable(decision.account_id):<12} ",
        (f"{decision.from_:>9}", STATUS_STYLES.get(decision.from_, "")),
        " → ",
        (f"{decision.to:<9}", STATUS_STYLES.get(decision.to, "")),
        f" {decision.score:5.1f}  ",
        (printable(decision.why), "dim"),
    )
