"""The accounts on whose status the policy in force and the shadow differ."""

from typing import Any, Final

from sqlalchemy import ColumnElement, func, select

from readmodel.answers import Page, ShadowCount
from readmodel.database import ReadModel
from readmodel.filters import ShadowFilter
from readmodel.paging import LIMIT, beyond, bounded, page, place
from readmodel.queries.prefixes import begins_with
from readmodel.queries.rows import difference_of
from readmodel.tables import shadows
from relationship.contract.decisions import ShadowDifference

EVERYTHING: Final = ShadowFilter()
_OF: Final = shadows.c


def shadow_counts(model: ReadModel, publication: str | None = None) -> list[ShadowCount]:
    """Count the accounts that differ, by both statuses, the most first. Raises DatabaseError."""
    count = func.count().label("accounts")
    statement = select(_OF.active, _OF.shadow, count).where(*_conditions(ShadowFilter(publication=publication)))
    statement = statement.group_by(_OF.active, _OF.shadow).order_by(count.desc(), _OF.active, _OF.shadow)
    with model.reading() as connection:
        return [ShadowCount(*row) for row in connection.execute(statement)]


def shadow_differences(
    model: ReadModel, wanted: ShadowFilter = EVERYTHING, *, after: str | None = None, limit: int = LIMIT
) -> Page[ShadowDifference]:
    """Return a page of the differences that are wanted, by account. Raises DatabaseError, CursorError."""
    at, limit = None if after is None else place(after, (str,)), bounded(limit)
    statement: Any = select(_OF.account_id, _OF.body).where(*_conditions(wanted))
    if at is not None:
        statement = statement.where(beyond((_OF.account_id,), at, newest_first=False))
    with model.reading() as connection:
        rows = connection.execute(statement.order_by(_OF.account_id).limit(limit + 1)).all()
    shown = rows[:limit]
    last = (shown[-1].account_id,) if shown else ()
    return page(rows, limit, [difference_of(row.body) for row in shown], last, None)


def _conditions(wanted: ShadowFilter) -> list[ColumnElement[bool]]:
    pairs = ((_OF.publication, wanted.publication), (_OF.active, wanted.active), (_OF.shadow, wanted.shadow))
    found: list[ColumnElement[bool]] = [column == value for column, value in pairs if value is not None]
    return [*found, *begins_with(_OF.account_id, wanted.prefix)] if wanted.prefix else found
