"""The front door, which leads to the first page, and the page of keys."""

from starlette.responses import RedirectResponse, Response

from console.access.routes import ANYBODY, Page
from console.visit import Visit


async def front(_: Visit) -> Response:
    """Lead to the first page."""
    return RedirectResponse("/now", 303)


async def keys(visit: Visit) -> Response:
    """Tell which keys do what."""
    return visit.page("keys.html")


PAGES = (Page("GET", "/", ANYBODY, front), Page("GET", "/keys", "viewer", keys))
