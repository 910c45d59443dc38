"""Every request is held to its route before a page sees it: the session, the role, where a change comes from, its token.

Theory of operation: the role is looked up with every request, in the file as it is now. A change must be a form of our own
page: the browser says so by `Sec-Fetch-Site` or `Origin`, and the session's token in the form says so again; cookies are
SameSite=Lax besides. Nothing of a request is believed before: not its Host either, which `console.app` has checked.
"""

import logging
import traceback
from typing import Final
from urllib.parse import parse_qsl, quote

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from console.access.routes import ANYBODY, Page, may
from console.access.sessions import Session, is_token
from console.house import House
from console.visit import Visit

FORM_BYTES: Final = 400_000  # a policy has some 20 kB; twenty times that, encoded
FORM_FIELDS: Final = 60
FORM_TYPE: Final = "application/x-www-form-urlencoded"


log: Final = logging.getLogger(__name__)


class RefusedError(Exception):
    """A request that is not let through: its status, and one line for whoever sent it."""

    def __init__(self, status: int, line: str) -> None:
        super().__init__(line)
        self.status, self.line = status, line


def route_of(page: Page, house: House) -> Route:
    """Return a page's route, guarded."""

    async def endpoint(request: Request) -> Response:
        try:
            return await _admitted(page, house, request)
        except RefusedError as refused:
            return _refusal(page, request, refused)
        except Exception:  # noqa: BLE001 - the last stop before the person at the browser
            # As text: what prints a log may add the variables of each frame, and a password is one.
            log.error("%s %s failed by an error of our own:\n%s", page.method, page.path, traceback.format_exc())  # noqa: TRY400
            return PlainTextResponse("failed by an error of our own; the console's log has it\n", 500)

    return Route(page.path, endpoint, methods=[page.method])


async def _admitted(page: Page, house: House, request: Request) -> Response:
    session = house.sessions.find(request.cookies.get(house.cookie))
    if page.role != ANYBODY:
        session = await _authorised(page, house, session)
    form: dict[str, str] = {}
    if page.method == "POST":
        form = await _change(request, session, house)
    visit = Visit(request, house, session, form)
    answer = await page.handler(visit)
    visit.set_cookie(answer)
    return answer


async def _authorised(page: Page, house: House, session: Session | None) -> Session:
    """Return the session of somebody who may ask for the page. Raises RefusedError."""
    if session is None or session.known is None:
        raise RefusedError(401, "log in first")
    role = await run_in_threadpool(house.role_now, session.known)
    if role is None:
        house.sessions.end_of(session.known.name)
        raise RefusedError(401, "this login is no more: log in again")
    session.known = msgspec.structs.replace(session.known, role=role)
    if not may(role, page.role):
        raise RefusedError(
            403, f"this takes the role {page.role}, and {session.known.name} has {role}: ask who runs it"
        )
    return session


async def _change(request: Request, session: Session | None, house: House) -> dict[str, str]:
    """Return the form of a change that comes from our own page. Raises RefusedError."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site not in {None, "same-origin"} or origin not in {None, house.origin}:
        raise RefusedError(403, "the change comes from another site")
    if site is None and origin is None:
        raise RefusedError(403, "the browser does not say where the change comes from: send Origin")
    form = await _form(request)
    if session is None or not is_token(session, form.pop("csrf", "")):
        raise RefusedError(403, "the form is of another session: load the page again, and repeat it")
    return form


async def _form(request: Request) -> dict[str, str]:
    """Return the fields of a form, the last of each name. Raises RefusedError."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM_TYPE:
        raise RefusedError(415, f"send {FORM_TYPE}")
    body = bytearray()
    try:
        async for part in request.stream():
            body += part
            if len(body) > FORM_BYTES:
                raise RefusedError(413, f"a form has at most {FORM_BYTES:,} bytes")
    except ClientDisconnect:
        raise RefusedError(400, "the form ended before its end") from None
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=FORM_FIELDS))
    except ValueError:
        raise RefusedError(400, f"the form is not UTF-8, or has more than {FORM_FIELDS} fields") from None


def _refusal(page: Page, request: Request, refused: RefusedError) -> Response:
    """Answer who is not let through: a page's reader is led to the login, a script is told."""
    to_login = f"/login?next={quote(_own_address(request), safe='')}"
    if refused.status == 401 and "hx-request" in request.headers:  # noqa: PLR2004 - HTTP's
        return PlainTextResponse(refused.line + "\n", refused.status, {"HX-Redirect": "/login"})
    reads_pages = page.method == "GET" and "text/html" in request.headers.get("accept", "")
    if refused.status == 401 and reads_pages:  # noqa: PLR2004
        return RedirectResponse(to_login, 303)
    return PlainTextResponse(refused.line + "\n", refused.status)


def _own_address(request: Request) -> str:
    query = request.url.query
    return request.url.path + (f"?{query}" if query else "")
