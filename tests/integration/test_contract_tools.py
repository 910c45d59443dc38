"""The contract in the hands of others' tools: the official AsyncAPI parser, and what makes types of JSON Schemas."""

import importlib
import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from other_languages import CONTRACTS, EXAMPLES, MAVEN, ROOT, need, node_modules, project_of, python_tool, run

from contracts.make_golden import FOLDER as GOLDEN
from streams.wire.contracts import TOPIC_TYPES

ASYNCAPI = CONTRACTS / "asyncapi.json"
SCHEMAS = CONTRACTS / "schemas"
JAVA_READER = Path(__file__).parents[1] / "support" / "java_reader"
DATAMODEL_CODEGEN = (
    "--input-file-type=jsonschema",
    "--output-model-type=pydantic_v2.BaseModel",
    "--target-python-version=3.11",
    "--enum-field-as-literal=all",
    "--use-annotated",
    "--formatters=builtin",
    "--disable-timestamp",
)


def golden() -> Iterator[tuple[str, Any]]:
    """Every golden message that has a schema, with its topic."""
    for file in sorted(GOLDEN.rglob("*.json")):
        if file.parent.name in TOPIC_TYPES:
            yield file.parent.name, json.loads(file.read_bytes())


def validated(document: Path, folder: Path) -> tuple[int, list[dict[str, Any]]]:
    """The official parser's exit code, and what it said."""
    ended = run("node", "validate.mjs", document, folder=project_of(CONTRACTS / "tools", folder))
    return ended.code, [json.loads(line) for line in ended.lines]


def test_the_official_parser_finds_no_fault(tmp_path: Path) -> None:
    """It reads every channel, with neither an error nor a warning."""
    code, (*findings, read) = validated(ASYNCAPI, tmp_path)
    assert [each for each in findings if each["severity"] != "information"] == []
    assert code == 0
    channels = json.loads(ASYNCAPI.read_bytes())["channels"]
    assert (read["version"], sorted(read["channels"])) == ("3.0.0", sorted(channels))


def test_the_official_parser_finds_a_fault(tmp_path: Path) -> None:
    """Of a document with a reference into nothing and an operation of no known action, both are told."""
    document = json.loads(ASYNCAPI.read_bytes())
    document["operations"]["sendState"]["action"] = "shout"
    document["components"]["messages"]["State"]["payload"] = {"$ref": "#/components/schemas/Nothing"}
    (tmp_path / "broken.json").write_text(json.dumps(document))
    code, (*findings, _) = validated(tmp_path / "broken.json", tmp_path)
    errors = {each["path"] for each in findings if each["severity"] == "error"}
    assert code == 1
    assert {"operations.sendState.action", "components.messages.State.payload.$ref"} <= errors


def test_python_types_read_every_golden_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What datamodel-code-generator makes of the schemas passes mypy --strict, and gives back what it read."""
    codegen = python_tool(ROOT / "requirements" / "contracts.lock", "datamodel-codegen")
    made = run(codegen, "--input", SCHEMAS, "--output", tmp_path / "types_made", *DATAMODEL_CODEGEN, folder=tmp_path)
    assert made.code == 0, made.err
    (tmp_path / "reader.py").write_text(
        "from types_made.crm_relationship_reclassified_v1_schema import Reclassification\n"
        "def reader(value: bytes) -> str | None:\n"
        "    decision = Reclassification.model_validate_json(value)\n"
        "    return decision.segment.market if decision.to == 'client' else None\n"
    )
    cache = f"--cache-dir={tmp_path / 'cache'}"
    checked = run(sys.executable, "-m", "mypy", "--strict", cache, "types_made", "reader.py", folder=tmp_path)
    assert checked.code == 0, checked.out
    monkeypatch.syspath_prepend(tmp_path)
    for topic, message in golden():
        module = importlib.import_module(f"types_made.{topic.replace('.', '_')}_schema")
        read = getattr(module, TOPIC_TYPES[topic].__name__).model_validate_json(json.dumps(message))
        assert read.model_dump(mode="json", by_alias=True, exclude_unset=True) == message


def test_typescript_types_take_every_golden_message(tmp_path: Path) -> None:
    """What json-schema-to-typescript makes of the schemas compiles under --strict with every golden message as a literal."""
    binaries = node_modules(EXAMPLES / "typescript") / ".bin"
    made = run(binaries / "json2ts", "--input", SCHEMAS, "--output", tmp_path, folder=tmp_path)
    assert made.code == 0, made.err
    lines = [f'import type {{ {kind.__name__} }} from "./{topic}.schema.js";' for topic, kind in TOPIC_TYPES.items()]
    lines += [
        f"export const m{number}: {TOPIC_TYPES[topic].__name__} = {json.dumps(message)};"
        for number, (topic, message) in enumerate(golden())
    ]
    lines += ["// @ts-expect-error: no such status", 'export const wrong: State["status"] = "nobody";']
    (tmp_path / "golden.ts").write_text("\n".join(lines))
    checked = run(binaries / "tsc", "--strict", "--noEmit", "--module", "nodenext", "golden.ts", folder=tmp_path)
    assert checked.code == 0, checked.out[:2000]
    assert len(lines) > 300


def test_java_types_read_every_golden_message(tmp_path: Path) -> None:
    """What jsonschema2pojo makes of the schemas compiles, has no `Object` for a nullable field, and reads them all."""
    need("mvn", "javac")
    shutil.copytree(JAVA_READER, tmp_path / "reader")
    where = (f"-Dschemas={SCHEMAS}", f"-Dexec.args={GOLDEN}")
    ended = run(*MAVEN, "compile", "exec:java", *where, folder=tmp_path / "reader")
    assert ended.code == 0, ended.out[-2000:]
    read = dict(line.split() for line in ended.lines if line.startswith("crm."))
    counted = [topic for topic, _ in golden()]
    assert read == {topic: str(counted.count(topic)) for topic in TOPIC_TYPES}
    untyped = {
        (file.stem, field)
        for file in (tmp_path / "reader").rglob("target/generated-sources/**/*.java")
        for field in re.findall(r"private Object (\w+)", file.read_text())
    }
    assert untyped == {("Profile", "goals")}, "which may be anything"
