"""What did not become a message, told by reason and column: how many, the first lines of each, and all of it in a file."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

#: Lines of each reason that are shown.
SHOWN: Final = 5
LONGEST: Final = 60  # characters of a cell that are shown


class Refusal(NamedTuple):
    """A row, or a field of it, that is not in the messages.

    Attributes:
        file: the file's name.
        line: where the row begins, or None where a query does not let it through.
        column: the file's column at fault, or the field's name; `-` for the row as a whole.
        cell: what stands there.
        reason: why; the same text for all of a kind.
        kept: whether the message came without the field.
    """

    file: str
    line: int | None
    column: str
    cell: str
    reason: str
    kept: bool = False

    def text(self) -> str:
        """Return it in one line."""
        where = f"line {self.line}, " if self.line is not None else ""
        shown = self.cell if len(self.cell) <= LONGEST else f"{self.cell[:LONGEST]}…"
        what = f"{shown!r} {self.reason}" if self.cell.strip() else self.reason
        return f"{self.file}: {where}column {self.column}: {what}{'; left out of its message' if self.kept else ''}"


class Refusals:
    """Refusals by reason and column; the file of all is written as they come.

    Attributes:
        rows: how many rows became no message, or one message less.
        fields: how many fields were left out of a message.
    """

    def __init__(self, every: Path | None) -> None:
        self.rows = self.fields = 0
        self._groups: dict[tuple[str, str], tuple[int, list[Refusal]]] = {}
        self._file: IO[str] | None = every.open("w", encoding="utf-8", newline="") if every else None
        self._writer: Any = csv.writer(self._file) if self._file else None
        if self._writer:
            self._writer.writerow(["file", "line", "column", "cell", "reason"])

    def add(self, refusal: Refusal) -> None:
        """Count one."""
        if refusal.kept:
            self.fields += 1
        else:
            self.rows += 1
        count, first = self._groups.get((refusal.reason, refusal.column), (0, []))
        if len(first) < SHOWN or (refusal.file, refusal.line or 0) < (first[-1].file, first[-1].line or 0):
            first = sorted([*first, refusal], key=lambda each: (each.file, each.line or 0))[:SHOWN]
        self._groups[refusal.reason, refusal.column] = count + 1, first
        if self._writer:
            self._writer.writerow([refusal.file, refusal.line, refusal.column, refusal.cell, refusal.reason])

    def close(self) -> None:
        """Close the file of all."""
        if self._file:
            self._file.close()

    def lines(self) -> Iterator[str]:
        """Yield what to print: of each reason the first few, and how many more there are."""
        for (reason, column), (count, first) in sorted(self._groups.items(), key=lambda each: -each[1][0]):
            for refusal in first:
                yield refusal.text()
            if count > len(first):
                yield f"and {count - len(first):,} more in column {column}: {reason}"

    def counts(self) -> list[tuple[int, str, str]]:
        """Return how many, why, and in which column, the most frequent first."""
        counted = [(count, reason, column) for (reason, column), (count, _) in self._groups.items()]
        return sorted(counted, key=lambda each: -each[0])
