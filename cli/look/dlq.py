"""`clientward dlq`: what was refused, and why; and what is done about it (`dlq_moves.py`)."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import msgspec
import typer
from rich.text import Text

from cli.look.dlq_moves import discard, redrive
from cli.look.dlq_options import OfReason, OfTopic, Places, Since, letter_filter
from cli.options import JsonLines
from cli.output import print_line, printable, printable_json
from cli.terminal import console
from streams.config.load import load_settings
from streams.wire.redriving import LetterFilter
from views.operations.refusals import Refusal, Refusals, refusals

dlq_app = typer.Typer(
    no_args_is_help=True,
    help="Look at the dead letters, records that the intake refused; send them again, or give them up.",
)
dlq_app.command("redrive")(redrive)
dlq_app.command("discard")(discard)

Settled = Annotated[bool, typer.Option("--all", help="Those too that were redriven or discarded.")]


@dlq_app.command("list")
def list_command(
    reason: OfReason = None,
    topic: OfTopic = None,
    since: Since = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="The newest so many.")] = 50,
    settled: Settled = False,
    as_json: JsonLines = False,
) -> None:
    """List refused records, the newest last: when, where the record stood, the reason and the message."""
    wanted = letter_filter(None, reason, topic, since, settled=settled)
    _print_found(wanted, limit, _print, as_json=as_json)


@dlq_app.command("show")
def show(
    places: Places = None,
    reason: OfReason = None,
    topic: OfTopic = None,
    since: Since = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="The newest so many.")] = 10,
    settled: Settled = False,
    as_json: JsonLines = False,
) -> None:
    """Show dead letters whole: where they stand, why they were refused, the record's key, headers and value."""
    wanted = letter_filter(places, reason, topic, since, settled=settled)
    _print_found(wanted, limit, lambda each: print_line("\n".join(page(each)) + "\n"), as_json=as_json)


def _print_found(wanted: LetterFilter, limit: int, shown: Callable[[Refusal], None], *, as_json: bool) -> None:
    """Print the newest letters that are wanted, and below them how many there are."""
    found = asyncio.run(refusals(load_settings(), limit=limit, wanted=wanted))
    for each in found.newest:
        print_line(_json(each)) if as_json else shown(each)
    if not as_json:
        _print_total(found)


def page(refusal: Refusal) -> Iterator[str]:
    """Yield the lines of one dead letter."""
    tries = f", redriven {refusal.redriven}x before" if refusal.redriven else ""
    state = "" if refusal.state == "open" else f", {refusal.state}"
    yield f"{refusal.dead_letter_partition}/{refusal.dead_letter_offset}  {refusal.reason.value}{state}{tries}"
    yield f"  why      {printable(refusal.text)}"
    yield f"  stood    {printable(refusal.topic)}/{refusal.partition}/{refusal.offset}"
    yield f"  refused  {printable(refusal.refused_at) or _when(refusal)}"
    if refusal.omitted:
        yield f"  omitted  {printable(refusal.omitted)}"
    yield f"  key      {_shown(refusal.key)}"
    for name, content in refusal.headers:
        yield f"  header   {printable(name)}: {_shown(content)}"
    yield f"  value    {_shown(refusal.value)}"


def _shown(content: bytes | None) -> str:
    return "null" if content is None else printable(content.decode(errors="backslashreplace"))


def _print(refusal: Refusal) -> None:
    line = Text.assemble(
        (f"{_when(refusal)}  ", "dim"),
        f"{printable(refusal.topic)}/{refusal.partition}/{refusal.offset}  ",
        (f"{refusal.reason.value:<8}", "yellow"),
        f"  {printable(refusal.text)}",
        ("" if refusal.state == "open" else f"  ({refusal.state})", "dim"),
    )
    console().print(line, soft_wrap=True)


def _print_total(found: Refusals) -> None:
    console().print(f"{len(found.newest):,} of {found.total:,} dead letters", style="dim")


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
        "key": _text(refusal.key),
        "value": _text(refusal.value),
        "omitted": refusal.omitted,
        "dead_letter": {"partition": refusal.dead_letter_partition, "offset": refusal.dead_letter_offset},
        "state": refusal.state,
        "redriven": refusal.redriven,
        "headers": [[name, _text(content)] for name, content in refusal.headers],
    }
    return printable_json(msgspec.json.encode(fields).decode())


def _text(content: bytes | None) -> str | None:
    return None if content is None else content.decode(errors="backslashreplace")
