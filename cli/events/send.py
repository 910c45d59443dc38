"""`clientward send FILE.jsonl`: publish a file of events to the topics of the intake."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from actions.events import send_events
from cli.errors import FAILED
from cli.options import open_lines
from cli.output import print_error, printable
from cli.terminal import error_console
from streams.config.load import load_settings


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

    def on_bad_line(number: int, text: str) -> None:
        print_error(printable(f"{file}: line {number}: {text}; left out"))

    with open_lines(file) as lines, _progress() as progress:
        task = progress.add_task("sending", total=None)

        def on_progress(sent: int) -> None:
            progress.update(task, completed=sent, description=f"sent {sent:,}")

        count = asyncio.run(send_events(settings, lines, on_bad_line, on_progress))
    seconds = time.monotonic() - began
    print_error(
        f"{printable(str(file))}: {count.sent:,} events sent in {seconds:.1f} s "
        f"({count.sent / max(seconds, 1e-9):,.0f}/s), {count.bad:,} bad lines"
    )
    raise typer.Exit(FAILED if strict and count.bad else 0)


@contextmanager
def _progress() -> Iterator[Progress]:
    """Show a line that counts, on a terminal only; it is gone when all is sent."""
    columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
    console = error_console()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        yield progress
