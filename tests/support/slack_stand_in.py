"""A stand-in of Slack: chat.postMessage, chat.delete and incoming webhooks, their limits and errors, on loopback.

What it knows of the real ones, from their reference: a method answers 200 also where it refuses, with `ok` false and an
error; a webhook answers in plain text, 200 with `ok`, 400, 403, 404 or 410; both answer 429 with `Retry-After` in seconds
where more than a message a second comes. A block's text has 3,000 characters at most, a message 50 blocks.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

from aiohttp import web
from gate import Gate
from web_server import served

TOKEN = "xoxb-0-0"
HOOK = "/services/T0000/B0000/secretsecret"


class Slack(Gate):
    """A workspace: the messages of each channel that there is, and of the webhook's."""

    def __init__(self) -> None:
        super().__init__()
        self.channels: dict[str, dict[str, dict[str, Any]]] = {"C01": {}, "C02": {}, "hook": {}}
        self.archived: set[str] = set()
        self.hook = ""
        self.url = ""
        self._ts = count(1)

    def texts(self, channel: str) -> list[str]:
        """Return the lines of a channel's messages, in order."""
        return [each["text"] for each in self.channels[channel].values()]

    @web.middleware
    async def gate(self, request: web.Request, handler: Any) -> web.StreamResponse:
        """Pass a call on."""
        return await self.pass_on(request, handler)

    async def method(self, request: web.Request) -> web.Response:
        """Carry a method of the Web API out."""
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return refused("invalid_auth")
        body, name = await request.json(), request.match_info["method"]
        if body["channel"] not in self.channels or body["channel"] == "hook":
            return refused("channel_not_found")
        return self._delete(body) if name == "chat.delete" else self._post(body)

    def _delete(self, body: dict[str, Any]) -> web.Response:
        if self.channels[body["channel"]].pop(body["ts"], None) is None:
            return refused("message_not_found")
        return web.json_response({"ok": True, "channel": body["channel"], "ts": body["ts"]})

    def _post(self, body: dict[str, Any]) -> web.Response:
        fault = "is_archived" if body["channel"] in self.archived else fault_of(body)
        if fault is not None:
            return refused(fault)
        ts = self._add(body["channel"], body)
        return web.json_response({"ok": True, "channel": body["channel"], "ts": ts, "message": {"text": body["text"]}})

    async def post_hook(self, request: web.Request) -> web.Response:
        """Take a webhook's message."""
        if request.path != HOOK:
            return web.Response(status=404, text="no_service")
        body = await request.json()
        if fault_of(body):
            return web.Response(status=400, text="invalid_payload")
        self._add("hook", body)
        return web.Response(text="ok")

    def _add(self, channel: str, body: dict[str, Any]) -> str:
        ts = f"1700000000.{next(self._ts):06}"
        self.channels[channel][ts] = body
        return ts


def fault_of(body: dict[str, Any]) -> str | None:
    """Return what is wrong with a message."""
    if not body.get("text"):
        return "no_text"
    blocks = body.get("blocks", [])
    is_right = len(blocks) <= 50 and all(
        each["type"] == "section" and each["text"]["type"] == "mrkdwn" and 1 <= len(each["text"]["text"]) <= 3000
        for each in blocks
    )
    return None if is_right else "invalid_blocks"


def refused(error: str) -> web.Response:
    """Return an error as a method words it."""
    return web.json_response({"ok": False, "error": error})


@asynccontextmanager
async def slack() -> AsyncIterator[Slack]:
    """Serve a workspace on a free port of loopback until the block ends."""
    here = Slack()
    app = web.Application(middlewares=[here.gate])
    app.router.add_post("/api/{method}", here.method)
    app.router.add_post("/services/{team}/{app}/{secret}", here.post_hook)
    async with served(app) as address:
        here.url, here.hook = f"{address}/api", address + HOOK
        yield here
