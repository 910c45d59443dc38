"""What a tombstone takes: an account that was erased leaves every table.

Theory of operation: topics are read side by side, so a decision that was published before an erasure may be read after
it. So each erasure is noted, as a hash of the id with the tables' own salt, until every other topic has been read up to its
time; a record of the account that Kafka stored by then is left out. What is stored later is of a new account of that id.
"""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Final

from sqlalchemy import Connection, delete, select

from readmodel.tables import erasures, facts
from readmodel.writing.records import Record
from readmodel.writing.upserts import replace

HASH_BYTES: Final = 16
#: ms by which one broker's clock may be ahead of another's.
CLOCKS_MS: Final = 60_000


class Erasures:
    """The erasures that records may still follow."""

    def __init__(self) -> None:
        self._known: dict[bytes, int] = {}
        self._salt = b""

    def read(self, connection: Connection) -> None:
        """Read them, at the beginning of a batch: another follower may have noted some."""
        self._salt = bytes(connection.scalars(select(facts.c.value).where(facts.c.name == "salt")).one())
        self._known = {
            bytes(each): ms for each, ms in connection.execute(select(erasures.c.hash, erasures.c.stored_ms))
        }

    def note(self, connection: Connection, erased: Mapping[str, int]) -> None:
        """Note erasures: of each account, when Kafka stored the last one."""
        found = {self.hash(account): ms for account, ms in sorted(erased.items())}
        replace(connection, erasures, [{"hash": each, "stored_ms": ms} for each, ms in found.items()])
        self._known |= found

    def cover(self, account: str, record: Record) -> bool:
        """Tell whether a record is of an account that was erased after it was stored."""
        return bool(self._known) and record.timestamp <= self._known.get(self.hash(account), -1)

    def hash(self, text: str) -> bytes:
        """Return what stands for a text that must not be kept."""
        return blake2b(text.encode(), key=self._salt, digest_size=HASH_BYTES).digest()


def forget_read(connection: Connection, read_to_ms: int) -> None:
    """Forget the erasures that no record can follow: every other topic has been read up to that time."""
    connection.execute(delete(erasures).where(erasures.c.stored_ms < read_to_ms - CLOCKS_MS))
