"""Base: how many accounts have which status, where they went, who is about to turn, who stays, and what the events say."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Final

from starlette.responses import Response

from console.access.routes import Page
from console.answering import answered
from console.asking import ask, how_far
from console.drawing import bands
from console.filters import INDUSTRIES, STATUSES, one_of
from console.visit import Visit, WrongInputError
from readmodel.answers import Flow
from readmodel.queries.base import base_counts, flows
from readmodel.queries.closest import closest, levels_of
from relationship.analysis.drift import LEAST
from relationship.contract.names import OPTIONAL
from views.base.recording import how_recorded
from views.base.retention import retention
from views.policies.texts import policies_with_texts

SEGMENTS_SHOWN: Final = 40
NEAR_SHOWN: Final = 12  # each way
WORTH: Final = 0.5  # points of a dimension that the events cannot win, from which on it is told
SPANS: Final = {"30": "30 days", "90": "90 days", "365": "a year", "0": "all time"}


@answered
async def base(visit: Visit) -> Response:
    """Show the base, of one industry or of all."""
    industry, days = one_of(visit, "industry", INDUSTRIES), visit.asked("days") or "365"
    if days not in SPANS:
        raise WrongInputError(f"days: there is no such; there are {', '.join(SPANS)}")
    since = (
        None if days == "0" else (datetime.fromtimestamp(visit.house.clock(), UTC) - timedelta(days=int(days))).date()
    )
    counts, moved, levels = await asyncio.gather(
        ask(visit, base_counts, most=SEGMENTS_SHOWN),
        ask(visit, flows, since=since, by="all", industry=industry),
        _levels(visit),
    )
    up, down = await asyncio.gather(
        *(ask(visit, closest, levels, way, industry=industry, limit=NEAR_SHOWN) for way in ("up", "down"))
    )
    nodes, drawn = bands(_added(moved), STATUSES)
    return visit.page(
        "base.html", counts=counts, statuses=STATUSES, segments=counts.segments, industries=INDUSTRIES,
        spans=SPANS, days=days, nodes=nodes, bands=drawn, near=[("up", up.items), ("down", down.items)],
        standing=await how_far(visit),
    )  # fmt: skip


@answered
async def kept(visit: Visit) -> Response:
    """Give how many clients of a year ago are clients still; it reads two topics whole, so a page asks for it apart."""
    return visit.page("base_kept.html", kept=await retention(visit.house.settings))


@answered
async def recorded(visit: Visit) -> Response:
    """Give what the firm's events can say and whether they still do; it reads samples of topics, so a page asks apart."""
    found = await how_recorded(visit.house.settings)
    types = [
        each for each, fields in OPTIONAL.items() if found.events.get(each) or any(f.type == each for f in found.fields)
    ]
    lost = sorted((each for each in found.dimensions if each.lost >= WORTH), key=lambda each: -each.lost)
    return visit.page("base_recorded.html", found=found, types=types, lost=lost, least=LEAST)


async def _levels(visit: Visit) -> object:
    """Return the thresholds of the policy in force, by industry."""
    return levels_of((await policies_with_texts(visit.house.settings)).in_force.policy)


def _added(moved: list[Flow]) -> Counter[tuple[str, str]]:
    found = Counter[tuple[str, str]]()
    for each in moved:
        found[each.from_, each.to] += each.decisions
    return found


PAGES = (
    Page("GET", "/base", "viewer", base),
    Page("GET", "/base/kept", "viewer", kept),
    Page("GET", "/base/recorded", "viewer", recorded),
)
