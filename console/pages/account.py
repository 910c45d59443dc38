"""One account: where it stands and why, its score over time, its dimensions with their evidence, what happened."""

import asyncio
from typing import Any, Final

import msgspec
from starlette.responses import Response

from console.access.routes import Page
from console.answering import answered
from console.visit import Visit
from views.accounts.account import AccountView
from views.accounts.course import Course
from views.accounts.stored import account_now, course, timeline
from views.errors import NoAccountError, NoHistoryError
from views.operations.audit import AuditFilter, audit

TRACE_SHOWN: Final = 20  # audit entries on an account's page; the audit page has them all


@answered
async def account(visit: Visit) -> Response:
    """Show an account by `id`; without one, ask for it."""
    shown = visit.asked("id")
    if not shown:
        return visit.page("account_ask.html", wrong="")
    account_id, settings = visit.real_id(shown), visit.house.settings
    try:
        view, line, drawn = await asyncio.gather(
            account_now(settings, account_id), timeline(settings, account_id), course(settings, account_id)
        )
    except (NoAccountError, NoHistoryError):
        return visit.page("account_ask.html", 404, wrong=f"There is no account {visit.shown_id(account_id)} here.")
    return visit.page(
        "account.html", shown=shown, view=view, why=visit.masked_text(view.why, account_id), timeline=line.entries[::-1],
        chart=_chart(drawn), largest=_largest(view), course=drawn, merged=view.state.account_id != account_id,
    )  # fmt: skip


@answered
async def trace(visit: Visit) -> Response:
    """Give what the audit has of an account, and whether a command that was just sent is among it."""
    account_id, awaited = visit.real_id(visit.asked("id")), visit.asked("awaits")
    found = await audit(visit.house.settings, AuditFilter(account=account_id), TRACE_SHOWN)
    entries = found.entries[::-1]
    here = next((each for each in entries if each.event_id == awaited), None)
    return visit.page("account_trace.html", entries=entries, awaited=awaited, here=here, shown=visit.asked("id"))


def _chart(drawn: Course) -> str:
    """Return what the chart draws, as JSON for an attribute: the template escapes it."""
    content: dict[str, Any] = {
        "at": [point.at for point in drawn.points],
        "score": [point.score for point in drawn.points],
        "status": [point.status for point in drawn.points],
        "client": drawn.client_up,
        "stays": drawn.client_down,
        "candidate": drawn.candidate_up,
    }
    return msgspec.json.encode(content).decode()


def _largest(view: AccountView) -> float:
    """Return the most that any dimension could bring: what the bars are drawn against."""
    return max((each.weight for each in view.dimensions), default=1.0) or 1.0


PAGES = (Page("GET", "/account", "viewer", account), Page("GET", "/account/trace", "viewer", trace))
