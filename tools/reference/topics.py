"""Every topic and its messages, of the contract's AsyncAPI document and the plan by which topics are made."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from streams.config.settings import Settings
from streams.kafka.topics import topics_for
from tools.reference.fields import rows
from tools.reference.tables import code, page, table

CONTRACT: Final = Path(__file__).parents[2] / "contracts" / "asyncapi.json"
HEAD: Final = ("field", "takes", "must be there", "what it is")
INTRO: Final = """\
Every record is keyed by its `account_id` unless its topic says otherwise, and its value is JSON. What is promised of
the next versions, golden messages and types for your language are on the
[contract's page](../../contracts/README.md). The schemas themselves are in `contracts/schemas/`, and all of it is
one AsyncAPI document, `contracts/asyncapi.json`."""
KEPT: Final = """\
By the default settings; the `…_retention_days` among the [settings](settings.md) change it, and `clientward topics apply`
makes it so. A compacted topic keeps the last record of every key."""


def topics() -> str:
    """Return the page."""
    document = json.loads(CONTRACT.read_bytes())
    parted = _parted(document)
    parts = [INTRO, "## What is kept for how long", KEPT, table(("topic", "how", "why"), _kept())]
    for heading, names in parted.items():
        parts.append(f"## {heading}")
        for name in names:
            parts.extend(_topic(document, name))
    parts.append("## Parts of messages")
    told = {
        message["payload"].get("$ref", "").rpartition("/")[2] for message in document["components"]["messages"].values()
    }
    for name, schema in document["components"]["schemas"].items():
        if name not in told:
            parts += [f"### {name}", schema.get("description", ""), table(HEAD, rows(schema))]
    return page("Topics and messages", "`contracts/asyncapi.json` and `streams/kafka/topics.py`", *parts)


def _parted(document: dict[str, Any]) -> dict[str, list[str]]:
    """Return the topics by who they are for; what the worker both writes and reads is its own."""
    actions: dict[str, set[str]] = {name: set() for name in document["channels"]}
    for operation in document["operations"].values():
        actions[operation["channel"]["$ref"].rpartition("/")[2]].add(operation["action"])
    wanted = {
        "What producers write": {"receive"},
        "What subscribers read": {"send"},
        "The worker's own": {"receive", "send"},
    }
    return {heading: [name for name in actions if actions[name] == who] for heading, who in wanted.items()}


def _kept() -> Iterator[tuple[str, str, str]]:
    for topic in topics_for(Settings.model_construct()):
        yield code(topic.name), topic.config["cleanup.policy"], topic.reason


def _topic(document: dict[str, Any], name: str) -> Iterator[str]:
    channel = document["channels"][name]
    yield f"### {name}"
    yield channel.get("description", "")
    for each in channel["messages"]:
        payload = document["components"]["messages"][each]["payload"]
        schema = document["components"]["schemas"][payload["$ref"].rpartition("/")[2]] if "$ref" in payload else payload
        yield f'<a id="{each.lower()}"></a>{" ".join(schema.get("description", "").split())}'
        yield table(HEAD, rows(schema))
