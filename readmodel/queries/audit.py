"""Who did what, the newest first."""

from typing import Any, Final

from sqlalchemy import ColumnElement, select

from readmodel.answers import Page
from readmodel.database import ReadModel
from readmodel.paging import LIMIT, beyond, bounded, page, place
from readmodel.queries.rows import entry_of, micros_or_none
from readmodel.tables import audit as stored
from relationship.contract.decisions import Audit
from relationship.contract.filters import AuditFilter

EVERYTHING: Final = AuditFilter()
_OF: Final = stored.c


def audit_entries(
    model: ReadModel, wanted: AuditFilter = EVERYTHING, *, after: str | None = None, limit: int = LIMIT
) -> Page[Audit]:
    """Return a page of the entries that are wanted, by when they were decided. Raises DatabaseError, CursorError."""
    at, limit = None if after is None else place(after, (int, int)), bounded(limit)
    order = (_OF.decided_us, _OF.id)
    statement: Any = select(*order, _OF.body).where(*_conditions(wanted))
    if at is not None:
        statement = statement.where(beyond(order, at, newest_first=True))
    with model.reading() as connection:
        rows = connection.execute(statement.order_by(*(each.desc() for each in order)).limit(limit + 1)).all()
    shown = rows[:limit]
    last = tuple(shown[-1][:2]) if shown else ()
    return page(rows, limit, [entry_of(row.body) for row in shown], last, None)


def _conditions(wanted: AuditFilter) -> list[ColumnElement[bool]]:
    pairs = (
        (_OF.account_id, wanted.account),
        (_OF.action, wanted.action),
        (_OF.outcome, wanted.outcome),
        (_OF.by, wanted.by),
    )
    found: list[ColumnElement[bool]] = [column == value for column, value in pairs if value is not None]
    if (since := micros_or_none(wanted.since)) is not None:
        found.append(_OF.decided_us >= since)
    if (until := micros_or_none(wanted.until)) is not None:
        found.append(_OF.decided_us < until)
    return found
