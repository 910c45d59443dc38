"""The intake over HTTP, of its OpenAPI document: what can be sent where, what is answered, and what that means."""

from collections.abc import Iterator
from typing import Any, Final

from intake.openapi import openapi
from tools.reference.fields import rows
from tools.reference.tables import code, page, table

INTRO: Final = """\
`clientward intake` serves this, and the document itself at `/openapi.json`. How to start it, keys, and what a sender should
do with an answer: [Take events over HTTP](../intake.md)."""


def http() -> str:
    """Return the page."""
    document = openapi()
    parts = [INTRO]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            parts.extend(_operation(f"{method.upper()} {path}", operation))
    parts.append("## Bodies")
    for name, schema in document["components"]["schemas"].items():
        parts += [f"### {name}", table(("field", "takes", "must be there", "what it is"), rows(schema))]
    return page("The intake over HTTP", "`intake/openapi.py`", *parts)


def _operation(name: str, operation: dict[str, Any]) -> Iterator[str]:
    yield f"## {name}"
    yield operation.get("summary", "")
    kinds = operation.get("requestBody", {}).get("content", {})
    if kinds:
        yield f"Takes {', '.join(map(code, kinds))}."
    answers = operation.get("responses", {}).items()
    yield table(
        ("answer", "what it means"), ((status, answer.get("description", "")) for status, answer in sorted(answers))
    )
