"""What else goes to Redis than the store: deliveries, the doctor and an account's look, on every kind of Redis, all real."""

import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme
from delivery_support import start, waiting
from redis import Redis
from test_store_topology import cluster, primary, sentinel  # noqa: F401 - fixtures
from tls_support import tls_in_front

from clientward_store.keys import keys_of
from delivering.state import Changes, LeaseLostError, Status, Store
from streams.config.redis import redis_client
from streams.config.settings import Settings
from streams.health.doctor_redis import examine
from streams.health.table import read_outstanding, read_positions, read_record
from streams.rights.parts import WORKER, parts
from streams.rights.redis_acl import set_user

GROUP = "shop"
Shape = Callable[[str], Settings]


@pytest.fixture(params=["one server", "cluster", "sentinel", "TLS and a user"])
def shape(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shape]:
    """Settings for a part, on a Redis of some kind."""
    if request.param == "cluster":
        ports = request.getfixturevalue("cluster")
        yield lambda _: of(f"redis://127.0.0.1:{ports[1]}/0?cluster=1")
    elif request.param == "sentinel":
        port = request.getfixturevalue("sentinel")
        yield lambda _: of(f"redis://127.0.0.1:{port}/0?sentinel=main&timeout=3")
    elif request.param == "one server":
        server = request.getfixturevalue("primary")
        yield lambda _: of(f"{server.url}?timeout=3")
    else:
        server = request.getfixturevalue("primary")
        with behind_tls(server, tmp_path) as port:
            ca = f"?ssl_ca_certs={tmp_path / 'ca.pem'}"
            yield lambda part: of(f"rediss://clientward-{part}:secret@127.0.0.1:{port}/0{ca}")


@contextmanager
def behind_tls(server: Any, folder: Path) -> Iterator[int]:
    """Give the port of a TLS end before a Redis that knows our parts, and nobody else."""
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(folder / "ca.pem")
    with Redis(port=server.port) as client:
        for part in parts(Settings(group=GROUP)).values():
            line = set_user(part, f"clientward-{part.name}")
            if line is not None:
                client.execute_command(*line.replace("PASSWORD", "secret").split(" "))
        client.execute_command("ACL", "SETUSER", "default", "off")
    with tls_in_front(server.url, context) as port:
        yield port


def of(url: str) -> Settings:
    """Return settings with a Redis."""
    return Settings(redis_url=url, group=GROUP, partitions=3)  # type: ignore[arg-type]


async def test_deliveries_are_kept_on_every_redis(shape: Shape) -> None:
    """Lease, marks, what waits, what was given up, wishes, and one write over all endpoints, the owner's alone."""
    async with redis_client(shape("deliver")) as client:
        mine, other = Store(client, GROUP, "mine"), Store(client, GROUP, "other")
        assert await mine.lease()
        assert not await other.lease()
        marks = start(5)
        await mine.replayed("crm", marks)
        changes = Changes(marks=marks, waiting=[waiting("a", 1)], dead=[waiting("b", 2)], status=Status(delivered=3))
        await mine.write({"crm": changes, "erp": Changes(marks=marks, paused="too slow")})
        assert await mine.marks("erp") == marks
        assert await mine.counts(["crm", "erp"]) == {"crm": (1, 1), "erp": (0, 0)}
        assert (await mine.status("crm")).delivered == 3
        assert await mine.redrive("crm", []) == 1
        found = await mine.wishes(["crm", "erp"])
        assert len(found["crm"].redrive) == 1
        assert found["erp"].paused == "too slow"
        with pytest.raises(LeaseLostError):
            await other.write({"crm": Changes(marks=start(9))})
        assert await mine.marks("crm") == marks
        await mine.leave()
        assert await other.lease()


async def test_the_doctor_and_the_table_are_read_on_every_redis(shape: Shape) -> None:
    """The doctor's writes go through and nothing is red; what a worker wrote is read by a person's login."""
    findings = [each async for each in examine(shape(WORKER), parts(shape(WORKER))[WORKER])]
    assert [each for each in findings if each.level == "fail"] == []
    assert "took a write beside each of 3 partitions" in findings[0].text
    async with redis_client(shape(WORKER)) as client:
        for partition in range(3):
            keys = keys_of(shape(WORKER).table, partition)
            await client.hset(keys.values, b"a", b"record")
            await client.hset(keys.meta, "pos:crm.purchase.recorded.v1", 7)
            await client.zadd(keys.due, {b"a": 1})
    settings = shape("operator")
    assert await read_record(settings, "a") == b"record"
    assert set((await read_positions(settings)).values()) == {7}
    assert (await read_outstanding(settings, int(time.time() * 1e6))).due == 3
