"""Logging in and out. A visitor has a session too, for the form's token; a login begins another under a new id.

A login at the provider is begun by a link and not by a form, which the content policy would keep from leading elsewhere.
"""

import math
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from console.access.provider import PATH, LoginError
from console.access.routes import ANYBODY, Page
from console.access.users import Known
from console.visit import Visit

WRONG: Final = "This name and this password do not go together."
WRONG_CODE: Final = "This code is not good, or not any more: it works once, within ten minutes."


async def form(visit: Visit) -> Response:
    """Show the login."""
    if visit.session is not None and visit.session.known is not None:
        return visit.go(_own(visit.request.query_params.get("next", "")))
    leaving = None
    if visit.house.provider is not None and visit.request.query_params.get("left") == "provider":
        leaving = await visit.house.provider.leaving()
    return _form(visit, 200, "", visit.request.query_params.get("next", ""), leaving)


async def enter(visit: Visit) -> Response:
    """Log in by name and password, or by a one-time code."""
    name, onward = visit.form.get("name", "").strip(), visit.form.get("next", "")
    code = visit.form.get("code", "").strip()
    house, address = visit.house, address_of(visit.request, behind_proxy=visit.house.secure)
    if code:  # it is nobody's name: counted by its sender's address, so that no stranger locks codes out for all
        name = f"a code from {address}"
    wait = house.lockout.wait(name, address)
    if wait > 0:
        answer = _form(visit, 429, f"Too many failures: try again in {_span(wait)}.", onward)
        answer.headers["retry-after"] = str(math.ceil(wait))
        return answer
    house.lockout.failed(name, address)  # until it is shown to be right: what is tried at the same time counts
    known = house.users.redeem(code) if code else await _checked(visit, name, visit.form.get("password", ""))
    if known is None:
        return _form(visit, 401, WRONG_CODE if code else WRONG, onward)
    house.lockout.succeeded(name)
    visit.session = house.sessions.begin(known, visit.session)
    return visit.go(_own(onward))


async def to_provider(visit: Visit) -> Response:
    """Lead to the provider; whoever comes back from it comes to `from_provider`."""
    provider, onward = visit.house.provider, visit.request.query_params.get("next", "")
    if provider is None:
        return visit.go("/login")
    if visit.session is None:
        visit.session = visit.house.sessions.begin()
    try:
        address, visit.session.pending = await provider.begin(_own(onward))
    except LoginError as error:
        return _form(visit, 503, str(error), onward)
    return RedirectResponse(address, 303)


async def from_provider(visit: Visit) -> Response:
    """Log in whom the provider says it is. An attempt is good once, whatever comes of it."""
    house = visit.house
    if house.provider is None:
        return visit.go("/login")
    pending = None if visit.session is None else visit.session.pending
    if visit.session is not None:
        visit.session.pending = None
    address = address_of(visit.request, behind_proxy=house.secure)
    name = f"a login at the provider from {address}"
    wait = house.lockout.wait(name, address)
    if wait > 0:
        return _form(visit, 429, f"Too many failures: try again in {_span(wait)}.", "")
    house.lockout.failed(name, address)
    try:
        known = await house.provider.finish(pending, visit.request.query_params)
    except LoginError as error:
        return _form(visit, 401, str(error), "")
    if await run_in_threadpool(house.users.role_of, known.name) is not None:  # the audit would take one for the other
        return _form(visit, 401, f"{known.name} is a local user here as well: log in by the password.", "")
    house.lockout.succeeded(name)
    visit.session = house.sessions.begin(known, visit.session)
    return visit.go(_own(pending.onward if pending is not None else ""))


async def leave(visit: Visit) -> Response:
    """Log out."""
    by_provider = visit.known.by_provider
    visit.house.sessions.end(visit.session)
    visit.session = None
    answer = visit.go("/login?left=provider" if by_provider else "/login")
    answer.delete_cookie(visit.house.cookie, path="/", secure=visit.house.secure, httponly=True, samesite="lax")
    return answer


async def _checked(visit: Visit, name: str, password: str) -> Known | None:
    async with visit.house.hashing:
        return await run_in_threadpool(visit.house.users.check, name, password)


def _form(visit: Visit, status: int, wrong: str, onward: str, leaving: str | None = None) -> Response:
    if visit.session is None:
        visit.session = visit.house.sessions.begin()
    return visit.page("login.html", status, wrong=wrong, next=onward, provider=visit.house.provider, leaving=leaving)


def _own(address: str) -> str:
    """Return an address of this console, whatever was asked for: a link must not lead out of it after the login."""
    plain = address.startswith("/") and not address.startswith("//") and "\\" not in address and address.isprintable()
    return address if plain else "/now"


def address_of(request: Request, *, behind_proxy: bool) -> str:
    """Return where a request comes from: behind a proxy what that has added, else the connection's own end."""
    if behind_proxy:
        added = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
        if added:
            return added[:64]
    return request.client.host if request.client is not None else "?"


def _span(seconds: float) -> str:
    return f"{math.ceil(seconds)} seconds" if seconds < 120 else f"{math.ceil(seconds / 60)} minutes"  # noqa: PLR2004


PAGES = (
    Page("GET", "/login", ANYBODY, form),
    Page("POST", "/login", ANYBODY, enter),
    Page("GET", "/login/provider", ANYBODY, to_provider),
    Page("GET", PATH, ANYBODY, from_provider),
    Page("POST", "/logout", "viewer", leave),
)
