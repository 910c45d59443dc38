"""Parquet and JSON: every value as the text that stands for it, numbers digit for digit.

DuckDB reads both. Of JSON it hands out each object as it stands in the file, since its own numbers are binary; what is
nested gets the path for a name (`customer.id`), and a list stays JSON.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from importing.errors import ImportingError
from importing.reading.bench import Bench, first_line, literal, quoted
from importing.reading.headers import name_once

#: A value nested in JSON may be as large as a conversation.
LARGEST_OBJECT: Final = 64_000_000  # bytes


def read_parquet(bench: Bench, path: Path) -> None:
    """Read a Parquet file into the bench. Raises ImportingError."""
    source = f"read_parquet({literal(str(path))})"
    try:
        names = [name for name, *_ in bench.con.cursor().execute(f"DESCRIBE SELECT * FROM {source}").fetchall()]
        once, twice = name_once(names)
        file = bench.add_file(path)
        bench.twice |= twice
        bench.name_columns(once)
        cells = ", ".join(f"nullif(CAST({quoted(name)} AS VARCHAR), '')" for name in names)
        bench.add_query(file, once, f"SELECT row_number() OVER () AS _line, {cells} FROM {source}")
    except ImportingError:
        raise
    except Exception as error:
        raise ImportingError(f"{path}: is no Parquet that can be read ({first_line(error)})") from error


def read_json(bench: Bench, path: Path) -> None:
    """Read JSON into the bench: an object a line, or a list of them; `_line` counts objects. Raises ImportingError."""
    names: dict[str, None] = {}
    for value in _objects(bench, path):
        names.update(dict.fromkeys(value))
    if not names:
        raise ImportingError(f"{path}: holds no objects with fields: an object a line is read, or a list of objects")
    once, _ = name_once(list(names))
    file = bench.add_file(path)
    bench.name_columns(once)
    rows = ((number, [value.get(name) for name in names]) for number, value in enumerate(_objects(bench, path), 1))
    bench.add_rows(file, once, rows)


def _objects(bench: Bench, path: Path) -> Iterator[dict[str, str | None]]:
    query = f"SELECT json FROM read_json_objects({literal(str(path))}, maximum_object_size={LARGEST_OBJECT})"
    try:
        for (text,) in bench.stream(query):
            value = json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
            yield dict(_flat(value if isinstance(value, dict) else {"value": value}))
    except (ImportingError, ValueError) as error:
        reason = str(error).removeprefix("a query failed: ")
        raise ImportingError(f"{path}: is no JSON that can be read ({reason})") from error


def _flat(value: dict[str, Any], path: str = "") -> Iterator[tuple[str, str | None]]:
    for name, each in value.items():
        if isinstance(each, dict):
            yield from _flat(each, f"{path}{name}.")
        elif isinstance(each, bool):
            yield f"{path}{name}", "true" if each else "false"
        elif isinstance(each, list):
            yield f"{path}{name}", json.dumps(each, ensure_ascii=False)
        else:
            yield f"{path}{name}", each
