"""`clientward tail`: the reclassifications as they are decided."""

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.output import STATUS_STYLES, console, printable, printable_json, say
from relationship.contract.outcome import RECLASSIFIED
from streams.config.load import load_settings

if TYPE_CHECKING:
    from rich.text import Text

    from streams.config.settings import Settings


def tail(
    from_beginning: Annotated[
        bool, typer.Option("--from-beginning", help="First those that are there already.")
    ] = False,
    limit: Annotated[int | None, typer.Option("--limit", "-n", min=1, help="Stop after this many.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The message itself, one a line.")] = False,
) -> None:
    """Show reclassifications live, one a line: when, account, from, to, score and why. Ctrl-C ends it."""
    asyncio.run(_tail(load_settings(), from_beginning=from_beginning, limit=limit, as_json=as_json))


async def _tail(settings: "Settings", *, from_beginning: bool, limit: int | None, as_json: bool) -> None:
    from streams.kafka.reading import follow  # noqa: PLC0415 - slow to import

    shown = 0
    records = follow(settings, RECLASSIFIED, from_beginning=from_beginning)
    try:
        async for record in records:
            show(record.value, as_json=as_json)
            shown += 1
            if shown == limit:
                return
    finally:
        await records.aclose()


def show(value: bytes | None, *, as_json: bool) -> None:
    """Print one message of the topic as a line."""
    if as_json:
        say(printable_json((value or b"null").decode(errors="replace")))
    else:
        console().print(sentence(value), soft_wrap=True)


def sentence(value: bytes | None) -> "Text":
    """Return a reclassification as a readable line; what is none is named as such, and stops nothing."""
    import msgspec  # noqa: PLC0415 - not for --help
    from rich.text import Text  # noqa: PLC0415 - not for --help

    try:
        decided = msgspec.json.decode(value or b"")
        return _sentence(decided)
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError, AttributeError):
        return Text("a record that is no reclassification; see it with --json")


def _sentence(decided: dict[str, Any]) -> "Text":
    from rich.text import Text  # noqa: PLC0415 - not for --help

    before, after = printable(decided["from"]), printable(decided["to"])
    when = printable(decided["effective_at"])[:16].replace("T", " ")
    return Text.assemble(
        (f"{when}  ", "dim"),
        f"{printable(decided['account_id'])}  ",
        (before, STATUS_STYLES.get(before, "")),
        " → ",
        (after, STATUS_STYLES.get(after, "")),
        f"  {float(decided['score']):.0f}",
        (f"  {printable(decided['why'])}", "dim"),
    )
