"""What the stand-ins of other systems share: calls noted, answers that a test ordered, and a call that is held open."""

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import Any

from aiohttp import web


class Gate:
    """In front of a stand-in.

    Attributes:
        calls: method and path of each call that came, in order.
        ordered: answers that are given before the stand-in is asked again, the next call's first.
        held: where it is there, the next call is carried out, and its answer waits for it.
        reached: set when a call is held.
    """

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.ordered: deque[web.Response] = deque()
        self.held: asyncio.Event | None = None
        self.reached = asyncio.Event()
        self.after = 0

    def order(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        """Have a call answered so instead of carried out."""
        self.ordered.append(web.json_response(body, status=status, headers=headers))

    def hold(self, after: int = 0) -> asyncio.Event:
        """Have a call carried out, after so many others, and its answer wait; set what is returned to let it go."""
        self.held, self.reached, self.after = asyncio.Event(), asyncio.Event(), after
        return self.held

    async def pass_on(self, request: web.Request, handler: Any) -> web.StreamResponse:
        """Note a call; answer it as ordered, or have it carried out."""
        self.calls.append(f"{request.method} {request.path}")
        if self.ordered:
            return self.ordered.popleft()
        answer = await handler(request)
        if self.held is not None and self.after:
            self.after -= 1
        elif self.held is not None:
            held, self.held = self.held, None
            self.reached.set()
            await held.wait()
        return answer
