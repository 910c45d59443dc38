"""Parquet and JSON, read by DuckDB itself: every value as the text that stands for it."""

from pathlib import Path
from typing import Final

from importing.errors import ImportingError
from importing.reading.bench import Bench, quoted
from importing.reading.headers import name_once

#: A value nested in JSON may be as large as a conversation.
LARGEST_OBJECT: Final = 64_000_000  # bytes
SCAN: Final = 20_000  # objects looked at for the names of columns


def read_parquet(bench: Bench, path: Path) -> None:
    """Read a Parquet file into the bench. Raises ImportingError."""
    _read(bench, path, "read_parquet(?)", "Parquet")


def read_json(bench: Bench, path: Path) -> None:
    """Read JSON into the bench: an object a line, or a list of them. Numbers keep their digits. Raises ImportingError."""
    source = f"read_json(?, maximum_object_size={LARGEST_OBJECT}, sample_size={SCAN}, union_by_name=true, "
    names = _names(bench, path, f"{source} auto_detect=true)", "JSON")
    texts = ", ".join(f"{_key(name)}: 'VARCHAR'" for name in names)
    _read(bench, path, f"{source} columns={{{texts}}})", "JSON")


def _read(bench: Bench, path: Path, source: str, form: str) -> None:
    names = _names(bench, path, source, form)
    once, twice = name_once(names)
    file = bench.add_file(path)
    bench.twice |= twice
    bench.name_columns(once)
    cells = ", ".join(f"nullif(CAST({quoted(name)} AS VARCHAR), '')" for name in names)
    query = f"SELECT row_number() OVER () AS _line, {cells} FROM {source}"  # noqa: S608 - quoted
    try:
        bench.add_query(file, once, query, [str(path)])
    except Exception as error:
        raise _unreadable(path, form, error) from error


def _names(bench: Bench, path: Path, source: str, form: str) -> list[str]:
    try:
        described = bench.con.cursor().execute(f"DESCRIBE SELECT * FROM {source}", [str(path)]).fetchall()  # noqa: S608 - ours
    except Exception as error:
        raise _unreadable(path, form, error) from error
    return [name for name, *_ in described]


def _unreadable(path: Path, form: str, error: Exception) -> ImportingError:
    first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return ImportingError(f"{path}: is no {form} that can be read ({first})")


def _key(name: str) -> str:
    escaped = name.replace("'", "''")
    return f"'{escaped}'"
