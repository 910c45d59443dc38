"""The doctor on real servers with one fault each: every check goes red, and says which fault it is."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import trustme
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.client import AIOKafkaClient
from aiokafka.protocol.admin import CreateAclsRequest_v1
from aiokafka.protocol.api import Request
from engine_support import PARTITIONS, make_settings, purchase, running, send, settled
from redis import Redis

from cli.setup.doctor import changed
from relationship.contract.messages import PURCHASES
from relationship.core import Core
from relationship.policy.compiled import load_policy
from streams.config.settings import Settings
from streams.embedded import KafkaServer, RedisServer, kafka_server, redis_server
from streams.health import doctor_connection
from streams.health.doctor import examine
from streams.health.doctor_connection import check_addresses
from streams.health.doctor_redis import examine as examine_redis
from streams.health.finding import Finding
from streams.kafka.admin import ensure_topics
from streams.kafka.topics import probe_topic

USER, ADMIN = "worker", "admin"
READ, WRITE, DESCRIBE, DESCRIBE_CONFIGS = 3, 4, 8, 10  # Kafka's codes
TOPIC, GROUP, LITERAL, PREFIXED, ALLOW = 2, 3, 3, 4, 3


def by_check(findings: list[Finding]) -> dict[str, Finding]:
    """Return the findings, the worst of each check."""
    return {each.check: each for each in sorted(findings, key=lambda each: ("ok", "warn", "fail").index(each.level))}


async def looked(settings: Settings) -> dict[str, Finding]:
    """Return what the doctor finds."""
    return by_check([finding async for finding in examine(settings)])


async def test_all_is_well_with_a_worker_and_each_fault_shows(
    kafka_bootstrap: str, redis_url: str, group: str, tmp_path: Path
) -> None:
    """A deployment at work is green; nothing of the attempts is left; without its worker, records wait for nobody."""
    settings = await make_settings(kafka_bootstrap, redis_url, group, tmp_path)
    async with running(settings, Core(load_policy())) as worker:
        await send(settings, [purchase(1, "a")])
        await settled(worker)
        found = await looked(settings)
        assert {check: each for check, each in found.items() if each.level != "ok" and check != "policy"} == {}
        assert {"produce", "consume", "rights", "lag", "workers", "outbox", "write", "memory", "clock"} <= found.keys()
        assert f"with all {PARTITIONS} partitions" in found["workers"].text
    with Redis.from_url(redis_url) as client:
        assert [key for key in client.scan_iter() if b"doctor" in key] == []
    await send(settings, [purchase(2, "a")])
    found = await looked(settings)
    assert (found["workers"].level, found["lag"].text[:14]) == ("fail", "1 records wait")
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    await admin.delete_topics([probe_topic(settings)])
    await admin.close()
    found = await looked(settings)
    assert (found["topics"].level, found["topics"].text) == ("fail", f"{probe_topic(settings)} is missing")
    assert "produce" not in found


async def test_a_broker_that_stands_still_is_told(
    kafka: KafkaServer, kafka_bootstrap: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes the connection and answers nothing: one line, within seconds, and Redis is looked at all the same."""
    settings = Settings(kafka_bootstrap=kafka_bootstrap, redis_url=redis_url, partitions=1)  # type: ignore[arg-type]
    monkeypatch.setattr(doctor_connection, "TRY_MS", 500)
    kafka.pause()
    try:
        found = await looked(settings)
    finally:
        kafka.resume()
    assert (found["kafka"].level, "does not answer" in found["kafka"].text) == ("fail", True)
    assert found["write"].level == "ok"


class Secured(NamedTuple):
    """A Kafka that wants TLS and a login, and lets the worker do nothing that no ACL says."""

    server: KafkaServer
    ca: Path
    other: Path

    def settings(self, **changed: Any) -> Settings:
        """Return a worker's settings, with what a test gets wrong."""
        right = {
            "kafka_bootstrap": self.server.bootstrap,
            "kafka_security_protocol": "SASL_SSL",
            "kafka_username": USER,
            "kafka_password": "right",
            "kafka_ca_file": self.ca,
            "partitions": 1,
            "group": "shop",
        }
        return Settings(**{**right, **changed})


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    """One such broker for this file's tests."""
    folder = tmp_path_factory.mktemp("secured")
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    keystore, ca, other = folder / "broker.pem", folder / "ca.pem", folder / "other.pem"
    keystore.write_bytes(_pkcs8(certificate) + b"".join(blob.bytes() for blob in certificate.cert_chain_pems))
    authority.cert_pem.write_to_path(ca)
    trustme.CA().cert_pem.write_to_path(other)
    jaas = f'org.apache.kafka.common.security.scram.ScramLoginModule required username="{ADMIN}" password="{ADMIN}";'
    properties = {
        "listener.security.protocol.map": "CLIENT:SASL_SSL,CONTROLLER:PLAINTEXT",
        "sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "sasl.mechanism.inter.broker.protocol": "SCRAM-SHA-512",
        "listener.name.client.scram-sha-512.sasl.jaas.config": jaas,
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(keystore),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(ca),
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": f"User:{ADMIN};User:ANONYMOUS",
    }
    users = [f"SCRAM-SHA-512=[name={name},password={word}]" for name, word in ((ADMIN, ADMIN), (USER, "right"))]
    arguments = [part for user in users for part in ("--add-scram", user)]
    with kafka_server(properties=properties, format_arguments=arguments) as server:
        yield Secured(server, ca, other)


def _pkcs8(certificate: trustme.LeafCert) -> bytes:
    """Return the key as Kafka wants it."""
    from cryptography.hazmat.primitives import serialization as s  # noqa: PLC0415 - trustme's own dependency

    key = s.load_pem_private_key(certificate.private_key_pem.bytes(), None)
    return key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption())


@pytest.mark.parametrize(
    ("wrong", "text", "advice"),
    [
        ({}, None, None),
        ({"kafka_password": "wrong"}, "refuses the login of 'worker'", "kafka_password"),
        ({"kafka_username": "nobody"}, "refuses the login of 'nobody'", "kafka_username"),
        ({"kafka_sasl_mechanism": "PLAIN"}, "knows no login by PLAIN", "kafka_sasl_mechanism"),
        ({"kafka_ca_file": "other"}, "is signed by an unknown authority", "kafka_ca_file"),
        ({"kafka_ca_file": None}, "is signed by an unknown authority", "kafka_ca_file"),
        ({"kafka_security_protocol": "PLAINTEXT"}, "speaks TLS", "kafka_security_protocol"),
        ({"kafka_security_protocol": "SASL_PLAINTEXT"}, "speaks TLS", "kafka_security_protocol"),
        ({"kafka_security_protocol": "SSL"}, "TLS", "kafka_security_protocol"),
        ({"kafka_bootstrap": "127.0.0.1:1"}, "the port is closed", "start it"),
        ({"kafka_bootstrap": "no.such.host.invalid:9092"}, "no host of the name", "correct the name"),
        ({"kafka_bootstrap": "localhost"}, "another host's", "the name that the certificate bears"),
    ],
)
async def test_what_stands_between_us_and_kafka(
    secured: Secured, wrong: dict[str, Any], text: str | None, advice: str | None
) -> None:
    """Login, mechanism, authority, name, protocol, port and host: each in one line of its own, with what to do."""
    if wrong.get("kafka_ca_file") == "other":
        wrong = {"kafka_ca_file": secured.other}
    if wrong.get("kafka_bootstrap") == "localhost":
        wrong = {"kafka_bootstrap": f"localhost:{secured.server.nodes[0].port}"}
    found = await check_addresses(secured.settings(**wrong))
    if text is None:
        assert found == []
        return
    (finding,) = found
    assert (finding.level, finding.check) == ("fail", "kafka")
    assert text in finding.text
    assert advice is not None
    assert advice in finding.advice
    assert "wrong" not in finding.advice
    assert "\n" not in finding.text + finding.advice


class CreateAcls(Request[CreateAclsRequest_v1]):
    """Gives the worker rights: (resource type, name, pattern, operation)."""

    API_KEY = 30

    def __init__(self, *acls: tuple[int, str, int, int]) -> None:
        self._acls = [(kind, name, pattern, f"User:{USER}", "*", op, ALLOW) for kind, name, pattern, op in acls]

    def build(self, request_struct_class: type[CreateAclsRequest_v1]) -> CreateAclsRequest_v1:
        """Return the request."""
        return request_struct_class(self._acls)


async def test_what_is_denied_names_the_acl(secured: Secured) -> None:
    """Operation, resource type and name, each that is missing; once they are given, nothing is red."""
    settings, admin = secured.settings(), secured.settings(kafka_username=ADMIN, kafka_password=ADMIN)
    await ensure_topics(admin)

    async def rights() -> list[str]:
        return [each.text async for each in examine(settings) if each.check == "rights" and each.level == "fail"]

    denied = await rights()
    assert f"Kafka denies Describe on Topic {PURCHASES}" in denied
    assert "Kafka denies Describe on Group shop" in denied
    client = AIOKafkaClient(**admin.kafka_client_options())
    await client.bootstrap()
    crm = [(TOPIC, "crm.", PREFIXED, op) for op in (READ, DESCRIBE, DESCRIBE_CONFIGS)]
    own = [(TOPIC, "shop-", PREFIXED, op) for op in (READ, WRITE, DESCRIBE_CONFIGS)]
    answer = await client.send(client.get_random_node(), CreateAcls(*crm, *own, (GROUP, "shop", LITERAL, DESCRIBE)))
    assert {code for code, _ in answer.creation_responses} == {0}
    denied = await rights()
    assert "Kafka denies Read on Group shop" in denied
    assert {each.split()[2] for each in denied} == {"Write", "Read"}
    assert len(denied) == 8
    writes = CreateAcls((TOPIC, "crm.", PREFIXED, WRITE), (GROUP, "shop", LITERAL, READ))
    await client.send(client.get_random_node(), writes)
    await client.close()
    found = await looked(settings)
    assert (found["rights"].level, found["produce"].level, found["consume"].level) == ("ok", "ok", "ok")


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
                found = by_check([each async for each in examine_redis(Settings(redis_url=url, partitions=1))])  # type: ignore[arg-type]
                assert (found[check].level, text in found[check].text) == (level, True), (url, found)
                assert "right" not in found[check].text + found[check].advice.replace("the right", "")


async def test_a_redis_that_cannot_take_writes_is_red() -> None:
    """Near its limit, full, a replica, one that evicts, one that cannot save."""
    with redis_server(options={"maxmemory": "8mb", "maxmemory-policy": "noeviction"}) as server:
        settings = Settings(redis_url=server.url, partitions=2)  # type: ignore[arg-type]

        async def found() -> dict[str, Finding]:
            return by_check([each async for each in examine_redis(settings)])

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


def test_a_watch_tells_what_has_changed() -> None:
    """All at first; then a check that is at another level."""
    well, ill = Finding("ok", "write", "took"), Finding("fail", "write", "full")
    assert changed([well], None) == [well]
    assert changed([well], {("write", "ok")}) == []
    assert changed([ill], {("write", "ok")}) == [ill]
