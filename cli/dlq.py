"""`clientward dlq list`: what was refused, and why."""

import asyncio
import heapq
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from cli.output import console, printable, printable_json, say
from relationship.contract.outcome import REJECTED, Reason
from streams.config.load import load_settings

if TYPE_CHECKING:
    from streams.config.settings import Settings
    from streams.wire.dead_letters import Rejected

dlq_app = typer.Typer(no_args_is_help=True, help="Look at the dead letters: records that the intake refused.")


class Entry(NamedTuple):
    """One dead letter and where it stands itself. Ordered by its arrival there, in ms since the epoch."""

    timestamp_ms: int
    partition: int
    offset: int
    letter: "Rejected"


@dlq_app.command("list")
def list_command(
    reason: Annotated[Reason | None, typer.Option("--reason", case_sensitive=False, help="Only these.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="The newest so many.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """List refused records, the newest last: when, where the record stood, the reason and the message."""
    found, total = asyncio.run(_newest(load_settings(), reason, limit))
    for entry in found:
        say(_json(entry)) if as_json else _print(entry)
    if not as_json:
        console().print(f"{len(found):,} of {total:,} dead letters", style="dim")


async def _newest(settings: "Settings", reason: Reason | None, limit: int) -> tuple[list[Entry], int]:
    """Return the newest dead letters, oldest first, and how many there are for the reason."""
    from streams.kafka.reading import read_to_end  # noqa: PLC0415 - slow to import
    from streams.wire.dead_letters import read_dead_letter  # noqa: PLC0415 - not for --help

    newest: list[tuple[int, int, int, Any]] = []
    total = 0
    async for record in read_to_end(settings, REJECTED):
        letter = read_dead_letter(record)
        if letter is None or reason not in {None, letter.reason}:
            continue
        total += 1
        push = heapq.heappush if len(newest) < limit else heapq.heappushpop
        push(newest, Entry(record.timestamp, record.partition, record.offset, letter))
    return [Entry(*each) for each in sorted(newest)], total


def _print(entry: Entry) -> None:
    from rich.text import Text  # noqa: PLC0415 - not for --help

    letter = entry.letter
    line = Text.assemble(
        (f"{_when(entry)}  ", "dim"),
        f"{printable(letter.topic)}/{letter.partition}/{letter.offset}  ",
        (f"{letter.reason.value:<8}", "yellow"),
        f"  {printable(letter.text)}",
    )
    console().print(line, soft_wrap=True)


def _when(entry: Entry) -> str:
    moment = datetime.fromtimestamp(entry.timestamp_ms / 1000, UTC)
    return moment.isoformat(sep=" ", timespec="seconds").removesuffix("+00:00") + "Z"


def _json(entry: Entry) -> str:
    import msgspec  # noqa: PLC0415 - not for --help

    letter = entry.letter
    told = {
        "refused_at": letter.refused_at or _when(entry),
        "topic": letter.topic,
        "partition": letter.partition,
        "offset": letter.offset,
        "reason": letter.reason.value,
        "message": letter.text,
        "key": None if letter.key is None else letter.key.decode(errors="backslashreplace"),
        "value": None if letter.value is None else letter.value.decode(errors="backslashreplace"),
        "omitted": letter.omitted,
        "dead_letter": {"partition": entry.partition, "offset": entry.offset},
    }
    return printable_json(msgspec.json.encode(told).decode())
