"""`docs/policy.md`: the policy value by value, with units from its types and reasons from the comments in its file.

`python -m relationship.policy.page` writes the page; `--check` only tells whether it is what the policy says, and a test
does the same. A value without a reason is an error: the file is where it is written.
"""

import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, get_origin

import msgspec

from relationship import generated
from relationship.policy.file import Effects, PolicyFile
from relationship.policy.text import Entry, entries
from relationship.policy.units import SCALES, child, unit_of

INTRO: Final = """\
# The policy, value by value

Generated from `relationship/policy/default.toml` by `python -m relationship.policy.page`: change the values and their
reasons there, not here.

A policy is one TOML file. `clientward policy check FILE` names file, line and field of every mistake in one, by the
types of `relationship/policy/file.py` (as a JSON Schema: `contracts/policy.schema.json`, which editors take too) and by
rules that types cannot say; `clientward policy diff A B` lists every value that differs; `clientward policy backtest A B
FILE.jsonl` says who would have been classified otherwise, when, and at which cost, each of the two for all time (lines of
the log that publish a policy are passed over); `clientward replay --policy FILE` decides by it. `clientward policy publish
FILE` puts one in force on running workers, and `clientward policy shadow FILE` tries one beside it
([operations.md](operations.md)).

The score is a sum: each dimension brings its value (0-1) times its share of the weights. Most dimensions stand at
(1 - 2^-(for / scale)) x for / (for + against), where for and against are masses of evidence that decay with the
dimension's half-life.
"""


class NoReasonError(ValueError):
    """A value of the policy has no comment that says why it is what it is."""


def page(text: str) -> str:
    """Return the page of a policy's TOML text. Raises NoReasonError."""
    data = tomllib.loads(text)
    found = entries(text)
    why = {entry.path: _reason(entry) for entry in found}
    out = [INTRO.rstrip(), _plain("The policy itself", (), {name: data[name] for name in ("id", "version")}, why)]
    out += [_section(entry, _at(data, entry.path), why) for entry in found if entry.is_table]
    return "\n\n".join(out) + "\n"


def _reason(entry: Entry) -> str:
    text = " ".join(part for part in (entry.above, entry.beside) if part)
    if not text:
        raise NoReasonError(f"line {entry.line}: {'.'.join(entry.path)} has no reason: write one beside it or above it")
    return text


def _at(data: Any, path: Iterable[str]) -> Any:
    for name in path:
        data = data[name]
    return data


def _section(entry: Entry, table: dict[str, Any], why: dict[tuple[str, ...], str]) -> str:
    title, path = f"[{'.'.join(entry.path)}]", entry.path
    kind: Any = PolicyFile
    for name in path:
        kind = child(kind, name)
    of = child(kind, next(iter(table))) if get_origin(kind) is dict else None
    if of == Effects:
        return _effects(title, path, table, why)
    if isinstance(of, type) and issubclass(of, msgspec.Struct):
        return _structs(title, path, table, why)
    return _plain(title, path, table, why)


def _plain(title: str, path: tuple[str, ...], table: dict[str, Any], why: dict[tuple[str, ...], str]) -> str:
    """Return a table of one value a row."""
    rows = []
    for name, value in table.items():
        own = (*path, name)
        unit = unit_of((*own, next(iter(value)))) if isinstance(value, dict) else unit_of(own)
        rows.append((f"`{name}`", _shown(value), unit, why[own]))
    return _printed(title, why.get(path, ""), ("", "value", "unit", "why"), rows)


def _effects(title: str, path: tuple[str, ...], table: dict[str, Any], why: dict[tuple[str, ...], str]) -> str:
    """Return a table of what each kind of event is evidence of."""
    rows = [(f"`{name}`", _shown(effects), why[*path, name]) for name, effects in table.items()]
    unit = unit_of((*path, "any", "any"))
    return _printed(title, f"{why[path]} Unit: {unit}.", ("", "evidence", "why"), rows)


def _structs(title: str, path: tuple[str, ...], table: dict[str, Any], why: dict[tuple[str, ...], str]) -> str:
    """Return a table whose rows have the same fields, with the fields' units above it."""
    fields = list(dict.fromkeys(field for row in table.values() for field in row))
    first = next(iter(table))
    rows = [
        (f"`{name}`", *(_shown(row.get(field, "")) for field in fields), why[*path, name])
        for name, row in table.items()
    ]
    units = "; ".join(f"`{field}`: {_unit(path, first, field)}" for field in fields)
    return _printed(title, f"{why[path]}\n\nUnits: {units}.", ("", *fields, "why"), rows)


def _unit(path: tuple[str, ...], name: str, field: str) -> str:
    if field == "scale":
        special = ", ".join(f"{dimension} in {text.partition(' at ')[0]}" for dimension, text in SCALES.items())
        return f"{unit_of((*path, 'trust', field))}; {special}"
    if field == "weights":
        return "factors on the dimensions' weights"
    return unit_of((*path, name, field))


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_shown(each)}" for name, each in value.items())
    if isinstance(value, list):
        return f"{value[0]:g} for and {value[1]:g} against"
    return str(value) if isinstance(value, str) else f"{value:g}"


def _printed(title: str, text: str, head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    return "\n".join([f"## {title}", "", *([text, ""] if text else []), *_lines(head, rows)])


def _lines(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield "|" + "---|" * len(head)
    yield from (f"| {' | '.join(row)} |" for row in rows)


def _files(target: Path) -> generated.Files:
    text = (files("relationship.policy") / "default.toml").read_text(encoding="utf-8")
    return {target: page(text).encode()}


GENERATOR: Final = generated.Generator(
    "relationship.policy.page", "the values of relationship/policy/default.toml", Path("docs/policy.md"), _files
)


def main(arguments: Iterable[str] | None = None) -> int:
    """Write the page, or check it; return the exit code."""
    try:
        return generated.main(GENERATOR, arguments)
    except NoReasonError as error:
        sys.stderr.write(f"relationship/policy/default.toml: {error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
