"""Refusals, the newest first, and how many there were by hour, reason and topic."""

from datetime import datetime, timedelta
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Connection, func, select

from readmodel.answers import Page, Refusal, RefusalCount, Settled
from readmodel.database import ReadModel
from readmodel.filters import RefusalFilter
from readmodel.paging import LIMIT, beyond, bounded, page, place
from readmodel.queries.rows import datetime_of, micros_or_none, moment_of
from readmodel.tables import refusal_hours
from readmodel.tables import refusals as stored
from relationship.contract.outcome import Reason
from relationship.contract.times import EPOCH

EVERYTHING: Final = RefusalFilter()
OPEN: Final = "open"
HOUR_US: Final = 3_600_000_000
DAY_HOURS: Final = 24
MOST_PARTITIONS: Final = 2**31 - 1  # Kafka's numbers are of 32 and of 64 bits
MOST_OFFSETS: Final = 2**63 - 1
_OF: Final = stored.c
_ORDER: Final = (_OF.refused_us, _OF.partition, _OF.offset)


def refusals(
    model: ReadModel, wanted: RefusalFilter = EVERYTHING, *, after: str | None = None, limit: int = LIMIT
) -> Page[Refusal]:
    """Return a page of the refusals that are wanted, the newest first. Raises DatabaseError, CursorError."""
    at, limit = None if after is None else place(after, (int, int, int)), bounded(limit)
    statement = select(stored).where(*_conditions(wanted))
    if at is not None:
        statement = statement.where(beyond(_ORDER, at, newest_first=True))
    with model.reading() as connection:
        rows = connection.execute(statement.order_by(*(each.desc() for each in _ORDER)).limit(limit + 1)).all()
        total = _total(connection, wanted)
    shown = rows[:limit]
    last = (shown[-1].refused_us, shown[-1].partition, shown[-1].offset) if shown else ()
    return page(rows, limit, [_refusal(row) for row in shown], last, total)


def refusal(model: ReadModel, partition: int, offset: int) -> Refusal | None:
    """Return the dead letter that stands there; None where there is none. Raises DatabaseError."""
    if not (0 <= partition <= MOST_PARTITIONS and 0 <= offset <= MOST_OFFSETS):
        return None
    with model.reading() as connection:
        row = connection.execute(select(stored).where(_OF.partition == partition, _OF.offset == offset)).one_or_none()
    return None if row is None else _refusal(row)


def refusal_counts(
    model: ReadModel,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    by: Literal["hour", "day"] = "hour",
) -> list[RefusalCount]:
    """Count refusals by period, reason and topic, the oldest first; whole hours and UTC's days. Raises DatabaseError."""
    of, rows = refusal_hours.c, refusal_hours.c["rows"]
    step = 1 if by == "hour" else DAY_HOURS
    start = of.hour - of.hour % step
    conditions = [rows > 0]
    if (first := micros_or_none(since)) is not None:
        conditions.append(of.hour >= first // HOUR_US)
    if (end := micros_or_none(until)) is not None:
        conditions.append(of.hour < -(-end // HOUR_US))
    sums = func.sum(rows), func.sum(of.open)
    statement = select(start.label("start"), of.reason, of.topic, *sums).where(*conditions)
    with model.reading() as connection:
        found = connection.execute(
            statement.group_by("start", of.reason, of.topic).order_by("start", of.reason, of.topic)
        )
        return [_count(*row) for row in found]


def _count(hour: int, reason: str, topic: str, rows: int, left: int) -> RefusalCount:
    return RefusalCount(EPOCH + timedelta(hours=hour), Reason(reason), topic, int(rows), int(left))


def open_counts(model: ReadModel) -> dict[Reason, int]:
    """Return how many dead letters are open, by reason, the most first; of all times. Raises DatabaseError."""
    of = refusal_hours.c
    left = func.sum(of.open)
    with model.reading() as connection:
        found = connection.execute(select(of.reason, left).group_by(of.reason).having(left > 0).order_by(left.desc()))
        return {Reason(reason): int(count) for reason, count in found}


def _conditions(wanted: RefusalFilter) -> list[ColumnElement[bool]]:
    pairs = (
        (_OF.reason, wanted.reason),
        (_OF.topic, wanted.topic),
        (_OF.account_id, wanted.account),
        (_OF.state, wanted.state),
    )
    found: list[ColumnElement[bool]] = [column == value for column, value in pairs if value is not None]
    if (since := micros_or_none(wanted.since)) is not None:
        found.append(_OF.refused_us >= since)
    if (until := micros_or_none(wanted.until)) is not None:
        found.append(_OF.refused_us < until)
    return found


def _total(connection: Connection, wanted: RefusalFilter) -> int | None:
    if wanted.account is not None or wanted.since is not None or wanted.until is not None:
        return None
    if wanted.state not in {None, OPEN}:
        return None  # of those two no hour knows how many are of which
    of = refusal_hours.c
    counted = of["rows"] if wanted.state is None else of.open
    pairs = ((of.reason, wanted.reason), (of.topic, wanted.topic))
    conditions = [column == value for column, value in pairs if value is not None]
    return int(connection.scalar(select(func.coalesce(func.sum(counted), 0)).where(*conditions)) or 0)


def _refusal(row: Any) -> Refusal:
    return Refusal(
        topic=row.topic,
        partition=row.from_partition,
        offset=row.from_offset,
        reason=Reason(row.reason),
        text=row.text,
        refused_at=datetime_of(row.refused_us),
        account=row.account_id,
        key=None if row.key is None else bytes(row.key),
        value=None if row.value is None else bytes(row.value),
        value_bytes=row.value_bytes,
        omitted=row.omitted,
        dead_letter_partition=row.partition,
        dead_letter_offset=row.offset,
        stored_at=moment_of(row.stored_ms),
        state=row.state,
        settled=_settled(row),
        redriven=row.redriven,
    )


def _settled(row: Any) -> Settled | None:
    if row.state == OPEN:
        return None
    at = None if row.settled_us is None else datetime_of(row.settled_us)
    return Settled(row.settled_by, row.settled_why, at)
