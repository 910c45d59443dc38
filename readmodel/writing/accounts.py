"""States: the last of each account. A tombstone takes the account, all of it where it was erased.

A merge takes the state alone: what was decided of the account was so, and the shadow's difference has its own tombstone.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, delete, or_, select, update
from sqlalchemy.sql.expression import bindparam

from readmodel.bodies import packed
from readmodel.tables import accounts, audit, decisions, departed, refusals, shadows
from readmodel.writing.counters import Counters, Group
from readmodel.writing.decisions import take_away
from readmodel.writing.erasing import Erasures
from readmodel.writing.records import Record, account_of, micros_of, read
from readmodel.writing.refusals import take_refusals_away
from readmodel.writing.upserts import replace, where_in
from relationship.contract.decisions import State

CENTS: Final = 100  # of a point, in which scores are stored
MERGE: Final = "merge-"  # what the id of a tombstone begins with, where the account was merged
_decoder: Final = msgspec.json.Decoder(State)


class Ends(Struct):
    """What the states of a batch come to, by account.

    Attributes:
        last: the last record: a state or a tombstone.
        erased: when Kafka stored the last tombstone that says that it was erased, or does not say why it is gone.
    """

    last: dict[str, Record]
    erased: dict[str, int]


def ends_of(records: Sequence[Record]) -> Ends:
    """Return what a batch of the topic of states comes to."""
    ends = Ends({}, {})
    for record in records:
        account = account_of(record)
        if account is None:
            continue
        ends.last[account] = record
        if record.value is None and not _id_of(record).startswith(MERGE):
            ends.erased[account] = record.timestamp
    return ends


def erase(connection: Connection, erased: Mapping[str, int], counters: Counters, erasures: Erasures) -> None:
    """Delete every row of these accounts that Kafka stored by the time of their tombstones."""
    erasures.note(connection, erased)
    for account, ms in erased.items():
        of = decisions.c
        numbers = connection.scalars(select(of.id).where(of.account_id == account, of.stored_ms <= ms)).all()
        take_away(connection, numbers, counters)
        key = or_(refusals.c.account_id == account, refusals.c.key == account.encode())
        take_refusals_away(connection, key, ms, counters)
        for table in (audit, shadows):
            connection.execute(delete(table).where(table.c.account_id == account, table.c.stored_ms <= ms))
        connection.execute(delete(departed).where(departed.c.account_id == account))


def write_accounts(connection: Connection, ends: Ends, counters: Counters) -> None:
    """Write the last states, and take away the accounts that are gone. One that cannot be read leaves what was known."""
    columns = accounts.c
    fields = select(columns.account_id, columns.id, columns.group)
    before = {row.account_id: row for row in where_in(connection, fields, columns.account_id, ends.last)}
    gone = {account: record for account, record in ends.last.items() if record.value is None}
    _take_away(connection, [before[account] for account in gone if account in before], counters)
    _note_merges(connection, [*gone.values()])
    states = [record for record in ends.last.values() if record.value is not None]
    new, changed = [], []
    for record, state in read(states, _decoder):
        row, known = _row(connection, record, state, counters), before.get(state.account_id)
        if known is None:
            new.append(row)
        else:
            counters.groups.rows[known.group] -= 1
            changed.append({**row, "at": known.id})
    _store(connection, new, changed)


def _store(connection: Connection, new: list[dict[str, Any]], changed: list[dict[str, Any]]) -> None:
    if new:
        connection.execute(accounts.insert(), new)
        merged = [{"at": row["account_id"]} for row in new]
        connection.execute(delete(departed).where(departed.c.account_id == bindparam("at")), merged)
    if changed:
        names = [name for name in changed[0] if name not in {"at", "account_id"}]
        values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
        rows = [{"at": row["at"], **{f"new_{name}": row[name] for name in names}} for row in changed]
        connection.execute(update(accounts).where(accounts.c.id == bindparam("at")).values(values), rows)


def _take_away(connection: Connection, gone: Sequence[Any], counters: Counters) -> None:
    counters.groups.rows.subtract(row.group for row in gone)
    if gone:
        statement = delete(accounts).where(accounts.c.id == bindparam("at"))
        connection.execute(statement, [{"at": row.id} for row in gone])


def _note_merges(connection: Connection, gone: Sequence[Record]) -> None:
    rows = [
        {"account_id": account_of(record), "at_us": _time_of(record)}
        for record in gone
        if _id_of(record).startswith(MERGE)
    ]
    replace(connection, departed, rows)


def _row(connection: Connection, record: Record, state: State, counters: Counters) -> dict[str, Any]:
    segment = state.segment
    group = Group(
        state.status,
        segment.industry,
        segment.party,
        segment.scope,
        segment.market,
        segment.standing,
        state.play,
        state.policy.id,
        state.policy.version,
    )
    number = counters.groups.number(connection, group)
    counters.groups.rows[number] += 1
    return {
        "account_id": state.account_id,
        "group": number,
        "status": state.status,
        "industry": segment.industry,
        "score": round(state.score * CENTS),
        "stored_ms": record.timestamp,
        "body": packed(record.value or b""),
    }


def _id_of(record: Record) -> str:
    """Return the tombstone's id, which says what took the account."""
    return _header(record, "ce_id")


def _time_of(record: Record) -> int | None:
    try:
        return micros_of(_header(record, "ce_time"))
    except (ValueError, TypeError):
        return None


def _header(record: Record, name: str) -> str:
    return (dict(record.headers).get(name) or b"").decode("utf-8", "replace")
