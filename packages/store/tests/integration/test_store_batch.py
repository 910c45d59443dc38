"""The batch interface on a real Redis: what a commit writes and what the next owner finds."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from faust.types import TP
from redis import Redis
from store_support import raw_store, store_maker

from clientward_store import Fenced, Store, Write
from clientward_store.keys import Keys, keys_of
from clientward_store.recovering import Change


@pytest.fixture
async def new_store(redis_url: str, group: str, tmp_path: Path) -> AsyncIterator[Callable[..., Store]]:
    """Makes stores of one table, as two workers or two lives of one would have them."""
    async with store_maker(group, redis_url, tmp_path) as make:
        yield make


@pytest.fixture
def redis_client(redis_url: str) -> Redis:
    """A client of the test's own, to look and to meddle."""
    return Redis.from_url(redis_url)


@pytest.fixture
def names(group: str) -> Keys:
    """The names of partition 0's keys."""
    return keys_of(f"{group}-things", 0)


async def test_a_store_connects_only_when_used(group: str, tmp_path: Path) -> None:
    """A store for a server that does not exist is made without a word."""
    store = raw_store(group, "redis://127.0.0.1:1/0", tmp_path)
    assert store.parts.clients._sync is None
    assert store.parts.clients._async is None


async def test_a_commit_writes_everything(new_store: Callable[..., Store]) -> None:
    """Values, positions, due times and outbox of a commit are all there for the next owner."""
    store = new_store()
    await store.take_over(0)
    write = Write({b"a": b"1", b"b": b"2"}, {"x": 7, "y": 9}, {b"a": 500, b"b": 400}, [(b"i2", b"r2"), (b"i1", b"r1")])
    await store.commit(0, write)
    other = new_store()
    assert await other.load(0, [b"a", b"b", b"c"]) == {b"a": b"1", b"b": b"2", b"c": None}
    assert await other.positions(0) == {"x": 7, "y": 9}
    assert await other.due(0, 1_000, 10) == [b"b", b"a"]
    assert await other.outbox(0) == [(b"i2", b"r2"), (b"i1", b"r1")]


async def test_partitions_are_apart(new_store: Callable[..., Store]) -> None:
    """What is committed to one partition does not show in another."""
    store = new_store()
    await store.take_over(0)
    await store.take_over(1)
    await store.commit(0, Write({b"a": b"1"}, {"x": 7}))
    assert await store.load(1, [b"a"]) == {b"a": None}
    assert await store.positions(1) == {}


async def test_none_deletes_and_unsets(new_store: Callable[..., Store]) -> None:
    """A value of None deletes the key; a due time of None takes it off the timers."""
    store = new_store()
    await store.take_over(0)
    await store.commit(0, Write({b"a": b"1", b"b": b"2"}, due={b"a": 5, b"b": 6}))
    await store.commit(0, Write({b"a": None}, due={b"a": None}))
    assert await new_store().load(0, [b"a", b"b"]) == {b"a": None, b"b": b"2"}
    assert await store.load(0, [b"a"]) == {b"a": None}
    assert await store.due(0, 10, 10) == [b"b"]


async def test_due_is_bounded_by_time_and_number(new_store: Callable[..., Store]) -> None:
    """Only keys due at the given microsecond or before come, earliest first, and no more than asked for."""
    store = new_store()
    await store.take_over(0)
    now = 1_790_000_000_000_001
    await store.commit(0, Write(due={b"past": now - 1, b"now": now, b"next": now + 1}))
    assert await store.due(0, now, 10) == [b"past", b"now"]
    assert await store.due(0, now + 1, 1) == [b"past"]


async def test_every_due_key_is_scanned_whatever_is_written_meanwhile(new_store: Callable[..., Store]) -> None:
    """A round over more keys than Redis keeps in one piece, in portions, while due times change and keys come and go."""
    store = new_store()
    await store.take_over(0)
    keys = {b"%d" % i for i in range(1_000)}
    await store.commit(0, Write(due=dict.fromkeys(keys, 5)))
    cursor, found = await store.scan_due(0, 0, 100)
    assert len(found) < 200
    seen = set(found)
    while cursor:
        await store.commit(0, Write(due={found[0]: 9, b"gone-%d" % cursor: None, b"new-%d" % cursor: 7}))
        cursor, found = await store.scan_due(0, cursor, 100)
        seen |= set(found)
    assert keys <= seen


async def test_the_outbox_keeps_its_order_over_owners(new_store: Callable[..., Store]) -> None:
    """What a former owner could not send comes before what its successor adds."""
    first, second = new_store(), new_store()
    await first.take_over(0)
    await first.commit(0, Write(outbox=[(b"z", b"1"), (b"y", b"2")]))
    await second.take_over(0)
    await second.commit(0, Write(outbox=[(b"x", b"3")]))
    assert [name for name, _ in await second.outbox(0)] == [b"z", b"y", b"x"]


async def test_sent_drops_and_records_the_changelog(new_store: Callable[..., Store]) -> None:
    """After `sent` the records are out of the outbox and Faust's recovery starts behind the offset."""
    store = new_store()
    await store.take_over(0)
    await store.commit(0, Write(outbox=[(b"a", b"1"), (b"b", b"2")]))
    await store.sent(0, [b"a"], 41)
    assert await store.outbox(0) == [(b"b", b"2")]
    assert new_store().persisted_offset(TP(store.table.changelog_topic_name, 0)) == 41
    await store.sent(0, [b"b"], None)
    assert await store.outbox(0) == []


async def test_an_older_changelog_offset_never_replaces_a_later_one(
    new_store: Callable[..., Store], names: Keys, redis_client: Redis
) -> None:
    """The recorded offset only grows."""
    store = new_store()
    await store.take_over(0)
    await store.sent(0, [], 50)
    await store.sent(0, [], 40)
    assert redis_client.hget(names.meta, "changelog") == b"50"


async def test_the_script_survives_a_flush_of_scripts(new_store: Callable[..., Store], redis_client: Redis) -> None:
    """A Redis that forgot the scripts (restarted, failed over) gets them again."""
    store = new_store()
    await store.take_over(0)
    redis_client.script_flush()
    await store.commit(0, Write({b"a": b"1"}))
    redis_client.script_flush()
    store.parts.write(0, {b"b": b"2"})
    assert await new_store().load(0, [b"a", b"b"]) == {b"a": b"1", b"b": b"2"}


async def test_release_forgets(new_store: Callable[..., Store]) -> None:
    """A released partition is read from Redis and cannot be written."""
    store, other = new_store(), new_store()
    await store.take_over(0)
    await store.commit(0, Write({b"a": b"1"}))
    store.release(0)
    await other.take_over(0)
    await other.commit(0, Write({b"a": b"2"}))
    assert await store.load(0, [b"a"]) == {b"a": b"2"}
    with pytest.raises(Fenced, match="take_over"):
        await store.commit(0, Write())


async def test_restored_keys_are_told_until_a_commit_names_them(new_store: Callable[..., Store]) -> None:
    """With note_restored, recovery notes what it rewrote, durably, until somebody has looked at it."""
    store = new_store(options={"note_restored": True})
    await store.take_over(0)
    store.parts.recover(0, [Change(0, b"a", b"1"), Change(1, b"b", b"2")], store.recovery_rules)
    assert sorted(await new_store().restored(0, 10)) == [b"a", b"b"]
    assert len(await store.restored(0, 1)) == 1
    assert await store.restored_among(0, [b"a", b"b", b"c"]) == {b"a", b"b"}
    await store.commit(0, Write(due={b"a": 1}, restored=[b"a"]))
    assert await store.restored(0, 10) == [b"b"]
    assert (await store.restored_among(0, [b"a", b"b"]), await store.restored_among(0, [])) == ({b"b"}, set())
    await new_store().restate(0, [b"c"])
    await new_store().restate(0, [])
    assert sorted(await store.restored(0, 10)) == [b"b", b"c"], "whoever owns the partition"


async def test_positions_are_forgotten_where_recovery_takes_a_value_that_reflects_less(
    new_store: Callable[..., Store],
) -> None:
    """In the same write, and only then: what that value lacks is read again from the input's beginning."""
    store = new_store(options={"newer": lambda old, new: new >= old, "covers": lambda old, new: new[-1:] >= old[-1:]})
    await store.take_over(0)
    await store.commit(0, Write({b"a": b"1-5", b"b": b"1-5"}, positions={"events": 6, "commands": 2}))
    assert not store.parts.recover(0, [Change(0, b"a", b"2-6"), Change(1, b"b", b"0-9")], store.recovery_rules)
    assert await store.positions(0) == {"events": 6, "commands": 2}
    assert store.parts.recover(0, [Change(2, b"b", b"2-4")], store.recovery_rules)
    assert not store.parts.recover(0, [Change(2, b"b", b"2-4")], store.recovery_rules)
    assert await store.load(0, [b"a", b"b"]) == {b"a": b"2-6", b"b": b"2-4"}
    assert await store.positions(0) == {}
    assert store.parts.offset(0) == 2
    await store.commit(0, Write(positions={"events": 3}))
    assert await store.positions(0) == {"events": 3}


async def test_ping_answers(new_store: Callable[..., Store]) -> None:
    """Ping returns when Redis is there."""
    assert await new_store().ping() is None
