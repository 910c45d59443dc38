"""The read cache agrees with Redis, spares it what it can, and is bounded; and large batches arrive whole."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from store_support import assign, processing, store_maker

from clientward_store import Store, Write
from clientward_store.preload import preload

VALUE = b"v" * 1_000


@pytest.fixture
async def new_store(redis_url: str, group: str, tmp_path: Path) -> AsyncIterator[Callable[..., Store]]:
    """Makes stores of one table, as two workers or two lives of one would have them."""
    async with store_maker(group, redis_url, tmp_path) as make:
        yield make


@pytest.fixture
def redis_client(redis_url: str) -> Redis:
    """A client of the test's own, to look and to meddle."""
    return Redis.from_url(redis_url)


def calls_of(client: Redis, command: str) -> int:
    """Return how often Redis has run a command."""
    return int(client.info("commandstats").get(f"cmdstat_{command}", {"calls": 0})["calls"])


def commands_of(client: Redis) -> int:
    """Return how many commands Redis has processed, without this one."""
    return int(client.info("stats")["total_commands_processed"])


async def test_cached_keys_cost_redis_nothing(new_store: Callable[..., Store], redis_client: Redis) -> None:
    """What was committed or loaded, absence included, is answered without a command."""
    store = new_store()
    await store.take_over(0)
    await store.commit(0, Write({b"a": b"1"}))
    await store.load(0, [b"absent"])
    before = commands_of(redis_client)
    assert await store.load(0, [b"a", b"absent"]) == {b"a": b"1", b"absent": None}
    assert store.parts.read(0, b"a") == b"1"
    assert commands_of(redis_client) - before == 1  # the INFO itself


async def test_a_preloaded_table_asks_redis_nothing(new_store: Callable[..., Store], redis_client: Redis) -> None:
    """With `?warm=1` what Redis holds, and what it does not, is known before the first event; until the cache is full."""
    before = new_store()
    await before.take_over(0)
    await before.commit(0, Write({b"%d" % number: b"v" for number in range(1_200)}))
    for query, silent in (("?warm=1", True), ("?warm=1&cache=1200", True), ("?warm=1&cache=1100", False), ("", False)):
        store = new_store(query)
        await assign(store.table, 0)
        await store.on_recovery_completed(set(), set())
        commands = commands_of(redis_client)
        with processing(store.table, 0):
            assert store.get(b"1199") == b"v"
            assert b"nobody" not in store
        assert (commands_of(redis_client) - commands == 1) == silent  # the INFO itself


async def test_a_write_during_the_preload_is_not_hidden(
    new_store: Callable[..., Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A commit between Redis's reply to the preload and its reception is what is read afterwards."""
    store = new_store()
    await store.take_over(0)
    await store.commit(0, Write({b"a": b"old"}))
    clients = store.parts.clients
    whole = clients.acall

    async def late(do: Callable[..., Any]) -> Any:
        answer = await whole(do)
        monkeypatch.setattr(clients, "acall", whole)
        await store.commit(0, Write({b"a": b"new", b"b": b"new"}))
        return answer

    monkeypatch.setattr(clients, "acall", late)
    store.parts.cache.clear()
    await preload(store.parts, 0)
    assert await store.load(0, [b"a", b"b"]) == {b"a": b"new", b"b": b"new"}


async def test_a_load_overtaken_by_a_commit_is_not_cached(new_store: Callable[..., Store]) -> None:
    """When many loads and commits of one key run at once, the cache ends with Redis's value."""
    store = new_store()
    await store.take_over(0)

    async def write(number: int) -> None:
        await store.commit(0, Write({b"a": b"%d" % number}))

    for number in range(50):
        store.parts.cache.clear()
        await asyncio.gather(store.load(0, [b"a"]), write(number), store.load(0, [b"a"]))
        assert await store.load(0, [b"a"]) == await new_store().load(0, [b"a"])


async def test_the_cache_is_bounded(new_store: Callable[..., Store]) -> None:
    """`?cache=` bounds the entries over all partitions; what fell out is read again."""
    store = new_store("?cache=10")
    for partition in (0, 1):
        await store.take_over(partition)
        await store.commit(partition, Write({b"%d" % number: b"v" for number in range(20)}))
    assert len(store.parts.cache) == 10
    assert set((await store.load(0, [b"%d" % number for number in range(20)])).values()) == {b"v"}


async def test_large_batches_are_written_at_once(new_store: Callable[..., Store], redis_client: Redis) -> None:
    """10,000 values of 1 kB with due times and an outbox are committed with one script, and read with one load."""
    store = new_store("?cache=0")
    await store.take_over(0)
    keys = [b"account-%06d" % number for number in range(10_000)]
    write = Write(dict.fromkeys(keys, VALUE), {"x": 1}, dict.fromkeys(keys, 5), [(key, VALUE) for key in keys[:1_000]])
    await store.commit(0, Write())  # now Redis knows the script
    before = calls_of(redis_client, "evalsha"), calls_of(redis_client, "hmget")
    await store.commit(0, write)
    assert calls_of(redis_client, "evalsha") - before[0] == 1
    assert await store.load(0, keys) == write.values
    assert calls_of(redis_client, "hmget") - before[1] == 2  # the script's own, and the load
    assert len(await store.outbox(0)) == 1_000
    assert await store.due(0, 5, 20_000) == keys
    await store.commit(0, Write(dict.fromkeys(keys), due=dict.fromkeys(keys)))
    assert set((await store.load(0, keys)).values()) == {None}
