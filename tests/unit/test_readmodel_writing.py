"""Records to rows: what is kept, what a tombstone takes, and where reading goes on."""

from pathlib import Path

import pytest
from readmodel_support import START_MS, Log, begun, bytes_of, filled, held, write
from sqlalchemy import select

from readmodel.database import ReadModel
from readmodel.errors import DatabaseError
from readmodel.following import lost
from readmodel.queries.accounts import account, accounts
from readmodel.queries.audit import audit_entries
from readmodel.queries.decisions import decisions
from readmodel.queries.refusals import refusal_counts, refusals
from readmodel.queries.shadow import shadow_differences
from readmodel.queries.standing import standing
from readmodel.tables import erasures, metadata
from readmodel.writing.positions import Place, Position
from readmodel.writing.upkeep import note_ends, take_old_away
from readmodel.writing.writer import TOPICS, OvertakenError, Writer
from relationship.contract.filters import AuditFilter, DecisionFilter
from relationship.contract.outcome import AUDIT, RECLASSIFIED, REJECTED, SHADOWED, STATE

DAY_MS = 86_400_000
SECRET = "anna-of-the-erased-house"


def full_of(log: Log, name: str, life: str = "") -> None:
    """Add something of an account to every topic."""
    log.decision(name, f"d-{name}{life}")
    log.state(name)
    log.difference(name)
    log.audit(name, f"a-{name}{life}")
    log.refusal(name, b"{")
    log.refusal("another-key", b'{"account_id":"%s"}' % name.encode())


@pytest.mark.parametrize("number", [3, 400])
def test_an_erased_account_leaves_with_its_bytes(tmp_path: Path, number: int) -> None:
    """After a tombstone no table and no byte of the files holds the account; the others keep all of theirs."""
    log = Log()
    for at in range(number):
        full_of(log, f"{SECRET}-{at}" if at % 3 == 0 else f"other-{at}")
    model = filled(tmp_path, log)
    assert SECRET.encode() in bytes_of(tmp_path)
    before, writer = held(model), Writer(model)
    writer.resume()
    begin = len(log.records)
    for at in range(0, number, 3):
        log.audit(f"{SECRET}-{at}", f"erase-of-{SECRET}-{at}", "erase")
        log.gone(f"{SECRET}-{at}")
        write(writer, log.records[begin:])
        begin = len(log.records)
    writer.clear()
    assert not writer.must_clear
    assert SECRET.encode() not in bytes_of(tmp_path)
    after = held(model)
    assert [row for row in before["decisions"] if SECRET not in row[1]] == after["decisions"]
    assert [row for row in before["accounts"] if SECRET not in row[0]] == after["accounts"]
    assert sum(each.refusals for each in refusal_counts(model)) == 2 * len(after["accounts"])
    assert len(shadow_differences(model, limit=500).items) == len(after["accounts"])
    erased = audit_entries(model, AuditFilter(action="erase"), limit=500).items
    assert len(erased) == -(-number // 3)
    assert {(each.account_id, each.by) for each in erased} == {(None, "ops")}


def test_what_was_published_before_an_erasure_may_come_after_it(tmp_path: Path) -> None:
    """A record that Kafka stored before the tombstone is left out when it is read later; one stored after it is kept."""
    log = Log()
    full_of(log, "bob")
    log.gone("bob")
    full_of(log, "ann")
    log.decision("ann", "d-second", 2)
    log.gone("ann")
    full_of(log, "ann", "-again")
    last = log.records[-1]
    model = ReadModel.open(tmp_path / "readmodel.sqlite")
    writer = begun(model)
    write(writer, [each for each in log.records if each.topic == STATE])
    write(writer, [each for each in log.records if each.topic != STATE])
    assert account(model, "bob") is None
    found = account(model, "ann")
    assert found is not None
    assert [each.decision.event_id for each in found.decisions.items] == ["d-ann-again"]
    assert [each.event_id for each in found.audit.items] == ["a-ann-again"]
    assert {each.stored_at.timestamp() * 1000 > START_MS + 14 for each in refusals(model).items} == {True}
    note_ends(model, {Place(topic, 0): 10 for topic in TOPICS}, last.timestamp)
    with model.reading() as connection:
        assert connection.scalars(select(erasures.c.stored_ms)).all(), "the other topics are not read up to the erasure"
    ends = {place: each.next_offset for place, each in writer.positions.items()}
    with model.writing() as connection:
        connection.exec_driver_sql("UPDATE positions SET end_offset = 0")
    note_ends(model, ends, last.timestamp + DAY_MS)
    with model.reading() as connection:
        assert not connection.scalars(select(erasures.c.stored_ms)).all()


def test_a_merged_account_keeps_its_decisions(tmp_path: Path) -> None:
    """A merge takes the state and the shadow's difference, not what was decided; unmerged, the account stands again."""
    log = Log()
    full_of(log, "ann")
    log.gone("ann", "merge")
    log.add(SHADOWED, "ann", None)
    model = filled(tmp_path, log)
    found = account(model, "ann")
    assert found is not None
    assert found.account is None
    assert found.departed is not None
    assert found.departed.reason == "merged"
    assert found.shadow is None
    assert len(found.decisions.items) == 1
    log.state("ann", "client")
    writer = Writer(model)
    writer.resume()
    write(writer, log.records[-1:])
    found = account(model, "ann")
    assert found is not None
    assert found.departed is None
    assert found.account is not None


def test_an_erasure_that_kafka_forgot(tmp_path: Path) -> None:
    """Read anew when the tombstone is gone, decisions of an account without a state, or of an earlier life, are none."""
    log = Log()
    log.decision("erased", "d-0")
    log.decision("again", "d-1")
    log.decision("again", "d-2", 2)
    log.decision("again", "d-3")
    log.state("again")
    log.decision("new", "d-4")
    log.records[-2].timestamp += DAY_MS
    log.records[-1].timestamp += DAY_MS  # its state is on its way
    model = filled(tmp_path, log)
    assert note_ends(model, {}, START_MS)
    assert {each.decision.event_id for each in decisions(model).items} == {"d-3", "d-4"}
    assert decisions(model).total == 2
    assert standing(model).caught_up


def test_repeats_and_unreadable_records_change_nothing(tmp_path: Path) -> None:
    """A batch that comes twice is one; bytes that are no message are passed over and the position moves on."""
    log = Log()
    full_of(log, "ann")
    for topic in TOPICS:
        log.add(topic, "ann", b"\xff{")
    model = ReadModel.open(tmp_path / "readmodel.sqlite")
    writer = begun(model)
    write(writer, log.records[:6])
    before = held(model)
    write(writer, log.records[:6])
    write(writer, log.records)
    assert held(model) == {**before, "others": {"departed": [], "shadows": []}}, (
        "a difference that nobody can read is none"
    )
    assert {each.next_offset for each in writer.positions.values()} == {2, 3}


def test_a_batch_that_fails_is_undone(tmp_path: Path) -> None:
    """Rows and positions are one transaction: what fails half-way leaves neither, and the same batch is written again."""
    log = Log()
    full_of(log, "ann")
    model = ReadModel.open(tmp_path / "readmodel.sqlite")
    writer = begun(model)
    empty = held(model)
    with model.writing() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON refusals BEGIN SELECT RAISE(ABORT, 'disk'); END"
        )
    with pytest.raises(DatabaseError, match="disk"):
        write(writer, log.records)
    assert held(model) == empty
    assert {each.next_offset for each in writer.positions.values()} == {0}
    with model.writing() as connection:
        connection.exec_driver_sql("DROP TRIGGER full")
    write(writer, log.records)
    assert len(held(model)["accounts"]) == 1


def test_two_followers_do_not_count_twice(tmp_path: Path) -> None:
    """A follower that the tables have gone on without is told, and writes nothing."""
    log = Log()
    full_of(log, "ann")
    model = ReadModel.open(tmp_path / "readmodel.sqlite")
    first = begun(model)
    second = Writer(model)
    second.resume()
    write(first, log.records)
    before = held(model)
    with pytest.raises(OvertakenError):
        write(second, log.records)
    assert held(model) == before


def test_what_is_past_its_retention_leaves(tmp_path: Path) -> None:
    """Decisions, refusals and audit entries go when Kafka's own are over; the state stays."""
    log = Log()
    full_of(log, "ann")
    model = filled(tmp_path, log)
    days = {RECLASSIFIED: 10, REJECTED: 10, AUDIT: 10}
    take_old_away(model, days, START_MS + 9 * DAY_MS)
    assert len(refusals(model).items) == 2
    take_old_away(model, days, START_MS + 11 * DAY_MS)
    assert not refusals(model).items
    assert not refusal_counts(model)
    assert not decisions(model).items
    assert decisions(model, DecisionFilter(industry="law")).total == 0
    assert not audit_entries(model).items
    assert accounts(model).total == 1


def test_where_positions_do_not_fit() -> None:
    """A topic that was made anew, or cut beyond the position, is told from one that goes on."""
    place, at = Place("t", 3), Position(next_offset=10, last_offset=9, last_ms=1, records=10)
    assert lost(place, at, 0, 10) is None
    assert lost(place, at, 10, 12) is None
    assert "made anew" in (lost(place, at, 0, 9) or "")
    assert "gone" in (lost(place, at, 11, 12) or "")
    assert lost(place, Position(next_offset=0), 11, 12) is None, "nothing was read yet"


def test_tables_of_another_version_are_made_anew(tmp_path: Path) -> None:
    """A new version of the tables finds none of the old rows; the file is its owner's alone."""
    log = Log()
    full_of(log, "ann")
    model = filled(tmp_path, log)
    with model.writing() as connection:
        connection.exec_driver_sql("UPDATE facts SET value = X'30' WHERE name = 'version'")
    model.close()
    again = ReadModel.open(tmp_path / "readmodel.sqlite")
    assert accounts(again).total == 0
    assert standing(again).built_at is None
    assert (tmp_path / "readmodel.sqlite").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ("mysql://u:secret@h/d", "mysql"),
        ("nonsense", "is none"),
        ("postgresql://u:secret@127.0.0.1:1/d", "127.0.0.1"),
        (Path("/proc/none/readmodel.sqlite"), "name a file"),
    ],
)
def test_a_database_that_cannot_be_opened(where: str | Path, says: str) -> None:
    """One line says where and what to do, and repeats no password."""
    with pytest.raises(DatabaseError, match=says) as caught:
        ReadModel.open(where)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_no_table_is_forgotten_by_a_rebuild(tmp_path: Path) -> None:
    """To begin anew empties every table but the facts about them."""
    log = Log()
    full_of(log, "ann")
    log.gone("bob", "merge")
    log.gone("cem")
    model = filled(tmp_path, log)
    writer = begun(model)
    with model.reading() as connection:
        left = {table.name for table in metadata.sorted_tables if connection.execute(select(table)).first()}
    assert left == {"facts", "positions"}
    write(writer, log.records)
    assert accounts(model).total == 1
