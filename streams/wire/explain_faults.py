"""Explains in one line why a record was refused: the slow path, for refused records and those with unusual fields.

Nothing here recurses before the depth has been measured, and every scan is linear in the record's size, since a sender of
bad records can send many. No text contains a value of the record: a field's path, the position of a byte and what the
contract allows are enough to find the mistake, and the record itself is in the dead-letter topic.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

import msgspec
from msgspec import inspect

from relationship.contract.messages import MESSAGE_TYPES, Message
from relationship.contract.outcome import Reason, Refused
from streams.wire.rules import NO_MONEY, bad_field, bad_version
from streams.wire.shapes import fields_of, struct_of

# The errors that `explain` turns into a refusal. RecursionError occurs where the depth limit exceeds the interpreter's.
UNREADABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)

# A string is one match, and one without an end reaches to the end of the record, so that the scan is linear: `++` and `*+`
# do not backtrack.
TOKENS: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[{\]}]', re.DOTALL)
MAJOR: Final = re.compile(r"[0-9]+")
MISSING: Final = re.compile(r"Object missing required field `(\w+)`")
MONEY_PATHS: Final = frozenset({"$.amount", "$.list_price"})
LENGTH: Final = re.compile(r"Expected `str` of length (<=|>=) ([0-9]+)$")
PLACE: Final = re.compile(r" - at `(\$[^`]*)`$")
# What msgspec writes for a key that the contract does not name, and for an element of a list.
UNNAMED: Final = "[...]"

GENERIC: Final = msgspec.json.Decoder()
RAW: Final = msgspec.json.Decoder(msgspec.Raw)


class RepeatedKeyError(ValueError):
    """An object has two members of the same name, so that two readers may see two values."""


class NotFinite:
    """A placeholder for NaN, Infinity or -Infinity, which JSON does not have."""


def find_flaw(value: bytes, max_depth: int) -> Refused | None:
    """Return the fault of a record that msgspec decoded: too deep, bad UTF-8, or a repeated key; or None."""
    if is_deeper(value, max_depth):
        return _too_deep(max_depth)
    try:
        text = value.decode()
        if not _has_distinct_keys(value):
            _parse(text)
    except UnicodeDecodeError as error:
        return _bad_utf8(error)
    except RepeatedKeyError as error:
        return Refused(Reason.DECODE, str(error))
    except RecursionError:
        return _too_deep(max_depth)
    return None


def explain(value: bytes, message_type: type[Message], error: Exception, max_depth: int) -> Refused:
    """Return why `value` is no `message_type`; `error` is one of `UNREADABLE`, as msgspec raised it."""
    if is_deeper(value, max_depth) or isinstance(error, RecursionError):
        return _too_deep(max_depth)
    try:
        return _unfit(_parse(value.decode()), value, message_type, error)
    except UnicodeDecodeError as broken:
        return _bad_utf8(broken)
    except json.JSONDecodeError as broken:
        return Refused(Reason.DECODE, f"broken JSON at character {broken.pos}: {broken.msg}")
    except RepeatedKeyError as repeated:
        return Refused(Reason.DECODE, str(repeated))
    except RecursionError:
        return _too_deep(max_depth)


def is_deeper(value: bytes, max_depth: int) -> bool:
    """Tell whether arrays and objects are nested more than `max_depth` levels deep; a scalar alone is at level 0."""
    if value.count(b"{") + value.count(b"[") <= max_depth:
        return False
    depth = 0
    for token in TOKENS.finditer(value):
        first = value[token.start()]
        depth += (first in b"[{") - (first in b"]}")
        if depth > max_depth:
            return True
    return False


def _too_deep(max_depth: int) -> Refused:
    """Say how deep a record may be nested."""
    return Refused(Reason.SIZE, f"nested more than {max_depth} levels deep")


def _bad_utf8(error: UnicodeDecodeError) -> Refused:
    """Say where the record stops being UTF-8."""
    return Refused(Reason.DECODE, f"bad UTF-8 at byte {error.start}")


def _has_distinct_keys(value: bytes) -> bool:
    """Tell that no object repeats a key, at the price of one more decoding; False only means that it might."""
    try:
        return value.count(b'"') == 2 * _strings(GENERIC.decode(value))
    except msgspec.MsgspecError:  # a number beyond every type, in a field that is dropped
        return False


def _strings(part: object) -> int:
    """Count the strings of a decoded record, keys included."""
    if isinstance(part, str):
        return 1
    if isinstance(part, dict):
        return len(part) + sum(map(_strings, part.values()))
    return sum(map(_strings, part)) if isinstance(part, list) else 0


def _parse(text: str) -> object:
    """Parse JSON with NaN and its like marked, and numbers left out. Raises RepeatedKeyError, JSONDecodeError."""
    return json.loads(
        text, object_pairs_hook=_members, parse_constant=_mark, parse_int=_leave_out, parse_float=_leave_out
    )


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return an object's members. Raises RepeatedKeyError."""
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    repeated, _ = Counter(name for name, _ in pairs).most_common(1)[0]
    raise RepeatedKeyError(f"the key {_shown(repeated)} is repeated in one object")


def _mark(_constant: str) -> NotFinite:
    """Mark a number that is none."""
    return NotFinite()


def _leave_out(_digits: str) -> None:
    """Drop a number: it is not read here, and converting five thousand digits takes time."""


def _unfit(parsed: object, value: bytes, message_type: type[Message], error: Exception) -> Refused:
    """Return why a record that the lenient parser can read is refused: an unknown version before anything else."""
    if _has_unknown_major(parsed):
        return bad_version()
    if path := next(_not_finite(parsed, "$"), None):
        return bad_field(path, "not a finite number, which JSON cannot hold")
    try:
        RAW.decode(value)
    except msgspec.DecodeError:  # which the lenient parser accepts
        return Refused(Reason.DECODE, "broken JSON: half of a surrogate pair")
    return _misfit(str(error), message_type)


def _has_unknown_major(parsed: object) -> bool:
    """Tell whether the record names another major version, whatever the rest of the version is."""
    version = parsed.get("schema_version") if isinstance(parsed, dict) else None
    major = MAJOR.match(version) if isinstance(version, str) else None
    return major is not None and major[0] != "1"


def _not_finite(part: object, path: str) -> Iterator[str]:
    """Yield the paths at which the record has a number that is none."""
    if isinstance(part, NotFinite):
        yield path
    elif isinstance(part, dict):
        for name, inner in part.items():
            yield from _not_finite(inner, path + (f".{name}" if name in NAMES else UNNAMED))
    elif isinstance(part, list):
        for inner in part:
            yield from _not_finite(inner, path + UNNAMED)


def _misfit(said: str, message_type: type[Message]) -> Refused:
    """Turn msgspec's sentence into a path and a fault, without the value that it quotes for an unknown enum value."""
    place = PLACE.search(said)
    path, what = (place[1], said[: place.start()]) if place else ("$", said)
    if missing := MISSING.match(what):
        return bad_field(f"{path}.{missing[1]}", "required, and missing")
    if what.startswith("Invalid enum value"):
        return bad_field(path, f"not one of {', '.join(_allowed(message_type, path))}")
    if fault := _limit(path, what):
        return bad_field(path, fault)
    return bad_field(path, what[:1].lower() + what[1:].replace("`", ""))


def _limit(path: str, what: str) -> str | None:
    """Return which limit of the contract a text breaks, from msgspec's sentence on it; None for another fault."""
    length = LENGTH.match(what)
    if length and path in MONEY_PATHS:
        return NO_MONEY
    if length:
        return f"{'longer' if length[1] == '<=' else 'shorter'} than {length[2]} characters"
    if " matching regex " in what:
        return "not in the form that the contract gives"
    return "not RFC 3339 with an offset; a leap second (:60) is written as :59" if "RFC3339" in what else None


def _allowed(message_type: type[Message], path: str) -> list[str]:
    """Return the values that the contract allows at `path`, which names a field of literals."""
    kinds: tuple[inspect.Type, ...] = (struct_of(message_type),)
    for name in path.split(".")[1:]:
        kinds = next(fields_of(kind)[name] for kind in kinds if isinstance(kind, inspect.StructType))
    return [str(value) for kind in kinds if isinstance(kind, inspect.LiteralType) for value in kind.values]


def _names() -> Iterator[str]:
    """Yield the field names of the contract: the only names that may be shown."""
    for message_type in MESSAGE_TYPES.values():
        for name, kinds in fields_of(struct_of(message_type)).items():
            yield name
            for kind in kinds:
                yield from fields_of(kind) if isinstance(kind, inspect.StructType) else ()


def _shown(name: str) -> str:
    """Return a key as it may be shown: a key that the contract does not name can hold anything."""
    return f"`{name}`" if name in NAMES else "of a field that the contract does not name"


NAMES: Final = frozenset(_names())
