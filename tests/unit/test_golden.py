"""The golden messages: every version's can be read, the newest are what the product says, and together they have it all."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from contracts.compatibility import released
from contracts.make_golden import FOLDER, SAID_BY_OTHERS, golden_files, main, messages, told_again
from contracts.output import DECIDED_AT, output_of
from contracts.story import refused_story
from relationship.contract.messages import MESSAGE_TYPES, MOVES, PURCHASES, REFERRALS
from relationship.contract.outcome import POLICIES, REJECTED, Reason
from relationship.policy.compiled import load_policy
from relationship.timeline.published import PublishedPolicies
from streams.wire.codecs import Codec, Limits
from streams.wire.contracts import TOPIC_TYPES, render

VERSIONS = sorted((folder.name for folder in FOLDER.iterdir()), key=lambda name: [*map(int, name.split("."))])
FILES = sorted(FOLDER.rglob("*.json"))
CURRENT = {topic: json.loads(render()[f"schemas/{topic}.schema.json"]) for topic in TOPIC_TYPES}
CODEC = Codec(Limits())

# What no golden message has, and why.
NOT_SHOWN = {
    f"{PURCHASES} $.currency": "180 codes; a few stand for them",
    f"{REFERRALS} $.schema_version": "the worker leaves it out of its own messages",
    f"{MOVES} $.schema_version": "the worker leaves it out of its own messages",
}


def golden(version: str, topic: str) -> list[Any]:
    """The golden values of a topic, in order."""
    return [json.loads(file.read_bytes()) for file in sorted((FOLDER / version / topic).glob("*.json"))]


def name_of(file: Path) -> str:
    """A golden file's name in a test's report."""
    return file.relative_to(FOLDER).as_posix()


def test_every_topic_has_several() -> None:
    """The intake, the output, the worker's own topics, the policies and the dead letters."""
    for version in VERSIONS:
        topics = {each["address"] for each in released(version)["channels"].values()}
        assert topics == {folder.name for folder in (FOLDER / version).iterdir()}
        assert {topic for topic in topics if len(golden(version, topic)) < 2} <= {REFERRALS}


@pytest.mark.parametrize("topic", TOPIC_TYPES)
def test_the_schema_accepts_them(topic: str) -> None:
    """Today's schemas take the golden messages of every version kept."""
    validator = Draft202012Validator(CURRENT[topic])
    found = [message for version in VERSIONS for message in golden(version, topic)]
    assert found
    assert [error.message for message in found for error in validator.iter_errors(message)] == []


@pytest.mark.parametrize("topic", MESSAGE_TYPES)
def test_the_codec_reads_them(topic: str) -> None:
    """What a producer of any version kept says is understood field by field, nulls and absent fields included."""
    for message in (each for version in VERSIONS for each in golden(version, topic)):
        value = json.dumps(message).encode()
        key = message["account_id"].encode()
        read = CODEC.decode(topic, key, value, DECIDED_AT, offset=0, timestamp_us=DECIDED_AT)
        assert isinstance(read, MESSAGE_TYPES[topic]), read
        assert msgspec.convert(message, type(read)) == read
        assert {name for name, told in msgspec.to_builtins(read).items() if told is not None} == {
            name for name, told in message.items() if told is not None
        }


def test_the_worker_follows_their_policies() -> None:
    """A policy published under any version kept is in force: a worker reads the topic from the first."""
    for version in VERSIONS:
        followed = PublishedPolicies(load_policy())
        assert [followed.apply(json.dumps(each).encode()) for each in golden(version, POLICIES)].count(None) == 4
        assert len(followed.switches()) == 1


def test_the_product_says_the_same_again() -> None:
    """The newest version's story, told from the files, is answered with the newest version's golden output.

    A field that is newer than the golden message is left out of the comparison. Where a decision is meant to change:
    `python -m contracts.make_golden`, and look at what it changed.
    """
    newest = FOLDER / VERSIONS[-1]
    said = [*messages(output_of([*told_again(newest), *refused_story()]))]
    for topic in sorted({folder.name for folder in newest.iterdir()} - {*SAID_BY_OTHERS}):
        expected = golden(VERSIONS[-1], topic)
        found = [value for where, value in said if where == topic]
        assert len(found) == len(expected), topic
        assert [known(value, like) for value, like in zip(found, expected, strict=True)] == expected, topic


def known(value: Any, like: Any) -> Any:
    """Return a message without the fields that another one does not know."""
    if isinstance(value, dict) and isinstance(like, dict):
        return {name: known(value[name], inner) for name, inner in like.items() if name in value}
    if isinstance(value, list) and isinstance(like, list) and len(value) == len(like):
        return [known(*pair) for pair in zip(value, like, strict=True)]
    return value


def test_a_comparison_leaves_out_what_is_new_and_nothing_else() -> None:
    """Newer fields at any depth are passed over; a changed, missing or further value is not."""
    like = {"a": [{"b": 1}], "c": None}
    assert known({"a": [{"b": 1, "new": 2}], "c": None, "new": 3}, like) == like
    for other in ({"a": [{"b": 2}], "c": None}, {"a": [{"b": 1}, {}], "c": None}, {"a": [{"b": 1}]}):
        assert known(other, like) != like


@pytest.mark.parametrize("version", VERSIONS)
def test_they_have_every_field_value_and_null(version: str) -> None:
    """Every field of the release has a value in one of them, every value of an enumeration occurs, and every null."""
    document = released(version)
    missing = {
        f"{topic} {each}"
        for topic, channel in document["channels"].items()
        if topic != REJECTED
        for name in channel["messages"]
        for each in unsaid({"$ref": f"/{name}"}, golden(version, topic), document["components"]["schemas"], "$")
    }
    assert {each.partition(": ")[0] for each in missing} == {*NOT_SHOWN}, missing


def unsaid(schema: dict[str, Any], values: list[Any], names: dict[str, Any], path: str) -> Iterator[str]:
    """Yield what of a schema none of the values has."""
    if "$ref" in schema:
        schema = names[schema["$ref"].rsplit("/", 1)[1]]
    types = schema.get("type", [])
    if "null" in types and None not in values:
        yield f"{path}: null"
    missing = [value for value in schema.get("enum", []) if value not in values]
    if missing:
        yield f"{path}: {missing}"
    if "null" in types and not [value for value in values if value is not None]:
        yield f"{path}: a value"
    objects = [value for value in values if isinstance(value, dict)]
    for name, field in schema.get("properties", {}).items():
        there = [value[name] for value in objects if name in value]
        yield from unsaid(field, there, names, f"{path}.{name}") if there else [f"{path}.{name}: the field"]
    if "items" in schema:
        inner = [item for value in values if isinstance(value, list) for item in value]
        yield from unsaid(schema["items"], inner, names, f"{path}[]") if inner else [f"{path}[]: an item"]


def test_refused_records_have_their_reasons() -> None:
    """One for every reason but SIZE and FAULT, which take a megabyte and a defect, each with the record as it was."""
    for version in VERSIONS:
        letters = golden(version, REJECTED)
        assert {each["headers"]["clientward-reason"] for each in letters} == {*Reason} - {Reason.SIZE, Reason.FAULT}
        assert {each["headers"]["kafka_dlt-original-topic"] for each in letters} <= {*MESSAGE_TYPES}
        assert all(each["value"] for each in letters)


def test_making_them_is_deterministic(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same code writes the same bytes, one file a message, and takes away what it does not write any more."""
    files = golden_files()
    assert golden_files() == files
    old = tmp_path / PURCHASES / "999-old.json"
    old.parent.mkdir()
    old.write_text("{}")
    assert main([str(tmp_path)]) == 0
    assert {path.relative_to(tmp_path).as_posix(): path.read_bytes() for path in tmp_path.rglob("*.json")} == files
    assert f"{len(files)} golden messages" in capsys.readouterr().out
