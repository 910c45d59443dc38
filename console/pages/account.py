"""One account: where it stands and why, its score over time, its dimensions with their evidence, what happened."""

import asyncio
from typing import Any, Final

import msgspec
from starlette.responses import Response

from console.access.routes import Page
from console.answering import answered
from console.asking import ask, cursor, how_far, onward
from console.filters import INDUSTRIES, STANDINGS, STATUSES, one_of
from console.visit import Visit, WrongInputError
from readmodel.filters import AccountFilter
from readmodel.queries.accounts import account as known_account
from readmodel.queries.accounts import accounts
from readmodel.queries.audit import audit_entries
from relationship.contract.decisions import Audit
from relationship.contract.filters import AuditFilter
from views.accounts.account import AccountView
from views.accounts.course import Course
from views.accounts.stored import account_now, course, timeline
from views.errors import NoAccountError, NoHistoryError
from views.operations.audit import audit

LISTED: Final = 100  # accounts on a page
TRACE_SHOWN: Final = 20  # audit entries on an account's page; the audit page has them all


@answered
async def account(visit: Visit) -> Response:
    """Show an account by `id`; without one, ask for it."""
    shown = visit.asked("id")
    if not shown:
        return await _list(visit)
    account_id, settings = visit.real_id(shown), visit.house.settings
    try:
        view, line, drawn = await asyncio.gather(
            account_now(settings, account_id), timeline(settings, account_id), course(settings, account_id)
        )
    except (NoAccountError, NoHistoryError):
        return visit.page("account_gone.html", 404, shown=shown)
    known = await ask(visit, known_account, account_id)
    return visit.page(
        "account.html", shown=shown, view=view, why=visit.masked_text(view.why, account_id), course=drawn,
        timeline=line.entries[::-1], chart=_chart(drawn), shadow=known.shadow if known is not None else None,
        largest=_largest(view), merged=view.state.account_id != account_id,
    )  # fmt: skip


async def _list(visit: Visit) -> Response:
    """Show a page of the accounts that fit; whoever sees pseudonyms finds none by how its id begins."""
    if visit.masks and visit.asked("prefix"):
        raise WrongInputError("account ids are masked for you: look for accounts by what they are")
    wanted = AccountFilter(
        prefix=visit.asked("prefix") or None,
        status=one_of(visit, "status", STATUSES),
        industry=one_of(visit, "industry", INDUSTRIES),
        standing=one_of(visit, "standing", STANDINGS),
    )
    found = await ask(visit, accounts, wanted, after=cursor(visit), limit=LISTED)
    return visit.page(
        "accounts.html", found=found, standing=await how_far(visit), onward=onward(visit, found), statuses=STATUSES,
        industries=INDUSTRIES, standings=STANDINGS,
    )  # fmt: skip


@answered
async def trace(visit: Visit) -> Response:
    """Give what the audit has of an account, and whether a command that was just sent is among it."""
    account_id, awaited = visit.real_id(visit.asked("id")), visit.asked("awaits")
    entries = await _entries(visit, account_id, awaited)
    here = next((each for each in entries if each.event_id == awaited), None)
    return visit.page("account_trace.html", entries=entries, awaited=awaited, here=here, shown=visit.asked("id"))


async def _entries(visit: Visit, account_id: str, awaited: str) -> list[Audit]:
    """Return an account's newest entries; while one is awaited from the topic itself, where that of an erasure stays."""
    if awaited:
        found = await audit(visit.house.settings, AuditFilter(account=account_id), TRACE_SHOWN)
        return found.entries[::-1]
    return (await ask(visit, audit_entries, AuditFilter(account=account_id), limit=TRACE_SHOWN)).items


def _chart(drawn: Course) -> str:
    """Return what the chart draws, as JSON for an attribute: the template escapes it."""
    content: dict[str, Any] = {
        "at": [point.at for point in drawn.points],
        "score": [point.score for point in drawn.points],
        "event": [point.is_event for point in drawn.points],
        "client": drawn.client_up,
        "stays": drawn.client_down,
        "candidate": drawn.candidate_up,
    }
    return msgspec.json.encode(content).decode()


def _largest(view: AccountView) -> float:
    """Return the most that any dimension could bring: what the bars are drawn against."""
    return max((each.weight for each in view.dimensions), default=1.0) or 1.0


PAGES = (Page("GET", "/account", "viewer", account), Page("GET", "/account/trace", "viewer", trace))
