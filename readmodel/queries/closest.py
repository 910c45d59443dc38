"""Accounts closest to turning, by their score and the thresholds of a policy.

A score beyond a threshold is not all that a change asks for: an account may stand there and wait for the gate, or for the
least stay. Such accounts are on the other side of the threshold already, and are left out: they are not near it, but past.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

from sqlalchemy import Connection, Select, literal, select, tuple_, union_all
from sqlalchemy.types import Integer, String

from readmodel.answers import Account, Levels, Near, Page
from readmodel.columns import Long
from readmodel.database import ReadModel
from readmodel.paging import LIMIT, bounded, page, place
from readmodel.queries.rows import moment_of, state_of
from readmodel.tables import accounts
from relationship.contract.enums import INDUSTRIES
from relationship.contract.messages import Industry, Status
from relationship.policy.compiled import Policy

Way = Literal["up", "down"]
CENTS: Final = 100  # of a point
_OF: Final = accounts.c


class Turn(NamedTuple):
    """One way to turn: the threshold's field of `Levels`, between two statuses."""

    status: Status
    to: Status
    level: str


TURNS: Final[dict[Way, tuple[Turn, ...]]] = {
    "up": (
        Turn("customer", "candidate", "candidate_up"),
        Turn("candidate", "client", "client_up"),
    ),
    "down": (
        Turn("candidate", "customer", "candidate_down"),
        Turn("client", "candidate", "client_down"),
    ),
}


def levels_of(policy: Policy) -> dict[Industry, Levels]:
    """Return the thresholds of every trade under a policy, in points. Pure."""
    return {industry: _levels(policy.trade(at)) for at, industry in enumerate(INDUSTRIES)}


def closest(
    model: ReadModel,
    levels: Mapping[Industry, Levels],
    direction: Way,
    *,
    status: Status | None = None,
    industry: Industry | None = None,
    after: str | None = None,
    limit: int = LIMIT,
) -> Page[Near]:
    """Return a page of the accounts that stand before a threshold, the nearest first. Raises DatabaseError, CursorError.

    Args:
        model: the read model.
        levels: the thresholds, by trade: `levels_of` has those of a policy.
        direction: upwards from customer and candidate, or downwards from candidate and client.
        status: of accounts that stand there alone.
        industry: of accounts of that trade alone.
        after: the cursor that the page before gave.
        limit: rows of the page.
    """
    at, limit = None if after is None else place(after, (int, int)), bounded(limit)
    turns = [turn for turn in TURNS[direction] if status in {None, turn.status}]
    trades = {each: levels[each] for each in levels if industry in {None, each}}
    parts = list(_parts(turns, trades, direction, at, limit))
    if not parts:
        return Page([], None, 0)
    whole = union_all(*(select(part.subquery()) for part in parts)).subquery()
    statement = select(whole).order_by(whole.c.distance, whole.c.tie).limit(limit + 1)
    with model.reading() as connection:
        rows = connection.execute(statement).all()
        shown = rows[:limit]
        states = _states(connection, [abs(row.tie) for row in shown])
    near = [_near(row, states[abs(row.tie)]) for row in shown if abs(row.tie) in states]
    last = (shown[-1].distance, shown[-1].tie) if shown else ()
    return page(rows, limit, near, last, None)


def _states(connection: Connection, ids: Sequence[int]) -> dict[int, Account]:
    """Return the accounts of a page: only now, since each of the parts would read a page of its own. Some may be gone."""
    found = connection.execute(select(_OF.id, _OF.stored_ms, _OF.body).where(_OF.id.in_(ids)))
    return {row.id: Account(state_of(row.body), moment_of(row.stored_ms)) for row in found}


def _parts(
    turns: list[Turn], trades: Mapping[Industry, Levels], direction: Way, at: list[int] | None, limit: int
) -> Iterator[Select[Any]]:
    """Give one statement a status and trade: the index on scores has all that it asks for, in its order."""
    for turn in turns:
        for industry, levels in trades.items():
            level = round(getattr(levels, turn.level) * CENTS)
            yield _part(turn, industry, level, direction, at).limit(limit + 1)


def _part(turn: Turn, industry: Industry, level: int, direction: Way, at: list[int] | None) -> Select[Any]:
    is_up = direction == "up"
    distance = (literal(level, Integer) - _OF.score) if is_up else (_OF.score - literal(level, Integer))
    tie = (
        -_OF.id if is_up else _OF.id + 0
    )  # upwards the index is read backwards: of equal scores the later row is first
    found = select(
        tie.label("tie"),
        distance.label("distance"),
        literal(turn.to, String).label("turns_to"),
        literal(level, Integer).label("level"),
    ).where(_OF.status == turn.status, _OF.industry == industry)
    found = found.where(_OF.score < level) if is_up else found.where(_OF.score >= level)
    if at is not None:
        edge = level - at[0] if is_up else level + at[0]
        found = found.where(_OF.score <= edge) if is_up else found.where(_OF.score >= edge)
        found = found.where(tuple_(distance, tie) > tuple_(literal(at[0], Long), literal(at[1], Long)))
    order = (_OF.score, _OF.id)
    return found.order_by(*(each.desc() if is_up else each.asc() for each in order))


def _levels(trade: Any) -> Levels:
    names = ("candidate_up", "candidate_down", "client_up", "client_down")
    return Levels(*(getattr(trade, name) / CENTS for name in names))


def _near(row: Any, account: Account) -> Near:
    return Near(account, row.turns_to, row.level / CENTS, row.distance / CENTS)
