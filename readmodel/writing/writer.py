"""`Writer`: a batch of records into the tables, with the positions, in one transaction.

Two followers of one database do not harm it: whoever finds that the tables have gone on without it writes nothing, and is
told by OvertakenError.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import Connection

from readmodel.database import ReadModel
from readmodel.errors import ReadModelError
from readmodel.tables import facts, metadata
from readmodel.writing.accounts import ends_of, erase, write_accounts
from readmodel.writing.audit import write_audit
from readmodel.writing.counters import Counters
from readmodel.writing.decisions import write_decisions
from readmodel.writing.erasing import Erasures
from readmodel.writing.positions import Place, Position, advanced, read_positions, write_facts, write_positions
from readmodel.writing.records import Record
from readmodel.writing.refusals import write_notes, write_refusals
from readmodel.writing.shadows import write_shadows
from relationship.contract.outcome import AUDIT, RECLASSIFIED, REJECTED, SHADOWED, STATE

#: What is followed.
TOPICS: Final = (STATE, RECLASSIFIED, REJECTED, AUDIT, SHADOWED)


class OvertakenError(ReadModelError):
    """Another follower has written to the tables since this one read its positions."""


class Writer:
    """Writes batches. For one thread at a time.

    Attributes:
        positions: where the next batch begins, by partition.
        must_clear: something was erased and may still stand in SQLite's log: `clear` is due.
    """

    def __init__(self, model: ReadModel) -> None:
        self.model = model
        self.positions: dict[Place, Position] = {}
        self.must_clear = True  # the process before may have died between an erasure and the clearing
        self._counters = Counters()
        self._erasures = Erasures()

    def begin_anew(self, ends: Mapping[Place, int], *, why: str, now_ms: int, cluster: str) -> None:
        """Empty the tables, to be read from the beginning. `ends` are those of the topics now. Raises DatabaseError."""
        with self.model.writing() as connection:
            for table in reversed(metadata.sorted_tables):
                if table is not facts:
                    connection.execute(table.delete())
            write_positions(
                connection, {place: Position(0, end_offset=end, begun_end=end) for place, end in ends.items()}
            )
            write_facts(connection, built_ms=str(now_ms), why=why, caught_up="", cluster=cluster, asked_ms=str(now_ms))
        self._counters, self.must_clear = Counters(), True
        self.resume()

    def resume(self) -> None:
        """Take the positions from the tables. Raises DatabaseError."""
        with self.model.reading() as connection:
            self.positions = read_positions(connection)
        self._counters = Counters()

    def write(self, records: Sequence[Record], reached: Mapping[Place, int]) -> None:
        """Write records, those of a partition in their order, and the offsets reached. Raises DatabaseError, OvertakenError.

        What was begun is undone by an exception, and the same batch may be written again.
        """
        of: dict[Place, list[Record]] = {place: [] for place in reached}
        for record in records:
            of[Place(record.topic, record.partition)].append(record)
        after = {place: advanced(self.positions[place], reached[place], found) for place, found in of.items()}
        with self.model.writing() as connection:
            self._still_ours(connection, after)
            self._write_rows(connection, records)
            write_positions(connection, after)
        self._counters.end()
        self.positions |= after

    def clear(self) -> None:
        """Have SQLite's log cleared, where something was erased; a later call tries again where a reader is in the way."""
        if self.must_clear and self.model.clear_log():
            self.must_clear = False

    def _still_ours(self, connection: Connection, after: Mapping[Place, Position]) -> None:
        stored = read_positions(connection)
        for place in after:
            if place not in stored or stored[place].next_offset != self.positions[place].next_offset:
                raise OvertakenError("another follower writes to the read model; this one waits")

    def _write_rows(self, connection: Connection, records: Sequence[Record]) -> None:
        of = {topic: [record for record in records if record.topic == topic] for topic in TOPICS}
        self._counters.begin(connection)
        self._erasures.read(connection)
        ends = ends_of(of[STATE])
        if ends.erased:
            self.must_clear = True
            erase(connection, ends.erased, self._counters, self._erasures)
        write_decisions(connection, of[RECLASSIFIED], self._counters, self._erasures)
        write_accounts(connection, ends, self._counters)
        write_shadows(connection, of[SHADOWED], self._erasures)
        write_audit(connection, of[AUDIT], self._erasures)
        write_refusals(connection, of[REJECTED], self._counters, self._erasures)
        write_notes(connection, of[REJECTED], self._counters)
        self._counters.write(connection)
