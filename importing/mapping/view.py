"""The table `file` under a mapping's own names: each column that its head names, by what this file calls it."""

import re
from collections.abc import Iterable
from collections.abc import Mapping as Table
from typing import NamedTuple

from importing.errors import ImportingError
from importing.mapping.mapping import Column, Mapping
from importing.reading.bench import Bench, first_line, quoted


class Found(NamedTuple):
    """Which of a mapping's columns a file has.

    Attributes:
        sources: the file's columns for each of the mapping's.
        missing: those needed that it has not.
        telling: how many it has of those peculiar to this kind of file, and how many there are.
    """

    sources: dict[str, tuple[str, ...]]
    missing: tuple[Column, ...]
    telling: tuple[int, int]


def find_columns(mapping: Mapping, names: Iterable[str], said: Table[str, str] | None = None) -> Found:
    """Return which columns of a file are those of a mapping; `said` are a person's own, several joined by `|`."""
    present = {_plain(name): name for name in reversed(list(names))}
    sources: dict[str, tuple[str, ...]] = {}
    for column in _with_said(mapping, present, said or {}):
        there = [present[_plain(each)] for each in column.known_as if _plain(each) in present]
        if there:
            sources[column.name] = tuple(there) if column.joined else (there[0],)
    missing = tuple(column for column in mapping.columns if column.needed and column.name not in sources)
    telling = [column for column in mapping.columns if column.telling]
    return Found(sources, missing, (sum(column.name in sources for column in telling), len(telling)))


def _with_said(mapping: Mapping, present: Table[str, str], said: Table[str, str]) -> list[Column]:
    known = {column.name: column for column in mapping.columns}
    for name, text in said.items():
        if name not in known:
            raise ImportingError(f"{mapping.name} names no column {name!r}; it names: {', '.join(known)}")
        parts = (text,) if _plain(text) in present else tuple(part.strip() for part in text.split("|"))
        for part in parts:
            if _plain(part) not in present:
                raise ImportingError(f"no column {part!r}; there are: {', '.join(present.values())}")
        known[name] = Column(name, parts, joined=True)
    return list(known.values())


def show_file(bench: Bench, mapping: Mapping, found: Found, where: str | None) -> None:
    """Make the view `file`: the file's columns, and the mapping's in place of those of the same name.

    Raises ImportingError where `where` is no condition on it.
    """
    own = {column.name.casefold() for column in mapping.columns}
    listed = ["_file", "_line", *(quoted(name) for name in bench.columns if name.casefold() not in own)]
    for column in mapping.columns:
        cells = ", ".join(quoted(name) for name in found.sources.get(column.name, ()))
        listed.append(f"{f'coalesce({cells})' if cells else 'CAST(NULL AS VARCHAR)'} AS {quoted(column.name)}")
    bench.con.execute(f"CREATE OR REPLACE VIEW file AS SELECT {', '.join(listed)} FROM raw")
    if where:
        try:
            bench.con.execute(f"CREATE OR REPLACE VIEW kept AS SELECT * FROM file WHERE ({where})")
            bench.con.execute(
                f"CREATE OR REPLACE VIEW file AS SELECT {', '.join(listed)} FROM (SELECT * FROM raw WHERE ({where}))"
            )
        except Exception as error:
            raise ImportingError(f"--where: {first_line(error)}") from error


def _plain(name: str) -> str:
    """Return a column's name without capitals, blanks and punctuation."""
    return "".join(re.findall(r"[^\W_]+", name.casefold())) or name.casefold().strip()
