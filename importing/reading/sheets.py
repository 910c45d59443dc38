"""Spreadsheets: xlsx, xls and ods by python-calamine. A cell becomes the text that its value has, not its formatting."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

from importing.errors import ImportingError
from importing.reading.bench import Bench
from importing.reading.headers import LOOKED_AT, find_header

#: Whole numbers below this are exact in a binary float.
EXACT: Final = 1e15


def read_sheet(bench: Bench, path: Path, sheet: str | None) -> None:
    """Read one sheet of a file into the bench: the one named, or the only one that has rows. Raises ImportingError."""
    book = _open(path)
    names = list(book.sheet_names)
    if sheet is not None and sheet not in names:
        raise ImportingError(f"{path}: no sheet {sheet!r}; there are: {', '.join(names)}")
    tables = {name: _lines(book.get_sheet_by_name(name)) for name in ([sheet] if sheet else names)}
    filled = [name for name, lines in tables.items() if lines]
    if not filled:
        raise ImportingError(f"{path}: no sheet of it has a row: is this the right file?")
    if len(filled) > 1:
        raise ImportingError(f"{path}: several sheets have rows: choose by --sheet one of {', '.join(filled)}")
    lines = tables[filled[0]]
    header = find_header([cells for _, cells in lines[:LOOKED_AT]])
    assert header is not None  # noqa: S101 - there are rows
    file = bench.add_file(path)
    bench.twice |= header.twice
    bench.name_columns(header.names)
    width = len(header.names)
    rows = [(line, (cells + [""] * width)[:width]) for line, cells in lines[header.first :]]
    for line, cells in lines[header.first :]:
        if any(cells[width:]):
            bench.faults.append((file, line, f"{len(cells)} cells where the first line has {width}"))
    bench.add_rows(file, header.names, (row for row in rows if row[0] not in {fault[1] for fault in bench.faults}))


def _open(path: Path) -> Any:
    try:
        import python_calamine  # noqa: PLC0415 - an extra's
    except ImportError as error:
        raise ImportingError(
            "python-calamine is not installed, and it reads spreadsheets: pip install 'clientward[import]'"
        ) from error
    try:
        return python_calamine.CalamineWorkbook.from_path(str(path))
    except python_calamine.PasswordError as error:
        raise ImportingError(
            f"{path}: has a password: open it in a spreadsheet and save it without one, or as CSV"
        ) from error
    except Exception as error:
        raise ImportingError(f"{path}: is no spreadsheet that can be read ({error}): save it as CSV") from error


def _lines(sheet: Any) -> list[tuple[int, list[str]]]:
    """Return the rows that hold something, with their numbers as the spreadsheet shows them."""
    return [(number, cells) for number, cells in enumerate(_texts(sheet), 1) if any(cell.strip() for cell in cells)]


def _texts(sheet: Any) -> Iterator[list[str]]:
    start = sheet.start
    for _ in range(start[0] if start else 0):
        yield []
    for row in sheet.to_python(skip_empty_area=True) if start else ():
        yield [_text(cell) for cell in row]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < EXACT else repr(value)
    if isinstance(value, datetime):
        midnight = value.time() == time()
        return value.date().isoformat() if midnight else value.isoformat(" ", "seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    return str(value)
