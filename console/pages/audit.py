"""Audit: who did what, when, and what came of it; as a page and as files."""

from collections.abc import AsyncIterator
from typing import Final

from starlette.responses import Response

from console.access.routes import Page
from console.answering import answered
from console.asking import all_rows, ask, cursor, how_far, onward
from console.filters import OUTCOMES, account_of, one_of, time_of
from console.tables import csv_file, jsonl_file
from console.visit import Visit
from readmodel.queries.audit import audit_entries
from relationship.contract.decisions import Audit
from relationship.contract.filters import AuditFilter

SHOWN: Final = 100
COLUMNS: Final = ("decided_at", "occurred_at", "action", "outcome", "account_id", "by", "detail", "event_id")


@answered
async def audit(visit: Visit) -> Response:
    """Show a page of the entries that fit, the newest first."""
    found = await ask(visit, audit_entries, _wanted(visit), after=cursor(visit), limit=SHOWN)
    return visit.page(
        "audit.html", entries=found.items, total=found.total, standing=await how_far(visit), onward=onward(visit, found),
        outcomes=OUTCOMES, query=visit.request.url.query,
    )  # fmt: skip


@answered
async def audit_csv(visit: Visit) -> Response:
    """Give what fits as CSV."""
    return csv_file("audit", COLUMNS, ([getattr(each, name) for name in COLUMNS] async for each in await _file(visit)))


@answered
async def audit_jsonl(visit: Visit) -> Response:
    """Give what fits as JSON lines."""
    return jsonl_file("audit", await _file(visit))


def _wanted(visit: Visit) -> AuditFilter:
    return AuditFilter(
        account=account_of(visit),
        action=visit.asked("action") or None,
        outcome=one_of(visit, "outcome", OUTCOMES),
        by=visit.asked("by") or None,
        since=time_of(visit, "since"),
        until=time_of(visit, "until"),
    )


async def _file(visit: Visit) -> AsyncIterator[Audit]:
    found = await all_rows(visit, audit_entries, _wanted(visit))
    return (visit.masked(each) async for each in found)


PAGES = (
    Page("GET", "/audit", "viewer", audit),
    Page("GET", "/audit.csv", "viewer", audit_csv),
    Page("GET", "/audit.jsonl", "viewer", audit_jsonl),
)
