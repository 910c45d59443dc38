"""What is done now and then: note how far Kafka is, what is over, and what nobody can follow any more."""

from collections.abc import Iterable, Mapping
from typing import Final

from sqlalchemy import Connection, exists, select

from readmodel.database import ReadModel
from readmodel.tables import accounts, audit, decisions, departed, refusals
from readmodel.writing.counters import Counters
from readmodel.writing.decisions import take_away
from readmodel.writing.erasing import CLOCKS_MS, forget_read
from readmodel.writing.positions import Place, Position, read_fact, read_positions, write_ends, write_facts
from readmodel.writing.refusals import take_refusals_away
from relationship.contract.outcome import AUDIT, RECLASSIFIED, REJECTED, STATE

DAY_MS: Final = 86_400_000
#: Decisions that are deleted in one transaction.
AT_ONCE: Final = 2_000


def note_ends(model: ReadModel, ends: Mapping[Place, int], now_ms: int, *, is_quiet: bool = False) -> bool:
    """Note the ends of the topics, which Kafka told at `now_ms`; tell whether the tables are whole. Raises DatabaseError.

    They are when the ends are reached that the topics had when the tables were begun; or when nothing more comes, with
    `is_quiet`. At that moment, decisions of accounts that are no more are taken away.
    """
    with model.writing() as connection:
        write_ends(connection, ends)
        found = read_positions(connection)
        forget_read(connection, _others_read_to(found, now_ms))
        whole = bool(read_fact(connection, "caught_up"))
        is_read = all(each.next_offset >= each.begun_end for each in found.values())
        is_new = bool(found) and not whole and (is_read or is_quiet)
        write_facts(connection, asked_ms=str(now_ms))
    if is_new:
        _take_orphans_away(model, found)
        with model.writing() as connection:
            write_facts(connection, caught_up="1")
    return whole or is_new


def take_old_away(model: ReadModel, days: Mapping[str, int], now_ms: int) -> None:
    """Delete what Kafka stored before the retention of its topic, in days. Raises DatabaseError."""
    before = {topic: now_ms - kept * DAY_MS for topic, kept in days.items()}
    with model.reading() as connection:
        of = decisions.c
        old = connection.scalars(select(of.id).where(of.stored_ms < before[RECLASSIFIED])).all()
    _take_decisions_away(model, old)
    with model.writing() as connection:
        counters = _begun(connection)
        take_refusals_away(connection, refusals.c.offset >= 0, before[REJECTED] - 1, counters)
        counters.write(connection)
        connection.execute(audit.delete().where(audit.c.stored_ms < before[AUDIT]))


def _others_read_to(found: Mapping[Place, Position], now_ms: int) -> int:
    """Return up to when (ms) every topic but the states has been read."""
    others = [each for place, each in found.items() if place.topic != STATE]
    return min((now_ms if each.next_offset >= each.end_offset else each.last_ms for each in others), default=0)


def _take_orphans_away(model: ReadModel, found: Mapping[Place, Position]) -> None:
    """Delete the decisions of accounts that have no state and are not merged.

    Of an account that was erased weeks ago Kafka has no tombstone any more, and still its decisions. An account's state
    follows its decision within the same partition number, so one that was decided before the newest state there is waited
    for no longer.
    """
    newest = min((each.last_ms for place, each in found.items() if place.topic == STATE and each.records), default=0)
    of = decisions.c
    with model.reading() as connection:
        orphans = select(of.id).where(
            ~exists().where(accounts.c.account_id == of.account_id),
            ~exists().where(departed.c.account_id == of.account_id),
            of.stored_ms < newest - CLOCKS_MS,
        )
        numbers = connection.scalars(orphans).all()
    _take_decisions_away(model, numbers)


def _take_decisions_away(model: ReadModel, numbers: Iterable[int]) -> None:
    left = list(numbers)
    for start in range(0, len(left), AT_ONCE):
        with model.writing() as connection:
            counters = _begun(connection)
            take_away(connection, left[start : start + AT_ONCE], counters)
            counters.write(connection)


def _begun(connection: Connection) -> Counters:
    counters = Counters()
    counters.begin(connection)
    return counters
