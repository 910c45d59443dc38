"""The screen of `clientward top`, by Textual. It asks `Looking`, and what it shows of others' text is escaped.

A look that fails leaves what is there, and its line stands in the head until one succeeds. The dead letters are read whole,
so they are looked at only when there are more than before.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import aclosing, suppress
from typing import ClassVar, Final

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.css.query import NoMatches
from textual.widgets import DataTable, Footer, Static

from cli.output import printable, ranges
from cli.terminal import sentence
from cli.top.looking import UNREACHABLE, Look, Looking
from views.base.decisions import Decision
from views.operations.flow import Rates, rates
from views.operations.lag import PartitionLag
from views.operations.refusals import Refusals

LOOKS: Final = 5  # over which rates are taken
DECISIONS: Final = 50  # kept, the newest first
DRAW_SECONDS: Final = 0.2  # between two drawings of decisions: in a backlog hundreds come in a second
RETRY_SECONDS: Final = 5.0  # until the decisions are followed again
SORTS: Final = ("records", "seconds", "topic")


class Table(DataTable[Text]):
    """A table of text, in which nothing is markup."""


class Top(App[None]):
    """The screen.

    Attributes:
        is_paused: whether what is shown stands still.
        sort: by which column the partitions are sorted.
    """

    TITLE = "clientward top"
    ENABLE_COMMAND_PALETTE = False
    CSS = """
    #head { height: 3; padding: 0 1; }
    #flow { height: 1fr; }
    #partitions { width: 3fr; }
    #workers { width: 2fr; }
    #decisions { height: 1fr; }
    #refusals { height: 6; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        ("p", "pause", "Pause"),
        ("s", "sort", "Sort"),
        ("q", "quit", "Quit"),
        Binding("ctrl+c", "quit", "Quit", show=False, priority=True),  # as every other command ends
    ]

    def __init__(self, looking: Looking, every: float) -> None:
        super().__init__()
        self.is_paused = False
        self.sort = SORTS[0]
        self._looking = looking
        self._every = every
        self._looks: deque[Look] = deque(maxlen=LOOKS)
        self._decisions: deque[Decision] = deque(maxlen=DECISIONS)
        self._refusals: Refusals | None = None
        self._refused = -1  # dead letters when they were read last
        self._trouble = ""
        self._has_news = False

    def compose(self) -> ComposeResult:
        """Lay the screen out."""
        yield Static("asking Kafka and Redis…", id="head")
        with Horizontal(id="flow"):
            yield Table(id="partitions", cursor_type="none", zebra_stripes=True)
            yield Table(id="workers", cursor_type="none")
        yield Table(id="decisions", cursor_type="none", show_header=False)
        yield Table(id="refusals", cursor_type="none")
        yield Footer()

    def on_mount(self) -> None:
        """Name the columns, and begin to look."""
        heads = {
            "partitions": ("records", "oldest", "partition", "position"),
            "workers": ("partitions", "worker", "host"),
            "decisions": ("decision",),
            "refusals": ("reason", "record", "why"),
        }
        for name, columns in heads.items():
            self.query_one(f"#{name}", Table).add_columns(*columns)
        self.run_worker(self._look(), exit_on_error=True)
        self.run_worker(self._follow(), exit_on_error=True)
        self.set_interval(DRAW_SECONDS, self._draw_news)

    def action_pause(self) -> None:
        """Let what is shown stand still and ask nothing more, or go on."""
        self.is_paused = not self.is_paused
        self._draw_head()
        if not self.is_paused:
            self._draw()

    def action_sort(self) -> None:
        """Sort the partitions by the next column."""
        self.sort = SORTS[(SORTS.index(self.sort) + 1) % len(SORTS)]
        self._draw_head()
        self._draw_partitions()

    async def _look(self) -> None:
        while True:
            if not self.is_paused:
                await self._look_once()
            await asyncio.sleep(self._every)

    async def _look_once(self) -> None:
        try:
            self._looks.append(await self._looking.flow())
            if self._looks[-1].refused != self._refused:
                self._refusals = await self._looking.refusals()
                self._refused = self._looks[-1].refused
            self._trouble = ""
        except UNREACHABLE as error:
            self._trouble = str(error) or type(error).__name__
        self._draw()

    async def _follow(self) -> None:
        while True:
            try:
                async with aclosing(self._looking.decisions()) as coming:
                    async for record in coming:
                        if record.decision is not None:
                            self._decisions.appendleft(record.decision)
                            self._has_news = True
            except UNREACHABLE as error:
                self._trouble = str(error) or type(error).__name__
            await asyncio.sleep(RETRY_SECONDS)

    def _draw_news(self) -> None:
        """Show decisions that have come since, however many there are."""
        if self._has_news and not self.is_paused:
            self._has_news = False
            with suppress(NoMatches):  # the screen is being taken down while the timer ticks
                self._draw_decisions()

    def _draw(self) -> None:
        with suppress(NoMatches):  # the screen is being taken down while a look comes home
            self._draw_head()
            self._draw_partitions()
            self._draw_workers()
            self._draw_decisions()
            self._draw_refusals()

    def _draw_head(self) -> None:
        paused = " · PAUSED" if self.is_paused else ""
        self.query_one("#head", Static).update(head(list(self._looks), self.sort, paused, self._trouble))

    def _draw_partitions(self) -> None:
        if self._looks:
            rows = [
                (f"{each.records:,}", f"{each.seconds:.1f} s", f"{each.topic}/{each.partition}", f"{each.position:,}")
                for each in in_order(self._looks[-1].lag.partitions, self.sort)
            ]
            self._fill("partitions", rows)

    def _draw_workers(self) -> None:
        if self._looks:
            found = self._looks[-1].workers
            rows = [
                (ranges(each.partitions), printable(each.member_id), printable(each.host)) for each in found.workers
            ]
            none = [(ranges(found.unassigned), "no worker", "")] if found.unassigned else []
            self._fill("workers", [*none, *rows])

    def _draw_decisions(self) -> None:
        if not self.is_paused:
            self._fill("decisions", [(sentence(each),) for each in self._decisions])

    def _draw_refusals(self) -> None:
        if self._refusals is not None:
            rows = [
                (each.reason.value, f"{each.topic}/{each.partition}/{each.offset}", printable(each.text))
                for each in reversed(self._refusals.newest)
            ]
            self._fill("refusals", rows)

    def _fill(self, name: str, rows: Sequence[tuple[str | Text, ...]]) -> None:
        table = self.query_one(f"#{name}", Table)
        at = table.scroll_offset
        table.clear()
        for row in rows:
            table.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in row))
        table.scroll_to(at.x, at.y, animate=False)


def head(looks: list[Look], sort: str, paused: str, trouble: str) -> Text:
    """Return the head's three lines."""
    if not looks:
        return Text(trouble or "asking Kafka and Redis…", style="red" if trouble else "")
    last, found = looks[-1], rates(looks)
    text = Text(
        f"group {printable(last.lag.group)} · {len(last.workers.workers)} workers, {last.workers.state}", "bold"
    )
    text.append(f" · by {sort}{paused}\n", style="dim")
    text.append(_rates(found))
    text.append(f"\n{last.lag.records:,} records wait, the oldest for {last.lag.seconds:.1f} s", style="")
    if trouble:
        text.append(f" · {printable(trouble)}", style="red")
    return text


def _rates(found: Rates) -> str:
    return (
        f"in {found.taken:,.1f}/s · folded {found.folded:,.1f}/s · decided {found.decided:,.1f}/s · "
        f"refused {found.refused:,.1f}/s"
    )


def in_order(partitions: list[PartitionLag], sort: str) -> list[PartitionLag]:
    """Return partitions by a column: what is most behind first, or by topic and number."""
    if sort == "topic":
        return partitions
    return sorted(partitions, key=lambda each: -(each.records if sort == "records" else each.seconds))
