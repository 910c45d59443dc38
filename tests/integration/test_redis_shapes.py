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
from msgspec.structs import replace
from redis import Redis
from test_store_topology import cluster, primary, sentinel  # noqa: F401 - fixtures
from tls_support import tls_in_front

from clientward_store.keys import keys_of
from delivering.state import Changes, LeaseLostError, Status, Store, Wishes, store_of
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


async def test_a_person_sees_and_asks_the_same_on_every_redis(shape: Shape) -> None:
    """Who paused it and since when, the newest of what was given up, the oldest that waits, and whether anybody delivers."""
    async with store_of(shape("deliver"), "mine") as store:
        assert not await store.is_delivered_to()
        assert await store.oldest_waiting(["crm", "erp"]) == {}
        assert await store.lease()
        assert await store.is_delivered_to()
        given_up = [replace(waiting(f"account-{n}", n), seq=n, due=float(n)) for n in range(250)]
        later = [replace(waiting("a", n), seq=n) for n in (12, 9, 100)]
        status = Status(at=7.0, failing_since=5.0, failures_in_a_row=2)
        await store.write({"crm": Changes(dead=given_up, waiting=later, status=status, paused="410")})
        assert await store.newest_dead("crm", 3) == given_up[-3:]
        assert [each.seq for each in (await store.oldest_waiting(["crm", "erp"])).values()] == [9]
        assert (await store.status("crm")).failing_since == 5.0
        found = await store.wishes(["crm", "erp"])
        assert (found["crm"].paused, found["crm"].paused_at, found["crm"].paused_by) == ("410", 7.0, "")
        await store.pause("crm", "a test", "ann", 8.5)
        found = await store.wishes(["crm", "erp"])
        assert (found["crm"].paused, found["crm"].paused_at, found["crm"].paused_by) == ("a test", 8.5, "ann")
        await store.resume("crm")
        assert await store.wishes(["crm"]) == {"crm": Wishes()}


async def test_deliveries_may_be_kept_apart_from_the_tables(shape: Shape) -> None:
    """In another Redis, or by another login: the setting says as whom, and the table's login is not used."""
    own = shape("deliver")
    nowhere = of("redis://127.0.0.1:1/0").model_copy(update={"deliveries_redis_url": own.redis_url})
    async with store_of(nowhere) as store:
        await store.pause("crm", "a test", "ann", 8.5)
    async with store_of(own) as store:
        assert (await store.wishes(["crm"]))["crm"].paused_by == "ann"


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
