"""Positions in a policy's TOML text, which the parser does not return: the line of a value, and the comments.

Reads the part of TOML that a policy is written in: table headers, keys (bare, quoted or dotted), inline tables, and comments
at a line's end or on lines of their own. The line of a value in an inline table is that of the key that holds the table.
"""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

Path = tuple[str, ...]

_PART: Final = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_KEY: Final = re.compile(rf"\s*({_PART}(?:\s*\.\s*{_PART})*)\s*=")
_HEADER: Final = re.compile(rf"\s*\[\s*({_PART}(?:\s*\.\s*{_PART})*)\s*\]\s*$")
_CODE: Final = re.compile(r"""(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^"'#])*""")


class Entry(NamedTuple):
    """One key or table header. `above` are the comment lines right above it, `beside` is the comment on its line."""

    line: int
    path: Path
    is_table: bool
    above: str
    beside: str


def entries(text: str) -> list[Entry]:
    """Return the keys and the table headers of a TOML text, in order; lines count from 1."""
    found: list[Entry] = []
    table: Path = ()
    above: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        code, comment = split(line)
        header, key = _HEADER.match(code), _KEY.match(code)
        if header or key:
            own = _parts((header or key)[1])  # type: ignore[index]  # one of the two is a match
            table = own if header else table
            found.append(Entry(number, own if header else table + own, bool(header), " ".join(above), comment))
        above = [*above, comment] if comment and not code.strip() else []
    return found


def split(line: str) -> tuple[str, str]:
    """Return a line's code and its comment without the `#`; a `#` within quotes begins none."""
    code = match[0] if (match := _CODE.match(line)) else ""
    return code, line[len(code) :].removeprefix("#").strip()


def _parts(key: str) -> Path:
    return tuple(part.strip("\"'") for part in re.findall(_PART, key))


def line_of(found: Iterable[Entry], path: Path) -> int:
    """Return the line of the entry that holds `path`, or that would: its key, else its table, else the first line."""
    best, line = 0, 1
    for entry in found:
        depth = len(entry.path)
        if best < depth <= len(path) and entry.path == path[:depth]:
            best, line = depth, entry.line
    return line
