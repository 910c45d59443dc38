"""`clientward dlq list`: what was refused, and why."""

import asyncio
from typing import Annotated, Any

import msgspec
import typer
from rich.text import Text

from cli.options import JsonLines
from cli.output import print_line, printable, printable_json
from cli.terminal import console
from relationship.contract.outcome import Reason
from streams.config.load import load_settings
from views.operations.refusals import Refusal, refusals

dlq_app = typer.Typer(no_args_is_help=True, help="Look at the dead letters: records that the intake refused.")


@dlq_app.command("list")
def list_command(
    reason: Annotated[Reason | None, typer.Option("--reason", case_sensitive=False, help="Only these.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="The newest so many.")] = 50,
    as_json: JsonLines = False,
) -> None:
    """List refused records, the newest last: when, where the record stood, the reason and the message."""
    found = asyncio.run(refusals(load_settings(), reason, limit))
    for each in found.newest:
        print_line(_json(each)) if as_json else _print(each)
    if not as_json:
        console().print(f"{len(found.newest):,} of {found.total:,} dead letters", style="dim")


def _print(refusal: Refusal) -> None:
    line = Text.assemble(
        (f"{_when(refusal)}  ", "dim"),
        f"{printable(refusal.topic)}/{refusal.partition}/{refusal.offset}  ",
        (f"{refusal.reason.value:<8}", "yellow"),
        f"  {printable(refusal.text)}",
    )
    console().print(line, soft_wrap=True)


def _when(refusal: Refusal) -> str:
    return refusal.stored_at.isoformat(sep=" ", timespec="seconds").removesuffix("+00:00") + "Z"


def _json(refusal: Refusal) -> str:
    fields: dict[str, Any] = {
        "refused_at": refusal.refused_at or _when(refusal),
        "topic": refusal.topic,
        "partition": refusal.partition,
        "offset": refusal.offset,
        "reason": refusal.reason.value,
        "message": refusal.text,
        "key": None if refusal.key is None else refusal.key.decode(errors="backslashreplace"),
        "value": None if refusal.value is None else refusal.value.decode(errors="backslashreplace"),
        "omitted": refusal.omitted,
        "dead_letter": {"partition": refusal.dead_letter_partition, "offset": refusal.dead_letter_offset},
    }
    return printable_json(msgspec.json.encode(fields).decode())
