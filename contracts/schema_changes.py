"""How one JSON Schema differs from another, as changes that narrow or widen what is valid.

It knows the keywords that the contract uses. Of any other keyword, and of a pattern or a format, which cannot be compared,
every change counts as a narrowing: better a false alarm than a broken subscriber.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

Json = dict[str, Any]
Definitions = Mapping[str, Json]

# What is said about a value and accepts or refuses nothing.
ANNOTATIONS: Final = {"$schema", "$id", "$comment", "title", "description", "default", "examples", "deprecated"}
LOWER: Final = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
UPPER: Final = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
LOOKED_INTO: Final = {"type", "enum", "const", "properties", "required", "items", "allOf", *LOWER, *UPPER}
TYPES: Final = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})
JSON_TYPES: Final = {dict: "object", list: "array", str: "string", bool: "boolean", int: "number", float: "number"}


class Change(NamedTuple):
    """One change at a path. It narrows where something that was valid is not any more, or has no meaning any more."""

    path: str
    what: str
    narrows: bool


def changes(old: Json, new: Json, old_names: Definitions, new_names: Definitions, path: str = "$") -> Iterator[Change]:
    """Yield the changes from one schema to another, but for new optional fields, which change nothing for anybody.

    Args:
        old: the schema before.
        new: the schema after.
        old_names: what the old one's references lead to, by name.
        new_names: what the new one's references lead to, by name.
        path: where the schemas stand.
    """
    before, after = _resolved(old, old_names), _resolved(new, new_names)
    yield from _types(before, after, path)
    yield from _values(before, after, path)
    yield from _limits(before, after, path)
    yield from _rules(before, after, path)
    yield from _fields(before, after, path)
    both = before.get("properties", {}).keys() & after.get("properties", {}).keys()
    for name in sorted(both):
        inner = before["properties"][name], after["properties"][name]
        yield from changes(*inner, old_names, new_names, f"{path}.{name}")
    if "items" in before or "items" in after:
        inner = before.get("items", {}), after.get("items", {})
        yield from changes(*inner, old_names, new_names, f"{path}[]")


def _resolved(schema: Json, names: Definitions) -> Json:
    reference = schema.get("$ref")
    return schema if reference is None else names[reference.rsplit("/", 1)[1]]


def _types(before: Json, after: Json, path: str) -> Iterator[Change]:
    old, new = _types_of(before), _types_of(after)
    if gone := old - new:
        yield Change(path, f"is no {_listed(gone)} any more", narrows=True)
    if more := new - old:
        yield Change(path, f"may be {_listed(more)} now", narrows=False)


def _types_of(schema: Json) -> frozenset[str]:
    """Return the types that a schema takes; a number takes integers too."""
    if "type" in schema:
        said = schema["type"]
        types = frozenset([said] if isinstance(said, str) else said)
    elif (values := _values_of(schema)) is not None:
        types = frozenset(JSON_TYPES.get(type(json.loads(value)), "null") for value in values)
    else:
        types = TYPES
    return types | {"integer"} if "number" in types else types


def _values(before: Json, after: Json, path: str) -> Iterator[Change]:
    old, new = _values_of(before), _values_of(after)
    if old is None and new is None:
        return
    if old is None or new is None:
        yield Change(path, "may be any value now" if new is None else "takes certain values only now", new is not None)
        return
    if gone := old - new:
        yield Change(path, f"has not the values {_listed(gone)} any more", narrows=True)
    if more := new - old:
        yield Change(path, f"has the values {_listed(more)} too", narrows=False)


def _values_of(schema: Json) -> frozenset[str] | None:
    """Return the JSON of every value that a schema lists, or None where it lists none. Null is a matter of the type."""
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    return None if values is None else frozenset(json.dumps(value) for value in values if value is not None)


def _limits(before: Json, after: Json, path: str) -> Iterator[Change]:
    for name in (*LOWER, *UPPER):
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        narrows = old is None or (new is not None and (new > old if name in LOWER else new < old))
        yield Change(path, f"{name} is {_said(new)}, was {_said(old)}", narrows)


def _rules(before: Json, after: Json, path: str) -> Iterator[Change]:
    """Yield what became of the rules of `allOf`, and of every keyword that is not looked into."""
    old, new = ({json.dumps(rule, sort_keys=True) for rule in each.get("allOf", [])} for each in (before, after))
    if old - new:
        yield Change(path, "a rule is gone", narrows=False)
    for rule in sorted(new - old):
        if not _speaks_of_new(json.loads(rule), before):
            yield Change(path, f"a rule is new: {rule}", narrows=True)
    for name in sorted((before.keys() | after.keys()) - ANNOTATIONS - LOOKED_INTO):
        if before.get(name) != after.get(name):
            dropped = name in before and name not in after
            yield Change(path, f"{name} is {_said(after.get(name))}, was {_said(before.get(name))}", not dropped)


def _speaks_of_new(rule: Json, before: Json) -> bool:
    """Tell whether a rule begins with a field's having a value that it could not have before."""
    asked = rule.get("if", {})
    for name, field in asked.get("properties", {}).items():
        known = _values_of(before.get("properties", {}).get(name, {}))
        if name in asked.get("required", []) and "const" in field and known is not None:
            return json.dumps(field["const"]) not in known
    return False


def _fields(before: Json, after: Json, path: str) -> Iterator[Change]:
    old, new = before.get("properties", {}), after.get("properties", {})
    needed_before, needed_now = set(before.get("required", [])), set(after.get("required", []))
    for name in sorted(old.keys() - new.keys()):
        yield Change(f"{path}.{name}", "the field is gone", narrows=True)
    for name in sorted(needed_now - needed_before):
        yield Change(f"{path}.{name}", "is required now", narrows=True)
    for name in sorted((needed_before - needed_now) & new.keys()):
        yield Change(f"{path}.{name}", "is not required any more", narrows=False)


def _listed(words: frozenset[str]) -> str:
    return ", ".join(sorted(words))


def _said(value: Any) -> str:
    return "not there" if value is None else json.dumps(value)
