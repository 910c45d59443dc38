"""The doctor on a Kafka that wants TLS and a login: what stands between us and it, and what it denies."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import trustme
from acls import LITERAL, PREFIXED, CreateAcls
from aiokafka.client import AIOKafkaClient
from doctor_support import looked
from secured import ADMIN, by_password, trust, users

from relationship.contract.messages import PURCHASES
from streams.config.settings import Settings
from streams.embedded import KafkaServer, kafka_server
from streams.health.doctor import examine
from streams.health.doctor_connection import check_addresses
from streams.kafka.admin import ensure_topics

USER = "worker"


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
    trusted, other = trust(folder), folder / "other.pem"
    trustme.CA().cert_pem.write_to_path(other)
    with kafka_server(properties=by_password(trusted), format_arguments=users({USER: "right"})) as server:
        yield Secured(server, trusted.ca, other)


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


def rights_of_the_worker(*acls: tuple[str, str, int, str]) -> CreateAcls:
    """Return what gives the worker rights: resource, name, how it is named, operation."""
    return CreateAcls(*((kind, name, pattern, f"User:{USER}", operation) for kind, name, pattern, operation in acls))


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
    crm = [("Topic", "crm.", PREFIXED, op) for op in ("Read", "Describe", "DescribeConfigs")]
    own = [("Topic", "shop-", PREFIXED, op) for op in ("Read", "Write", "DescribeConfigs")]
    answer = await client.send(
        client.get_random_node(), rights_of_the_worker(*crm, *own, ("Group", "shop", LITERAL, "Describe"))
    )
    assert {code for code, _ in answer.creation_responses} == {0}
    denied = await rights()
    assert "Kafka denies Read on Group shop" in denied
    assert {each.split()[2] for each in denied} == {"Write", "Read"}
    assert len(denied) == 8
    writes = rights_of_the_worker(("Topic", "crm.", PREFIXED, "Write"), ("Group", "shop", LITERAL, "Read"))
    await client.send(client.get_random_node(), writes)
    await client.close()
    found = await looked(settings)
    assert (found["rights"].level, found["produce"].level, found["consume"].level) == ("ok", "ok", "ok")


async def test_a_record_that_may_be_written_and_not_read_is_told(secured: Secured) -> None:
    """`produce` is well and `consume` is not: a subscriber's fault, which no count of records shows."""
    settings = secured.settings(group="till")
    admin = secured.settings(kafka_username=ADMIN, kafka_password=ADMIN, group="till")
    await ensure_topics(admin)
    client = AIOKafkaClient(**admin.kafka_client_options())
    await client.bootstrap()
    crm = [("Topic", "crm.", PREFIXED, op) for op in ("Read", "Describe", "DescribeConfigs")]
    own = [("Topic", "till-", PREFIXED, op) for op in ("Write", "DescribeConfigs")]
    await client.send(
        client.get_random_node(), rights_of_the_worker(*crm, *own, ("Group", "till", LITERAL, "Describe"))
    )
    await client.close()
    found = await looked(settings)
    assert found["produce"].level == "ok"
    assert (found["consume"].level, "gives no record" in found["consume"].text) == ("fail", True)
    assert "may read" in found["consume"].advice
