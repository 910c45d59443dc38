"""The contract's schemas: their forms change nothing of what is valid, and no break of theirs goes unseen."""

import json
from copy import deepcopy
from typing import Any

import msgspec
from cases import cases
from codec_strategies import anything, mutated
from hypothesis import event, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from contracts.make_golden import FOLDER
from contracts.schema_changes import changes
from streams.wire.contracts import DEFINITIONS, TOPIC_TYPES, _finished
from streams.wire.generated_types import for_generators

Json = dict[str, Any]
Path = tuple[str | int, ...]

GOLDEN = {
    topic: [json.loads(file.read_bytes()) for file in sorted(FOLDER.glob(f"*/{topic}/*.json"))] for topic in TOPIC_TYPES
}


def definitions(topic: str) -> dict[str, Json]:
    """A topic's type and its parts, as msgspec and the codec's rules have them."""
    _, found = msgspec.json.schema_components([TOPIC_TYPES[topic]], ref_template=DEFINITIONS)
    return _finished(found)


def validator(topic: str, names: dict[str, Json]) -> Draft202012Validator:
    """What judges a topic's messages by these definitions."""
    return Draft202012Validator({"$ref": DEFINITIONS.format(name=TOPIC_TYPES[topic].__name__), "$defs": names})


PLAIN = {topic: definitions(topic) for topic in TOPIC_TYPES}
MENDED = {topic: for_generators(names) for topic, names in PLAIN.items()}
BEFORE = {topic: validator(topic, names) for topic, names in PLAIN.items()}
AFTER = {topic: validator(topic, names) for topic, names in MENDED.items()}


def paths(part: Any, path: Path = ()) -> list[Path]:
    """Every place in a JSON value but the whole."""
    entries = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    return [found for name, inner in entries for found in ((*path, name), *paths(inner, (*path, name)))]


def altered(whole: Any, path: Path, value: Any) -> Any:
    """A JSON value with another one at a place; the ellipsis takes the place away."""
    copy = inner = deepcopy(whole)
    for step in path[:-1]:
        inner = inner[step]
    if value is ...:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return copy


@st.composite
def damaged(draw: st.DrawFn, topics: tuple[str, ...] = (*TOPIC_TYPES,)) -> tuple[str, Any]:
    """A topic, and a golden message of it with up to two places changed or taken away."""
    topic = draw(st.sampled_from(topics))
    message = draw(st.sampled_from(GOLDEN[topic]))
    for _ in range(draw(st.integers(0, 2))):
        if places := paths(message):
            value = draw(
                st.just(...) | st.none() | anything | st.sampled_from(["client", "", "1.0", "2024-01-01", 0, 101])
            )
            message = altered(message, draw(st.sampled_from(places)), value)
    return topic, message


@cases(400)
@given(damaged() | mutated())
def test_forms_change_nothing_of_what_is_valid(case: tuple[str, Any]) -> None:
    """A message passes the schema for generators just where it passes the one that the types say."""
    topic, message = case
    valid = BEFORE[topic].is_valid(message)
    event(f"valid: {valid}")
    assert AFTER[topic].is_valid(message) == valid


def test_forms_change_nothing_of_the_golden_messages() -> None:
    """Every golden message is valid in both forms, and not any more without a field that is required."""
    for topic, messages in GOLDEN.items():
        required = PLAIN[topic][TOPIC_TYPES[topic].__name__]["required"]
        for message in messages:
            assert BEFORE[topic].is_valid(message)
            assert AFTER[topic].is_valid(message)
        for name in required:
            without = {field: value for field, value in messages[0].items() if field != name}
            assert not BEFORE[topic].is_valid(without)
            assert not AFTER[topic].is_valid(without)


def test_the_forms_are_those_that_generators_take() -> None:
    """No union with null is left, nor a default that stands alone; doing it twice changes nothing."""
    text = json.dumps(MENDED)
    assert '"anyOf"' in json.dumps(PLAIN)
    assert '"anyOf"' not in text
    assert '{"default": null}' not in text
    assert {topic: for_generators(names) for topic, names in MENDED.items()} == MENDED


KEYWORDS: dict[str, st.SearchStrategy[Any]] = {
    "type": st.sampled_from(["string", "number", "integer", "object", ["string", "null"], ["number", "null"]]),
    "enum": st.lists(st.sampled_from(["client", "advice", "EUR", "new", None]), min_size=1, unique=True),
    "required": st.lists(st.sampled_from(["account_id", "why", "channel", "new"]), unique=True),
    "maxLength": st.integers(0, 300),
    "minLength": st.integers(0, 3),
    "maximum": st.integers(0, 200),
    "minimum": st.integers(-2, 2),
    "pattern": st.sampled_from(["^[0-9]+$", "."]),
    "additionalProperties": st.booleans(),
    "properties": st.just({"new": {"type": "string"}}),
    "items": st.sampled_from([{"type": "string"}, {"type": "number"}]),
}


@st.composite
def edited(draw: st.DrawFn) -> tuple[str, dict[str, Json]]:
    """A topic, and its definitions with one keyword of one schema in them set, taken away or added."""
    topic = draw(st.sampled_from([*TOPIC_TYPES]))
    places = [path for path in paths(MENDED[topic]) if path[-1] in KEYWORDS and not _names_a_field(path)]
    path = draw(st.sampled_from(places))
    if draw(st.booleans()):
        path = (*path[:-1], draw(st.sampled_from([*KEYWORDS])))
        value = draw(KEYWORDS[str(path[-1])])
    else:
        value = draw(st.just(...) | KEYWORDS[str(path[-1])])
    return topic, altered(MENDED[topic], path, value)


def _names_a_field(path: Path) -> bool:
    """Tell whether a place within a schema is under `properties`, where names are fields and no keywords."""
    return len(path) > 1 and path[-2] == "properties"


@cases(300)
@given(edited(), st.data())
def test_no_break_goes_unseen(edit: tuple[str, dict[str, Json]], data: st.DataObject) -> None:
    """Without a narrowing, what was valid is valid; with no change at all, nothing else is. New fields are left out."""
    topic, names = edit
    name = TOPIC_TYPES[topic].__name__
    found = [*changes(MENDED[topic][name], names[name], MENDED[topic], names)]
    event("none" if not found else "narrows" if any(each.narrows for each in found) else "widens")
    if any(each.narrows for each in found):
        return
    after = validator(topic, names)
    messages = [*GOLDEN[topic][:5], data.draw(damaged((topic,)))[1]]
    for message in messages:
        if "new" in json.dumps(message):
            continue
        before = AFTER[topic].is_valid(message)
        assert after.is_valid(message) or not before
        assert found or after.is_valid(message) == before
