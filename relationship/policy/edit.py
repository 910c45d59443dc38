"""Changes values in a policy's TOML text and nothing else: every other byte, comment and line end is left as it is.

The comment beside a changed value then begins with a note of the old value and of where the new one comes from, followed by
the comment that was there. The note of an earlier change is replaced. Comments above a value are left.
"""

import re
import tomllib
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from relationship.policy.file import PolicyError
from relationship.policy.text import Entry, Path, entries, split

_VALUE: Final = r"""(\s*=\s*)("(?:[^"\\]|\\.)*"|'[^']*'|[^\s,}#]+)"""
_NOTE: Final = re.compile(r"was [^,]*, learned from [\d,]+ accounts(?:; )?")


class Edit(NamedTuple):
    """One value to change: its path, and the new value as TOML writes it."""

    path: Path
    value: str


def note_of(before: str, accounts: int) -> str:
    """Return what a changed value's comment begins with."""
    return f"was {before}, learned from {accounts:,} accounts"


def edited(text: str, edits: Sequence[Edit], accounts: int) -> str:
    """Return the text with values changed, and a note that they were learned from so many accounts. Raises PolicyError.

    A value that is the same already is left as it is. It is an error if a value is not written in the text, or is written in
    such a way that another would be changed with it.
    """
    lines = text.splitlines(keepends=True)
    places = entries(text)
    for edit in edits:
        entry = _entry_of(places, edit.path)
        lines[entry.line - 1] = _changed(lines[entry.line - 1], entry, edit, accounts)
    result, expected = "".join(lines), tomllib.loads(text)
    for edit in edits:
        _put(expected, edit)
    if _parsed(result) != expected:
        names = ", ".join(".".join(edit.path) for edit in edits)
        raise PolicyError(f"not all of {names} can be changed as they are written: put each table on a line of its own")
    return result


def _parsed(text: str) -> dict[str, Any] | None:
    """Return what a text says; None where it is no TOML any more, as after a change within a list."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


def _put(data: dict[str, Any], edit: Edit) -> None:
    for part in edit.path[:-1]:
        data = data[part]
    data[edit.path[-1]] = tomllib.loads(f"v = {edit.value}")["v"]


def _entry_of(places: list[Entry], path: Path) -> Entry:
    """Return the deepest key that holds a path."""
    held = [entry for entry in places if not entry.is_table and entry.path == path[: len(entry.path)]]
    if not held:
        raise PolicyError(f"{'.'.join(path)} is not written in the policy: nothing can be changed there")
    return max(held, key=lambda entry: len(entry.path))


def _changed(line: str, entry: Entry, edit: Edit, accounts: int) -> str:
    body = line.rstrip("\r\n")
    code, comment = split(body)
    rest = [re.escape(part) for part in (edit.path[len(entry.path) :] or edit.path[-1:])]
    place = re.search(rf"""(?<![\w-])["']?{rest[-1]}["']?{_VALUE}""", code)
    if place is None or _same(place[2], edit.value):
        return line
    code = code[: place.start(2)] + edit.value + code[place.end(2) :]
    note = "; ".join(
        part for part in (note_of(place[2].strip("\"'"), accounts), _NOTE.sub("", comment, count=1)) if part
    )
    return f"{code.rstrip()} # {note}{line[len(body) :]}"


def _same(one: str, other: str) -> bool:
    try:
        return bool(tomllib.loads(f"v = {one}") == tomllib.loads(f"v = {other}"))
    except tomllib.TOMLDecodeError:
        return False
