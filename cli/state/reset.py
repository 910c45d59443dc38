"""`clientward reset`: where the workers' group goes on from."""

import asyncio
from collections.abc import Iterator
from typing import Annotated

import typer

from actions import positions
from actions.positions import EARLIEST, Reset, To, Wanted
from cli.errors import DONE
from cli.options import OneJson, parse_time, print_json
from cli.output import columns, print_line
from streams.config.load import load_settings


def reset(
    to: Annotated[
        str,
        typer.Option(
            "--to", metavar="TIME|OFFSET|earliest", help="When Kafka stored a record, an offset, or the first."
        ),
    ],
    topics: Annotated[list[str] | None, typer.Option("--topic", help="Only this one; may be repeated. [all]")] = None,
    partition: Annotated[int | None, typer.Option("--partition", min=0, help="Only this number. [all]")] = None,
    by: Annotated[str, typer.Option("--by", metavar="WHO", help="Who does it; it goes into the audit.")] = "",
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="For which reason; it goes into the audit.")] = "",
    dry: Annotated[bool, typer.Option("--dry-run", help="Only tell what would be done.")] = False,
    as_json: OneJson = False,
) -> int:
    """Move where the workers' group goes on from: to a time, an offset, or the earliest record that Kafka has.

    Records that are read again are recognised: they change no account that is there, and tell no decision again. They are
    applied to accounts that the table has lost. What is skipped is not applied, and never will be to an account that has
    folded a later record of the topic. Refused while the group has workers. Needs --by and --why, but for a dry run.
    """
    wanted = Wanted(to=place(to), topics=topics or [], partition=partition, by=by, why=why, dry=dry)
    found = asyncio.run(positions.reset(load_settings(), wanted))
    if as_json:
        print_json(found)
        return DONE
    for line in lines(found):
        print_line(line)
    return DONE


def place(text: str) -> To:
    """Return what `--to` says. Raises CommandError."""
    if text == EARLIEST:
        return EARLIEST
    return int(text) if text.isascii() and text.isdigit() else parse_time(text, "--to")


def lines(found: Reset) -> Iterator[str]:
    """Yield what is moved as lines."""
    rows = [
        (each.topic, str(each.partition), f"{each.position:,}", f"{each.to:,}", f"{each.again:,}", f"{each.skipped:,}")
        for each in found.moves
    ]
    if rows:
        yield from columns(("topic", "partition", "position", "to", "read again", "skipped"), rows)
    what = "moved" if found.done else "would be moved"
    yield f"{len(rows)} positions of group {found.group} {what}: {found.again:,} records again, {found.skipped:,} skipped"
