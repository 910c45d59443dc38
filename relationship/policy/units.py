"""A policy's values one by one: each with its path, and with the unit that its type names."""

from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Final, get_args, get_origin

import msgspec
from msgspec import Meta

from relationship.policy.file import MASS, Effects, PolicyFile
from relationship.policy.text import Path

AT_HALF: Final = "at which it stands at one half"
SCALES: Final = {  # what the scale of a dimension counts where it is not a mass of evidence
    "duration": f"days of tenure {AT_HALF}",
    "breadth": f"lines of business added since the first {AT_HALF}",
    "service": f"hours of people's time {AT_HALF}",
}
Scalar = float | str | list[float] | None


def unit_of(path: Path) -> str:
    """Return the unit of the value at a path, as its type has it."""
    if path[0] == "dimensions" and path[-1] == "scale" and path[1] in SCALES:
        return SCALES[path[1]]
    kind: Any = PolicyFile
    for name in path:
        kind = child(kind, name)
        if kind == Effects:
            return MASS
    return described(kind)


def present(kind: Any) -> Any:
    """Return the type of a table that may be absent, where it is there; any other type as it is."""
    if get_origin(kind) is not UnionType:
        return kind
    return next((each for each in get_args(kind) if isinstance(each, type) and issubclass(each, msgspec.Struct)), kind)


def child(kind: Any, name: str) -> Any:
    """Return the type of what a table of type `kind` holds under a name. Raises KeyError where it holds none such."""
    if get_origin(kind) is dict:
        return get_args(kind)[1]
    return {field.encode_name: field.type for field in msgspec.structs.fields(present(kind))}[name]


def described(kind: Any) -> str:
    """Return the description in a value's type; of one that may be absent, that of what it is where it is there."""
    if get_origin(kind) is Annotated:
        return next((meta.description or "" for meta in kind.__metadata__ if isinstance(meta, Meta)), "")
    return next((found for each in get_args(kind) if (found := described(each))), "")


def values_of(source: PolicyFile) -> Iterator[tuple[Path, Scalar]]:
    """Yield every value of a policy with its path, in the file's order; a pair of masses is one value."""
    yield from _leaves(msgspec.to_builtins(source), ())


def _leaves(value: Any, path: Path) -> Iterator[tuple[Path, Scalar]]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _leaves(each, (*path, name))
    elif value is not None:
        yield path, list(value) if isinstance(value, list | tuple) else value
