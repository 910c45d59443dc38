"""What the tests of the HTTP intake share: keys, events, requests to the pages without a socket, and a store in memory."""

import json
from collections.abc import Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

from starlette.applications import Starlette

from intake.keys import Keys, hash_of
from intake.storing import AwayError
from relationship.contract.messages import PURCHASES
from streams.kafka.publisher import ProducerRecord

SHOP, DESK = "cwk_shop", "cwk_desk"
VALUE = {
    "event_id": "e-1",
    "account_id": "acme",
    "occurred_at": "2026-05-01T10:00:00Z",
    "amount": "129.90",
    "currency": "EUR",
}
NOW = 1_780_000_000.0  # 2026-05-28


def keys_file(folder: Path, more: str = "") -> Path:
    """Write INTAKE.toml: a shop that sends purchases, and a desk that sends tickets."""
    path = folder / "intake.toml"
    path.write_text(
        f'[sources.shop]\nsha256 = ["{hash_of(SHOP)}"]\ntopics = ["{PURCHASES}"]\n{more}\n'
        f'[sources.desk]\nsha256 = ["{hash_of(DESK)}"]\ntopics = ["crm.ticket.updated.v1"]\n'
    )
    return path


def event(number: int | str = 1, **more: Any) -> dict[str, Any]:
    """Return a CloudEvent of a purchase; what is given more changes its data."""
    value = {**VALUE, "event_id": f"e-{number}", **more}
    return {"specversion": "1.0", "id": f"ce-{number}", "source": "/shop", "type": PURCHASES, "data": value}


class Stored:
    """In place of Kafka: keeps records, refuses some, or is away."""

    def __init__(self) -> None:
        self.records: list[ProducerRecord] = []
        self.is_ready = True
        self.fails = False
        self.too_large: set[bytes] = set()

    @asynccontextmanager
    async def running(self):
        """Do nothing."""
        yield

    async def store(self, records: Sequence[ProducerRecord]) -> list[str | None]:
        """Keep records."""
        if self.fails:
            raise AwayError
        self.records += [each for each in records if each.key not in self.too_large]
        return ["too large" if each.key in self.too_large else None for each in records]


class Answer(NamedTuple):
    """What a page answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)


async def ask(
    app: Starlette,
    method: str,
    path: str,
    body: bytes | Iterable[bytes] = b"",
    headers: dict[str, str | bytes] | None = None,
    receive: Any = None,
) -> Answer:
    """Make one request by ASGI: the body in parts, as a socket brings it."""
    parts = [body] if isinstance(body, bytes) else list(body)
    sent: list[dict[str, Any]] = []

    async def incoming() -> dict[str, Any]:
        return {"type": "http.request", "body": parts.pop(0) if parts else b"", "more_body": bool(parts)}

    async def outgoing(message: dict[str, Any]) -> None:
        sent.append(message)

    raw = [
        (name.lower().encode(), value if isinstance(value, bytes) else value.encode())
        for name, value in (headers or {}).items()
    ]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "scheme": "http",
        "headers": raw,
        "server": ("localhost", 80),
        "client": ("localhost", 1),
    }
    await app(scope, receive or incoming, outgoing)
    start = sent[0]
    found = {name.decode(): value.decode() for name, value in start["headers"]}
    return Answer(start["status"], found, b"".join(each.get("body", b"") for each in sent[1:]))


def bearer(key: str = SHOP, content_type: str = "application/cloudevents+json", **more: str) -> dict[str, str | bytes]:
    """Return headers of a request."""
    return {"authorization": f"Bearer {key}", "content-type": content_type, **more}


def keys(folder: Path, more: str = "") -> Keys:
    """Return the keys of `keys_file`."""
    return Keys(keys_file(folder, more))
