"""What recovery makes of changelog records beside the values that are there."""

from clientward_store.recovering import Change, lose_input, merged

OLD, NEW = b"1", b"2"
FRESH = [Change(5, b"a", NEW)]


def by_value(old: bytes, new: bytes) -> bool:
    """The larger value is the newer one."""
    return new >= old


def never(old: bytes, new: bytes) -> bool:
    """No value reflects what another does."""
    assert old != new
    return False


def test_the_last_record_wins_where_nobody_compares() -> None:
    """A tombstone too; what is there is not asked for."""
    changes = [Change(1, b"a", NEW), Change(2, b"a", OLD), Change(3, b"b", OLD), Change(4, b"b", None)]
    assert merged({}, changes, None) == {b"a": OLD, b"b": None}


def test_the_newest_of_all_wins_where_somebody_compares() -> None:
    """What is there stays if no record is newer; a tombstone always counts, and what comes behind it."""
    before = {b"a": NEW, b"b": NEW, b"c": None}
    changes = [Change(1, b"a", OLD), Change(2, b"b", None), Change(3, b"b", OLD), Change(4, b"c", OLD)]
    assert merged(before, changes, by_value) == {b"b": OLD, b"c": OLD}


def test_input_is_lost_where_a_value_is_replaced_that_reflected_more() -> None:
    """Nothing is lost where nobody can tell, nothing was there, or nothing changes."""
    assert lose_input({b"a": OLD}, FRESH, {b"a": NEW}, never)
    assert not lose_input({b"a": OLD}, FRESH, {b"a": NEW}, by_value)
    assert not lose_input({b"a": OLD}, FRESH, {b"a": NEW}, None)
    assert not lose_input({b"a": None}, FRESH, {b"a": NEW}, never)
    assert not lose_input({b"a": OLD}, FRESH, {}, never)


def test_what_a_tombstone_deletes_is_no_loss() -> None:
    """Neither where it is the last word, nor where the key begins anew behind it."""
    deleted = [Change(4, b"a", None)]
    assert not lose_input({b"a": OLD}, deleted, {b"a": None}, never)
    assert not lose_input({b"a": OLD}, [*deleted, *FRESH], {b"a": NEW}, never)
