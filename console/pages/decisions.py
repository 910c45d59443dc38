"""Decisions: those that fit a filter, the newest first, each correction under what it corrects; as a page and as files."""

from collections.abc import AsyncIterator
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from console.access.routes import Page
from console.answering import answered
from console.asking import all_rows, ask, cursor, how_far, onward
from console.filters import DIRECTIONS, INDUSTRIES, STATUSES, account_of, one_of, share_of, time_of
from console.tables import csv_file, jsonl_file, parquet_file
from console.visit import Visit
from readmodel.queries.decisions import decisions as read_decisions
from relationship.contract.decisions import Reclassification
from relationship.contract.filters import DecisionFilter

SHOWN: Final = 100
COLUMNS: Final = (
    "effective_at", "decided_at", "account_id", "from", "to", "direction", "score", "confidence", "industry", "policy",
    "why", "what_next", "event_id", "supersedes",
)  # fmt: skip


@answered
async def decisions(visit: Visit) -> Response:
    """Show a page of the decisions that fit."""
    found = await ask(visit, read_decisions, _wanted(visit), after=cursor(visit), limit=SHOWN)
    return visit.page(
        "decisions.html", rows=found.items, total=found.total, standing=await how_far(visit), onward=onward(visit, found),
        industries=INDUSTRIES, statuses=STATUSES, directions=DIRECTIONS, query=visit.request.url.query,
    )  # fmt: skip


@answered
async def decisions_csv(visit: Visit) -> Response:
    """Give what fits as CSV."""
    return csv_file("decisions", COLUMNS, (_row(each) async for each in await _file(visit)))


@answered
async def decisions_jsonl(visit: Visit) -> Response:
    """Give what fits as JSON lines."""
    return jsonl_file("decisions", await _file(visit))


@answered
async def decisions_parquet(visit: Visit) -> Response:
    """Give what fits as Parquet, with the columns of `clientward export`."""
    try:
        from views.base.parquet import RECLASSIFICATIONS, content  # noqa: PLC0415 - its library is another extra's
    except ModuleNotFoundError as error:
        line = (
            f"{error.name} is missing where the console runs: install clientward[analysis], or take CSV or JSON lines."
        )
        return visit.page("problem.html", 501, line=line)
    rows = [each async for each in await _file(visit)]
    return parquet_file("decisions", await run_in_threadpool(content, RECLASSIFICATIONS, rows))


def _wanted(visit: Visit) -> DecisionFilter:
    return DecisionFilter(
        account=account_of(visit),
        industry=one_of(visit, "industry", INDUSTRIES),
        from_=one_of(visit, "from", STATUSES),
        to=one_of(visit, "to", STATUSES),
        direction=one_of(visit, "direction", DIRECTIONS),
        policy=visit.asked("policy") or None,
        since=time_of(visit, "since"),
        until=time_of(visit, "until"),
        least_confidence=share_of(visit, "confidence"),
    )


async def _file(visit: Visit) -> AsyncIterator[Reclassification]:
    """Return the decisions that fit, and after each the correction that supersedes it."""
    found = await all_rows(visit, read_decisions, _wanted(visit))

    async def rows() -> AsyncIterator[Reclassification]:
        async for each in found:
            yield visit.masked(each.decision)
            if each.corrected_by is not None:
                yield visit.masked(each.corrected_by)

    return rows()


def _row(each: Reclassification) -> list[Any]:
    return [
        each.effective_at, each.decided_at, each.account_id, each.from_, each.to, each.direction, each.score,
        each.confidence, each.segment.industry, f"{each.policy.id} {each.policy.version}", each.why, each.what_next,
        each.event_id, each.supersedes,
    ]  # fmt: skip


PAGES = (
    Page("GET", "/decisions", "viewer", decisions),
    Page("GET", "/decisions.csv", "viewer", decisions_csv),
    Page("GET", "/decisions.jsonl", "viewer", decisions_jsonl),
    Page("GET", "/decisions.parquet", "viewer", decisions_parquet),
)
