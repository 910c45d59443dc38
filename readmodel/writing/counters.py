"""Rows that stand for many: kinds of decisions and groups of accounts, and how many rows have each; flows and hours.

Numbers of rows are summed up over a batch and added in its transaction. Numbers of kinds and groups are remembered from one
batch to the next; after a batch that failed they are read again.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any, Final, Generic, NamedTuple, TypeVar

from sqlalchemy import Connection, Table, select, update
from sqlalchemy.sql.expression import bindparam

from readmodel.columns import Long
from readmodel.tables import flows, groups, kinds, refusal_hours
from readmodel.writing.upserts import replace

#: A confidence is filtered in steps of a twentieth.
CONFIDENCE_STEPS: Final = 20


class Kind(NamedTuple):
    """What decisions have in common; the names are those of the columns."""

    industry: str
    from_status: str
    to_status: str
    direction: str
    policy_id: str
    policy_version: str
    confidence: int
    folded: bool


class Group(NamedTuple):
    """What accounts have in common; the names are those of the columns."""

    status: str
    industry: str
    party: str | None
    scope: str
    market: str | None
    standing: str
    play: str
    policy_id: str
    policy_version: str


class FlowDay(NamedTuple):
    """What a flow is counted by; the names are those of the columns."""

    industry: str
    day: date
    from_status: str
    to_status: str


class Hour(NamedTuple):
    """What refusals are counted by; hours since the epoch."""

    hour: int
    reason: str
    topic: str


K = TypeVar("K", bound=NamedTuple)


class Numbered(Generic[K]):
    """The rows of `kinds` or `groups`, by what they stand for."""

    def __init__(self, table: Table, number: str, kind: type[K]) -> None:
        self._table, self._number, self._kind = table, number, kind
        self.numbers: dict[K, int] = {}
        self.kinds: dict[int, K] = {}
        self.rows: Counter[int] = Counter()

    def read(self, connection: Connection) -> None:
        """Read all of them anew."""
        fields = [self._table.c[name] for name in self._kind._fields]
        self.numbers, self.kinds, self.rows = {}, {}, Counter()
        for number, *values in connection.execute(select(self._table.c[self._number], *fields)):
            self._note(number, self._kind(*values))

    def number(self, connection: Connection, of: K, **more: Any) -> int:
        """Return the number of one, which is made where there is none."""
        found = self.numbers.get(of)
        if found is None:
            found = max(self.kinds, default=0) + 1
            connection.execute(self._table.insert(), {self._number: found, **of._asdict(), "rows": 0, **more})
            self._note(found, of)
        return found

    def write(self, connection: Connection) -> None:
        """Add what was counted."""
        column = self._table.c[self._number]
        statement = (
            update(self._table).where(column == bindparam("at")).values(rows=self._table.c.rows + bindparam("more"))
        )
        changed = [{"at": number, "more": count} for number, count in self.rows.items() if count]
        if changed:
            connection.execute(statement, changed)
        self.rows = Counter()

    def _note(self, number: int, of: K) -> None:
        self.numbers[of], self.kinds[number] = number, of


class Counters:
    """All that is counted of a batch."""

    def __init__(self) -> None:
        self.kinds = Numbered(kinds, "kind", Kind)
        self.groups = Numbered(groups, "group", Group)
        self.flows: Counter[FlowDay] = Counter()
        self.hours: Counter[Hour] = Counter()
        self.open: Counter[Hour] = Counter()
        self.newest: dict[int, int] = {}  # of kinds: the newest decision, µs
        self._is_read = False

    def begin(self, connection: Connection) -> None:
        """Begin a batch."""
        self.flows, self.hours, self.open, self.newest = Counter(), Counter(), Counter(), {}
        if not self._is_read:
            self.kinds.read(connection)
            self.groups.read(connection)
        self._is_read = False  # until the batch is whole

    def write(self, connection: Connection) -> None:
        """Write what was counted."""
        self.kinds.write(connection)
        self.groups.write(connection)
        _write_newest(connection, self.newest)
        _add(connection, flows, [{**_named(key), "rows": count} for key, count in sorted(self.flows.items()) if count])
        _add(connection, refusal_hours, self._hours())

    def _hours(self) -> list[dict[str, Any]]:
        changed = sorted(self.hours.keys() | self.open.keys())
        found = [{**_named(key), "rows": self.hours[key], "open": self.open[key]} for key in changed]
        return [each for each in found if each["rows"] or each["open"]]

    def end(self) -> None:
        """Note that the batch is stored."""
        self._is_read = True


def _write_newest(connection: Connection, newest: dict[int, int]) -> None:
    column, value = kinds.c.newest_us, bindparam("us", type_=Long)
    statement = update(kinds).where(kinds.c.kind == bindparam("at"), column < value).values(newest_us=value)
    if newest:
        connection.execute(statement, [{"at": number, "us": us} for number, us in newest.items()])


def _add(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    replace(connection, table, rows, also_add=[each.name for each in table.c if not each.primary_key])


def _named(key: Any) -> dict[str, Any]:
    return dict(key._asdict())
