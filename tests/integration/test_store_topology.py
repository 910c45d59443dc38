"""The same store on Redis Cluster and behind a Sentinel, each with a real server."""

import asyncio
import re
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError
from store_support import raw_store

from clientward_store import Fenced, Store, StoreUnavailable, Write
from clientward_store.partitions import Change
from streams.embedded import RedisServer, redis_server
from streams.embedded.ports import free_ports
from streams.embedded.redis import redis_binary

SLOTS = 16_384


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
async def cluster_url() -> AsyncIterator[str]:
    """A cluster of one node that serves all slots."""
    with redis_server(appendonly="no", options={"cluster-enabled": "yes"}) as server, Redis(port=server.port) as client:
        client.execute_command("CLUSTER", "ADDSLOTS", *range(SLOTS))
        await until(client, "CLUSTER INFO", "cluster_state:ok")
        yield f"redis://127.0.0.1:{server.port}/0?cluster=1"


@pytest.fixture
async def sentinel_url(redis: RedisServer, tmp_path: Path) -> AsyncIterator[str]:
    """A Sentinel that watches the run's Redis under the name `main`."""
    port = free_ports(1)[0]
    conf = tmp_path / "sentinel.conf"
    said = f"port {port}\nbind 127.0.0.1\ndir {tmp_path}\nsentinel monitor main 127.0.0.1 {redis.port} 1\n"
    await asyncio.to_thread(conf.write_text, said)
    argv = [str(redis_binary()), str(conf), "--sentinel"]
    with watching(argv), Redis(port=port) as client:
        await until(client, "SENTINEL MASTER main", r"b'flags'[,:] b'master'")
        yield f"redis://127.0.0.1:{port}/0?sentinel=main"


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
        store.parts.recover(partition, [Change(0, b"b%d" % partition, b"2")], None, note=True)
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
    for each in (store, other):
        await each.parts.clients.close()


async def test_redis_cluster(cluster_url: str, group: str, tmp_path: Path) -> None:
    """On a cluster every call works, since a partition's keys share one slot."""
    await everything_works(raw_store(group, cluster_url, tmp_path), raw_store(group, cluster_url, tmp_path))


async def test_sentinel(redis_url: str, sentinel_url: str, group: str, tmp_path: Path) -> None:
    """Behind a Sentinel the store asks it for the primary, and writes there."""
    await everything_works(raw_store(group, sentinel_url, tmp_path), raw_store(group, redis_url, tmp_path))


async def test_a_sentinel_that_knows_no_such_primary(sentinel_url: str, group: str, tmp_path: Path) -> None:
    """An unknown primary, or one that is down, is a Redis that cannot be reached now."""
    store = raw_store(group, sentinel_url.replace("=main", "=nobody"), tmp_path)
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        await store.ping()
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        store.parts.read(0, b"a")
