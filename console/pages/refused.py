"""Refused: how many records by reason, what became of them, and their bytes, shown so that nothing in them acts."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

from starlette.responses import Response

from console.access.routes import Page
from console.answering import answered
from console.asking import ask, by_reason, cursor, how_far, onward
from console.drawing import trend
from console.filters import one_of
from console.visit import Visit
from readmodel.answers import RefusalCount
from readmodel.filters import RefusalFilter
from readmodel.queries.refusals import open_counts, refusal_counts, refusals
from relationship.contract.outcome import Reason

SHOWN: Final = 50
DAYS: Final = 30  # that are counted and drawn
BYTES_SHOWN: Final = 2_000  # of a record: a page is read, not scrolled for megabytes
#: What becomes of a dead letter, and how a person says it.
STATES: Final = {"open": "open", "redriven": "sent again", "discarded": "given up"}
#: Whose turn it is, by reason, in words.
FIXES: Final = {
    Reason.DECODE: "The producer sends what is no JSON, or not UTF-8: mend it there.",
    Reason.SCHEMA: "A field is missing or wrong: mend the producer, then send the events again.",
    Reason.VERSION: "The producer speaks a later version, or to a wrong topic: upgrade the workers, or mend its topic.",
    Reason.SIZE: "Too large or nested too deep: send less in one event.",
    Reason.TIME: "A clock is wrong, there or here: look at both, then send the events again.",
    Reason.KEY: "The record's key is not the account's id: mend the producer's key.",
    Reason.CONFLICT: "An id came twice with different content: give each event an id of its own.",
    Reason.LATE: "It came after the lateness allowed: send sooner, or redrive with a wider allowance.",
    Reason.FAULT: "A defect of ours: report it with the record.",
}


@answered
async def refused(visit: Visit) -> Response:
    """Show what was refused, of one reason or of all, the newest first."""
    wanted = one_of(visit, "reason", [each.value for each in Reason])
    reason, state = Reason(wanted) if wanted else None, one_of(visit, "state", STATES)
    since = datetime.fromtimestamp(visit.house.clock(), UTC) - timedelta(days=DAYS)
    found, counts, left = await asyncio.gather(
        ask(visit, refusals, RefusalFilter(reason=reason, state=state), after=cursor(visit), limit=SHOWN),
        ask(visit, refusal_counts, since=since, until=None, by="day"),
        ask(visit, open_counts),
    )
    reasons = by_reason(counts)
    return visit.page(
        "refused.html", reasons=reasons | {each: 0 for each in left if each not in reasons}, left=left, states=STATES,
        state=state, days=DAYS, trends=_trends(counts, since.date()), rows=found.items,
        reason=reason, fixes=FIXES, readable=readable, shows_bytes=not visit.masks, standing=await how_far(visit),
        onward=onward(visit, found),
    )  # fmt: skip


def _trends(counts: Sequence[RefusalCount], first: date) -> dict[Reason, str]:
    """Return for each reason a line of its days."""
    found: dict[Reason, list[int]] = {}
    for each in counts:
        line = found.setdefault(each.reason, [0] * (DAYS + 1))
        line[min(max((each.start.date() - first).days, 0), DAYS)] += each.refusals
    return {reason: trend(line) for reason, line in found.items()}


def readable(content: bytes | None) -> str:
    """Return bytes as text in which nothing acts: what is no plain character stands as its escape."""
    if content is None:
        return "null"
    text = content[:BYTES_SHOWN].decode("utf-8", errors="backslashreplace")
    shown = "".join(
        each if each.isprintable() or each == "\n" else each.encode("unicode_escape").decode() for each in text
    )
    more = len(content) - BYTES_SHOWN
    return shown + (f"\n… and {more:,} bytes more" if more > 0 else "")


PAGES = (Page("GET", "/refused", "viewer", refused),)
