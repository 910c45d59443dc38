"""What several commands read from their arguments: times, files of events, and JSON as an option."""

import sys
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Annotated, Any, Final

import msgspec
import typer

from cli.errors import WRONG_USE, CommandError
from cli.output import print_error, print_line, printable, printable_json
from streams.wire.ordering import in_event_order

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


AsItIs = Annotated[
    bool, typer.Option("--as-is", help="Take the lines in the order of the file. [in the order in which they happened]")
]


class EventLines:
    """The lines of files of events, numbered through; `open_events` makes one.

    Attributes:
        refused: how many lines were refused, by reason: the word that each refusal begins with.
        total: how many lines there are, once the last one is read; None before. Lines that are put in order are all read
            before the first is given.
    """

    def __init__(self, files: Sequence[tuple[Path, IO[bytes]]], *, as_is: bool) -> None:
        self.refused: Counter[str] = Counter()
        self.total: int | None = None
        self._files = files
        self._as_is = as_is
        self._starts: list[int] = []  # of each file, how many lines came before it

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        """Yield each line with its number, from 1."""
        return self._numbered() if self._as_is else in_event_order(self._numbered())

    def _numbered(self) -> Iterator[tuple[int, bytes]]:
        number = 0
        for _, lines in self._files:
            self._starts.append(number)
            for number, text in enumerate(lines, number + 1):  # noqa: B020 - goes on from where the last file ended
                yield number, text
        self.total = number

    def place(self, number: int) -> str:
        """Return where a line stands, for a person: its number, and its file where there are several."""
        which = bisect_left(self._starts, number) - 1
        line = f"line {number - self._starts[which]}"
        return line if len(self._files) == 1 else f"{self._files[which][0].name}: {line}"

    def print_refusal(self, number: int, why: str) -> None:
        """Print on stderr that a line was refused, and count it by its reason."""
        reason, colon, _ = why.partition(":")
        self.refused[reason if colon and reason.isupper() else "DECODE"] += 1
        print_error(printable(f"{self.place(number)}: {why}"))

    def print_refused(self) -> None:
        """Print on stderr how many lines were refused by which reason, where there are several."""
        if self.refused.total() > 1:
            reasons = ", ".join(f"{count:,} {reason}" for reason, count in self.refused.most_common())
            print_error(f"refused: {reasons}")


@contextmanager
def open_events(*files: Path, as_is: bool = False) -> Iterator[EventLines]:
    """Give the lines of files, in the order in which they happened unless taken `as_is`; `-` is stdin. Raises OSError."""
    with ExitStack() as stack:
        opened = [(file, sys.stdin.buffer if file == STDIN else stack.enter_context(file.open("rb"))) for file in files]
        yield EventLines(opened, as_is=as_is)


def print_json(answer: Any) -> None:
    """Print an answer as one line of JSON."""
    print_line(printable_json(msgspec.json.encode(answer).decode()))
