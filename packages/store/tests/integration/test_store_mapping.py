"""What only the Redis store promises as a Faust table: partitions, recovery, offsets, fencing, and dict's behaviour."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from faust.types import TP
from redis import Redis
from store_support import PARTITIONS, assign, changelog_event, make_table, processing

from clientward_store import Fenced, Store
from clientward_store.keys import keys_of


@pytest.fixture
async def table(redis_url: str, group: str, tmp_path: Path) -> AsyncIterator[Any]:
    """A Redis table with all partitions assigned; nothing is being processed."""
    table = make_table(group, redis_url, tmp_path)
    await assign(table, *range(PARTITIONS))
    yield table
    await table.data.parts.clients.close()


@pytest.fixture
async def rival(redis_url: str, group: str, tmp_path: Path) -> AsyncIterator[Any]:
    """The same table in another worker."""
    table = make_table(group, redis_url, tmp_path)
    yield table
    await table.data.parts.clients.close()


def offset_of(table: Any, partition: int) -> int | None:
    """Return the table's persisted changelog offset."""
    offset: int | None = table.persisted_offset(TP(table.changelog_topic_name, partition))
    return offset


def put(table: Any, partition: int, key: str, value: int) -> None:
    """Set a key as an agent would that processes an event of a partition."""
    with processing(table, partition):
        table.data[key] = value


def test_a_key_lives_in_the_events_partition(table: Any) -> None:
    """Inside an agent only the event's partition is asked; elsewhere all assigned partitions are."""
    put(table, 2, "a", 5)
    with processing(table, 1):
        assert "a" not in table.data
    assert table.data["a"] == 5


def test_a_key_cannot_be_set_outside_of_an_agent(table: Any) -> None:
    """Without an event there is no partition to write to, and the error says so."""
    with pytest.raises(TypeError, match="inside an agent"):
        table.data["a"] = 1


def test_a_key_can_be_deleted_outside_of_an_agent(table: Any) -> None:
    """Faust's window clean-up deletes with no event: the key's partition is searched."""
    put(table, 3, "a", 1)
    del table.data["a"]
    del table.data["a"]
    assert "a" not in table.data


async def test_a_write_is_there_for_the_next_worker(table: Any, rival: Any) -> None:
    """Nothing is kept back in the process: another worker that gets the partition reads the last write."""
    put(table, 0, "a", 1)
    await assign(rival, 0)
    assert dict(rival.data.items()) == {"a": 1}


async def test_a_worker_that_lost_its_partition_cannot_write(table: Any, rival: Any) -> None:
    """Once another worker was assigned the partition, the former one's writes are refused, with nothing written."""
    put(table, 0, "a", 1)
    await assign(rival, 0)
    with pytest.raises(Fenced):
        put(table, 0, "a", 2)
    assert rival.data["a"] == 1


async def test_an_event_of_a_revoked_partition_cannot_write(table: Any) -> None:
    """An event that was still in the pipe when its partition was revoked writes nothing."""
    await assign(table, 1)
    with pytest.raises(Fenced, match="not owned"):
        put(table, 0, "a", 1)


async def test_recovery_stores_values_and_offset_together(table: Any, rival: Any) -> None:
    """After a batch another worker finds the values and the offset to go on from."""
    table.apply_changelog_batch([changelog_event(table, 1, 40 + n, b'"k%d"' % n, b"%d" % n) for n in range(5)])
    await assign(rival, 1)
    assert offset_of(rival, 1) == 44
    assert offset_of(rival, 2) is None
    assert len(rival.data) == 5


async def test_recovery_skips_what_redis_reflects_already(table: Any) -> None:
    """An older part of the changelog, read again, does not bring old values back."""
    table.apply_changelog_batch(
        [changelog_event(table, 1, 10, b'"a"', b"1"), changelog_event(table, 1, 11, b'"a"', b"2")]
    )
    table.apply_changelog_batch(
        [changelog_event(table, 1, 10, b'"a"', b"1"), changelog_event(table, 1, 12, b'"b"', b"3")]
    )
    assert dict(table.data.items()) == {"a": 2, "b": 3}
    assert offset_of(table, 1) == 12


async def test_recovery_leaves_others_partitions_alone(table: Any, rival: Any) -> None:
    """Changelog records of a partition that is not assigned here (a standby, or just revoked) are left out."""
    await assign(rival, 0)
    await assign(table, 1)
    table.apply_changelog_batch([changelog_event(table, 0, 500, b'"a"', b"1")])
    assert offset_of(rival, 0) is None
    assert len(rival.data) == 0


async def test_recovery_keeps_the_newer_record(redis_url: str, group: str, tmp_path: Path) -> None:
    """With `newer`, a changelog record replaces only what is older, within a batch too; a tombstone always deletes."""
    options = {"newer": lambda old, new: int(new) > int(old)}
    table = make_table(group, redis_url, tmp_path, options=options)
    await assign(table, 0)
    put(table, 0, "a", 7)
    records = [(b'"a"', b"3"), (b'"b"', b"9"), (b'"b"', b"8"), (b'"c"', b"1"), (b'"c"', None)]
    table.apply_changelog_batch([changelog_event(table, 0, n, key, value) for n, (key, value) in enumerate(records)])
    assert dict(table.data.items()) == {"a": 7, "b": 9}
    assert offset_of(table, 0) == 4
    await table.data.parts.clients.close()


async def test_recovery_says_when_the_input_is_to_be_read_again(
    redis_url: str, group: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """With `covers`, where a changelog record takes a value's place and reflects less of the input; else it is silent."""
    options = {"newer": lambda old, new: new >= old, "covers": lambda old, new: len(new) >= len(old)}
    table = make_table(group, redis_url, tmp_path, options=options)
    await assign(table, 0)
    put(table, 0, "a", 10)
    await table.data.flush(0)
    table.apply_changelog_batch([changelog_event(table, 0, 1, b'"a"', b"20")])
    assert "read again" not in caplog.text
    table.apply_changelog_batch([changelog_event(table, 0, 2, b'"a"', b"3")])
    assert f"partition 0 of {table.name}: Redis is back from before it was rebuilt" in caplog.text
    assert table.data["a"] == 3
    await table.data.parts.clients.close()


async def test_recovery_after_redis_lost_writes_is_refused(table: Any, redis_url: str, group: str) -> None:
    """If Redis loses what recovery wrote, going on would leave a hole: the batch is refused."""
    table.apply_changelog_batch([changelog_event(table, 1, 10, b'"a"', b"1")])
    names = keys_of(f"{group}-things", 1)
    with Redis.from_url(redis_url) as client:
        client.hset(names.meta, "changelog", 5)
    with pytest.raises(Fenced, match="has lost writes"):
        table.apply_changelog_batch([changelog_event(table, 1, 11, b'"b"', b"2")])


async def test_a_confirmed_offset_travels_with_the_next_write(table: Any, redis_url: str, group: str) -> None:
    """Offsets that Kafka confirms cost no call of their own; reading the offset back shows them."""
    names = keys_of(f"{group}-things", 1)
    tp = TP(table.changelog_topic_name, 1)
    with Redis.from_url(redis_url) as client:
        table.data.set_persisted_offset(tp, 3)
        assert client.hget(names.meta, "changelog") is None
        put(table, 1, "a", 1)
        assert client.hget(names.meta, "changelog") == b"3"
    table.data.set_persisted_offset(tp, 9)
    table.data.set_persisted_offset(tp, 8)
    assert offset_of(table, 1) == 9


async def test_confirmed_offsets_are_written_on_stop(table: Any, rival: Any) -> None:
    """A worker that stops leaves the last offset behind."""
    table.data.set_persisted_offset(TP(table.changelog_topic_name, 1), 9)
    await table.data.on_stop()
    assert offset_of(rival, 1) == 9


async def test_resetting_forgets_only_what_is_local(table: Any) -> None:
    """reset_state drops the caches of this process; Redis, which others share, keeps the table."""
    put(table, 0, "a", 1)
    table.reset_state()
    assert table.data["a"] == 1


async def test_global_tables_are_written_by_every_worker(redis_url: str, group: str, tmp_path: Path) -> None:
    """A global table has no single owner: each worker reads at once what the others write."""
    tables = [make_table(group, redis_url, tmp_path, is_global=True) for _ in range(2)]
    for number, table in enumerate(tables):
        await assign(table, *range(PARTITIONS))
        put(table, number, f"k{number}", number)
    put(tables[0], 1, "k1", 5)
    assert [dict(table.data.items()) for table in tables] == [{"k0": 0, "k1": 5}] * 2
    for table in tables:
        await table.data.parts.clients.close()


async def test_a_lookup_over_all_partitions_is_one_round_trip(table: Any, redis_url: str) -> None:
    """A key that is searched is found, or found missing, with one command a partition; the second time with none."""
    put(table, 3, "a", 1)
    store: Store = table.data
    store.parts.cache.clear()
    with Redis.from_url(redis_url) as client:
        before = int(client.info("stats")["total_commands_processed"])
        assert table.data["a"] == 1
        middle = int(client.info("stats")["total_commands_processed"])
        assert "a" in table.data
        after = int(client.info("stats")["total_commands_processed"])
    assert middle - before == PARTITIONS + 1  # one HGET a partition, and the INFO
    assert after - middle == 1  # the INFO


async def test_names_and_logs_hide_the_password(group: str, tmp_path: Path) -> None:
    """What Faust prints of a store has no password in it."""
    store = make_table(group, "redis://user:canary@127.0.0.1:1/0?cache=5", tmp_path).data
    assert "canary" not in store.label + repr(store) + store.shortlabel
    assert "127.0.0.1:1" in store.label


async def test_offsets_are_flushed_while_nothing_is_written(table: Any, redis_url: str, group: str) -> None:
    """A running store writes confirmed offsets within a second or so, with no further event."""
    store: Store = table.data
    async with store:
        store.set_persisted_offset(TP(table.changelog_topic_name, 1), 9)
        with Redis.from_url(redis_url) as client:
            async with asyncio.timeout(10):
                while client.hget(keys_of(f"{group}-things", 1).meta, "changelog") != b"9":  # noqa: ASYNC110 - Redis tells nobody
                    await asyncio.sleep(0.05)
        assert store.confirmed == {}


async def test_recovery_that_is_flushed_after_a_release_writes_nothing(table: Any) -> None:
    """Faust flushes its recovery buffers when partitions are revoked; what is released by then is left out quietly."""
    table.data.release(1)
    table.apply_changelog_batch(
        [changelog_event(table, 1, 10, b'"a"', b"1"), changelog_event(table, 2, 3, b'"b"', b"2")]
    )
    assert dict(table.data.items()) == {"b": 2}
    assert offset_of(table, 1) is None


async def test_a_standby_that_becomes_active_is_taken_over(table: Any, rival: Any) -> None:
    """A partition that was assigned before as a standby is not "newly assigned" to Faust, yet its owner must change."""
    put(table, 0, "a", 1)
    tps = {TP(rival.changelog_topic_name, 0)}
    await rival.data.on_rebalance(tps, set(), set(), 2)
    put(rival, 0, "a", 2)
    with pytest.raises(Fenced):
        put(table, 0, "a", 3)
