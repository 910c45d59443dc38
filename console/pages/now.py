"""Now: what flows, how far behind it is, who works, how the servers do, what is wrong. Live by server-sent events."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

from starlette.responses import Response, StreamingResponse

from console.access.routes import Page
from console.answering import answered
from console.asking import by_reason
from console.drawing import trend
from console.pages.runbook import SECTIONS, anchor
from console.visit import Visit

PARTS: Final = ("troubles", "figures", "lag", "workers", "servers", "latest")
QUIET_SECONDS: Final = 15.0  # between two signs of life: proxies close what is silent for 30 s or a minute
STREAMS: Final = 200  # at once, of all people; each is a task and some kB


@answered
async def now(visit: Visit) -> Response:
    """Show the last look; the page then follows the stream."""
    return visit.page("now.html", pieces=PARTS, **_shown(visit))


async def stream(visit: Visit) -> Response:
    """Send the parts of the page that have changed, until the session ends or the browser leaves."""
    if visit.house.streams >= STREAMS:
        return Response("too many pages are open at once\n", 503, {"Retry-After": "30"})
    return StreamingResponse(_parts(visit), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


async def _parts(visit: Visit) -> AsyncIterator[str]:
    live, last, number = visit.house.live, dict[str, str](), -1
    visit.house.streams += 1
    try:
        async with live.watched():
            while await _may_go_on(visit):
                shown, any_sent = _shown(visit), False
                for part in PARTS:
                    text = visit.fragment(f"now_{part}.html", **shown)
                    if last.get(part) != text:
                        last[part], any_sent = text, True
                        yield event(part, text)
                if not any_sent:
                    yield ": still here\n\n"
                number = await live.changed(number, QUIET_SECONDS)
            yield event("ended", visit.fragment("now_ended.html"))
    finally:
        visit.house.streams -= 1


async def _may_go_on(visit: Visit) -> bool:
    """Tell whether whoever opened the stream may still look: it is asked before each part, and keeps no session alive."""
    house, session = visit.house, visit.session
    if session is None or house.sessions.find(session.id, touch=False) is not session or session.known is None:
        return False
    return await asyncio.to_thread(house.role_now, session.known) is not None


def event(name: str, text: str) -> str:
    """Return a server-sent event; each line of its text is one of the event's."""
    lines = "".join(f"data: {line}\n" for line in text.splitlines() if line.strip())
    return f"event: {name}\n" + (lines or "data:\n") + "\n"


def _shown(visit: Visit) -> dict[str, Any]:
    live = visit.house.live
    flow = live.flows[-1] if live.flows else None
    p50, p99 = live.latencies()
    return {
        "live": live,
        "flow": flow,
        "lag": flow.lag if flow is not None else None,
        "rates": live.rates(),
        "p50": p50,
        "p99": p99,
        "troubles": live.troubles(),
        "sections": {check: anchor(section) for check, section in SECTIONS.items()},
        "refused": by_reason(live.refused).items(),
        "trend": trend([each.lag.records for each in live.flows]),
        "behind": sorted((each for each in flow.lag.partitions if each.records), key=lambda each: -each.seconds)[:12]
        if flow is not None
        else [],
    }


PAGES = (Page("GET", "/now", "viewer", now), Page("GET", "/now/stream", "viewer", stream))
