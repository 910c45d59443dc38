"""What several commands read from their arguments: times, files of events, and JSON as an option."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer

from cli.errors import WRONG_USE, CommandError
from cli.output import print_error, print_line, printable, printable_json

STDIN: Final = Path("-")

OneJson = Annotated[bool, typer.Option("--json", help="One JSON object.")]
JsonLines = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]


def parse_time(text: str, option: str) -> datetime:
    """Return an RFC 3339 time with an offset. Raises CommandError, which names the option."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        line = f"{option} {text!r} is no time; give one with an offset, as 2026-01-31T00:00:00Z"
        raise CommandError(line, WRONG_USE)
    return found


@contextmanager
def open_lines(file: Path) -> Iterator[Iterable[bytes]]:
    """Give a file's lines; `-` is stdin. Raises OSError."""
    if file == STDIN:
        yield sys.stdin.buffer
        return
    with file.open("rb") as lines:
        yield lines


def print_refusal(number: int, why: str) -> None:
    """Print on stderr that a line of a file of events was refused."""
    print_error(f"line {number}: {printable(why)}")


def print_json(answer: Any) -> None:
    """Print an answer as one line of JSON."""
    print_line(printable_json(msgspec.json.encode(answer).decode()))
