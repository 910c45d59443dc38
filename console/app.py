"""The pages of `clientward console`: every route with its role, and the headers that every answer has."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.guard import route_of
from console.house import House
from console.pages import PAGES
from readmodel.following import follow

log: Final = logging.getLogger(__name__)
STATIC: Final = Path(__file__).parent / "static"
# Nothing from elsewhere, no script or style in a page, no frame around it; forms go to us alone.
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; font-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final[tuple[tuple[bytes, bytes], ...]] = (
    (b"content-security-policy", POLICY.encode()),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    # An address has account ids in it, which are for us alone; `no-referrer` would have a form say Origin: null.
    (b"referrer-policy", b"same-origin"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
)
HSTS: Final = (b"strict-transport-security", b"max-age=31536000")  # seconds: a year
NEVER_KEPT: Final = (b"cache-control", b"no-store")


def make_app(house: House) -> Starlette:
    """Return the pages; the live look and the read model's follower run as long as they do."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        following = asyncio.create_task(follow(house.settings, house.model, say=log.warning))
        try:
            async with house.live.running():
                yield
        finally:
            await house.backtests.close()
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)

    routes = [
        *(route_of(page, house) for page in PAGES),
        Route("/livez", _live, methods=["GET"]),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]
    middleware = [Middleware(Outer, house=house)]
    return Starlette(routes=routes, middleware=middleware, lifespan=lifespan, exception_handlers={500: _broken})


async def _live(_: Request) -> Response:
    return PlainTextResponse("live\n")


async def _broken(_: Request, __: Exception) -> Response:
    """Say that it is our fault, and nothing else: what went wrong is in the log."""
    return PlainTextResponse("failed by an error of our own; the console's log has it\n", 500)


class Outer:
    """Around everything: the Host must be ours, which stops names that others point at us, and every answer has HEADERS."""

    def __init__(self, app: ASGIApp, house: House) -> None:
        self._app, self._host = app, house.host.encode()
        self._headers = [*HEADERS, *([HSTS] if house.secure else [])]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        kept = scope["path"].startswith("/static/")

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                own: list[Any] = [*self._headers, *([] if kept else [NEVER_KEPT])]
                message["headers"] = [*message["headers"], *own]
            await send(message)

        hosts = [value for name, value in scope["headers"] if name == b"host"]
        if hosts != [self._host] and scope["path"] != "/livez":  # a probe asks by whatever address it has
            text = f"this is {self._host.decode()}: ask by that name, or start the console with another --url\n"
            await PlainTextResponse(text, 421)(scope, receive, sending)
            return
        await self._app(scope, receive, sending)
