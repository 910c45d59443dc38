"""A policy's text, tried on the kept history in the background: begun, watched, stopped, and what came of it."""

from typing import Final

from starlette.responses import Response

from console.access.routes import Page
from console.answering import answered
from console.jobs.backtests import Draft
from console.jobs.work import Result
from console.visit import Visit, WrongInputError
from views.policies.texts import policies_with_texts

WHATS: Final = ("start", "stop")


@answered
async def show(visit: Visit) -> Response:
    """Show a text's backtest: how far it is, or what came of it."""
    return _page(visit, "backtest.html")


@answered
async def progress(visit: Visit) -> Response:
    """Give the part of the page that changes while it runs."""
    return _page(visit, "backtest_progress.html")


@answered
async def do(visit: Visit) -> Response:
    """Begin a text's backtest against the policy in force, or stop it."""
    draft, what = _draft(visit, visit.form.get("number", "")), visit.form.get("what", "")
    if what not in WHATS:
        raise WrongInputError(f"there is no such change; there are {' and '.join(WHATS)}")
    if what == "stop":
        visit.house.backtests.stop(draft, visit.known.name)
    elif not draft.is_running:
        now = (await policies_with_texts(visit.house.settings)).in_force
        visit.house.backtests.begin(draft, (now.version, now.text), visit.known.name)
    return visit.go(f"/policy/backtest?number={draft.number}")


def _page(visit: Visit, template: str) -> Response:
    draft = _draft(visit, visit.asked("number"))
    result = draft.result if isinstance(draft.result, Result) else None
    return visit.page(template, draft=draft, result=result, failed=draft.result if result is None else None)


def _draft(visit: Visit, number: str) -> Draft:
    found = visit.house.backtests.find(number)
    if found is None:
        raise WrongInputError("this text is not known any more: check it on Policy again")
    return found


PAGES = (
    Page("GET", "/policy/backtest", "operator", show),
    Page("GET", "/policy/backtest/progress", "operator", progress),
    Page("POST", "/policy/backtest", "operator", do),
)
