"""Topics and the doctor on a real broker and a real Redis."""

from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from deleted import until_deleted

from relationship.contract.messages import PURCHASES
from streams.config.settings import Settings
from streams.health.doctor import examine
from streams.health.finding import Finding
from streams.kafka.admin import TopicsError, admin_client, apply, ensure_topics, plan_topics, read_topics
from streams.kafka.partitioning import partition_of
from streams.kafka.topic_plan import Alter, Create, CurrentTopic, Refuse
from streams.kafka.topics import DAY_MS, topics_for


@pytest.fixture
async def settings(kafka_bootstrap: str, redis_url: str, unique: str) -> Settings:
    """Settings of a deployment of this test alone, on the run's servers, once the last test's topics are gone."""
    settings = Settings(kafka_bootstrap=kafka_bootstrap, redis_url=redis_url, group=unique, partitions=3)  # type: ignore[arg-type]
    async with admin_client(settings) as client:
        await until_deleted(client, [spec.name for spec in topics_for(settings)])
    return settings


async def findings(settings: Settings) -> dict[str, Finding]:
    """Return the doctor's findings, the worst of each check."""
    worst: dict[str, Finding] = {}
    async for finding in examine(settings):
        if finding.check not in worst or finding.level != "ok":
            worst[finding.check] = finding
    return worst


async def test_topics_are_created_as_specified(settings: Settings) -> None:
    """On an empty broker a plan creates every topic; afterwards nothing is left to do."""
    changes = await ensure_topics(settings)
    assert [change.spec for change in changes if isinstance(change, Create)] == topics_for(settings)
    async with admin_client(settings) as client:
        topics = await read_topics(client, [spec.name for spec in topics_for(settings)])
    for spec in topics_for(settings):
        assert topics[spec.name].partitions == 3
        assert spec.config.items() <= topics[spec.name].overrides.items()
    assert await plan_topics(settings) == []


class LosesTopics(AIOKafkaAdminClient):
    """An admin client whose topics are deleted by somebody else just after the metadata was read."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.met: list[str] = []

    async def describe_topics(self, topics: list[str] | None = None) -> list[dict[str, Any]]:
        """Answer as the real client does, and the first time delete all but one of the topics told of."""
        found = await super().describe_topics(topics)
        if not self.met:
            self.met.extend(topic["topic"] for topic in found if topic["error_code"] == 0)
            await self.delete_topics(self.met[1:])
            await until_deleted(self, self.met[1:])
        return found


async def test_a_topic_deleted_between_two_requests_is_not_there(settings: Settings) -> None:
    """Metadata and settings are two requests: a topic that goes between them is absent, and no error."""
    await ensure_topics(settings)
    client = LosesTopics(**settings.kafka_client_options())
    await client.start()
    try:
        topics = await read_topics(client, [spec.name for spec in topics_for(settings)])
    finally:
        await client.close()
    assert len(client.met) == len(topics_for(settings))
    assert list(topics) == client.met[:1]


async def test_settings_are_altered_and_others_kept(settings: Settings) -> None:
    """A changed retention is set on topics that exist; what somebody else set on them stays."""
    await ensure_topics(settings)
    topic = await _read(settings)
    foreign = Alter(PURCHASES, {}, {**topic.overrides, "compression.type": "zstd"})
    await apply(settings, [foreign])
    changes = await ensure_topics(settings.model_copy(update={"intake_retention_days": 100}))
    assert any(isinstance(change, Alter) and change.name == PURCHASES for change in changes)
    topic = await _read(settings)
    assert topic.config["retention.ms"] == str(100 * DAY_MS)
    assert topic.overrides["compression.type"] == "zstd"


async def test_other_partitions_are_refused_before_any_change(settings: Settings) -> None:
    """Where a number of partitions differs, nothing is changed at all."""
    await ensure_topics(settings)
    other = settings.model_copy(update={"partitions": 6, "intake_retention_days": 100})
    changes = await plan_topics(other)
    assert any(isinstance(change, Refuse) for change in changes)
    with pytest.raises(TopicsError, match="has 3 partitions, not 6"):
        await apply(other, changes)
    assert await plan_topics(settings) == []


async def test_what_the_broker_refuses_is_told(settings: Settings) -> None:
    """The broker's error code becomes an error that names the topic: aiokafka itself raises nothing."""
    greedy = settings.model_copy(update={"replication": 3})
    with pytest.raises(TopicsError, match=r"cannot create crm\..+: .*replication"):
        await ensure_topics(greedy)


async def test_two_at_once(settings: Settings) -> None:
    """Whoever comes second finds the topics made, and is content."""
    changes = await plan_topics(settings)
    await apply(settings, changes)
    await apply(settings, changes)
    assert await plan_topics(settings) == []


async def test_doctor_on_empty_and_on_whole(settings: Settings) -> None:
    """Without topics the doctor says what to run; with them it is content with Kafka and Redis."""
    before = await findings(settings)
    assert before["kafka"].level == "ok"
    assert before["version"].level == "ok"
    assert (before["topics"].level, before["topics"].advice) == ("fail", "run `clientward topics apply`")
    await ensure_topics(settings)
    after = await findings(settings)
    assert (after["policy"].level, "calibrated on no firm" in after["policy"].text) == ("warn", True)
    assert {check: after[check].level for check in ("topics", "keys", "creation", "redis", "memory", "clock")} == {
        "topics": "ok",
        "keys": "ok",
        "creation": "ok",
        "redis": "ok",
        "memory": "ok",
        "clock": "ok",
    }


async def test_doctor_finds_a_foreign_partitioner(settings: Settings) -> None:
    """A producer that puts a key on another partition than murmur2's is found by a sample of the topic."""
    await ensure_topics(settings)
    async with AIOKafkaProducer(**settings.kafka_client_options()) as producer:
        await producer.send_and_wait(PURCHASES, b"{}", key=b"acc-1", partition=partition_of("acc-1", 3))
        assert (await findings(settings))["keys"].level == "ok"
        await producer.send_and_wait(PURCHASES, b"{}", key=b"acc-1", partition=(partition_of("acc-1", 3) + 1) % 3)
    found = (await findings(settings))["keys"]
    assert found.level == "fail"
    assert PURCHASES in found.text
    assert "murmur2" in found.advice


async def test_doctor_with_servers_away(settings: Settings) -> None:
    """A server that does not answer is one failed check, not an exception, and the others still run."""
    away = settings.model_copy(
        update={"kafka_bootstrap": "127.0.0.1:1", "redis_url": Settings(redis_url="redis://127.0.0.1:1").redis_url}  # type: ignore[arg-type]
    )
    found = await findings(away)
    assert (found["kafka"].level, found["redis"].level) == ("fail", "fail")
    assert found["libraries"].level == "ok"


async def _read(settings: Settings) -> CurrentTopic:
    async with admin_client(settings) as client:
        return (await read_topics(client, [PURCHASES]))[PURCHASES]
