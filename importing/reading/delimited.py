"""CSV and what goes by that name: separators found, quotes kept, and every row with the line on which an editor shows it."""

import csv
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

from importing.errors import ImportingError
from importing.reading.bench import Bench
from importing.reading.headers import LOOKED_AT, Header, find_header
from importing.reading.text import bad_byte, find_encoding, open_text

SEPARATORS: Final = (",", ";", "\t", "|")
LONGEST_CELL: Final = 16_000_000  # characters
UNCLOSED: Final = "a quote that opens here is never closed, and what stands behind it is lost"
SAMPLE: Final = 200_000  # characters looked at to find the separator

#: Is told how many bytes of a file were read.
OnRead = Callable[[int], None]


class Numbered(NamedTuple):
    """A row and the line on which it begins; `fault` says why it is none."""

    line: int
    cells: list[str]
    fault: str = ""


def read_delimited(bench: Bench, path: Path, encoding: str | None, separator: str | None, on_read: OnRead) -> None:
    """Read a file into the bench. Raises ImportingError."""
    csv.field_size_limit(LONGEST_CELL)
    known = encoding or find_encoding(path)
    if known == "cp1252" and not encoding:
        bench.notes.append(f"{path}: is not UTF-8; read as windows-1252 (Latin-1), or say --encoding")
    file = bench.add_file(path)
    with open_text(path, known) as (text, place):
        rows = _rows(path, text, known, separator or _find_separator(path, known))
        header, rest = _header(path, rows)
        bench.twice |= header.twice
        bench.name_columns(header.names)
        bench.add_rows(file, header.names, _checked(bench, file, header, rest, lambda: on_read(place.tell())))
    on_read(path.stat().st_size)


def _find_separator(path: Path, encoding: str) -> str:
    """Return what separates most lines into the same number of cells, more than one."""
    with open_text(path, encoding) as (text, _):
        try:
            sample = text.read(SAMPLE)
        except UnicodeDecodeError:
            return ","
    lines = sample.splitlines(keepends=True)
    if lines and lines[0].lower().startswith("sep=") and len(lines[0].strip()) == len("sep=;"):
        return lines[0][4]
    if len(sample) == SAMPLE:
        lines = lines[:-1] or lines
    best, found = (0.0, 0), ","
    for separator in SEPARATORS:
        widths = Counter(len(row) for row in islice(csv.reader(lines, delimiter=separator), 200) if any(row))
        width, times = max(widths.items(), key=lambda each: (each[0] > 1, each[1], each[0]), default=(1, 0))
        score = (times / max(widths.total(), 1), width) if width > 1 else (0.0, 0)
        if score > best:
            best, found = score, separator
    return found


def _rows(path: Path, text: IO[str], encoding: str, separator: str) -> Iterator[Numbered]:
    """Yield rows that hold something, as the file has them."""
    if len(separator) != 1:
        raise ImportingError(f"--delimiter has to be one character or `tab`, not {separator!r}")
    reader = csv.reader(text, delimiter=separator, strict=True)
    line = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            why = UNCLOSED if "unexpected end" in str(error) else str(error)
            yield Numbered(line, [], f"no CSV: {why}")
        except UnicodeDecodeError as error:
            before = error.object[: error.start].decode(encoding, "ignore")
            number = reader.line_num + before.count("\n") + 1
            raise bad_byte(path, number, error.object[error.start : error.start + 1], encoding) from error
        else:
            if any(cell and not cell.isspace() for cell in cells) and not (line == 1 and _is_separator_line(cells)):
                yield Numbered(line, cells)
        line = reader.line_num + 1


def _is_separator_line(cells: list[str]) -> bool:
    return cells[0].lower().startswith("sep=") and not any(cells[1:])


def _header(path: Path, rows: Iterator[Numbered]) -> tuple[Header, Iterator[Numbered]]:
    first = list(islice(rows, LOOKED_AT))
    header = find_header([row.cells for row in first])
    if header is None:
        raise ImportingError(f"{path}: the file has no first line with the names of its columns")
    return header, chain(first[header.first :], rows)


def _checked(
    bench: Bench, file: int, header: Header, rows: Iterator[Numbered], on_rows: Callable[[], Any]
) -> Iterator[tuple[int, list[str]]]:
    """Yield rows as wide as the header; the others are faults."""
    width = len(header.names)
    for count, row in enumerate(rows, 1):
        if count % 10_000 == 0:
            on_rows()
        cells = row.cells
        if len(cells) > width and not any(cell.strip() for cell in cells[width:]):
            cells = cells[:width]
        if row.fault:
            bench.faults.append((file, row.line, row.fault))
        elif len(cells) != width:
            bench.faults.append((file, row.line, f"{len(cells)} cells where the first line has {width}"))
        else:
            yield row.line, cells
