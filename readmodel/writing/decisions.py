"""Decisions: each once, corrections noted at what they correct, and those of an account's earlier life taken away."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, delete, select, update
from sqlalchemy.sql.expression import bindparam

from readmodel.bodies import packed
from readmodel.tables import ALL_TRADES, decisions
from readmodel.writing.counters import CONFIDENCE_STEPS, Counters, FlowDay, Kind
from readmodel.writing.erasing import Erasures
from readmodel.writing.records import Record, micros_of, read
from readmodel.writing.upserts import where_in
from relationship.contract.decisions import Reclassification
from relationship.contract.times import date_of

CORRECTION: Final = "correction"
_decoder: Final = msgspec.json.Decoder(Reclassification)


class NewDecision(Struct):
    """A decision to insert."""

    message: Reclassification
    record: Record
    effective_us: int
    superseded_by: str | None = None
    folded: bool = False


def write_decisions(connection: Connection, records: Sequence[Record], counters: Counters, erasures: Erasures) -> None:
    """Write the decisions of a batch, in order."""
    found = [(record, each) for record, each in read(records, _decoder) if not erasures.cover(each.account_id, record)]
    new = _without_known(connection, found)
    new = _last_lives(connection, new, counters)
    _note_corrections(connection, new, counters)
    rows = [_row(connection, each, counters) for each in new.values()]
    if rows:
        connection.execute(decisions.insert(), rows)


def take_away(connection: Connection, ids: Collection[int], counters: Counters) -> None:
    """Delete decisions by the numbers of their rows, and count them no more."""
    columns = decisions.c
    fields = select(columns.kind, columns.effective_us, columns.superseded_by)
    for kind, effective_us, superseded_by in where_in(connection, fields, columns.id, ids):
        counters.kinds.rows[kind] -= 1
        if superseded_by is None:
            _count_flow(counters, counters.kinds.kinds[kind], effective_us, -1)
    if ids:
        connection.execute(delete(decisions).where(columns.id == bindparam("at")), [{"at": each} for each in ids])


def _without_known(connection: Connection, found: Iterable[tuple[Record, Reclassification]]) -> dict[str, NewDecision]:
    """Return the decisions that are not stored yet, by id, in order."""
    new: dict[str, NewDecision] = {}
    for record, each in found:
        new.setdefault(each.event_id, NewDecision(each, record, micros_of(each.effective_at)))
    for (event_id,) in where_in(connection, select(decisions.c.event_id), decisions.c.event_id, new):
        del new[event_id]
    return new


def _last_lives(connection: Connection, new: dict[str, NewDecision], counters: Counters) -> dict[str, NewDecision]:
    """Take away what was decided before an account's first decision: it was erased, and came again.

    The tombstone tells so too, but Kafka keeps it for a week only, and the decisions for years.
    """
    begun: dict[str, int] = {}
    for at, each in enumerate(new.values()):
        if each.message.transition_seq == 1:
            begun[each.message.account_id] = at
    older = where_in(connection, select(decisions.c.id), decisions.c.account_id, begun)
    take_away(connection, [number for (number,) in older], counters)
    return {
        event_id: each for at, (event_id, each) in enumerate(new.items()) if at >= begun.get(each.message.account_id, 0)
    }


def _note_corrections(connection: Connection, new: dict[str, NewDecision], counters: Counters) -> None:
    """Note at each decision that a correction supersedes by which, whether it is stored or comes in this batch."""
    stored: dict[str, str] = {}
    for event_id, each in new.items():
        corrected = each.message.supersedes
        if corrected is None:
            continue
        if corrected in new:
            new[corrected].superseded_by, each.folded = event_id, True
        else:
            stored[corrected] = event_id
    columns = decisions.c
    fields = select(columns.id, columns.event_id, columns.kind, columns.effective_us, columns.superseded_by)
    changed = []
    for number, event_id, kind, effective_us, before in where_in(connection, fields, columns.event_id, stored):
        new[stored[event_id]].folded = True
        changed.append({"at": number, "by": stored[event_id]})
        if before is None:
            _count_flow(counters, counters.kinds.kinds[kind], effective_us, -1)
    if changed:
        statement = update(decisions).where(columns.id == bindparam("at")).values(superseded_by=bindparam("by"))
        connection.execute(statement, changed)


def _row(connection: Connection, new: NewDecision, counters: Counters) -> dict[str, Any]:
    message = new.message
    kind = _kind(message, folded=new.folded)
    number = counters.kinds.number(connection, kind, newest_us=new.effective_us)
    counters.kinds.rows[number] += 1
    counters.newest[number] = max(new.effective_us, counters.newest.get(number, new.effective_us))
    if new.superseded_by is None:
        _count_flow(counters, kind, new.effective_us, 1)
    return {
        "event_id": message.event_id,
        "account_id": message.account_id,
        "seq": message.transition_seq,
        "kind": number,
        "effective_us": new.effective_us,
        "stored_ms": new.record.timestamp,
        "confidence": message.confidence,
        "supersedes": message.supersedes,
        "superseded_by": new.superseded_by,
        "body": packed(new.record.value or b""),
    }


def _kind(message: Reclassification, *, folded: bool) -> Kind:
    return Kind(
        industry=message.segment.industry,
        from_status=message.from_,
        to_status=message.to,
        direction=message.direction,
        policy_id=message.policy.id,
        policy_version=message.policy.version,
        confidence=int(message.confidence * CONFIDENCE_STEPS),
        folded=folded,
    )


def _count_flow(counters: Counters, kind: Kind, effective_us: int, by: int) -> None:
    if kind.direction != CORRECTION:
        day = date_of(effective_us)
        for industry in (kind.industry, ALL_TRADES):
            counters.flows[FlowDay(industry, day, kind.from_status, kind.to_status)] += by
