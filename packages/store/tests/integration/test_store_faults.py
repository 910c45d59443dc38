"""What the store says when Redis cannot serve: one line with host and port, no password, and the right class."""

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from store_support import assign, processing, raw_store

from clientward_store import Store, StoreRefused, StoreUnavailable, Write
from clientward_store.snapshots import PartitionWriter, Snapshot, read_snapshot

embedded = pytest.importorskip(
    "streams.embedded", reason="it kills and freezes servers: run it in the project's checkout"
)
README = Path(__file__).parents[2] / "README.md"
SECRET = "canary-password"


@pytest.fixture(scope="module")
def own() -> Iterator[Any]:
    """A Redis of this file's own, since its settings are changed."""
    with embedded.redis_server() as server:
        yield server


@pytest.fixture
def make(own: Any, group: str, tmp_path: Path) -> Callable[..., Store]:
    """Makes stores on that Redis; `who` is user:password@."""

    def make(who: str = "", query: str = "?timeout=5") -> Store:
        return raw_store(group, f"redis://{who}127.0.0.1:{own.port}/0{query}", tmp_path)

    return make


@contextmanager
def changed(server: Any, on: list[str], off: list[str], password: str | None = None) -> Iterator[None]:
    """Change Redis with one command, and back with another."""
    with Redis(port=server.port) as client:
        client.execute_command(*on)
    try:
        yield
    finally:
        with Redis(port=server.port, password=password) as client:
            client.execute_command(*off)


async def failure(store: Store) -> StoreUnavailable:
    """Return how a commit and a synchronous write fail, after a look at both messages."""
    owned = 0 in store.parts.owned
    errors = []
    with pytest.raises(StoreUnavailable) as caught:
        await (store.commit(0, Write({b"a": b"1"})) if owned else store.take_over(0))
    errors.append(caught.value)
    with pytest.raises(StoreUnavailable) as caught:
        store.parts.write(0, {b"a": b"1"})
    errors.append(caught.value)
    for error in errors:
        assert "\n" not in str(error)
        assert store.target.address in str(error)
        assert SECRET not in str(error)
    assert type(errors[0]) is type(errors[1])
    assert str(errors[0]) == str(errors[1])
    await store.parts.clients.close()
    return errors[0]


async def test_nobody_listens(group: str, tmp_path: Path) -> None:
    """A Redis that is not there is named, with what to do."""
    error = await failure(raw_store(group, f"redis://user:{SECRET}@127.0.0.1:1/0", tmp_path))
    assert str(error) == "Redis at 127.0.0.1:1 cannot be reached: start it, or correct the store's URL"
    assert not isinstance(error, StoreRefused)


async def test_redis_is_frozen(own: Any, make: Callable[..., Store]) -> None:
    """A Redis that holds the connection and says nothing is given up after the URL's time limit, and told as too slow."""
    store = make(query="?timeout=0.3")
    await store.take_over(0)
    own.pause()
    try:
        assert "did not answer in time" in str(await failure(store))
    finally:
        own.resume()


async def test_redis_is_full(own: Any, make: Callable[..., Store]) -> None:
    """A full Redis refuses the write inside the script, and nothing is written."""
    store = make()
    await store.take_over(0)
    with changed(own, ["CONFIG", "SET", "maxmemory", "1"], ["CONFIG", "SET", "maxmemory", "0"]):
        error = await failure(store)
    assert "OOM" in str(error)
    assert "maxmemory" in str(error)
    assert not isinstance(error, StoreRefused)
    assert await store.load(0, [b"a"]) == {b"a": None}


async def test_redis_is_a_replica(own: Any, make: Callable[..., Store]) -> None:
    """A primary that became a replica is told as read-only, and works again as soon as it is promoted."""
    store = make()
    await store.take_over(0)
    with changed(own, ["REPLICAOF", "127.0.0.1", "1"], ["REPLICAOF", "NO", "ONE"]):
        error = await failure(store)
    assert "READONLY" in str(error)
    assert not isinstance(error, StoreRefused)
    await store.commit(0, Write({b"a": b"2"}))


async def test_the_password_is_missing_or_wrong(own: Any, make: Callable[..., Store]) -> None:
    """Without the right password the store is refused for good."""
    with changed(
        own,
        ["CONFIG", "SET", "requirepass", "right"],
        ["CONFIG", "SET", "requirepass", ""],
        password="right",
    ):
        missing = await failure(make())
        wrong = await failure(make(f":{SECRET}@"))
    assert isinstance(missing, StoreRefused)
    assert "NOAUTH" in str(missing)
    assert isinstance(wrong, StoreRefused)
    assert "WRONGPASS" in str(wrong)


async def test_the_user_lacks_a_right(own: Any, make: Callable[..., Store]) -> None:
    """An ACL user without the rights is told so, whether the command or the one inside the script is refused."""
    for rights in (["+@all", "-eval", "-evalsha"], ["+@all", "-hset", "-hincrby"]):
        with changed(own, ["ACL", "SETUSER", "u", "on", f">{SECRET}", "~*", *rights], ["ACL", "DELUSER", "u"]):
            error = await failure(make(f"u:{SECRET}@"))
        assert isinstance(error, StoreRefused)
        assert "NOPERM" in str(error)


async def test_the_documented_acl_suffices(own: Any, group: str, make: Callable[..., Store]) -> None:
    """The ACL line of the README is enough for every call, in scripts, tests and a running worker."""
    with changed(own, documented_acl(group), ["ACL", "DELUSER", "u"]):
        store = make(f"u:{SECRET}@")
        await every_call(store)
        await store.parts.clients.close()
        async with make(f"u:{SECRET}@") as running:
            await assign(running.table, 0)
            with processing(running.table, 0):
                running[b"buffered"] = b"1"
            await running.app.producer.flush()
            assert await running.load(0, [b"buffered"]) == {b"buffered": b"1"}


FORBIDDEN = [
    ["HGET", "another key", "field"],
    ["HGET", "{another-app-things:0}:v", "a"],
    ["EVAL", "return redis.call('HSET', KEYS[1], 'a', 'b')", "1", "{another-app-things:0}:v"],
    ["EVAL", "return redis.call('FLUSHALL')", "0"],
    ["KEYS", "*"],
    ["SCAN", "0"],
    ["FLUSHDB"],
    ["CONFIG", "GET", "requirepass"],
    ["ACL", "LIST"],
    ["SHUTDOWN", "NOSAVE"],
    ["PUBLISH", "channel", "message"],
    ["CLIENT", "KILL", "TYPE", "normal"],
]


@pytest.mark.parametrize("command", FORBIDDEN, ids=" ".join)
async def test_the_documented_acl_allows_nothing_else(
    own: Any, group: str, make: Callable[..., Store], command: list[str]
) -> None:
    """A store's password opens neither another app's keys nor the server."""
    with changed(own, documented_acl(group), ["ACL", "DELUSER", "u"]):
        store = make(f"u:{SECRET}@")
        with pytest.raises(StoreRefused, match="NOPERM"):
            store.parts.clients.call(lambda redis: redis.execute_command(*command))
        await store.parts.clients.close()


async def test_a_snapshot_needs_multi_and_exec_beside_the_documented_rights(
    own: Any, group: str, make: Callable[..., Store]
) -> None:
    """With the README's rights alone it is refused in a line that says so; with the two that it names it is had."""
    with changed(own, documented_acl(group), ["ACL", "DELUSER", "u"]):
        store = make(f"u:{SECRET}@")
        with pytest.raises(StoreRefused, match="lacks a right"):
            await read_snapshot(store.parts.clients, store.parts.prefix, 0)
        with Redis(port=own.port) as client:
            client.execute_command("ACL", "SETUSER", "u", "+multi", "+exec")
        writer = await PartitionWriter.take_over(store.parts, 0)
        kept = Snapshot({"x": 1}, values={b"a": b"1"}, due={b"a": 1}, outbox={b"i": b"r"}, restored=[b"a"])
        await writer.put_back(kept, Snapshot())
        assert (await read_snapshot(store.parts.clients, store.parts.prefix, 0)).same(kept)
        await store.parts.clients.close()


def documented_acl(group: str) -> list[str]:
    """Return the ACL line of the documentation, for user `u` and this test's app."""
    line = re.search(r"^ACL SETUSER .*$", README.read_text(encoding="utf-8"), re.MULTILINE)
    assert line
    text = line[0].replace("store on", "u on").replace("PASSWORD", SECRET).replace("{shop-", "{" + f"{group}-")
    return [word for word in text.split() if word != "+client|setinfo"]  # as the page says of Redis 6


async def every_call(store: Store) -> None:
    """Make every call of the store once."""
    await store.ping()
    await store.take_over(0)
    write: dict[str, Any] = {"values": {b"a": b"1", b"b": None}, "positions": {"x": 1}, "due": {b"a": 1, b"b": None}}
    await store.commit(0, Write(**write, outbox=[(b"i", b"r")], restored=[b"a"]))
    await store.sent(0, [b"i"], 1)
    await store.positions(0)
    await store.outbox(0)
    await store.due(0, 1, 1)
    await store.restored(0, 1)
    store.parts.assigned.add(0)
    store.parts.cache.clear()
    await store.load(0, [b"a"])
    store.parts.cache.clear()
    assert store.get(b"a") == b"1"
    assert dict(store.items()) == {b"a": b"1"}
    assert len(store) == 1
    store.clear()
    assert store.parts.offset(0) == 1


async def test_keys_of_another_program(own: Any, group: str, make: Callable[..., Store]) -> None:
    """A key of another type under the store's name is refused with what to do, and is left as it is."""
    with Redis(port=own.port) as client:
        client.set("{" + f"{group}-things:0" + "}:m", "mine")
    error = await failure(make())
    assert isinstance(error, StoreRefused)
    assert "another program" in str(error)


async def test_a_restarted_redis_is_used_again(own: Any, make: Callable[..., Store]) -> None:
    """After Redis was killed and started, the same store works: it connects anew and sends its scripts again."""
    store = make()
    await store.take_over(0)
    own.kill()
    with pytest.raises(StoreUnavailable):
        await store.ping()
    own.start()
    await store.ping()
    await store.take_over(0)
    await store.commit(0, Write({b"a": b"1"}))
    store.parts.write(0, {b"b": b"2"})
    assert await store.load(0, [b"a", b"b"]) == {b"a": b"1", b"b": b"2"}
    await store.parts.clients.close()


async def test_a_rebalance_waits_for_redis(
    own: Any, make: Callable[..., Store], caplog: pytest.LogCaptureFixture
) -> None:
    """A worker whose partitions are assigned while Redis is away says so, waits, and has them once Redis is back."""
    store = make()
    own.kill()
    rebalance = asyncio.create_task(assign(store.table, 0, 1))
    async with asyncio.timeout(20):
        while "cannot be reached" not in caplog.text:  # noqa: ASYNC110 - a log tells nobody
            await asyncio.sleep(0.05)
    assert not rebalance.done()
    own.start()
    await rebalance
    assert sorted(store.parts.owned) == [0, 1]
    await store.parts.clients.close()


async def test_a_rebalance_does_not_wait_for_a_person(own: Any, make: Callable[..., Store]) -> None:
    """A wrong password ends the rebalance at once."""
    with changed(own, ["CONFIG", "SET", "requirepass", "x"], ["CONFIG", "SET", "requirepass", ""], password="x"):
        store = make()
        with pytest.raises(StoreRefused):
            await assign(store.table, 0)
        await store.parts.clients.close()
