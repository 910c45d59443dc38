"""`clientward send FILE.jsonl`: publish a file of events to the topics of the intake."""

import asyncio
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Final, NamedTuple

import typer

from cli.lines import BadLine, Line, parse_line
from cli.mistakes import FAILED
from cli.output import complain, error_console, printable
from streams.config.load import load_settings

if TYPE_CHECKING:
    from aiokafka import AIOKafkaProducer
    from rich.progress import Progress

    from streams.config.settings import Settings

# Lines on their way at once: enough to fill the batches of 12 partitions, few enough to hold in memory at 1 MB each.
BATCH: Final = 1_000
STDIN: Final = Path("-")


class Numbered(NamedTuple):
    """A line of the file with its number, from 1."""

    number: int
    line: Line


class Count(NamedTuple):
    """How many lines were published and how many were not."""

    sent: int
    bad: int


def send(
    file: Annotated[Path, typer.Argument(metavar="FILE.jsonl", help="One event a line; - is stdin.")],
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 if any line could not be published.")] = False,
) -> None:
    """Publish events, keyed by account_id with murmur2, and wait until Kafka has stored them all.

    A line is {"topic": "...", "value": {...}}, or a CloudEvent with the topic as its type and the value as its data. A
    bad line is told on stderr and the rest goes on. Whether a value is right is for the worker to judge: what it
    refuses is to be seen with `clientward dlq list`.
    """
    settings = load_settings()
    began = time.monotonic()
    with _open(file) as lines, _progress() as progress:
        count = asyncio.run(_send_all(settings, file, lines, progress))
    seconds = time.monotonic() - began
    complain(
        f"{printable(str(file))}: {count.sent:,} events sent in {seconds:.1f} s "
        f"({count.sent / max(seconds, 1e-9):,.0f}/s), {count.bad:,} bad lines"
    )
    raise typer.Exit(FAILED if strict and count.bad else 0)


async def _send_all(settings: "Settings", file: Path, lines: IO[bytes], progress: "Progress") -> Count:
    from streams.kafka.sending import producer  # noqa: PLC0415 - slow to import

    sent = bad = 0
    task = progress.add_task("sending", total=None)
    known: set[str] = set()
    numbered = enumerate(lines, 1)
    async with producer(settings) as client:
        while batch := list(islice(numbered, BATCH)):
            good = list(_good(file, batch))
            await _require(settings, {each.line.topic for each in good}, known)
            stored = await _publish(client, file, good)
            sent += stored
            bad += sum(not text.isspace() for _, text in batch) - stored
            progress.update(task, completed=sent, description=f"sent {sent:,}")
    return Count(sent, bad)


async def _require(settings: "Settings", topics: set[str], known: set[str]) -> None:
    from streams.kafka.sending import require_topics  # noqa: PLC0415 - slow to import

    if topics - known:
        await require_topics(settings, topics - known)
        known |= topics


def _good(file: Path, batch: list[tuple[int, bytes]]) -> Iterator[Numbered]:
    for number, text in batch:
        if text.isspace():
            continue
        line = parse_line(text)
        if isinstance(line, BadLine):
            complain(_told(file, number, line.text))
        else:
            yield Numbered(number, line)


async def _publish(client: "AIOKafkaProducer", file: Path, good: list[Numbered]) -> int:
    from streams.kafka.sending import Record, send_batch  # noqa: PLC0415 - slow to import

    records = [Record(each.line.topic, each.line.key, each.line.value, each.line.headers) for each in good]
    stored = 0
    for each, refusal in zip(good, await send_batch(client, records), strict=True):
        if refusal is None:
            stored += 1
        else:
            complain(_told(file, each.number, refusal))
    return stored


def _told(file: Path, number: int, text: str) -> str:
    return printable(f"{file}: line {number}: {text}; left out")


@contextmanager
def _open(file: Path) -> Iterator[IO[bytes]]:
    if file == STDIN:
        yield sys.stdin.buffer
        return
    with file.open("rb") as lines:
        yield lines


@contextmanager
def _progress() -> Iterator["Progress"]:
    """Show a line that counts, on a terminal only; it is gone when all is sent."""
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415 - not for --help

    columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
    console = error_console()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        yield progress
