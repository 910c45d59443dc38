"""Checks a policy: returns every mistake with the path of its field, those of the types first, then those of the rules.

The types are checked value by value, so that a mistake in a table of names is reported with the name. The rules, which types
cannot express: tables of names are complete, effects and weights name dimensions, each lower threshold is below its upper
one, and in every industry some dimension has a weight.
"""

import tomllib
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple, get_args, get_origin

import msgspec

from relationship.contract.names import DIMENSIONS
from relationship.policy.file import FIRM_NAMES, MOST_MASS, NAMES, SAYINGS, PolicyFile
from relationship.policy.text import Path, entries, line_of
from relationship.policy.units import present

MISSING: Final = "is missing"
SIGNALS: Final = ("purchase", "meeting", "ticket", *SAYINGS)
BANDS: Final = (("candidate_down", "candidate_up"), ("client_down", "client_up"), ("candidate_up", "client_up"))


class Mistake(NamedTuple):
    """One mistake: the line (from 1), the path of the field, and a text."""

    line: int
    path: Path
    text: str

    def __str__(self) -> str:
        """Return the mistake as one line."""
        place = ".".join(self.path)
        return f"line {self.line}: {place}: {self.text}" if place else f"line {self.line}: {self.text}"


Found = tuple[Path, str]


def mistakes_in(text: str) -> list[Mistake]:
    """Return every mistake of a policy's TOML text; of broken TOML the first one only."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return [_broken(text, error)]
    mistakes = list(_value(data, PolicyFile, ())) or list(_rules(data))
    places = entries(text)
    return sorted(Mistake(line_of(places, path), path, message) for path, message in mistakes)


def _broken(text: str, error: tomllib.TOMLDecodeError) -> Mistake:
    """Return the mistake of a text that is no TOML; the parser's message ends in "(at line 3, column 7)"."""
    what, _, place = str(error).removesuffix(")").partition(" (at ")
    digits = place.removeprefix("line ").partition(",")[0]
    return Mistake(int(digits) if digits.isdigit() else len(text.splitlines()), (), f"no TOML: {what}")


def _value(value: Any, kind: Any, path: Path) -> Iterator[Found]:
    """Yield the mistakes of a value that should be of a type."""
    kind = present(kind)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        yield from _table(value, kind, path)
    elif get_origin(kind) is dict:
        yield from _named(value, get_args(kind)[1], path)
    else:
        try:
            msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            yield path, _in_words(str(error))


def _in_words(text: str) -> str:
    return (text[0].lower() + text[1:]).replace("`", "").replace("float", "number").replace(" - at $", " at ")


def _table(value: Any, kind: type[msgspec.Struct], path: Path) -> Iterator[Found]:
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    if not isinstance(value, dict):
        yield path, f"expected a table of {', '.join(fields)}"
        return
    yield from _unknown(value, fields, path)
    for name, field in fields.items():
        if name in value:
            yield from _value(value[name], field.type, (*path, name))
        elif field.required:
            yield (*path, name), MISSING


def _named(value: Any, kind: Any, path: Path) -> Iterator[Found]:
    names = NAMES.get(path)
    if not isinstance(value, dict):
        yield path, "expected a table"
        return
    if names:
        yield from _unknown(value, names, path)
        yield from (((*path, name), MISSING) for name in names if name not in value)
    for name, each in value.items():
        if not names or name in names:
            yield from _value(each, kind, (*path, name))


def _unknown(value: dict[str, Any], names: Iterable[str], path: Path) -> Iterator[Found]:
    known = tuple(names)
    yield from (((*path, n), f"is not known; known are {', '.join(known)}") for n in value if n not in known)


def _rules(data: dict[str, Any]) -> Iterator[Found]:
    """Yield the mistakes of a policy whose types are right."""
    thresholds = data["thresholds"]
    for low, high in BANDS:
        if thresholds[low] >= thresholds[high]:
            yield ("thresholds", low), f"must be below {high}"
    for table in SIGNALS:
        for kind, effects in data["signals"][table].items():
            yield from _effects(effects, ("signals", table, kind))
    firm = data.get("firm", {})
    covered = firm.get("coverage", {})
    for table, known in FIRM_NAMES.items():
        yield from _unknown(firm.get(table, {}), known, ("firm", table))
    for name, industry in data["industries"].items():
        weights = industry.get("weights", {})
        yield from _dimensions(weights, ("industries", name, "weights"))
        if not any(
            covered.get(d, 1.0) * each["weight"] * weights.get(d, 1.0) for d, each in data["dimensions"].items()
        ):
            yield ("industries", name), "no dimension weighs anything there"


def _effects(effects: dict[str, Any], path: Path) -> Iterator[Found]:
    yield from _dimensions(effects, path)
    for name, amount in effects.items():
        pair = isinstance(amount, list)
        low = 0.0 if pair else -MOST_MASS
        if not all(low <= each <= MOST_MASS for each in (amount if pair else [amount])):
            yield (*path, name), f"expected {'two numbers' if pair else 'a number'} from {low:g} to {MOST_MASS:g}"


def _dimensions(names: Iterable[str], path: Path) -> Iterator[Found]:
    yield from (
        ((*path, n), f"is no dimension; they are {', '.join(DIMENSIONS)}") for n in names if n not in DIMENSIONS
    )
