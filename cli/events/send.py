"""`clientward send FILE.jsonl`: publish a file of events to the topics of the intake."""

import asyncio
import time
from pathlib import Path
from typing import Annotated

import typer

from actions.events import send_events
from cli.errors import FAILED
from cli.options import STDIN, AsItIs, open_events
from cli.output import print_error, printable
from cli.terminal import line_progress
from streams.config.load import load_settings


def send(
    files: Annotated[list[Path], typer.Argument(metavar="FILE.jsonl", help="One event a line; - is stdin.")],
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 if any line could not be published.")] = False,
    as_is: AsItIs = False,
) -> None:
    """Publish events, keyed by account_id with murmur2, and wait until Kafka has stored them all.

    A line is {"topic": "...", "value": {...}}, or a CloudEvent with the topic as its type and the value as its data. A
    bad line is told on stderr and the rest goes on. Whether a value is right is for the worker to judge: what it
    refuses is to be seen with `clientward dlq list`. Files are put in the order in which their events happened, so
    that none is too late for having stood behind a newer one; stdin is taken as it comes.
    """
    settings = load_settings()
    began = time.monotonic()

    with open_events(*files, as_is=as_is or STDIN in files) as lines, line_progress("sending") as on_lines:

        def on_bad_line(number: int, text: str) -> None:
            lines.print_refusal(number, f"{text}; left out")

        count = asyncio.run(send_events(settings, lines, on_bad_line, lambda sent: on_lines(sent, lines.total)))
    seconds = time.monotonic() - began
    lines.print_refused()
    print_error(
        f"{printable(', '.join(map(str, files)))}: {count.sent:,} events sent in {seconds:.1f} s "
        f"({count.sent / max(seconds, 1e-9):,.0f}/s), {count.bad:,} bad lines"
    )
    raise typer.Exit(FAILED if strict and count.bad else 0)
