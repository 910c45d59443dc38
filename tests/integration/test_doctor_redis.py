"""The doctor on a Redis with one fault each: what stands between us and it, and why it takes no writes."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import trustme
from doctor_support import by_check
from redis import Redis

from streams.config.settings import Settings
from streams.embedded import RedisServer, redis_server
from streams.health.doctor_redis import examine as examine_redis
from streams.health.finding import Finding
from streams.rights.parts import WORKER, parts


def looked_at_redis(settings: Settings) -> AsyncIterator[Finding]:
    """Give what the doctor finds of Redis for a worker."""
    return examine_redis(settings, parts(settings)[WORKER])


@asynccontextmanager
async def tls_before(server: RedisServer, folder: Path) -> AsyncIterator[int]:
    """Give the port of a TLS end before a Redis that has none."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(folder / "redis-ca.pem")

    async def pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while data := await source.read(65_536):
            target.write(data)
        target.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind, to_redis = await asyncio.open_connection("127.0.0.1", server.port)
        await asyncio.gather(pump(reader, to_redis), pump(behind, writer), return_exceptions=True)

    listening = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with listening:
        yield listening.sockets[0].getsockname()[1]


async def test_what_stands_between_us_and_redis(tmp_path: Path) -> None:
    """Password, login, right, authority, protocol, port and host are told apart, each with what to do."""
    with redis_server() as server, Redis.from_url(server.url) as client:
        client.config_set("requirepass", "right")
        client.acl_setuser("few", enabled=True, passwords=["+few"], keys=["*"], commands=["+@all", "-eval"])
        client.acl_setuser("blind", enabled=True, passwords=["+few"], keys=["*"], commands=["+@all", "-info"])
        plain = f"127.0.0.1:{server.port}"
        async with tls_before(server, tmp_path) as port:
            ca = f"?ssl_ca_certs={tmp_path / 'redis-ca.pem'}"
            cases = {
                f"redis://:right@{plain}": ("write", "ok", "took a write"),
                f"rediss://:right@127.0.0.1:{port}/0{ca}": ("write", "ok", "took a write"),
                f"redis://:wrong@{plain}": ("redis", "fail", "refuses the login"),
                f"redis://{plain}": ("redis", "fail", "wants a login"),
                f"redis://few:few@{plain}": ("write", "fail", "denies it"),
                f"redis://blind:few@{plain}": ("redis", "warn", "were not looked at"),
                f"rediss://:right@127.0.0.1:{port}": ("redis", "fail", "unknown authority"),
                f"rediss://:right@{plain}/0?timeout=1": ("redis", "fail", "does not speak TLS"),
                f"redis://:right@127.0.0.1:{port}": ("redis", "fail", "closes the connection"),
                "redis://127.0.0.1:1": ("redis", "fail", "the port is closed"),
                "redis://no.such.host.invalid": ("redis", "fail", "no host of the name"),
            }
            for url, (check, level, text) in cases.items():
                found = by_check([each async for each in looked_at_redis(Settings(redis_url=url, partitions=1))])  # type: ignore[arg-type]
                assert (found[check].level, text in found[check].text) == (level, True), (url, found)
                assert "right" not in found[check].text + found[check].advice.replace("the right", "")


async def test_a_redis_that_cannot_take_writes_is_red() -> None:
    """Near its limit, full, a replica, one that evicts, one that cannot save."""
    with redis_server(options={"maxmemory": "8mb", "maxmemory-policy": "noeviction"}) as server:
        settings = Settings(redis_url=server.url, partitions=2)  # type: ignore[arg-type]

        async def found() -> dict[str, Finding]:
            return by_check([each async for each in looked_at_redis(settings)])

        with Redis.from_url(server.url) as client:
            assert (await found())["memory"].level == "ok"
            used = int(client.info()["used_memory"])  # type: ignore[index]
            client.config_set("maxmemory", int(used / 0.95))
            near = await found()
            assert (near["memory"].level, near["write"].level) == ("fail", "ok")
            client.config_set("maxmemory", used // 2)
            full = await found()
            assert (full["write"].level, "every write fails" in full["write"].text) == ("fail", True)
            client.config_set("maxmemory", "0")
            client.config_set("maxmemory-policy", "allkeys-lru")
            assert (await found())["memory"].level == "fail"
            client.config_set("maxmemory-policy", "noeviction")
            client.replicaof("127.0.0.1", 1)
            replica = await found()
            assert (replica["write"].level, "is a replica" in replica["write"].text) == ("fail", True)
            client.replicaof("NO", "ONE")
            client.config_set("appendonly", "no")
            assert (await found())["persistence"].level == "warn"
