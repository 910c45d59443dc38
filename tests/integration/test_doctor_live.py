"""The doctor on a deployment at work: all is well, and then each fault shows as itself."""

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import msgspec
import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from doctor_support import by_check, looked
from engine_support import PARTITIONS, make_settings, purchase, running, send, settled
from live import COMMAND_SECONDS, ROOT, plain_environment
from redis import Redis

from cli.setup.doctor import changed
from relationship.core import Core
from relationship.policy.compiled import load_policy
from streams.config.settings import Settings
from streams.embedded import KafkaServer
from streams.health import doctor_connection
from streams.health.finding import Finding
from streams.kafka.admin import admin_client
from streams.kafka.topics import probe_topic


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


def test_a_watch_tells_what_has_changed() -> None:
    """All at first; then a check that is at another level."""
    well, ill = Finding("ok", "write", "took"), Finding("fail", "write", "full")
    assert changed([well], None) == [well]
    assert changed([well], {("write", "ok")}) == []
    assert changed([ill], {("write", "ok")}) == [ill]


@pytest.fixture
async def settings(kafka_bootstrap: str, redis_url: str, group: str, tmp_path: Path) -> Settings:
    """A deployment of this test alone."""
    return await make_settings(kafka_bootstrap, redis_url, group, tmp_path)


async def test_a_topic_that_takes_no_record_is_told(settings: Settings) -> None:
    """Its limit of size was lowered to nothing: no record is stored, none is read back, and the rest is looked at."""
    async with admin_client(settings) as admin:
        wanted = {"max.message.bytes": "1", "cleanup.policy": "delete"}
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, probe_topic(settings), wanted)])
    async with asyncio.timeout(COMMAND_SECONDS):
        while (found := await looked(settings))["produce"].level == "ok":  # the broker hears of it a moment later
            pass
    assert "takes no record: [Error 10] MessageSizeTooLargeError" in found["produce"].text
    assert "topics apply" in found["produce"].advice
    assert "consume" not in found
    assert found["write"].level == "ok"


async def test_a_changelog_that_could_not_rebuild_redis_is_told(settings: Settings) -> None:
    """Cut to nothing while Redis has accounts; and one that deletes by time, before it has deleted anything."""
    topic = settings.changelog_topic
    async with running(settings, Core(load_policy())) as worker:
        await send(settings, [purchase(1, "a"), purchase(2, "b")])
        await settled(worker)
        found = await looked(settings)
        assert (found["changelog"].level, "2 accounts" in found["changelog"].text) == ("ok", True)
    async with admin_client(settings) as admin:
        by_time = ConfigResource(ConfigResourceType.TOPIC, topic, {"cleanup.policy": "compact,delete"})
        await admin.alter_configs([by_time])
        found = await looked(settings)
        assert (found["changelog"].level, "by time" in found["changelog"].text) == ("fail", True)
        everything = {TopicPartition(topic, number): RecordsToDelete(-1) for number in range(PARTITIONS)}
        await admin.delete_records(everything)
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, {"cleanup.policy": "compact"})])
    found = await looked(settings)
    assert found["changelog"].level == "fail"
    assert "0 records at most" in found["changelog"].text
    assert "keep Redis" in found["changelog"].advice


async def test_a_watch_goes_on_and_tells_what_turns_red_and_green_again(
    settings: Settings, redis_url: str, tmp_path: Path
) -> None:
    """One JSON object a line: all at first, then a full Redis, then that it is well again; Ctrl-C ends it."""
    variables = {
        "CLIENTWARD_KAFKA_BOOTSTRAP": settings.kafka_bootstrap,
        "CLIENTWARD_REDIS_URL": redis_url,
        "CLIENTWARD_GROUP": settings.group,
        "CLIENTWARD_PARTITIONS": str(settings.partitions),
    }
    watching = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli.main", "doctor", "--watch", "1", "--json"),
        cwd=tmp_path,
        env=plain_environment(PYTHONPATH=str(ROOT), **variables),
        stdout=PIPE,
    )
    assert watching.stdout is not None

    async def until(check: str, level: str) -> list[Finding]:
        told: list[Finding] = []
        async with asyncio.timeout(COMMAND_SECONDS):
            while not (told and (told[-1].check, told[-1].level) == (check, level)):
                told.append(msgspec.json.decode(await watching.stdout.readline(), type=Finding))
        return told

    try:
        first = await until("persistence", "ok")
        assert {"libraries", "kafka", "rights", "topics", "produce", "consume", "changelog", "write"} <= by_check(
            first
        ).keys()
        with Redis.from_url(redis_url) as client:
            client.config_set("maxmemory", "1")  # byte
            try:
                full = (await until("write", "fail"))[-1]
            finally:
                client.config_set("maxmemory", "0")
        assert "every write fails" in full.text
        again = await until("write", "ok")
        assert {each.check for each in again} <= {"write", "memory", "clock", "lag"}, (
            "what has not changed is told again"
        )
    finally:
        watching.send_signal(signal.SIGINT)
        code = await asyncio.wait_for(watching.wait(), COMMAND_SECONDS)
    assert code == 130  # as the shell has it: ended by Ctrl-C
