"""Audit: who did what, when, and what came of it."""

from starlette.responses import Response

from console.access.routes import Page
from console.answering import answered
from console.filters import OUTCOMES, account_of, one_of, time_of
from console.tables import MOST, csv_file, jsonl_file
from console.visit import Visit
from relationship.contract.decisions import Audit
from views.operations.audit import AuditFilter, AuditLog
from views.operations.audit import audit as read_audit

SHOWN = 100
COLUMNS = ("decided_at", "occurred_at", "action", "outcome", "account_id", "by", "detail", "event_id")


async def _found(visit: Visit, limit: int) -> AuditLog:
    wanted = AuditFilter(
        account=account_of(visit),
        action=visit.asked("action") or None,
        outcome=one_of(visit, "outcome", OUTCOMES),
        by=visit.asked("by") or None,
        since=time_of(visit, "since"),
        until=time_of(visit, "until"),
    )
    return await read_audit(visit.house.settings, wanted, limit)


@answered
async def audit(visit: Visit) -> Response:
    """Show the newest entries that fit, the newest first."""
    found = await _found(visit, SHOWN)
    query = visit.request.url.query
    return visit.page("audit.html", entries=found.entries[::-1], total=found.total, outcomes=OUTCOMES, query=query)


@answered
async def audit_csv(visit: Visit) -> Response:
    """Give what fits as CSV."""
    found = await _found(visit, MOST)
    return csv_file("audit", COLUMNS, [[getattr(each, name) for name in COLUMNS] for each in _shown(visit, found)])


@answered
async def audit_jsonl(visit: Visit) -> Response:
    """Give what fits as JSON lines."""
    return jsonl_file("audit", _shown(visit, await _found(visit, MOST)))


def _shown(visit: Visit, found: AuditLog) -> list[Audit]:
    return [visit.masked(each) for each in found.entries]


PAGES = (
    Page("GET", "/audit", "viewer", audit),
    Page("GET", "/audit.csv", "viewer", audit_csv),
    Page("GET", "/audit.jsonl", "viewer", audit_jsonl),
)
