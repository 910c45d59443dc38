"""Decisions: the newest that fit a filter, with their corrections under what they correct; as a page and as files."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from starlette.responses import Response

from console.access.routes import Page
from console.answering import answered
from console.filters import DIRECTIONS, INDUSTRIES, STATUSES, account_of, one_of, share_of, time_of
from console.tables import MOST, csv_file, jsonl_file
from console.visit import Visit
from views.base.decisions import Decision, DecisionFilter, DecisionRecord
from views.base.decisions import decisions as read_decisions

SHOWN: Final = 100
COLUMNS: Final = (
    "effective_at", "decided_at", "account_id", "from", "to", "direction", "score", "confidence", "industry", "policy",
    "why", "what_next", "event_id", "supersedes",
)  # fmt: skip


class Row(NamedTuple):
    """A decision, and those that correct it, the newest first."""

    decision: Decision
    corrections: list[Decision]


@answered
async def decisions(visit: Visit) -> Response:
    """Show the newest decisions that fit, the newest first."""
    found = await read_decisions(visit.house.settings, _wanted(visit), SHOWN)
    return visit.page(
        "decisions.html", rows=folded(found.decisions), total=found.total, shown=len(found.decisions),
        industries=INDUSTRIES, statuses=STATUSES, directions=DIRECTIONS, query=visit.request.url.query,
    )  # fmt: skip


@answered
async def decisions_csv(visit: Visit) -> Response:
    """Give what fits as CSV."""
    return csv_file("decisions", COLUMNS, [_row(each) for each in await _file(visit)])


@answered
async def decisions_jsonl(visit: Visit) -> Response:
    """Give what fits as JSON lines."""
    return jsonl_file("decisions", await _file(visit))


def folded(records: Sequence[DecisionRecord]) -> list[Row]:
    """Return decisions, the newest first, each correction under what it corrects where that is among them."""
    found = [each.decision for each in reversed(records) if each.decision is not None]
    ids = {each.event_id for each in found}
    under: dict[str, list[Decision]] = {}
    for each in found:
        if each.supersedes in ids:
            under.setdefault(str(each.supersedes), []).append(each)
    return [Row(each, under.get(str(each.event_id), [])) for each in found if each.supersedes not in ids]


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


async def _file(visit: Visit) -> list[Decision]:
    found = await read_decisions(visit.house.settings, _wanted(visit), MOST)
    return [visit.masked(each.decision) for each in found.decisions if each.decision is not None]


def _row(each: Decision) -> list[Any]:
    industry = each.segment.industry if each.segment else ""
    policy = f"{each.policy.id} {each.policy.version}" if each.policy else ""
    return [
        each.effective_at, each.decided_at, each.account_id, each.from_, each.to, each.direction, each.score,
        each.confidence, industry, policy, each.why, each.what_next, each.event_id, each.supersedes,
    ]  # fmt: skip


PAGES = (
    Page("GET", "/decisions", "viewer", decisions),
    Page("GET", "/decisions.csv", "viewer", decisions_csv),
    Page("GET", "/decisions.jsonl", "viewer", decisions_jsonl),
)
