"""The policy file as a JSON Schema, generated from its types: what an editor checks while a policy is written.

It says a little less than `relationship/policy/check.py`, whose rules compare values with each other, and never refuses
what that accepts.
"""

from typing import Any, Final

import msgspec

from relationship.contract.names import DIMENSIONS
from relationship.policy.file import FIRM_NAMES, MASS, MOST_MASS, NAMES, PolicyFile

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
ID: Final = "urn:clientward:policy"


def policy_schema() -> dict[str, Any]:
    """Return the schema of a policy file, 2020-12."""
    _, definitions = msgspec.json.schema_components([PolicyFile], ref_template="#/$defs/{name}")
    own = definitions.pop(PolicyFile.__name__)
    schema = {"$schema": DIALECT, "$id": ID, **own, "$defs": definitions}
    for path, names in NAMES.items():
        _name(_at(schema, path), names)
    for table in definitions["Signals"]["properties"].values():
        table["properties"] = dict.fromkeys(table["properties"], _effects())
    definitions["Industry"]["properties"]["weights"]["propertyNames"] = {"enum": list(DIMENSIONS)}
    for table, names in FIRM_NAMES.items():
        definitions["Firm"]["properties"][table]["propertyNames"] = {"enum": list(names)}
    return schema


def _at(schema: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    """Return the part of the schema that describes the table at a path."""
    part = schema
    for name in path:
        part = schema["$defs"][part["$ref"].rsplit("/", 1)[1]] if "$ref" in part else part
        part = part["properties"][name]
    return part


def _name(table: dict[str, Any], names: tuple[str, ...]) -> None:
    """Give a table of names its names, all of them required."""
    each = table.pop("additionalProperties")
    table.update(properties=dict.fromkeys(names, each), required=list(names), additionalProperties=False)


def _effects() -> dict[str, Any]:
    side = {"type": "number", "minimum": 0, "maximum": MOST_MASS}
    pair = {"type": "array", "prefixItems": [side, side], "minItems": 2, "items": False}
    amount = {"anyOf": [{"type": "number", "minimum": -MOST_MASS, "maximum": MOST_MASS}, pair]}
    return {
        "type": "object",
        "description": MASS,
        "properties": dict.fromkeys(DIMENSIONS, amount),
        "additionalProperties": False,
    }
