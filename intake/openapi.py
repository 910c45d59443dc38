"""The description of the pages, for people and for generators of clients: OpenAPI 3.1."""

from functools import cache
from typing import Any, Final

from intake.formats import BATCH, JSON, STRUCTURED
from intake.keys import TOPICS

RETRY: Final = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}}
ATTRIBUTE: Final = {"type": "string", "minLength": 1}


@cache
def openapi() -> dict[str, Any]:
    """Return the document. What a message's data holds is said by the schemas in `contracts/`, by the type."""
    event = {"$ref": "#/components/schemas/Event"}
    result = {"$ref": "#/components/schemas/Result"}
    heard = {"$ref": "#/components/schemas/Heard"}
    results = {"type": "object", "properties": {"results": {"type": "array", "items": result}}, "required": ["results"]}
    bodies = {
        STRUCTURED: {"schema": event},
        BATCH: {"schema": {"type": "array", "items": event}},
        JSON: {"schema": {"type": "object", "description": "Binary mode: the data, its attributes in ce-* headers."}},
    }
    answers = {
        "202": _answer("Stored by Kafka.", {"anyOf": [result, results]}),
        "207": _answer("A batch of which some were refused; each has its own status.", results),
        "400": _answer("A body that is no batch.", result),
        "401": _answer("No key, or one that may not send.", result),
        "403": _answer("A type that the key may not send.", result),
        "408": _answer("The body came too slowly.", result),
        "413": _answer("The body or the batch is too large.", result),
        "415": _answer("Not a CloudEvent's content type.", result),
        "422": _answer("The event breaks the contract: code and path, never a value.", result),
        "429": _answer("Too many events a second; send it again later.", result) | {"headers": RETRY},
        "503": _answer("Kafka does not confirm, or too much at once; send it again under the same id.", result)
        | {"headers": RETRY},
    }
    hook = {
        "summary": "A webhook of another system, signed by it; 202 when Kafka has stored what it says.",
        "parameters": [{"name": "name", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}],
        "requestBody": {"required": True, "content": {"*/*": {"schema": {}}}},
        "responses": {
            "200": _answer("The sender's, and nothing of interest.", heard),
            "202": _answer("Stored by Kafka: messages, or a dead letter of what cannot be mapped.", heard),
            "401": _answer("Not signed by its sender, or not of now.", result),
            "404": _answer("No such hook.", result),
            "500": _answer("The hook's secret cannot be read.", result),
            **{status: answers[status] for status in ("400", "408", "413", "422", "429", "503")},
        },
    }
    operation = {
        "summary": "Send events; answered 202 when Kafka has stored them.",
        "security": [{"key": []}],
        "requestBody": {"required": True, "content": bodies},
        "responses": answers,
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Clientward intake", "version": "1"},
        "paths": {
            "/events": {"post": operation},
            "/hooks/{name}": {"post": hook},
            "/livez": _page("Whether the process answers.", "200"),
            "/readyz": _page("Whether Kafka answers.", "200", "503"),
            "/metrics": _page("Prometheus' metrics.", "200"),
        },
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Event": _event(), "Result": _result(), "Heard": _heard()},
        },
    }


def _event() -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["specversion", "id", "source", "type", "data"],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": ATTRIBUTE,
            "source": ATTRIBUTE,
            "type": {"enum": list(TOPICS)},
            "datacontenttype": {"const": JSON},
            "data": {"type": "object", "description": "The message: contracts/<type>.schema.json says its fields."},
        },
    }


def _result() -> dict[str, Any]:
    properties = {
        "id": {"type": "string", "description": "The message's event_id."},
        "status": {"type": "integer"},
        "error": {"type": "string"},
    }
    return {"type": "object", "required": ["status"], "properties": properties}


def _heard() -> dict[str, Any]:
    count = {"type": "integer", "minimum": 1}
    properties = {
        "status": {"type": "integer"},
        "ids": {"type": "array", "items": {"type": "string"}, "description": "The messages' event_ids."},
        "ignored": count | {"description": "Events that say nothing of interest."},
        "dead_letters": count | {"description": "Events that cannot be mapped."},
    }
    return {"type": "object", "required": ["status"], "properties": properties}


def _answer(text: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": text, "content": {JSON: {"schema": schema}}}


def _page(text: str, *statuses: str) -> dict[str, Any]:
    return {"get": {"summary": text, "responses": {status: {"description": "Text."} for status in statuses}}}
