"""The contract as files: JSON Schemas of topics and policy, and an AsyncAPI document, generated from their types.

`python -m streams.wire.contracts` writes them into `contracts/`; `--check` only tells whether they are up to date, and a
test does the same. A schema contains a little less than the codec checks (not, for instance, that the key is the account's
id), and must never refuse what the codec accepts.
"""

import inspect
import json
import sys
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec

from relationship import generated
from relationship.contract.currencies import CURRENCIES
from relationship.contract.decisions import Audit, Published, Reclassification, ShadowDifference, State
from relationship.contract.messages import MESSAGE_TYPES, MOVES, PROFILES, REFERRALS, Command, Intake
from relationship.contract.outcome import AUDIT, POLICIES, RECLASSIFIED, REJECTED, SHADOWED, STATE
from relationship.policy.schema import policy_schema
from streams.wire import dead_letters
from streams.wire.generated_types import for_generators
from streams.wire.rules import NEEDS

Json = dict[str, Any]

OUTPUT_TYPES: Final[dict[str, type[msgspec.Struct]]] = {
    RECLASSIFIED: Reclassification,
    STATE: State,
    AUDIT: Audit,
    POLICIES: Published,
    SHADOWED: ShadowDifference,
}
TOPIC_TYPES: Final[dict[str, type[msgspec.Struct]]] = {**MESSAGE_TYPES, **OUTPUT_TYPES}

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
ASYNCAPI: Final = "3.0.0"
CONTRACT_VERSION: Final = "1.0.0"
DEFINITIONS: Final = "#/$defs/{name}"
COMPONENTS: Final = "#/components/schemas/{name}"
KAFKA_BINDING: Final = "0.5.0"

# In Python `$` also matches before a final line feed; in other dialects it does not, and some have no look-ahead.
PYTHON_ONLY: Final = r"(?!\n)"
VERSION_1: Final = r"^1(\.[0-9]{1,4})*$"

CLOUD_EVENT: Final[Json] = {
    "type": "object",
    "properties": {
        "ce_id": {"type": "string", "description": "The message's event_id."},
        "ce_type": {"type": "string", "description": "The topic."},
        "ce_source": {"type": "string"},
        "ce_time": {"type": "string", "description": "RFC 3339."},
        "ce_specversion": {"const": "1.0"},
        "traceparent": {"type": "string", "description": "W3C Trace Context, passed on from cause to effect."},
    },
}
NOTES_OF_OUR_OWN: Final = {
    REFERRALS: "The worker's own: the credit for a buyer travels as a message keyed to the referrer.",
    MOVES: "The worker's own: one account's history joins another's, or leaves it, by a message keyed to that account.",
}
NOTES: Final = {
    PROFILES: "Compacted. A null value clears the account's profile.",
    STATE: "Compacted: the current standing of every account. A null value follows on an erasure.",
    **NOTES_OF_OUR_OWN,
    RECLASSIFIED: "At least once; the same decision has the same event_id, so that a subscriber drops repeats by id.",
    POLICIES: "Compacted, keyed by slot/id/version, so that every switch stays. Every worker follows it.",
    SHADOWED: "Compacted: accounts on which the active policy and the shadow differ. A null value: no longer compared.",
    REJECTED: "Refused records as they were, with headers that say where they stood and why they were refused. A record "
    "with the header clientward_note is none: it notes which of them were sent again, or given up.",
}


def json_schema(topic: str, message_type: type[msgspec.Struct]) -> Json:
    """Return the JSON Schema of one topic's values."""
    _refs, definitions = msgspec.json.schema_components([message_type], ref_template=DEFINITIONS)
    definitions = for_generators(_finished(definitions))
    own = definitions.pop(message_type.__name__)
    schema = {"$schema": DIALECT, "$id": f"urn:clientward:{topic}", **own}
    return {**schema, "$defs": definitions} if definitions else schema


def asyncapi(types: Mapping[str, type[msgspec.Struct]]) -> Json:
    """Return the AsyncAPI document of the given topics and of the dead-letter topic."""
    _, schemas = msgspec.json.schema_components(types.values(), ref_template=COMPONENTS)
    names = {topic: message_type.__name__ for topic, message_type in types.items()} | {REJECTED: "Rejected"}
    return {
        "asyncapi": ASYNCAPI,
        "info": {
            "title": "Clientward",
            "version": CONTRACT_VERSION,
            "description": "Finds, on the event, the moment when a customer becomes a client. "
            "Every record is keyed by its account_id.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {topic: _channel(topic, name) for topic, name in names.items()},
        "operations": dict(_operation(action, topic, names[topic]) for action, topic in _flow(types)),
        "components": {
            "messages": {name: _message(name) for name in names.values() if name != "Rejected"}
            | {"Rejected": _rejected()},
            "schemas": for_generators(_finished(schemas)),
        },
    }


def render(types: Mapping[str, type[msgspec.Struct]] = TOPIC_TYPES) -> dict[str, bytes]:
    """Return every file of the contract by its path in the folder; the same types give the same bytes."""
    files = {f"schemas/{topic}.schema.json": json_schema(topic, message_type) for topic, message_type in types.items()}
    files["asyncapi.json"] = asyncapi(types)
    files["policy.schema.json"] = policy_schema()
    return {
        path: (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode() for path, document in files.items()
    }


def _files(folder: Path) -> generated.Files:
    """Return what the folder has to hold: the contract's files, and no other JSON at its top or in schemas/."""
    wanted = {folder / path: content for path, content in render().items()}
    return {**dict.fromkeys([*folder.glob("*.json"), *folder.glob("schemas/*.json")]), **wanted}


def _finished(definitions: Mapping[str, Json]) -> dict[str, Json]:
    """Return msgspec's definitions, tidied, with the rules that the codec adds to the types."""
    finished = {name: _tidied(definition) for name, definition in definitions.items()}
    for message_type in MESSAGE_TYPES.values():
        if definition := finished.get(message_type.__name__):
            _sharpen(definition, message_type)
    return finished


def _tidied(part: Any) -> Any:
    """Return a schema with patterns that every dialect reads, and descriptions without a docstring's indentation."""
    if isinstance(part, list):
        return [_tidied(inner) for inner in part]
    if not isinstance(part, dict):
        return part
    tidied = {name: _tidied(inner) for name, inner in part.items()}
    if isinstance(pattern := tidied.get("pattern"), str):
        tidied["pattern"] = pattern.replace(PYTHON_ONLY, "")
    if isinstance(description := tidied.get("description"), str):
        tidied["description"] = inspect.cleandoc(description)
    return tidied


def _sharpen(definition: Json, message_type: type[Intake]) -> None:
    """Add what the codec checks beyond the types: the version, real currencies, the topics, what a command needs."""
    fields = definition["properties"]
    fields["schema_version"] = _optional({"type": "string", "pattern": VERSION_1})
    if "currency" in fields:
        fields["currency"] = {"description": fields["currency"]["description"], "enum": sorted(CURRENCIES)}
    if message_type is Command:
        fields["topic"] = _optional({"enum": list(MESSAGE_TYPES)})
        definition["allOf"] = [_need(command, names) for command, names in NEEDS.items() if names]


def _optional(schema: Json) -> Json:
    """Return the schema of a field that may be null or absent."""
    return {"anyOf": [schema, {"type": "null"}], "default": None}


def _need(command: str, names: Iterable[str]) -> Json:
    """Return the rule that a command needs these fields, not null; a correction's value may be null, not absent."""
    needed = {name: {"not": {"type": "null"}} for name in names}
    required = [*needed, "value"] if command == "correct" else [*needed]
    return {
        "if": {"properties": {"command": {"const": command}}, "required": ["command"]},
        "then": {"properties": needed, "required": required},
    }


def _channel(topic: str, name: str) -> Json:
    """Return one topic as an AsyncAPI channel."""
    channel = {"address": topic, "messages": {name: {"$ref": f"#/components/messages/{name}"}}}
    return channel | ({"description": NOTES[topic]} if topic in NOTES else {})


def _flow(types: Mapping[str, type[msgspec.Struct]]) -> list[tuple[str, str]]:
    """Return what the application does, receive or send, and on which topic."""
    received = [("receive", topic) for topic in types if topic in MESSAGE_TYPES]
    sent = [("send", topic) for topic in types if topic not in MESSAGE_TYPES or topic in NOTES_OF_OUR_OWN]
    return [*received, *sent, ("send", REJECTED)]


def _operation(action: str, topic: str, name: str) -> tuple[str, Json]:
    """Return the name and the AsyncAPI operation of one direction of one topic."""
    # The dots of a topic need no escape in a JSON pointer.
    channel = f"#/channels/{topic}"
    return f"{action}{name}", {
        "action": action,
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/{name}"}],
    }


def _message(name: str) -> Json:
    """Return one message type as an AsyncAPI message."""
    return {
        "name": name,
        "headers": CLOUD_EVENT,
        "payload": {"$ref": COMPONENTS.format(name=name)},
        "bindings": _keyed("The account_id, in UTF-8."),
    }


def _rejected() -> Json:
    """Return the AsyncAPI message of the dead-letter topic: any bytes, and headers that say why."""
    noted = [name for name in sorted(dead_letters.OWN) if name != dead_letters.OMITTED]
    return {
        "name": "Rejected",
        "contentType": "application/octet-stream",
        "headers": {
            "type": "object",
            "properties": {name: {"type": "string"} for name in sorted(dead_letters.OWN)},
            "required": noted,
        },
        "payload": {"description": "The refused record's value, byte for byte, whatever it was."},
        "bindings": _keyed("The refused record's key, as it was."),
    }


def _keyed(description: str) -> Json:
    """Return the Kafka binding that says what the record's key is."""
    return {"kafka": {"key": {"type": "string", "description": description}, "bindingVersion": KAFKA_BINDING}}


GENERATOR: Final = generated.Generator("streams.wire.contracts", "the message types", Path("contracts"), _files)
main: Final = partial(generated.main, GENERATOR)


if __name__ == "__main__":
    sys.exit(main())
