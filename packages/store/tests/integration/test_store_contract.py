"""What every Faust store must do, over memory://, rocksdb:// and redis://, the last also as a running worker uses it."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from store_support import PARTITIONS, assign, changelog_event, make_table, processing

#: Faust's RocksDB store works with either of these.
NO_ROCKSDB = not (find_spec("rocksdict") or find_spec("rocksdb"))
STORES = [
    "memory://",
    pytest.param("rocksdb://", marks=pytest.mark.skipif(NO_ROCKSDB, reason="there is no rocksdict for this Python")),
    "redis://",
    "redis:// running",
]


@pytest.fixture(params=STORES)
async def table(request: pytest.FixtureRequest, group: str, tmp_path: Path) -> AsyncIterator[Any]:
    """A table of strings to integers with all its partitions assigned; partition 1 is being processed.

    A Redis store that runs writes behind: what a test sets is buffered while it looks.
    """
    kind, running = request.param.split("://")
    url = request.getfixturevalue("redis_url") if kind == "redis" else request.param
    table = make_table(group, url, tmp_path)
    async with AsyncExitStack() as stack:
        if running:
            await stack.enter_async_context(table.data)
        await assign(table, *range(PARTITIONS))
        with processing(table, 1):
            yield table
    if kind == "redis":
        await table.data.on_stop()


def fill(table: Any, items: dict[str, int]) -> None:
    """Set many keys, with `update` where the store has one that works (Faust's RocksDB store raises AttributeError)."""
    if table.data.url.scheme == "rocksdb":
        for key, value in items.items():
            table.data[key] = value
    else:
        table.data.update(items)


def test_a_value_set_is_the_value_got(table: Any) -> None:
    """A key returns the last value it was given."""
    table.data["a"] = 1
    table.data["a"] = 2
    assert table.data["a"] == 2
    assert table.data.get("a") == 2


def test_a_missing_key_is_a_key_error(table: Any) -> None:
    """A key that was never set is not there, however it is asked for."""
    with pytest.raises(KeyError):
        table.data["nobody"]
    assert "nobody" not in table.data
    assert table.data.get("nobody", 7) == 7


def test_a_deleted_key_is_gone(table: Any) -> None:
    """After a deletion the key is not found, not iterated and not counted, and can be set again."""
    table.data["a"] = 1
    del table.data["a"]
    assert "a" not in table.data
    assert list(table.data) == []
    assert len(table.data) == 0
    table.data["a"] = 3
    assert table.data["a"] == 3


def test_pop_and_setdefault_work_as_in_a_dict(table: Any) -> None:
    """The methods that the mapping inherits work on the store."""
    assert table.data.setdefault("a", 1) == 1
    assert table.data.setdefault("a", 2) == 1
    assert table.data.pop("a") == 1
    assert table.data.pop("a", None) is None


def test_iteration_shows_every_entry_once(table: Any) -> None:
    """Keys, values and items show each of several thousand entries exactly once."""
    expected = {f"k{number}": number for number in range(2_500)}
    fill(table, expected)
    assert sorted(table.data) == sorted(expected)
    assert sorted(table.data.keys()) == sorted(expected)
    assert sorted(table.data.values()) == sorted(expected.values())
    assert sorted(table.data.items()) == sorted(expected.items())
    assert len(table.data) == len(expected)


def test_clear_leaves_nothing(table: Any) -> None:
    """After clear the table is empty and usable."""
    fill(table, {"a": 1, "b": 2})
    if table.data.url.scheme == "rocksdb":
        with pytest.raises(NotImplementedError):  # Faust's own store does not do this
            table.data.clear()
        return
    table.data.clear()
    assert len(table.data) == 0
    assert "a" not in table.data
    table.data["a"] = 5
    assert dict(table.data.items()) == {"a": 5}


@pytest.mark.parametrize("key", ["", "ü", "😀", "a\x00b", "{tag}", "1", "a b:c", "x" * 5_000])
def test_keys_are_kept_as_they_are(table: Any, key: str) -> None:
    """Any text is a key, with braces, NUL and emoji too."""
    table.data[key] = 1
    assert list(table.data) == [key]
    assert key in table.data


def test_a_changelog_batch_sets_and_deletes(table: Any) -> None:
    """Recovery leaves the last value of each key; a record without a value deletes."""
    records = [(b'"a"', b"1"), (b'"b"', b"2"), (b'"a"', b"3"), (b'"b"', None), (b'"c"', b"4")]
    events = [changelog_event(table, 1, offset, key, value) for offset, (key, value) in enumerate(records)]
    table.apply_changelog_batch(events)
    assert dict(table.data.items()) == {"a": 3, "c": 4}


def test_a_changelog_batch_of_several_partitions_is_applied_whole(table: Any) -> None:
    """The records of one batch may come from several partitions."""
    events = [changelog_event(table, number % 3, number, b'"k%d"' % number, b"%d" % number) for number in range(30)]
    table.apply_changelog_batch(events)
    assert dict(table.data.items()) == {f"k{number}": number for number in range(30)}


async def test_only_assigned_partitions_are_seen(table: Any) -> None:
    """What belongs to a partition that went to another worker is no longer iterated or counted."""
    events = [changelog_event(table, number, number, b'"k%d"' % number, b"1") for number in range(PARTITIONS)]
    table.apply_changelog_batch(events)
    await assign(table, 1, 2)
    await table.on_recovery_completed({(table.changelog_topic_name, 1), (table.changelog_topic_name, 2)}, set())
    assert sorted(table.data) == ["k1", "k2"]
    assert len(table.data) == 2
