"""The forms of JSON Schema that code generators take. What a schema accepts is the same before and after.

Tried with datamodel-code-generator (Python), json-schema-to-typescript and jsonschema2pojo (Java), where they stumble:

- `anyOf` of a type and null is `Object` to jsonschema2pojo: `type` lists null instead, and an `enum` does too. An object
  that stands in such an `anyOf` by reference is written out, since a reference cannot be widened.
- A schema with nothing but a default is "some object" to json-schema-to-typescript: without the default it is anything.
- An enum in a property that is named as its own type (`command` of `Command`) does not compile in Java: it gets a title.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

Json = dict[str, Any]

NULL: Final[Json] = {"type": "null"}


def for_generators(definitions: Mapping[str, Json]) -> dict[str, Json]:
    """Return named schemas, which may refer to one another, in these forms, without those no longer referred to."""
    plain = {name: _titled(_plain(definition)) for name, definition in definitions.items()}
    whole = {name: _written_out(definition, plain) for name, definition in plain.items()}
    gone = set(_references([*plain.values()])) - set(_references([*whole.values()]))
    return {name: definition for name, definition in whole.items() if name not in gone}


def _plain(part: Any) -> Any:
    """Return a schema without a nullable `anyOf` of plain types, and without a default that stands alone."""
    if isinstance(part, list):
        return [_plain(each) for each in part]
    if not isinstance(part, dict):
        return part
    schema = {name: _plain(inner) for name, inner in part.items()}
    if schema.keys() == {"default"}:
        return {}
    inner = _nullable(schema)
    return schema if inner is None or "$ref" in inner else _or_null(schema, inner)


def _nullable(schema: Json) -> Json | None:
    """Return what a schema accepts besides null, where it is an `anyOf` of just these two and says no more."""
    alternatives = schema.get("anyOf")
    if not isinstance(alternatives, list) or len(alternatives) != 2 or NULL not in alternatives:  # noqa: PLR2004 - it and null
        return None
    (inner,) = [each for each in alternatives if each != NULL] or [None]
    return inner if isinstance(inner, dict) and inner.keys() & {"type", "enum", "$ref"} else None


def _or_null(schema: Json, inner: Json) -> Json:
    """Return the inner schema with null among its types, and what stood beside the `anyOf`: annotations."""
    widened = dict(inner)
    if "enum" in inner:
        widened = {"type": ["string", "null"], **inner, "enum": [*inner["enum"], None]}
    else:
        widened["type"] = [inner["type"], "null"]
    return widened | {name: value for name, value in schema.items() if name != "anyOf"}


def _written_out(part: Any, definitions: Mapping[str, Json]) -> Any:
    """Return a schema with every reference that may be null written out."""
    if isinstance(part, list):
        return [_written_out(each, definitions) for each in part]
    if not isinstance(part, dict):
        return part
    inner = _nullable(part)
    if inner is not None and "$ref" in inner:
        return _or_null(part, definitions[_name(inner["$ref"])])
    return {name: _written_out(each, definitions) for name, each in part.items()}


def _titled(definition: Json) -> Json:
    """Return a type whose property of the same name, if it is an enum, has a title of its own."""
    title, fields = str(definition.get("title")), definition.get("properties", {})
    named = {name: {"title": f"{title}Name", **field} for name, field in fields.items() if name == title.lower()}
    return {**definition, "properties": {**fields, **named}} if named else definition


def _references(part: Any) -> Iterator[str]:
    """Yield the names that a schema refers to."""
    if isinstance(part, dict):
        yield from (_name(value) for name, value in part.items() if name == "$ref")
        part = [*part.values()]
    if isinstance(part, list):
        for each in part:
            yield from _references(each)


def _name(reference: str) -> str:
    return reference.rsplit("/", 1)[1]
