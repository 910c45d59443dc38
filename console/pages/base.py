"""Base: how many accounts have which status, in which trade and segment, and how many clients stay."""

import asyncio
from typing import Final

from starlette.responses import Response

from console.access.routes import Page
from console.answering import answered
from console.filters import STATUSES
from console.visit import Visit
from views.base.retention import retention
from views.base.statuses import base_counts

SEGMENTS_SHOWN: Final = 40


@answered
async def base(visit: Visit) -> Response:
    """Show the base."""
    settings = visit.house.settings
    counts, kept = await asyncio.gather(base_counts(settings), retention(settings))
    return visit.page(
        "base.html", counts=counts, kept=kept, statuses=STATUSES, segments=counts.segments[:SEGMENTS_SHOWN]
    )


PAGES = (Page("GET", "/base", "viewer", base),)
