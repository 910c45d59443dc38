"""The committed contract is what the types say, holds together, and takes the messages that the topics carry."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from codec_support import COMMON, CORRECTION, FIXED, VALID
from jsonschema import Draft202012Validator

from relationship.contract.messages import COMMANDS, MESSAGE_TYPES, PROFILES, PURCHASES, TICKETS
from relationship.contract.outcome import RECLASSIFIED, REJECTED, STATE
from relationship.generated import stale
from streams.wire.contracts import GENERATOR, TOPIC_TYPES, main, render

FOLDER = Path(__file__).parents[2] / "contracts"
FILES = render()
ASYNCAPI: dict[str, Any] = json.loads(FILES["asyncapi.json"])


def validator(topic: str) -> Draft202012Validator:
    """The committed schema of a topic."""
    return Draft202012Validator(json.loads((FOLDER / f"schemas/{topic}.schema.json").read_text()))


def references(part: Any) -> Iterator[str]:
    """Every reference in a document."""
    if isinstance(part, dict):
        yield from (value for name, value in part.items() if name == "$ref")
        part = list(part.values())
    if isinstance(part, list):
        for inner in part:
            yield from references(inner)


def resolved(document: Any, reference: str) -> Any:
    """What a reference within a document stands for."""
    for name in reference.removeprefix("#/").split("/"):
        document = document[name]
    return document


def test_the_committed_files_are_what_the_types_say() -> None:
    """A type that changed without its files fails here: run `python -m streams.wire.contracts`."""
    assert stale(GENERATOR.files(FOLDER)) == []
    assert render() == FILES


def test_every_topic_has_a_schema_and_a_channel() -> None:
    """Nothing that is sent or read is missing from the contract, and the dead letters are there too."""
    assert {Path(path).name.removesuffix(".schema.json") for path in FILES if path.startswith("schemas/")} == set(
        TOPIC_TYPES
    )
    assert set(ASYNCAPI["channels"]) == {*TOPIC_TYPES, REJECTED}
    assert {RECLASSIFIED, STATE, *MESSAGE_TYPES} <= set(TOPIC_TYPES)


@pytest.mark.parametrize("path", FILES)
def test_every_reference_leads_somewhere(path: str) -> None:
    """Each document stands alone."""
    document = json.loads(FILES[path])
    assert all(resolved(document, reference) for reference in references(document))


@pytest.mark.parametrize("topic", TOPIC_TYPES)
def test_every_schema_is_one(topic: str) -> None:
    """The schemas keep to the dialect that they name, and use no look-ahead, which some dialects lack."""
    schema = validator(topic).schema
    Draft202012Validator.check_schema(schema)
    assert "(?!" not in json.dumps(schema)


@pytest.mark.parametrize("topic", MESSAGE_TYPES)
def test_an_example_of_every_message_is_valid(topic: str) -> None:
    """The messages that the codec's tests accept pass the schemas, with more fields than the contract has too."""
    assert validator(topic).is_valid(VALID[topic])
    assert validator(topic).is_valid({**VALID[topic], "more": [1], "schema_version": "1.4"})


@pytest.mark.parametrize("value", [None, FIXED])
def test_a_correction_is_valid(value: dict[str, Any] | None) -> None:
    """A null value withdraws; it is there all the same."""
    assert validator(COMMANDS).is_valid({**CORRECTION, "value": value})


@pytest.mark.parametrize(
    ("topic", "message"),
    [
        pytest.param(PURCHASES, {**VALID[PURCHASES], "currency": "ZZZ"}, id="currency"),
        pytest.param(PURCHASES, {**VALID[PURCHASES], "amount": 1}, id="amount"),
        pytest.param(PURCHASES, {**VALID[PURCHASES], "schema_version": "2.0"}, id="version"),
        pytest.param(TICKETS, {**VALID[TICKETS], "csat": 6}, id="csat"),
        pytest.param(PROFILES, {**VALID[PROFILES], "contract": {"id": "c"}}, id="contract"),
        pytest.param(COMMANDS, {**VALID[COMMANDS], "until": None}, id="override"),
        pytest.param(COMMANDS, {**COMMON, "command": "merge"}, id="merge"),
        pytest.param(COMMANDS, {**COMMON, "command": "correct", "corrects": "e-0"}, id="correct"),
        pytest.param(COMMANDS, {**CORRECTION, "topic": "crm.other.v1"}, id="topic"),
        pytest.param(PURCHASES, {}, id="empty"),
    ],
)
def test_the_schemas_refuse_what_the_codec_refuses(topic: str, message: dict[str, Any]) -> None:
    """A producer finds these mistakes before it sends anything."""
    assert not validator(topic).is_valid(message)


def test_the_application_receives_the_intake_and_sends_the_output() -> None:
    """The direction of every channel is that of the worker."""
    flow = {(entry["action"], entry["channel"]["$ref"].rsplit("/", 1)[1]) for entry in ASYNCAPI["operations"].values()}
    assert {("receive", topic) for topic in MESSAGE_TYPES} <= flow
    assert {("send", RECLASSIFIED), ("send", STATE), ("send", REJECTED)} <= flow
    assert ("send", PURCHASES) not in flow


def test_writing_leaves_nothing_stale(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Writing makes the folder what the types say; checking tells in one line what is not, and writes nothing."""
    assert main([str(tmp_path), "--check"]) == 1
    assert not list(tmp_path.iterdir())
    assert main([str(tmp_path)]) == 0
    (tmp_path / "schemas/crm.old.v1.schema.json").write_text("{}")
    (tmp_path / "asyncapi.json").write_text("{}")
    capsys.readouterr()
    assert main([str(tmp_path), "--check"]) == 1
    told = capsys.readouterr().err
    assert "asyncapi.json, schemas/crm.old.v1.schema.json" in told
    assert told.count("\n") == 1
    assert main([str(tmp_path)]) == 0
    assert main([str(tmp_path), "--check"]) == 0
