"""Questions to the read model, asked in a thread: its answers come from a file, and block for some milliseconds."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool

from console.tables import MOST
from console.visit import Visit
from readmodel.answers import Page, RefusalCount, Standing
from readmodel.queries.standing import standing
from relationship.contract.outcome import Reason

T = TypeVar("T")
PART: Final = 500  # rows of a question for a file: the most that the read model gives at once


async def ask(visit: Visit, question: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    """Return the read model's answer to one of its questions."""
    return await run_in_threadpool(question, visit.house.model, *args, **kwargs)


async def how_far(visit: Visit) -> Standing:
    """Return how far the read model has read: lists say so where they are not whole."""
    return await ask(visit, standing)


async def all_rows(visit: Visit, question: Callable[..., Page[Any]], wanted: Any) -> AsyncIterator[Any]:
    """Return every row of a list, `MOST` at most, read as they are taken: a file is never whole in memory.

    The first part is read before this returns, so that what cannot be asked is told on a page and not within a file.
    """
    first = await ask(visit, question, wanted, limit=PART)

    async def rows() -> AsyncIterator[Any]:
        page, given = first, 0
        while True:
            for each in page.items:
                yield each
            given += len(page.items)
            if page.after is None or given >= MOST:
                return
            page = await ask(visit, question, wanted, after=page.after, limit=PART)

    return rows()


def by_reason(counts: Sequence[RefusalCount]) -> dict[Reason, int]:
    """Return how many there are of each reason, the most first."""
    found = Counter[Reason]()
    for each in counts:
        found[each.reason] += each.refusals
    return dict(found.most_common())


def onward(visit: Visit, page: Page[Any]) -> str:
    """Return the query of the next page's address; empty where this is the last."""
    if page.after is None:
        return ""
    asked = [(name, value) for name, value in visit.request.query_params.multi_items() if name != "after"]
    return urlencode([*asked, ("after", page.after)])


def cursor(visit: Visit) -> str | None:
    """Return where the page that is asked for begins; None at the beginning."""
    return visit.asked("after") or None
