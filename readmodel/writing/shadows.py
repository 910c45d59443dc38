"""Shadow differences: the last of each account, while it differs."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, delete
from sqlalchemy.sql.expression import bindparam

from readmodel.bodies import packed
from readmodel.tables import shadows
from readmodel.writing.erasing import Erasures
from readmodel.writing.records import Record, account_of, read
from readmodel.writing.upserts import replace
from relationship.contract.decisions import ShadowDifference

LEFT: Final = "left"
_decoder: Final = msgspec.json.Decoder(ShadowDifference)


def write_shadows(connection: Connection, records: Sequence[Record], erasures: Erasures) -> None:
    """Write the last difference of every account of a batch."""
    last = {account: record for record in records if (account := account_of(record)) is not None}
    standing = [
        record for account, record in last.items() if record.value is not None and not erasures.cover(account, record)
    ]
    rows = [_row(record, each) for record, each in read(standing, _decoder) if each.kind != LEFT]
    gone = last.keys() - {row["account_id"] for row in rows}
    if gone:
        statement = delete(shadows).where(shadows.c.account_id == bindparam("at"))
        connection.execute(statement, [{"at": account} for account in gone])
    replace(connection, shadows, rows)


def _row(record: Record, each: ShadowDifference) -> dict[str, Any]:
    return {
        "account_id": each.account_id,
        "publication": each.publication,
        "active": each.active.status,
        "shadow": each.shadow.status,
        "stored_ms": record.timestamp,
        "body": packed(record.value or b""),
    }
