"""Write-behind on a real Redis: what an agent sets is read at once, written together, and is never lost or overtaken."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from faust.types import TP
from redis import Redis
from store_support import assign, copy_of, make_table, processing, restore

from clientward_store import Fenced, Store, StoreUnavailable, Write
from clientward_store.keys import Keys, keys_of
from clientward_store.write_behind import MAX_PENDING

embedded = pytest.importorskip(
    "streams.embedded", reason="it kills and freezes servers: run it in the project's checkout"
)


@pytest.fixture(scope="module")
def own() -> Iterator[Any]:
    """A Redis of this file's own, since it is frozen and killed; what it has answered it keeps."""
    with embedded.redis_server(appendonly="always") as server:
        yield server


@pytest.fixture
def client(own: Any) -> Redis:
    """A client of the test's own, to look and to meddle."""
    return Redis.from_url(own.url)


@pytest.fixture
def names(group: str) -> Keys:
    """The names of partition 0's keys."""
    return keys_of(f"{group}-things", 0)


@pytest.fixture
async def table(own: Any, group: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Any]:
    """A table of a running worker that owns partitions 0 and 1; nothing is written unless somebody asks for it."""
    monkeypatch.setattr("clientward_store.store.FLUSH_SECONDS", 3600)
    table = make_table(group, f"{own.url}?timeout=5", tmp_path)
    async with table.data:
        await assign(table, 0, 1)
        yield table


def put(table: Any, key: str, value: int, partition: int = 0) -> None:
    """Set a key as an agent would."""
    with processing(table, partition):
        table.data[key] = value


def get(table: Any, key: str) -> int | None:
    """Read a key of partition 0 as an agent would."""
    with processing(table, 0):
        return table.data.get(key)


def written(client: Redis, names: Keys) -> dict[str, int]:
    """Return what Redis holds of a partition."""
    return {key.decode().strip('"'): int(value) for key, value in client.hgetall(names.values).items()}


def scripts_run(client: Redis) -> int:
    """Return how many scripts Redis has run."""
    return sum(
        int(stat["calls"]) for name, stat in client.info("commandstats").items() if name.startswith("cmdstat_eval")
    )


async def commit(table: Any) -> None:
    """Do what Faust does before it commits its input."""
    await table.app.producer.flush()


async def test_a_thousand_events_are_one_write(table: Any, client: Redis, names: Keys) -> None:
    """What agents set between two commits goes to Redis in one script a partition, with the confirmed offset."""
    put(table, "k0", 0)
    await commit(table)  # now Redis knows the script
    client.delete(names.values)
    before = scripts_run(client)
    for number in range(1_000):
        put(table, f"k{number % 300}", number, partition=number % 2)
        table.data.set_persisted_offset(TP(table.changelog_topic_name, number % 2), number // 2)
    assert written(client, names) == {}
    await commit(table)
    assert scripts_run(client) - before == 2
    assert written(client, names) == {f"k{n % 300}": n for n in range(0, 1_000, 2)}
    assert client.hget(names.meta, "changelog") == b"499"


async def test_writes_reach_redis_by_themselves(own: Any, group: str, tmp_path: Path, names: Keys) -> None:
    """With no commit in between, a value is in Redis a moment later."""
    table = make_table(group, own.url, tmp_path)
    async with table.data:
        await assign(table, 0)
        put(table, "a", 1)
        with Redis.from_url(own.url) as client:
            async with asyncio.timeout(10):
                while written(client, names) != {"a": 1}:  # noqa: ASYNC110 - Redis tells nobody
                    await asyncio.sleep(0.01)


async def test_a_frozen_redis_holds_up_no_event(own: Any, table: Any, client: Redis, names: Keys) -> None:
    """Before a frozen Redis answers, events are processed and read what was set, in flight or not; the last value wins."""
    put(table, "a", 1)
    put(table, "b", 1)
    own.pause()
    try:
        committing = asyncio.create_task(commit(table))
        while table.data.parts.owned[0].buffer.in_flight is None:  # noqa: ASYNC110 - a thread tells nobody
            await asyncio.sleep(0)
        assert get(table, "a") == 1
        put(table, "a", 2)
        with processing(table, 0):
            del table.data["b"]
        assert (get(table, "a"), get(table, "b")) == (2, None)
        assert not committing.done()
    finally:
        own.resume()
    await committing
    assert (get(table, "a"), get(table, "b")) == (2, None)
    await commit(table)
    assert written(client, names) == {"a": 2}


async def test_a_synchronous_call_waits_for_what_is_in_flight(table: Any) -> None:
    """Counting and iterating show what was set, also while it is in flight, and overtake nothing."""
    for round_number in range(30):
        put(table, "a", round_number)
        committing = asyncio.create_task(commit(table))
        await asyncio.sleep(0)
        put(table, "a", round_number + 1)
        put(table, f"k{round_number}", 1)
        assert dict(table.data.items())["a"] == round_number + 1
        assert len(table.data) == round_number + 2
        await committing
    assert get(table, "a") == 30


async def test_what_is_buffered_is_found_outside_of_an_agent(table: Any, client: Redis, names: Keys) -> None:
    """Faust's window clean-up, which has no event, finds and deletes what has not been written yet."""
    put(table, "a", 1)
    assert table.data["a"] == 1
    assert table.data.pop("a") == 1
    assert "a" not in table.data
    await commit(table)
    assert written(client, names) == {}


async def test_the_buffer_is_bounded(table: Any, client: Redis, names: Keys) -> None:
    """Beyond a limit the agent waits for Redis, so memory cannot run full."""
    for number in range(MAX_PENDING + 1):
        put(table, f"k{number}", number)
    assert len(written(client, names)) == MAX_PENDING + 1
    assert not table.data.parts.owned[0].buffer


async def test_a_commit_waits_for_redis(
    own: Any, table: Any, client: Redis, names: Keys, caplog: pytest.LogCaptureFixture
) -> None:
    """A commit that found Redis away, and has said so, ends only once it is back, with everything written."""
    put(table, "a", 1)
    own.kill()
    committing = asyncio.create_task(commit(table))
    put(table, "a", 2)
    put(table, "b", 2)
    async with asyncio.timeout(20):
        while "trying again" not in caplog.text:  # noqa: ASYNC110 - a log tells nobody
            await asyncio.sleep(0.01)
    assert not committing.done()
    own.start()
    await committing
    await commit(table)
    assert written(client, names) == {"a": 2, "b": 2}


async def test_a_write_whose_answer_was_lost_is_written_once(table: Any, client: Redis, names: Keys) -> None:
    """A write that Redis took and could not confirm is recognised when it comes again, with what was set since behind it."""
    clients = table.data.parts.clients
    whole = clients.run

    def half(*args: Any) -> Any:
        clients.run = whole
        whole(*args)
        raise StoreUnavailable("the answer was lost")

    clients.run = half
    put(table, "a", 1)
    committing = asyncio.create_task(commit(table))
    while clients.run is not whole:  # noqa: ASYNC110 - a thread tells nobody
        await asyncio.sleep(0.01)
    put(table, "b", 2)
    await committing
    await commit(table)
    assert written(client, names) == {"a": 1, "b": 2}


async def test_a_redis_that_lost_values_alone_is_noticed(table: Any, client: Redis, names: Keys) -> None:
    """A Redis that lost a write is noticed at the next one, although no changelog offset had gone with it."""
    put(table, "a", 1)
    await commit(table)
    backup = copy_of(client, names)
    put(table, "b", 2)
    await commit(table)
    restore(client, backup)
    put(table, "c", 3)
    with pytest.raises(Fenced, match="has lost writes"):
        await commit(table)
    assert written(client, names) == {"a": 1}


async def test_a_fenced_worker_stops_and_acknowledges_nothing(
    table: Any, own: Any, group: str, tmp_path: Path, client: Redis, names: Keys
) -> None:
    """Once another worker owns the partition, what is buffered is refused, the worker ends, and Faust can commit no more."""
    rival = make_table(group, own.url, tmp_path)
    put(table, "a", 1)
    await assign(rival, 0)
    with pytest.raises(Fenced):
        await commit(table)
    async with asyncio.timeout(10):
        await table.data._crashed.wait()
    assert isinstance(table.data.crash_reason, Fenced)
    with pytest.raises(Fenced):
        await commit(table)
    assert written(client, names) == {}
    await rival.data.parts.clients.close()


async def test_an_agent_that_redis_cannot_answer_stops_the_worker(own: Any, table: Any) -> None:
    """Faust would acknowledge the event whose read failed: the worker ends instead, and commits nothing."""
    own.kill()
    try:
        with pytest.raises(StoreUnavailable, match="cannot be reached"):
            get(table, "unknown")
        with pytest.raises(StoreUnavailable, match="cannot be reached"):
            await commit(table)
        assert table.data.failure is not None
    finally:
        own.start()


async def test_stopping_writes_what_is_buffered(
    own: Any, group: str, tmp_path: Path, client: Redis, names: Keys
) -> None:
    """A worker that ends leaves nothing in its memory alone."""
    table = make_table(group, own.url, tmp_path)
    async with table.data:
        await assign(table, 0)
        put(table, "a", 1)
    assert written(client, names) == {"a": 1}


async def test_batch_calls_flush_the_mapping_first(table: Any) -> None:
    """A table used through both interfaces shows each what the other wrote, in order."""
    store: Store = table.data
    put(table, "a", 1)
    assert await store.load(0, [b'"a"']) == {b'"a"': b"1"}
    put(table, "a", 2)
    await store.commit(0, Write({b'"a"': b"3"}))
    assert get(table, "a") == 3
    put(table, "a", 4)
    assert await store.take_over(0) == 2
    assert get(table, "a") == 4


@pytest.mark.parametrize("seed", range(20))
async def test_the_offset_is_never_ahead_of_the_values(table: Any, client: Redis, names: Keys, seed: int) -> None:
    """Wherever a crash cuts, Redis holds at least what the changelog has up to the offset in it: recovery loses nothing."""
    chance = random.Random(seed)
    log: list[tuple[str, int]] = []
    confirmed, commits = 0, []
    for number in range(300):
        key = f"k{chance.randrange(20)}"
        put(table, key, number)
        log.append((key, number))
        if chance.random() < 0.3:
            confirmed = chance.randint(confirmed, len(log))
            table.data.set_persisted_offset(TP(table.changelog_topic_name, 0), confirmed - 1)
        if chance.random() < 0.1:
            commits.append(asyncio.create_task(commit(table)))
        if chance.random() < 0.5:
            await asyncio.sleep(0)
        if chance.random() < 0.2:
            check(client, names, log)
    await asyncio.gather(*commits)
    check(client, names, log)


def check(client: Redis, names: Keys, log: list[tuple[str, int]]) -> None:
    """Compare one moment of Redis with the changelog: no value may be older than the offset says."""
    with client.pipeline() as pipe:
        pipe.hget(names.meta, "changelog")
        pipe.hgetall(names.values)
        raw, values = pipe.execute()
    stored = {key.decode().strip('"'): int(value) for key, value in values.items()}
    for key, value in dict(log[: int(raw or -1) + 1]).items():
        assert stored[key] >= value
