"""`clientward tail`: the reclassifications as they are decided."""

import asyncio
from typing import Annotated

import typer
from rich.text import Text

from cli.output import print_line, printable, printable_json
from cli.terminal import STATUS_STYLES, console
from streams.config.load import load_settings
from streams.config.settings import Settings
from views.base.decisions import Decision, DecisionRecord, follow_decisions


def tail(
    from_beginning: Annotated[
        bool, typer.Option("--from-beginning", help="First those that are there already.")
    ] = False,
    limit: Annotated[int | None, typer.Option("--limit", "-n", min=1, help="Stop after this many.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The message itself, one a line.")] = False,
) -> None:
    """Show reclassifications live, one a line: when, account, from, to, score and why. Ctrl-C ends it."""
    asyncio.run(_tail(load_settings(), from_beginning=from_beginning, limit=limit, as_json=as_json))


async def _tail(settings: Settings, *, from_beginning: bool, limit: int | None, as_json: bool) -> None:
    shown = 0
    records = follow_decisions(settings, from_beginning=from_beginning)
    try:
        async for record in records:
            show(record, as_json=as_json)
            shown += 1
            if shown == limit:
                return
    finally:
        await records.aclose()


def show(record: DecisionRecord, *, as_json: bool) -> None:
    """Print one record of the topic as a line."""
    if as_json:
        print_line(printable_json((record.value or b"null").decode(errors="replace")))
    else:
        console().print(sentence(record.decision), soft_wrap=True)


def sentence(decision: Decision | None) -> Text:
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
