"""A record of an older layout is read through migrations; one that none leads from is refused with what to do."""

import msgspec
import pytest
from story import CORE, fold, purchase, step

from relationship.state import layouts
from relationship.state.layouts import LayoutError, layout_of, upgraded
from relationship.state.record import LAYOUT, RecordError, decode, encode

STEPS = {
    5: lambda fields: [5, fields[1], "added in 6", *fields[2:]],
    6: lambda fields: [*fields[:2], fields[2].upper(), *fields[3:]],
}


def raw(*fields):
    """Return fields as they are stored."""
    return msgspec.msgpack.encode(fields)


def test_migrations_are_applied_one_after_the_other():
    """From 5 over 6 to 7: each gets what the one before gave, and the layout is counted for it."""
    assert msgspec.msgpack.decode(upgraded(raw(5, 3, "x"), 7, STEPS)) == [7, 3, "ADDED IN 6", "x"]
    assert msgspec.msgpack.decode(upgraded(raw(6, 3, "y", "x"), 7, STEPS)) == [7, 3, "Y", "x"]
    assert msgspec.msgpack.decode(upgraded(raw(7, 3, "y"), 7, STEPS)) == [7, 3, "y"]


def test_a_layout_that_no_migration_reads_is_refused():
    """It says which ones can be read, and what to do; one that is newer asks for a newer program."""
    with pytest.raises(
        LayoutError, match=r"of layout 4; this version reads layout 5 and later: delete the table's keys"
    ):
        upgraded(raw(4, 3), 7, STEPS)
    with pytest.raises(LayoutError, match=r"of layout 4; this version reads layout 7 and later"):
        upgraded(raw(4, 3), 7, {5: STEPS[5]})
    for oldest in (4, 5, 6):
        chain = dict.fromkeys(range(oldest, 7), STEPS[5])
        with pytest.raises(LayoutError, match=rf"of layout 3; this version reads layout {oldest} and later"):
            upgraded(raw(3, 3), 7, chain)
    with pytest.raises(
        LayoutError, match=r"of layout 8, written by a newer version; this one reads up to 7: upgrade it"
    ):
        upgraded(raw(8, 3), 7, STEPS)


@pytest.mark.parametrize(
    "bytes_", [b"", b"\x93nonsense", raw("2", 1), b"\x01", msgspec.msgpack.encode([True]), raw(None)]
)
def test_bytes_without_a_layout_are_no_record(bytes_):
    """Whatever they are, the error is one line that says so."""
    for read in (layout_of, decode):
        with pytest.raises(ValueError, match="no account record"):
            read(bytes_)
    with pytest.raises(LayoutError, match="do not begin with a layout"):
        layout_of(raw())


def test_the_first_layout_is_refused():
    """No release has written it; the error says what to do."""
    old = encode(decode(step(None, [purchase(1)]).record))
    assert LAYOUT == 2
    with pytest.raises(
        RecordError, match=r"of layout 1; this version reads layout 2 and later: delete .* fold the intake"
    ):
        decode(raw(1, *msgspec.msgpack.decode(old)[1:]))
    with pytest.raises(RecordError, match="written by a newer version"):
        decode(raw(3, *msgspec.msgpack.decode(old)[1:]))


def test_an_older_record_is_read_as_the_present_one_and_folded_on(monkeypatch):
    """A made-up first layout without `clock`, and with the offsets as pairs: the same record, and the same next step."""
    present = fold([purchase(1, "p"), purchase(2, "q")])[0].records["a"]
    fields = msgspec.msgpack.decode(present, strict=False)
    older = raw(1, fields[1], [*fields[2].items()], fields[3], *fields[5:])

    def migration(old):
        return [old[0], old[1], dict(old[2]), old[3], old[3], *old[4:]]

    with pytest.raises(RecordError):
        decode(older)
    monkeypatch.setitem(layouts.MIGRATIONS, 1, migration)
    assert decode(older) == decode(present)
    assert encode(decode(older)) == present
    assert step(older, [purchase(3, "r")], first_offset=9) == step(present, [purchase(3, "r")], first_offset=9)
    assert CORE.newer(older, present)


def test_an_upgrade_that_gives_no_record_is_told(monkeypatch):
    """A migration with a mistake in it is an error, and no account of zeros."""
    monkeypatch.setitem(layouts.MIGRATIONS, 1, lambda old: [*old[:2], "no offsets"])
    with pytest.raises(RecordError, match="no account record"):
        decode(raw(1, 1, {}))


def test_a_record_without_the_newest_fields_is_of_the_same_layout():
    """One of a release that had no snapshots and no clock is read, and the next event written as if they had been there."""
    present = fold([purchase(1, "p"), purchase(2, "q")])[0].records["a"]
    older = raw(*msgspec.msgpack.decode(present, strict=False)[:-3])
    assert (decode(older).folded_under, decode(older).written_ms) == (b"", 0)
    late = step(older, [purchase(1.5, "r")], first_offset=9)
    assert late == step(present, [purchase(1.5, "r")], first_offset=9)
