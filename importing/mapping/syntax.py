"""Which columns a query reads where: by DuckDB's own parser, so that what is told of a field names the file's column."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from importing.errors import ImportingError
from importing.reading.bench import Bench


class Call(NamedTuple):
    """A call of a function: its name, the columns in each argument, and the first argument where it is a text."""

    name: str
    arguments: tuple[tuple[str, ...], ...]
    text: str = ""


class Syntax(NamedTuple):
    """What a query is made of.

    Attributes:
        fields: the columns that each yielded field reads, by the field's name.
        place: byte at which the list of what is selected begins; -1 where there is no one such list.
        grouped: whether rows of the file are put together.
        calls: every call of a function, wherever it stands.
    """

    fields: dict[str, tuple[str, ...]]
    place: int
    grouped: bool
    calls: tuple[Call, ...]


def read_syntax(bench: Bench, sql: str, what: str) -> Syntax:
    """Return what a query is made of. Raises ImportingError where it is no single SELECT."""
    raw = bench.one("SELECT json_serialize_sql(?)", [sql])
    tree = json.loads(raw)
    if tree.get("error"):
        message = str(tree.get("error_message", ""))
        why = "holds something else than a SELECT" if "Only SELECT" in message else message
        raise ImportingError(f"{what}: {why}; a mapping is made of SELECT … FROM file")
    if len(tree["statements"]) != 1:
        raise ImportingError(f"{what}: several queries in one: end each with a semicolon")
    node = tree["statements"][0]["node"]
    calls = tuple(Call(each["function_name"].lower(), _arguments(each), _text(each)) for each in _functions(tree))
    if node["type"] != "SELECT_NODE":
        return Syntax({}, -1, grouped=True, calls=calls)
    listed = node["select_list"]
    fields = {name: tuple(_columns(each)) for each in listed if (name := _name(each))}
    grouped = bool(node.get("group_expressions")) or node.get("aggregate_handling") == "FORCE_AGGREGATES"
    place = listed[0].get("query_location", -1)
    return Syntax(fields, _leftmost(listed[0], place), grouped, calls)


def _name(node: dict[str, Any]) -> str:
    if node.get("alias"):
        return str(node["alias"])
    return str(node["column_names"][-1]) if node.get("class") == "COLUMN_REF" else ""


def _leftmost(node: Any, place: int) -> int:
    """Return where an expression begins: an operator's own place may be in its middle."""
    found = [each["query_location"] for each in _dicts(node) if isinstance(each.get("query_location"), int)]
    return min((each for each in found if 0 <= each < 1 << 40), default=place)


def _functions(node: Any) -> Iterator[dict[str, Any]]:
    return (each for each in _dicts(node) if each.get("class") == "FUNCTION" and "function_name" in each)


def _arguments(call: dict[str, Any]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(_columns(each)) for each in call.get("arguments", []))


def _text(call: dict[str, Any]) -> str:
    given: list[dict[str, Any]] = call.get("arguments") or [{}]
    first: dict[str, Any] = given[0].get("expression", {})
    return str(first.get("literal", {}).get("text", "")) if first.get("class") == "CONSTANT" else ""


def _columns(node: Any) -> list[str]:
    names = [str(each["column_names"][-1]) for each in _dicts(node) if each.get("class") == "COLUMN_REF"]
    return list(dict.fromkeys(names))


def _dicts(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for each in node.values():
            yield from _dicts(each)
    elif isinstance(node, list):
        for each in node:
            yield from _dicts(each)
