"""Snapshots on a real Redis: what one commit left, whoever writes meanwhile, and what the next owner finds of it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from redis import Redis
from store_support import store_maker

from clientward_store import Fenced, Store, Write
from clientward_store.keys import keys_of
from clientward_store.recovering import Change, RecoveryRules
from clientward_store.snapshots import PORTION, PartitionWriter, Snapshot, read_snapshot


@pytest.fixture
async def new_store(redis_url: str, group: str, tmp_path: Path) -> AsyncIterator[Callable[..., Store]]:
    """Makes stores of one table, as two workers or two lives of one would have them."""
    async with store_maker(group, redis_url, tmp_path) as make:
        yield make


async def snapshot_of(store: Store, partition: int) -> Snapshot:
    """Return a partition as Redis holds it."""
    return await read_snapshot(store.parts.clients, store.parts.prefix, partition)


async def put_back(store: Store, partition: int, snapshot: Snapshot) -> None:
    """Make a partition what a snapshot says."""
    writer = await PartitionWriter.take_over(store.parts, partition)
    await writer.put_back(snapshot, await snapshot_of(store, partition))


async def filled(store: Store, partition: int) -> Snapshot:
    """Write everything that a partition can hold; return what it is then."""
    await store.take_over(partition)
    await store.take_over(partition)
    write = Write({b"a": b"\x00\xff", b"b": b"2"}, {"x": 7, "y": 9}, {b"a": 1_790_000_000_000_001}, [(b"i", b"r")])
    await store.commit(partition, write)
    store.parts.recover(partition, [Change(5, b"c", b"3")], RecoveryRules(note=True))
    return await snapshot_of(store, partition)


async def test_a_snapshot_has_all_that_a_partition_holds(new_store: Callable[..., Store]) -> None:
    """Values, positions, due times to the µs, outbox, restored keys, changelog offset."""
    found = await filled(new_store(), 0)
    assert found.values == {b"a": b"\x00\xff", b"b": b"2", b"c": b"3"}
    assert (found.positions, found.changelog, found.epoch) == ({"x": 7, "y": 9}, 5, 2)
    assert found.due == {b"a": 1_790_000_000_000_001}
    assert [record[16:] for record in found.outbox.values()] == [b"r"]
    assert list(found.restored) == [b"c"]


async def test_a_partition_of_which_nothing_was_written_is_empty(new_store: Callable[..., Store]) -> None:
    """Having been taken over is not yet holding something."""
    store = new_store()
    assert (await snapshot_of(store, 0)).is_empty
    await store.take_over(0)
    assert (await snapshot_of(store, 0)).is_empty


async def test_a_snapshot_is_one_transaction(new_store: Callable[..., Store], redis_url: str) -> None:
    """Redis may serve others between the commands of a pipeline, and not between those of a transaction."""
    with Redis.from_url(redis_url) as client:
        client.config_resetstat()
        await snapshot_of(new_store(), 0)
        told = client.info("commandstats")
    assert told["cmdstat_exec"]["calls"] == 1
    assert told["cmdstat_hgetall"]["calls"] == 3


async def test_no_commit_stands_half_in_a_snapshot(new_store: Callable[..., Store]) -> None:
    """While an owner commits, value and position of every snapshot are those of one and the same commit."""
    store, other = new_store(), new_store()
    await store.take_over(0)
    done = asyncio.Event()

    async def commit() -> None:
        number = 0
        while not done.is_set():
            number += 1
            await store.commit(0, Write({b"n": b"%d" % number}, {"x": number}, {b"n": number}))

    writing = asyncio.create_task(commit())
    seen = [await snapshot_of(other, 0) for _ in range(200)]
    done.set()
    await writing
    told = [each for each in seen if not each.is_empty]
    assert len({each.positions["x"] for each in told}) > 10, "nothing was committed meanwhile"
    assert all(each.values == {b"n": b"%d" % (n := each.positions["x"])} and each.due == {b"n": n} for each in told)


async def test_what_is_put_back_is_what_the_next_owner_finds(new_store: Callable[..., Store], redis_url: str) -> None:
    """Over other content, in another place: the same values, positions and outbox, and new outbox entries come behind."""
    store = new_store()
    kept = await filled(store, 0)
    await store.take_over(1)
    await store.commit(1, Write({b"z": b"9"}, {"z": 3}, {b"z": 1}, [(b"old", b"o")]))
    await put_back(store, 1, kept)
    assert (await snapshot_of(store, 1)).same(kept)
    other = new_store()
    await other.take_over(1)
    assert await other.positions(1) == {"x": 7, "y": 9}
    await other.commit(1, Write(outbox=[(b"new", b"n")]))
    assert await other.outbox(1) == [(b"i", b"r"), (b"new", b"n")]
    with Redis.from_url(redis_url) as client:
        assert client.hget(keys_of(store.parts.prefix, 1).values, b"z") is None


async def test_many_elements_are_put_back_in_portions(new_store: Callable[..., Store]) -> None:
    """More values than one write takes are all there."""
    store = new_store()
    many = Snapshot({"x": 1}, values={b"%d" % n: b"v" for n in range(2 * PORTION + 1)})
    await put_back(store, 0, many)
    assert (await snapshot_of(store, 0)).same(many)


async def test_an_owner_from_before_can_write_nothing_more(new_store: Callable[..., Store]) -> None:
    """A worker that still runs when its partition is put back is refused, and the snapshot stays."""
    store, other = new_store(), new_store()
    kept = await filled(store, 0)
    await put_back(other, 0, kept)
    with pytest.raises(Fenced):
        await store.commit(0, Write({b"a": b"stale"}))
    assert (await snapshot_of(other, 0)).same(kept)


async def test_a_worker_that_comes_in_between_ends_the_writing(new_store: Callable[..., Store]) -> None:
    """Who has taken the partition over meanwhile keeps it; what is put back goes no further, and no position is there."""
    store, other = new_store(), new_store()
    writer = await PartitionWriter.take_over(store.parts, 0)
    await other.take_over(0)
    with pytest.raises(Fenced):
        await writer.put_back(Snapshot({"x": 1}, values={b"a": b"1"}), Snapshot())
    assert (await snapshot_of(other, 0)).is_empty


async def test_positions_can_be_moved_alone(new_store: Callable[..., Store]) -> None:
    """The positions named change; the others, and all else, stay."""
    store = new_store()
    kept = await filled(store, 0)
    await (await PartitionWriter.take_over(store.parts, 0)).move({"x": 2})
    found = await snapshot_of(store, 0)
    assert found.positions == {"x": 2, "y": 9}
    assert (found.values, found.due, found.outbox) == (kept.values, kept.due, kept.outbox)
