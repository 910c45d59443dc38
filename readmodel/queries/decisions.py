"""Decisions, the newest first, by when they took effect; corrections under what they correct."""

import math
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, or_, select

from readmodel.answers import Page, StoredDecision
from readmodel.database import ReadModel
from readmodel.paging import LIMIT, beyond, bounded, page, place
from readmodel.queries.choosing import choose, restricted
from readmodel.queries.rows import decision_of, micros_or_none, moment_of
from readmodel.tables import decisions as stored
from readmodel.tables import kinds
from relationship.contract.decisions import Reclassification
from relationship.contract.filters import DecisionFilter

EVERYTHING: Final = DecisionFilter()
CORRECTION: Final = "correction"
#: Into how many steps the stored kinds divide a confidence.
STEPS: Final = 20
ABOVE_ALL: Final = 2.0  # a confidence that nothing has
_OF: Final = stored.c
_FIELDS: Final = (_OF.effective_us, _OF.id, _OF.stored_ms, _OF.superseded_by, _OF.body)


def decisions(
    model: ReadModel, wanted: DecisionFilter = EVERYTHING, *, after: str | None = None, limit: int = LIMIT
) -> Page[StoredDecision]:
    """Return a page of the decisions that are wanted, the newest first. Raises DatabaseError, CursorError.

    A correction is shown at what it corrects; alone where that is not stored, or where corrections are asked for.
    """
    at, limit = None if after is None else place(after, (int, int)), bounded(limit)
    with model.reading() as connection:
        statement, total = _statement(connection, wanted)
        if at is not None:
            statement = statement.where(beyond((_OF.effective_us, _OF.id), at, newest_first=True))
        rows = connection.execute(statement.limit(limit + 1)).all()
        shown = rows[:limit]
        items = _with_corrections(connection, shown)
    last = tuple(shown[-1][:2]) if shown else ()
    return page(rows, limit, items, last, total)


def decision(model: ReadModel, event_id: str) -> StoredDecision | None:
    """Return the decision of an id; None where there is none. Raises DatabaseError."""
    with model.reading() as connection:
        rows = connection.execute(select(*_FIELDS).where(_OF.event_id == event_id)).all()
        return next(iter(_with_corrections(connection, rows)), None)


def _statement(connection: Connection, wanted: DecisionFilter) -> tuple[Any, int | None]:
    """Return the statement of all pages, and how many rows they have, where the kinds alone tell."""
    choice = choose(connection, kinds, "kind", [*_of_kinds(wanted)], kinds.c.newest_us)
    since, until = micros_or_none(wanted.since), micros_or_none(wanted.until)
    others: list[ColumnElement[bool]] = []
    if wanted.account is not None:
        others.append(_OF.account_id == wanted.account)
        choice = choice._replace(is_sparse=False)
    if since is not None:
        others.append(_OF.effective_us >= since)
    if until is not None:
        others.append(_OF.effective_us < until)
    least = _least(wanted)
    if least is not None and not (least * STEPS).is_integer():
        others.append(_OF.confidence >= least)
    total = None if others else choice.rows
    if choice.newest_us is not None:
        others.append(_OF.effective_us <= choice.newest_us)
    order = (_OF.effective_us, _OF.id)
    return restricted(select(*_FIELDS).where(*others), choice, _OF.kind, order, newest_first=True), total


def _of_kinds(wanted: DecisionFilter) -> list[ColumnElement[bool]]:
    """Return the conditions that kinds alone decide."""
    of = kinds.c
    pairs = (
        (of.industry, wanted.industry),
        (of.from_status, wanted.from_),
        (of.to_status, wanted.to),
        (of.direction, wanted.direction),
    )
    found: list[ColumnElement[bool]] = [column == value for column, value in pairs if value is not None]
    if wanted.policy is not None:
        found.append(or_(of.policy_id == wanted.policy, of.policy_version == wanted.policy))
    if (least := _least(wanted)) is not None:
        found.append(of.confidence >= math.floor(least * STEPS))
    if wanted.direction != CORRECTION:
        found.append(of.folded.is_(False))
    return found


def _least(wanted: DecisionFilter) -> float | None:
    """Return the least confidence wanted, within what there is; what is no number is above all."""
    least = wanted.least_confidence
    return None if least is None else max(0.0, min(least, ABOVE_ALL)) if least == least else ABOVE_ALL  # noqa: PLR0124 - NaN


def _with_corrections(connection: Connection, rows: Sequence[Any]) -> list[StoredDecision]:
    ids = [row.superseded_by for row in rows if row.superseded_by is not None]
    found: dict[str, Reclassification] = {}
    if ids:
        statement = select(_OF.event_id, _OF.body).where(_OF.event_id.in_(ids))
        found = {event_id: decision_of(body) for event_id, body in connection.execute(statement)}
    return [
        StoredDecision(decision_of(row.body), moment_of(row.stored_ms), found.get(row.superseded_by)) for row in rows
    ]
