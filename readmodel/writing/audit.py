"""Audit entries, each once.

An erasure's own entry stays, since it must be answerable who erased and when, but without the account's id, and under an id
of ours: a command's id may hold the account's.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Connection

from readmodel.bodies import packed
from readmodel.tables import audit
from readmodel.writing.erasing import Erasures
from readmodel.writing.records import Record, micros_of, read
from readmodel.writing.upserts import insert_new
from relationship.contract.decisions import Audit, to_json

ERASE: Final = "erase"
DONE: Final = "done"
_decoder: Final = msgspec.json.Decoder(Audit)


def write_audit(connection: Connection, records: Sequence[Record], erasures: Erasures) -> None:
    """Write the entries of a batch."""
    rows = []
    for record, entry in read(records, _decoder):
        if entry.action == ERASE and entry.outcome == DONE:
            shown = msgspec.structs.replace(
                entry, account_id=None, event_id=f"erase-{erasures.hash(entry.event_id).hex()}"
            )
            rows.append(_row(record, shown))
        elif entry.account_id is None or not erasures.cover(entry.account_id, record):
            rows.append(_row(record, entry))
    insert_new(connection, audit, rows)


def _row(record: Record, entry: Audit) -> dict[str, Any]:
    return {
        "event_id": entry.event_id,
        "account_id": entry.account_id,
        "action": entry.action,
        "outcome": entry.outcome,
        "by": entry.by,
        "decided_us": micros_of(entry.decided_at),
        "stored_ms": record.timestamp,
        "body": packed(to_json(entry)),
    }
