"""Accounts, by id: searched by how it begins and by their state; and one of them whole."""

from typing import Any, Final

from sqlalchemy import ColumnElement, or_, select

from readmodel.answers import Account, AccountView, Departed, Page
from readmodel.database import ReadModel
from readmodel.filters import AccountFilter
from readmodel.paging import LIMIT, beyond, bounded, page, place
from readmodel.queries.audit import audit_entries
from readmodel.queries.choosing import choose, restricted
from readmodel.queries.decisions import decisions
from readmodel.queries.prefixes import begins_with
from readmodel.queries.rows import datetime_of, difference_of, moment_of, state_of
from readmodel.tables import accounts as stored
from readmodel.tables import departed, groups, shadows
from relationship.contract.filters import AuditFilter, DecisionFilter

EVERYTHING: Final = AccountFilter()
_OF: Final = stored.c


def accounts(
    model: ReadModel, wanted: AccountFilter = EVERYTHING, *, after: str | None = None, limit: int = LIMIT
) -> Page[Account]:
    """Return a page of the accounts that are wanted, by id. Raises DatabaseError, CursorError."""
    at, limit = None if after is None else place(after, (str,)), bounded(limit)
    with model.reading() as connection:
        choice = choose(connection, groups, "group", _of_groups(wanted))
        statement = select(_OF.account_id, _OF.stored_ms, _OF.body)
        if wanted.prefix:
            statement = statement.where(*begins_with(_OF.account_id, wanted.prefix))
        if at is not None:
            statement = statement.where(beyond((_OF.account_id,), at, newest_first=False))
        statement = restricted(statement, choice, _OF.group, (_OF.account_id,), newest_first=False)
        rows = connection.execute(statement.limit(limit + 1)).all()
    shown = rows[:limit]
    items = [_account(row) for row in shown]
    last = (shown[-1].account_id,) if shown else ()
    return page(rows, limit, items, last, None if wanted.prefix else choice.rows)


def account(model: ReadModel, account_id: str, *, limit: int = LIMIT) -> AccountView | None:
    """Return an account with its newest decisions and audit entries; None where the tables have nothing of it.

    Raises DatabaseError.
    """
    with model.reading() as connection:
        state = connection.execute(select(_OF.stored_ms, _OF.body).where(_OF.account_id == account_id)).one_or_none()
        gone = connection.execute(select(departed.c.at_us).where(departed.c.account_id == account_id)).one_or_none()
        body = connection.scalar(select(shadows.c.body).where(shadows.c.account_id == account_id))
    found = AccountView(
        account=None if state is None else _account(state),
        departed=None
        if gone is None
        else Departed(account_id, "merged", None if gone[0] is None else datetime_of(gone[0])),
        decisions=decisions(model, DecisionFilter(account=account_id), limit=limit),
        shadow=None if body is None else difference_of(body),
        audit=audit_entries(model, AuditFilter(account=account_id), limit=limit),
    )
    is_known = found.account or found.departed or found.decisions.items or found.shadow or found.audit.items
    return found if is_known else None


def _of_groups(wanted: AccountFilter) -> list[ColumnElement[bool]]:
    of = groups.c
    names = ("status", "industry", "party", "scope", "market", "standing", "play")
    pairs = [(of[name], getattr(wanted, name)) for name in names]
    found: list[ColumnElement[bool]] = [column == value for column, value in pairs if value is not None]
    if wanted.policy is not None:
        found.append(or_(of.policy_id == wanted.policy, of.policy_version == wanted.policy))
    return found


def _account(row: Any) -> Account:
    return Account(state_of(row.body), moment_of(row.stored_ms))
