"""How `account show` looks on a terminal: rich renderables of an `AccountView`. Foreign text is escaped."""

from collections.abc import Iterable
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.output import printable
from cli.terminal import STATUS_STYLES
from relationship.contract.decisions import DimensionPart
from views.accounts.account import AccountView

BAR_CELLS: Final = 20
DAY: Final = 10  # characters of an RFC 3339 time that are its day
MINUTE: Final = 16


def print_page(console: Console, found: AccountView) -> None:
    """Print the whole page."""
    console.print(Group(_head(found), Text(), _dimensions(found), Text(), _timeline(found), Text(), _events(found)))


def _head(found: AccountView) -> RenderableType:
    state = found.state
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim")
    grid.add_column(overflow="fold")
    segment = state.segment
    who = ", ".join(part for part in (segment.industry, segment.party, segment.scope, segment.market) if part)
    rows: list[tuple[str, str | Text]] = [
        ("account", Text(printable(state.account_id), style="bold")),
        ("status", Text(f"{state.status} since {state.since[:DAY]}", style=STATUS_STYLES.get(state.status, ""))),
        ("score", f"{state.score:.1f} of 100, confidence {state.confidence:.2f}"),
        ("segment", f"{who}; {segment.standing}"),
        ("why", printable(found.why)),
        ("what next", printable(found.what_next)),
        ("play", f"{found.play.name}: {'; '.join(found.play.actions)}"),
        ("stop", "; ".join(found.play.stop) or "nothing"),
        ("held", f"by a person until {state.held_until}" if state.held_until else ""),
        ("by itself", f"next at {found.next_due[:DAY]}" if found.next_due else ""),
        ("policy", f"{state.policy.id} {state.policy.version}, as of {state.as_of[:MINUTE]}"),
    ]
    for name, text in rows:
        if text:
            grid.add_row(name, text)
    return grid


def _dimensions(found: AccountView) -> RenderableType:
    table = _table("dimension", "", "points", "of", "value", "evidence")
    for each in found.dimensions:
        evidence = ", ".join(printable(event_id) for event_id in each.evidence)
        table.add_row(
            each.name, _bar(each), f"{each.contribution:.1f}", f"{each.weight:.1f}", f"{each.value:.2f}", evidence
        )
    return table


def _bar(part: DimensionPart) -> str:
    """Return a bar as long as the dimension's value; the contribution beside it says what that is worth."""
    return "█" * round(part.value * BAR_CELLS)


def _timeline(found: AccountView) -> RenderableType:
    if not found.timeline:
        return Text("no decision yet", style="dim")
    table = _table("decided for", "#", "from", "to", "direction", "tipped by")
    for each in found.timeline:
        target = Text(each.target, style=STATUS_STYLES.get(each.target, ""))
        table.add_row(each.at[:MINUTE], str(each.seq), each.source, target, each.direction, printable(each.cause))
    return table


def _events(found: AccountView) -> RenderableType:
    table = _table("event", "what", "id")
    for each in found.events:
        table.add_row(each.at[:MINUTE], each.what, printable(each.event_id))
    shown = Text(f"{len(found.events)} newest of {found.kept} events kept, {found.folded} folded", style="dim")
    return Group(table, shown)


def _table(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in columns:
        table.add_column(name, justify="right" if name in _numbers() else "left", overflow="fold")
    return table


def _numbers() -> Iterable[str]:
    return {"points", "of", "value", "#"}
