"""The base: accounts by status, industry and segment, and the flows between statuses over time."""

import heapq
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, Final, Literal

from sqlalchemy import func, select

from readmodel.answers import BaseCounts, Flow, SegmentCount
from readmodel.database import ReadModel
from readmodel.tables import ALL_TRADES, groups
from readmodel.tables import flows as stored
from relationship.contract.decisions import SegmentPart
from relationship.contract.enums import STATUSES
from relationship.contract.messages import Industry, Status

Period = Literal["day", "week", "month", "all"]


def base_counts(model: ReadModel, *, most: int | None = None) -> BaseCounts:
    """Count the accounts that have a state; with `most`, tell so many segments, the largest. Raises DatabaseError."""
    of, rows = groups.c, groups.c["rows"]
    parts = (of.industry, of.party, of.scope, of.market, of.standing)
    statement = select(of.status, *parts, func.sum(rows)).where(rows > 0).group_by(of.status, *parts)
    with model.reading() as connection:
        found = connection.execute(statement).all()
    industries: dict[Industry, Counter[Status]] = {}
    for status, industry, *_, count in found:
        industries.setdefault(industry, Counter())[status] += int(count)
    ranked = sorted(found, key=_largest_first) if most is None else heapq.nsmallest(most, found, key=_largest_first)
    largest = sorted(industries.items(), key=lambda each: (-each[1].total(), each[0]))
    total = sum(industries.values(), Counter[Status]())
    return BaseCounts(
        accounts=total.total(),
        statuses=_in_order(total),
        industries={industry: _in_order(counts) for industry, counts in largest},
        segments=[SegmentCount(SegmentPart(*row[1:6]), row[0], int(row[6])) for row in ranked],
    )


def flows(
    model: ReadModel,
    *,
    since: date | None = None,
    until: date | None = None,
    by: Period = "month",
    industry: Industry | None = None,
) -> list[Flow]:
    """Return the flows between statuses by period, the oldest first: of decisions in force alone. Raises DatabaseError.

    Args:
        model: the read model.
        since: the first day, of event time in UTC; a period is cut off there.
        until: the day after the last one.
        by: which period; a week begins on Monday. "all" is one period, from `since` on or the first day that there is.
        industry: of one trade alone.
    """
    of, rows = stored.c, stored.c["rows"]
    conditions = [of.industry == (industry or ALL_TRADES), rows > 0]
    conditions += [of.day >= since] if since is not None else []
    conditions += [of.day < until] if until is not None else []
    pair = (of.from_status, of.to_status)
    if by == "all":  # of one period the database can give the sums
        statement = select(func.min(of.day), *pair, func.sum(rows)).where(*conditions).group_by(*pair)
    else:
        statement = select(of.day, *pair, rows).where(*conditions)
    with model.reading() as connection:
        found = connection.execute(statement.order_by(statement.selected_columns[0])).all()
    return _by_period(found, since, _START[by])


def _by_period(found: Any, since: date | None, start_of: Callable[[date], date]) -> list[Flow]:
    counted: Counter[tuple[date, Status, Status]] = Counter()
    first = since or (found[0][0] if found else date.min)
    for day, from_, to, count in found:
        counted[max(first, start_of(day)), from_, to] += int(count)
    rank = {status: at for at, status in enumerate(STATUSES)}
    ordered = sorted(counted.items(), key=lambda each: (each[0][0], rank[each[0][1]], rank[each[0][2]]))
    return [Flow(start, from_, to, count) for (start, from_, to), count in ordered]


_START: Final[dict[Period, Callable[[date], date]]] = {
    "day": lambda day: day,
    "week": lambda day: day - timedelta(days=day.weekday()),
    "month": lambda day: day.replace(day=1),
    "all": lambda _: date.min,
}


def _largest_first(row: Any) -> tuple[Any, ...]:
    status, industry, party, scope, market, standing, count = row
    return -count, industry, party or "", scope, market or "", standing, status


def _in_order(counts: Counter[Status]) -> dict[Status, int]:
    return {status: counts[status] for status in STATUSES}
