"""`clientward tail`: the reclassifications as they are decided."""

import asyncio
from typing import Annotated

import typer

from cli.output import print_line, printable_json
from cli.terminal import console, sentence
from streams.config.load import load_settings
from streams.config.settings import Settings
from views.base.decisions import DecisionRecord, follow_decisions


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
