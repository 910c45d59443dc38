"""Files into the bench, each by what it is: its first bytes say so, and its name where they do not."""

import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from importing.errors import ImportingError
from importing.reading.bench import Bench
from importing.reading.calendars import Window, read_calendar
from importing.reading.columnar import read_json, read_parquet
from importing.reading.delimited import read_delimited
from importing.reading.sheets import read_sheet
from importing.reading.text import open_bytes

OLE: Final = b"\xd0\xcf\x11\xe0"  # xls, and xlsx with a password
ZIP: Final = b"PK\x03\x04"
HEAD: Final = 4096  # bytes


class Reading(NamedTuple):
    """How files are to be read, where that cannot be seen.

    Attributes:
        encoding: name of the encoding of text.
        separator: what separates cells.
        sheet: name of a spreadsheet's sheet.
        window: the days of which a calendar's meetings are taken.
    """

    window: Window
    encoding: str | None = None
    separator: str | None = None
    sheet: str | None = None


def load(bench: Bench, paths: Sequence[Path], reading: Reading, on_read: Callable[[int], None]) -> None:
    """Read files into the bench; `on_read` is told how many bytes of all were read. Raises ImportingError, OSError."""
    done = 0
    for path in paths:
        before = done
        _load(bench, path, reading, lambda size, before=before: on_read(before + size))  # type: ignore[misc]
        done += path.stat().st_size
        on_read(done)
    bench.con.execute("CREATE OR REPLACE VIEW file AS SELECT * FROM raw")


def _load(bench: Bench, path: Path, reading: Reading, on_read: Callable[[int], None]) -> None:
    with open_bytes(path) as file:
        head = file.read(HEAD)
    if head.startswith(b"PAR1"):
        read_parquet(bench, path)
    elif head.startswith((OLE, ZIP)):
        _load_packed(bench, path, reading)
    elif head.lstrip(b"\xef\xbb\xbf \r\n\t").upper().startswith(b"BEGIN:VCALENDAR"):
        read_calendar(bench, path, reading.window)
    elif head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith((b"{", b"[")) and not path.name.lower().endswith(".csv"):
        read_json(bench, path)
    elif b"\0\0\0\0" in head:
        raise ImportingError(f"{path}: is no text, spreadsheet, calendar, Parquet or JSON: export it as CSV")
    else:
        read_delimited(bench, path, reading.encoding, reading.separator, on_read)


def _load_packed(bench: Bench, path: Path, reading: Reading) -> None:
    """Read a spreadsheet; calendars too come in a zip."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as packed:
            if any(name.lower().endswith(".ics") for name in packed.namelist()):
                raise ImportingError(f"{path}: holds calendars: unpack it, and import its .ics files")
            if not any(name.startswith(("xl/", "content.xml")) for name in packed.namelist()):
                raise ImportingError(f"{path}: is an archive: unpack it, and import what is in it")
    read_sheet(bench, path, reading.sheet)
