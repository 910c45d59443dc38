"""Receivers of webhooks on loopback: each path is one, with its secret, its behaviour, and a book of what it took."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from aiohttp import web
from delivery_support import SECRET
from standardwebhooks import Webhook
from web_server import served


class Took(NamedTuple):
    """A request that was taken, by its webhook-id, with its CloudEvent."""

    event_id: str
    event: dict[str, Any]

    @property
    def account(self) -> str:
        """Whom it concerns."""
        return self.event["subject"]


class Receivers:
    """All receivers of a test.

    Attributes:
        took: by path, the requests that were answered with 200, in order.
        refuse: decides by path and event on another answer; None takes it.
        secret: what requests are checked by.
    """

    def __init__(self) -> None:
        self.took: dict[str, list[Took]] = {}
        self.attempts: dict[str, int] = {}
        self.refuse: Callable[[str, dict[str, Any]], web.Response | None] = lambda _path, _event: None
        self.wait: Callable[[str], float] = lambda _path: 0.0
        self.secret = SECRET
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        """Check the signature, and answer as the path does."""
        path, body = request.path.strip("/"), await request.text()
        self.attempts[path] = self.attempts.get(path, 0) + 1
        Webhook(self.secret).verify(body, dict(request.headers))
        event = json.loads(body)
        await asyncio.sleep(self.wait(path))
        refusal = self.refuse(path, event)
        if refusal is not None:
            return refusal
        self.took.setdefault(path, []).append(Took(request.headers["webhook-id"], event))
        return web.Response(text="thanks")

    def ids(self, path: str) -> list[str]:
        """Return the ids that a path took, in order."""
        return [each.event_id for each in self.took.get(path, [])]


@asynccontextmanager
async def receivers(paths: str = "/{path}") -> AsyncIterator[Receivers]:
    """Run receivers on a free port of loopback, at every path of a pattern of aiohttp's."""
    there = Receivers()
    app = web.Application()
    app.add_routes([web.post(paths, there.take)])
    async with served(app) as there.url:
        yield there
