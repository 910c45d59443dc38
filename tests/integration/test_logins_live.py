"""Mutual TLS and OAUTHBEARER on real brokers: the worker, its producers, a subscriber and the doctor, and who is refused."""

import asyncio
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiokafka import AIOKafkaProducer
from engine_support import PARTITIONS, WITHIN_SECONDS, purchase, running, settled
from secured import Trust, by_token, mutual, trust

from actions.accounts import command_value, send_command
from agents.worker import Worker
from clientward_client import NotAllowedError, States, TokenError, UnreachableError, subscribe
from clientward_client.certificates import inspect
from relationship.core import Core
from relationship.policy.compiled import load_policy
from streams.config.settings import Settings
from streams.embedded import KafkaServer, kafka_server
from streams.health.doctor import examine
from streams.health.doctor_connection import DAY_SECONDS, check_addresses, check_certificate
from streams.health.server_errors import ServerUnavailableError
from streams.health.table import read_record
from streams.kafka.admin import ensure_topics
from streams.kafka.publisher import ProducerRecord
from streams.kafka.sending import producer, send_batch
from views.operations.workers import workers

# Ms that a connection lives at the most on the broker that takes tokens.
SESSION_MS = 5_000


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Trust:
    """The authority of this file's brokers and clients."""
    return trust(tmp_path_factory.mktemp("trust"))


@pytest.fixture(scope="module")
def by_certificate(trusted: Trust) -> Iterator[KafkaServer]:
    """A broker that knows its clients by their certificates."""
    with kafka_server(properties=mutual(trusted)) as server:
        yield server


@pytest.fixture(scope="module")
def by_tokens(trusted: Trust) -> Iterator[KafkaServer]:
    """A broker that takes tokens, and ends every connection after SESSION_MS."""
    with kafka_server(properties=by_token(trusted, SESSION_MS)) as server:
        yield server


@pytest.fixture
def common(trusted: Trust, redis_url: str, group: str, tmp_path: Path) -> dict[str, Any]:
    """What the settings of all have in common."""
    return {
        "kafka_ca_file": trusted.ca,
        "redis_url": redis_url,
        "group": group,
        "partitions": PARTITIONS,
        "web_port": 0,
        "data_dir": tmp_path,
    }


def as_client(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the client package the settings' connection, by its variables."""
    for name in (name for name in Settings.model_fields if name.startswith("kafka_")):
        value = getattr(settings, name)
        if value is not None:
            monkeypatch.setenv(f"CLIENTWARD_{name.upper()}", str(value))


async def fold_one(client: AIOKafkaProducer, settings: Settings, worker: Worker, number: int) -> None:
    """Publish a purchase, and see that a worker folds it."""
    topic, account, value = purchase(number, f"account {number}")
    assert await send_batch(client, [ProducerRecord(topic, None, account.encode(), value, [])]) == [None]
    await settled(worker)
    assert await read_record(settings, account) is not None


async def states_of(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Return the accounts that a subscriber of the same login sees."""
    with monkeypatch.context() as patch:
        as_client(settings, patch)
        async with asyncio.timeout(WITHIN_SECONDS), States() as states:
            return set(await states.snapshot())


async def follow(settings: Settings, told: set[str]) -> None:
    """Note the accounts of all decisions, as a subscriber of the same login is told of them."""
    async for decision in subscribe("letters", kafka=settings.kafka_client_options()):
        told.add(decision.account_id)


async def test_a_certificate_opens_kafka_for_every_part(
    by_certificate: KafkaServer, trusted: Trust, common: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Topics, worker, producer, group, subscriber and doctor work over mutual TLS, and the doctor says who we are."""
    mine = trusted.certificate("worker")
    settings = Settings(
        **common,
        kafka_bootstrap=by_certificate.bootstrap,
        kafka_security_protocol="SSL",
        kafka_cert_file=mine.file,
        kafka_key_file=mine.key_file,
    )
    await ensure_topics(settings)
    async with running(settings, Core(load_policy())) as worker, producer(settings) as client:
        await fold_one(client, settings, worker, 1)
        assert len((await workers(settings)).workers) == 1
        assert await states_of(settings, monkeypatch) == {"account 1"}
        found = {each.check: each async for each in examine(settings)}
    assert [each for each in found.values() if each.level == "fail"] == []
    assert found["certificate"].text.startswith("Kafka is shown CN=worker,OU=")
    assert check_certificate(settings, inspect(mine).ends - 13 * DAY_SECONDS)[0].level == "warn"
    assert check_certificate(settings, inspect(mine).ends - 15 * DAY_SECONDS)[0].level == "ok"


async def test_without_the_right_certificate_nobody_is_let_in(
    by_certificate: KafkaServer, trusted: Trust, common: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No certificate and a stranger's are told apart by the doctor; a subscriber gets an error, and does not hang."""
    base = {**common, "kafka_bootstrap": by_certificate.bootstrap, "kafka_security_protocol": "SSL"}
    stranger = trusted.certificate("stranger", trustme.CA())
    without = Settings(**base)
    wrong = Settings(**base, kafka_cert_file=stranger.file, kafka_key_file=stranger.key_file)
    for settings, text in ((without, "asks for a client's certificate"), (wrong, "refuses our certificate")):
        (finding,) = await check_addresses(settings)
        assert (finding.level, text in finding.text) == ("fail", True), finding
        with pytest.raises(UnreachableError):
            await states_of(settings, monkeypatch)


def command(folder: Path, then: str) -> str:
    """Return a command that prints a token for a few seconds, and notes each run in the file `runs`."""
    script = folder / "tokens.py"
    script.write_text(f"""
import base64, json, sys, time
open({str(folder / "runs")!r}, "a").write("x")
def token(**said):
    words = [dict(alg="none"), dict(sub="worker", iat=time.time() - 1, **said)]
    return ".".join(base64.urlsafe_b64encode(json.dumps(each).encode()).decode().rstrip("=") for each in words) + "."
{then}
""")
    return f"{sys.executable} {script}"


def with_tokens(server: KafkaServer, common: dict[str, Any], **source: Any) -> Settings:
    """Return settings that log in by tokens."""
    return Settings(
        **common,
        **source,
        kafka_bootstrap=server.bootstrap,
        kafka_security_protocol="SASL_SSL",
        kafka_sasl_mechanism="OAUTHBEARER",
    )


async def test_tokens_open_kafka_again_and_again(
    by_tokens: KafkaServer, common: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broker ends every connection with its token; worker and subscriber come back with another, and nothing is lost."""
    printed = command(tmp_path, f"print(token(exp=time.time() + {SESSION_MS / 1000}))")
    settings = with_tokens(by_tokens, common, kafka_token_command=printed)
    await ensure_topics(settings)
    runs, told = tmp_path / "runs", set[str]()
    async with running(settings, Core(load_policy())) as worker, producer(settings) as client:
        following = asyncio.create_task(follow(settings, told))
        await fold_one(client, settings, worker, number := 0)
        at_first = len(runs.read_text())
        async with asyncio.timeout(2 * WITHIN_SECONDS):
            while len(runs.read_text()) < at_first + 12:  # as many connections were opened anew
                await fold_one(client, settings, worker, number := number + 1)
            sent = {f"account {each}" for each in range(number + 1)}
            while told < sent and not following.done():  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.02)
        assert not following.done(), following
        following.cancel()
        assert "account 0" in await states_of(settings, monkeypatch)
        assert [each async for each in examine(settings) if each.level == "fail"] == []


async def test_a_token_that_is_no_good_is_told(
    by_tokens: KafkaServer, common: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Expired, refused by the broker, or none at all: a line each, from the doctor, a command and a subscriber."""
    file = tmp_path / "token"
    file.write_text("opaque")
    refused = with_tokens(by_tokens, common, kafka_token_file=file)
    failing = with_tokens(by_tokens, common, kafka_token_command=command(tmp_path, "sys.exit('no such client')"))
    old = with_tokens(by_tokens, common, kafka_token_command=command(tmp_path / "..", "print(token(exp=1))"))
    told = (
        (refused, "refuses the token", "the broker refuses the token of"),
        (failing, "no token for", "failed with exit code 1: no such client"),
        (old, "no token for", "expired at 1970-01-01"),
    )
    for settings, text, reason in told:
        (finding,) = await check_addresses(settings)
        assert text in finding.text
        with pytest.raises(ServerUnavailableError, match=reason):
            await send_command(settings, command_value("a", "release", "anna", "test", datetime.now(UTC)))
        with pytest.raises((TokenError, NotAllowedError), match=reason):
            await states_of(settings, monkeypatch)
