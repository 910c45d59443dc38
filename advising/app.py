"""The advice by HTTP: `GET /advice?account=ID`, and the MCP server at `/mcp`, for whoever has a key."""

from typing import Any, Final

import msgspec
from mcp.server.mcpserver import MCPServer
from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from advising.keys import Keys
from advising.tool import Look
from views.errors import InputError, ServerError

#: Bytes of a call of the tool: an id, and what the protocol says beside it.
MOST_BYTES: Final = 65_536
OPEN: Final = {"/livez"}
MCP: Final = "/mcp"


class Guard:
    """Lets in who has a key; what is asked for does not matter to it."""

    def __init__(self, app: ASGIApp, keys: Keys) -> None:
        self._app, self._keys = app, keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer 401."""
        if scope["type"] == "http" and scope["path"] not in OPEN:
            request = Request(scope)
            if self._keys.name_of(request.headers.get("authorization")) is None:
                answer = _refusal(401, "no key, or not one that is known: send Authorization: Bearer KEY")
                answer.headers["WWW-Authenticate"] = "Bearer"
                await answer(scope, receive, send)
                return
        await self._app(scope, receive, send)


def make_app(look: Look, server: "MCPServer[Any]", keys: Keys) -> ASGIApp:
    """Return the pages. The MCP server keeps no session: any process behind a balancer may answer."""
    # A browser that another page has turned on this address has no key to send, and so needs no check of its Host.
    security = TransportSecuritySettings(enable_dns_rebinding_protection=False)
    app: Starlette = server.streamable_http_app(
        streamable_http_path=MCP,
        stateless_http=True,
        json_response=True,
        max_request_body_size=MOST_BYTES,
        transport_security=security,
    )

    async def advice(request: Request) -> Response:
        """Answer who an account is: 200, or 404 where nothing is known of it, with the advice both times."""
        accounts = request.query_params.getlist("account")
        if len(accounts) != 1:
            return _refusal(400, "ask for one account: /advice?account=ID, with the id percent-encoded")
        try:
            found = await look(accounts[0])
        except InputError as error:
            return _refusal(400, str(error))
        except ServerError as error:
            return _refusal(503, str(error))
        return Response(msgspec.json.encode(found), 200 if found.known else 404, media_type="application/json")

    async def livez(_: Request) -> Response:
        """Answer that the process serves."""
        return JSONResponse({"status": "serving"})

    app.router.routes += [Route("/advice", advice), Route("/livez", livez)]
    return Guard(app, keys)


def _refusal(status: int, line: str) -> Response:
    return JSONResponse({"status": status, "error": line}, status)
