"""The same store on a Redis Cluster of three masters and behind a Sentinel that fails over, all of them real servers."""

import asyncio
import re
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from faust.types import TP
from redis import Redis
from redis.exceptions import RedisError
from store_support import assign, processing, raw_store

from clientward_store import Fenced, Store, StoreUnavailable, Write
from clientward_store.recovering import Change, RecoveryRules
from clientward_store.snapshots import PartitionWriter, read_snapshot

embedded = pytest.importorskip(
    "streams.embedded", reason="it kills and freezes servers: run it in the project's checkout"
)
ports_of = pytest.importorskip("streams.embedded.ports")
redis_of = pytest.importorskip("streams.embedded.redis")

SLOTS = 16_384
MASTERS = 3


async def until(client: Redis, command: str, pattern: str) -> None:
    """Wait until an answer of Redis matches."""
    async with asyncio.timeout(30):
        while True:
            try:
                if re.search(pattern, str(client.execute_command(*command.split()))):
                    return
            except RedisError:
                pass
            await asyncio.sleep(0.02)


@pytest.fixture
async def cluster() -> AsyncIterator[list[int]]:
    """The ports of a cluster's three masters, each with a third of the slots."""
    with ExitStack() as stack:
        ports = [master(stack) for _ in range(MASTERS)]
        for number, port in enumerate(ports):
            with Redis(port=port) as client:
                slots = range(SLOTS * number // MASTERS, SLOTS * (number + 1) // MASTERS)
                client.execute_command("CLUSTER", "ADDSLOTS", *slots)
                client.execute_command("CLUSTER", "MEET", "127.0.0.1", ports[0])
        for port in ports * 2:  # the second time round, all have heard that all are there
            with Redis(port=port) as client:
                await until(client, "CLUSTER INFO", r"cluster_state\W+ok\W.*cluster_known_nodes\W+3\W")
        yield ports


def master(stack: ExitStack) -> int:
    """Start a node; again where the second port that it takes, 10,000 higher, belongs to somebody else."""
    for _ in range(10):
        with suppress(embedded.EmbeddedError):
            return stack.enter_context(embedded.redis_server(appendonly="no", options={"cluster-enabled": "yes"})).port
    raise AssertionError("ten ports in a row were taken")


@pytest.fixture
def primary() -> Iterator[Any]:
    """A Redis that a test may kill."""
    with embedded.redis_server() as server:
        yield server


@pytest.fixture
async def sentinel(primary: Any, tmp_path: Path) -> AsyncIterator[int]:
    """The port of a Sentinel that watches the primary under the name `main` and fails over after a second."""
    port = ports_of.free_ports(1)[0]
    conf = tmp_path / "sentinel.conf"
    said = f"port {port}\nbind 127.0.0.1\ndir {tmp_path}\nsentinel monitor main 127.0.0.1 {primary.port} 1\n"
    said += "sentinel down-after-milliseconds main 1000\nsentinel failover-timeout main 5000\n"
    await asyncio.to_thread(conf.write_text, said)
    argv = [str(redis_of.redis_binary()), str(conf), "--sentinel"]
    with watching(argv), Redis(port=port) as client:
        await until(client, "SENTINEL MASTER main", r"b'flags'[,:] b'master'")
        yield port


@contextmanager
def watching(argv: list[str]) -> Iterator[None]:
    """Run a Sentinel until the block ends."""
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.kill()


async def everything_works(store: Store, other: Store) -> None:
    """Go once through batch calls, recovery, mapping and fence, over several partitions."""
    store.parts.assigned.update(range(3))
    for partition in range(3):
        await store.take_over(partition)
        await store.commit(partition, Write({b"a%d" % partition: b"1"}, {"x": 1}, {b"a": 1}, [(b"i", b"r")]))
        store.parts.recover(partition, [Change(0, b"b%d" % partition, b"2")], RecoveryRules(note=True))
        await store.sent(partition, [b"i"], 4)
    store.parts.cache.clear()
    assert len(store) == 6
    assert sorted(store)[:3] == [b"a0", b"a1", b"a2"]
    assert store[b"b2"] == b"2"
    assert await store.positions(1) == {"x": 1}
    await other.take_over(1)
    with pytest.raises(Fenced):
        await store.commit(1, Write({b"a1": b"9"}))
    assert await other.load(1, [b"a1", b"b1"]) == {b"a1": b"1", b"b1": b"2"}
    kept = await read_snapshot(other.parts.clients, other.parts.prefix, 1)
    assert (kept.positions, kept.changelog, kept.values) == ({"x": 1}, 4, {b"a1": b"1", b"b1": b"2"})
    writer = await PartitionWriter.take_over(other.parts, 2)
    await writer.put_back(kept, await read_snapshot(other.parts.clients, other.parts.prefix, 2))
    assert (await read_snapshot(other.parts.clients, other.parts.prefix, 2)).same(kept)
    for each in (store, other):
        await each.parts.clients.close()


async def test_redis_cluster(cluster: list[int], group: str, tmp_path: Path) -> None:
    """On a cluster every call works, since a partition's keys share one slot."""
    url = f"redis://127.0.0.1:{cluster[0]}/0?cluster=1"
    await everything_works(raw_store(group, url, tmp_path), raw_store(group, url, tmp_path))


async def test_partitions_spread_over_the_masters(cluster: list[int], group: str, tmp_path: Path) -> None:
    """A table's partitions live on all masters, each whole on one; an app writes and reads them as one table."""
    store = raw_store(group, f"redis://127.0.0.1:{cluster[1]}/0?cluster=1", tmp_path, partitions=12)
    async with store:
        await assign(store.table, *range(12))
        for partition in range(12):
            with processing(store.table, partition):
                store[b"k%d" % partition] = b"v"
            store.set_persisted_offset(TP(store.table.changelog_topic_name, partition), 7)
        await store.app.producer.flush()
        homes: dict[int, set[int]] = {}
        for port in cluster:
            with Redis(port=port, decode_responses=True) as client:
                for name in client.scan_iter():
                    homes.setdefault(int(re.sub(r".*:(\d+)}.*", r"\1", name)), set()).add(port)
        assert set(homes) == set(range(12))
        assert all(len(home) == 1 for home in homes.values())
        assert set.union(*homes.values()) == set(cluster)
        store.parts.cache.clear()
        assert sorted(store) == sorted(b"k%d" % partition for partition in range(12))
        assert store[b"k11"] == b"v"


async def test_sentinel(primary: Any, sentinel: int, group: str, tmp_path: Path) -> None:
    """Behind a Sentinel the store asks it for the primary, and writes there."""
    url = f"redis://127.0.0.1:{sentinel}/0?sentinel=main"
    await everything_works(raw_store(group, url, tmp_path), raw_store(group, primary.url, tmp_path))


async def test_a_failover_to_a_stale_replica_is_noticed(
    primary: Any, sentinel: int, group: str, tmp_path: Path
) -> None:
    """A replica that missed the last commit is promoted: the store finds it, and says that Redis has lost writes."""
    store = raw_store(group, f"redis://127.0.0.1:{sentinel}/0?sentinel=main&timeout=1", tmp_path)
    with embedded.redis_server() as replica, Redis(port=primary.port) as old, Redis(port=replica.port) as new:
        new.replicaof("127.0.0.1", str(primary.port))
        with Redis(port=sentinel) as client:
            await until(client, "SENTINEL REPLICAS main", f"b'port'[,:] b'{replica.port}'")
        await store.take_over(0)
        await store.commit(0, Write({b"a": b"1"}, {"x": 1}))
        async with asyncio.timeout(30):
            while new.hget(store.parts.keys(0).values, "a") != b"1":  # noqa: ASYNC110 - Redis tells nobody
                await asyncio.sleep(0.05)
        replica.pause()
        old.execute_command("CLIENT", "KILL", "TYPE", "replica")
        await store.commit(0, Write({b"b": b"2"}, {"x": 2}))
        primary.kill()
        replica.resume()
        refused = await refused_when_back(store, Write({b"c": b"3"}, {"x": 3}))
        assert refused.lost_writes
        await store.take_over(0)
        assert await store.positions(0) == {"x": 1}
        assert await store.load(0, [b"a", b"b"]) == {b"a": b"1", b"b": None}
        assert new.hget(store.parts.keys(0).meta, "epoch") == b"2"
    await store.parts.clients.close()


async def refused_when_back(store: Store, write: Write) -> Fenced:
    """Repeat a commit until Redis is back, and return how it is refused."""
    async with asyncio.timeout(60):
        while True:
            try:
                await store.commit(0, write)
            except StoreUnavailable:
                await asyncio.sleep(0.1)
            except Fenced as error:
                return error
            else:
                raise AssertionError("a commit on a Redis that had lost writes was taken")


async def test_a_sentinel_that_knows_no_such_primary(sentinel: int, group: str, tmp_path: Path) -> None:
    """An unknown primary, or one that is down, is a Redis that cannot be reached now."""
    store = raw_store(group, f"redis://127.0.0.1:{sentinel}/0?sentinel=nobody", tmp_path)
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        await store.ping()
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        store.parts.read(0, b"a")
