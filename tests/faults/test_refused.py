"""Topics whose limits are lowered under a running worker: what they refuse waits, all else goes on, nothing is lost."""

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import MessageSizeTooLargeError
from counting import CountingFold
from engine_support import WITHIN_SECONDS, expected, folded, make_settings, published, purchase, running, send, settled

from relationship.contract.outcome import RECLASSIFIED
from streams.config.settings import Settings
from streams.engine import set_aside
from streams.kafka.admin import admin_client, ensure_topics

LONG = "l" * 190  # an id, which is the key of all that is published of its account
BOTH_BYTES = {"decisions": 600, "changelog": 300}  # between a batch of one of LONG's records and one of another's
PROBE = b"of no account"  # what `limit` sends
OTHERS = [f"account {number}" for number in range(20)]


async def limit(settings: Settings, topic: str, most_bytes: int) -> None:
    """Lower what a topic takes, and return when it takes no more: a broker tells of a limit before its log keeps to it."""
    async with admin_client(settings) as client:
        config = {"max.message.bytes": str(most_bytes)}
        await client.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, config)])
    async with (
        asyncio.timeout(WITHIN_SECONDS),
        AIOKafkaProducer(bootstrap_servers=settings.bootstrap_servers) as producer,
    ):
        with suppress(MessageSizeTooLargeError):
            while True:
                await producer.send_and_wait(topic, b"-" * most_bytes, key=PROBE)


def events(first: int) -> list[tuple[str, str, bytes | None]]:
    """Return four purchases of every account."""
    accounts = [LONG, *OTHERS] * 4
    return [purchase(first + number, account) for number, account in enumerate(accounts)]


async def decided(settings: Settings) -> dict[str, list[str]]:
    """Return the ids of the decisions by account, in the order in which they stand in the topic."""
    found: dict[str, list[str]] = {name: [] for name in (LONG, *OTHERS)}
    for record in await published(settings, RECLASSIFIED):
        if record.key != PROBE:
            found[record.key.decode()].append(dict(record.headers)["ce_id"].decode().removeprefix(record.key.decode()))
    return found


@pytest.mark.parametrize("refusing", ["decisions", "changelog"])
async def test_what_a_topic_refuses_is_set_aside_and_comes_when_it_is_mended(
    kafka_bootstrap: str, redis_url: str, group: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusing: str
) -> None:
    """The worker lives, the others' decisions come, and the account's come in their order once the topic takes them."""
    monkeypatch.setattr(set_aside, "AGAIN_SECONDS", 0.0)
    settings = await make_settings(kafka_bootstrap, redis_url, group, tmp_path)
    topic = RECLASSIFIED if refusing == "decisions" else settings.changelog_topic
    async with running(settings, CountingFold(every=4)) as worker:
        await limit(settings, topic, BOTH_BYTES[refusing])
        await send(settings, events(0))
        await settled(worker)
        assert b"clientward_set_aside_total 1.0" in worker.metrics_text()
        assert {name: len(ids) for name, ids in (await decided(settings)).items()} == dict.fromkeys(OTHERS, 1) | {
            LONG: 0
        }
        await send(settings, events(1_000))
        await settled(worker)
        assert (await decided(settings))[LONG] == []
        await ensure_topics(settings)
        await send(settings, events(2_000))
        await settled(worker)
        async with asyncio.timeout(WITHIN_SECONDS):  # the log may know of the limit a little later
            await worker.until(lambda: worker.app is not None and not worker.app.outbox_records)
        assert worker.is_ready
    assert folded(settings) == expected([*events(0), *events(1_000), *events(2_000)])
    assert (await decided(settings)) == {name: [":4", ":8", ":12"] for name in (LONG, *OTHERS)}
