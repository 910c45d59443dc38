"""A page's address, its method, and the least role that may ask for it. The guard goes by this, and so do the tests."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, NamedTuple

from starlette.responses import Response

from console.access.users import ROLES, Role

#: For pages that anybody may ask for. Said out loud, so that a route without a role cannot be written by forgetting it.
ANYBODY: Final = "anybody"

Handler = Callable[[Any], Awaitable[Response]]


class Page(NamedTuple):
    """One route: GET shows something, POST changes something.

    Attributes:
        method: GET (HEAD goes with it) or POST.
        path: where it is.
        role: the least that may ask for it, or `ANYBODY`.
        handler: what answers, once the guard has let a request through.
    """

    method: str
    path: str
    role: str
    handler: Handler


def may(role: Role, least: str) -> bool:
    """Tell whether a role may do what asks for at least another."""
    return least == ANYBODY or ROLES.index(role) >= ROLES.index(least)
