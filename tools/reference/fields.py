"""The fields of a JSON Schema as rows: name, what it takes, whether it must be there, and what it is."""

from collections.abc import Iterator
from typing import Any, Final

from tools.reference.tables import code

Json = dict[str, Any]
#: Values of an enumeration that are listed; of longer ones, such as the currencies, only their number is told.
LISTED: Final = 20


def rows(schema: Json) -> Iterator[tuple[str, str, str, str]]:
    """Yield the fields of an object, in the order of the schema."""
    required = set(schema.get("required", ()))
    for name, field in schema.get("properties", {}).items():
        yield (
            code(name),
            takes(field),
            "yes" if name in required else "",
            " ".join(str(field.get("description", "")).split()),
        )


def takes(field: Json) -> str:
    """Return in words what a field takes."""
    for key in ("anyOf", "oneOf"):
        if key in field:
            return " or ".join(dict.fromkeys(takes(each) for each in field[key] if each != {"type": "null"}))
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "const" in field:
        return code(field["const"])
    if "enum" in field:
        values = [value for value in field["enum"] if value is not None]
        return ", ".join(map(code, values)) if len(values) <= LISTED else f"one of {len(values)} values"
    return _of_type(field)


def _of_type(field: Json) -> str:
    kinds = field.get("type", "anything")
    kind = " or ".join(each for each in ([kinds] if isinstance(kinds, str) else kinds) if each != "null")
    if kind == "array" and isinstance(field.get("items"), dict):
        return f"list of {takes(field['items'])}"
    if field.get("format") == "date-time":
        return "moment"
    low, high = field.get("minimum"), field.get("maximum")
    return kind + (f", {low} to {high}" if low is not None and high is not None else "")
