"""Who did what: the audit log, filtered."""

from typing import Final

import msgspec
from msgspec import Struct

from relationship.contract.decisions import Audit
from relationship.contract.filters import AuditFilter
from relationship.contract.outcome import AUDIT
from streams.config.settings import Settings
from streams.kafka.reading import read_to_end
from views.errors import server_errors
from views.newest import LIMIT, Newest

EVERYTHING: Final = AuditFilter()


class AuditLog(Struct, frozen=True):
    """The newest entries that fit, the newest last, and how many fit; an entry that was published twice is one."""

    entries: list[Audit]
    total: int


_decode: Final = msgspec.json.Decoder(Audit).decode


async def audit(settings: Settings, wanted: AuditFilter = EVERYTHING, limit: int = LIMIT) -> AuditLog:
    """Return the newest entries of the audit log that are wanted. Raises ServerError, TopicsError.

    A record of the topic that is no entry of this version is passed over.
    """
    newest = Newest[Audit](limit)
    with server_errors(settings):
        key = None if wanted.account is None else wanted.account.encode()
        async for record in read_to_end(settings, AUDIT, key=key):
            entry = read_entry(record.value)
            if entry is not None and wanted.takes(entry):
                newest.add(record, entry, entry.event_id)
    return AuditLog(newest.items(), newest.total)


def read_entry(value: bytes | None) -> Audit | None:
    """Return the entry of a record's value; None where it is none."""
    try:
        return _decode(value or b"")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
