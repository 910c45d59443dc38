"""The subscribers in TypeScript and Java, made of the contract's documents, on a real Kafka with the product's decisions."""

import json
import shutil
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from deleted import until_deleted
from other_languages import EXAMPLES, MAVEN, ROOT, Ended, need, node_modules, project_of, run_beside

from contracts.output import output_of
from contracts.story import story
from relationship.contract.outcome import RECLASSIFIED, Outgoing
from streams.config.settings import Settings
from streams.kafka.admin import admin_client, ensure_topics
from streams.kafka.outgoing import sending_of
from streams.kafka.sending import producer, send_batch

PARTITIONS = 3
SCHEMA = ROOT / "contracts" / "schemas" / f"{RECLASSIFIED}.schema.json"
Start = Callable[
    [str], Awaitable[Ended]
]  # runs a subscriber with --once; the file of the ids that it has seen is named


async def publish(settings: Settings, decisions: Sequence[Outgoing]) -> None:
    """Publish decisions as the worker does, each twice: a repeat has the same id."""
    twice = [sending_of(each, None) for each in decisions for _ in range(2)]
    async with producer(settings) as client:
        assert await send_batch(client, twice) == [None] * len(twice)


async def committed(settings: Settings, group: str) -> tuple[int, int]:
    """What a group has committed, and where the topic ends, both summed over the partitions."""
    partitions = [TopicPartition(RECLASSIFIED, number) for number in range(PARTITIONS)]
    async with AIOKafkaConsumer(bootstrap_servers=settings.bootstrap_servers, group_id=group) as consumer:
        ends = await consumer.end_offsets(partitions)
        return sum([await consumer.committed(each) or 0 for each in partitions]), sum(ends.values())


def line(decision: dict[str, Any]) -> str:
    """What a subscriber is to print of a decision."""
    return f"{decision['account_id']} became a client on {decision['effective_at'][:10]}: {decision['why']}"


async def follows(settings: Settings, group: str, start: Start) -> None:
    """Try a subscriber: it commits after the work, prints each new client once with the reason, and drops repeats by id."""
    async with admin_client(settings) as client:
        await until_deleted(client, [RECLASSIFIED])
    await ensure_topics(settings)
    decisions = [sent for sent in output_of(story()).sends if sent.topic == RECLASSIFIED]
    values = [json.loads(sent.value or b"") for sent in decisions]
    clients = [line(value) for value in values if value["to"] == "client"]
    assert clients[0].startswith("acme became a client on 2024-04-20: From candidate to client: ")
    await publish(settings, decisions[: len(decisions) // 2])

    broken = await start("no folder/seen.txt")
    assert broken.code != 0
    assert (await committed(settings, group))[0] == 0, "what could not be done is not committed"

    first = await start("seen.txt")
    assert first.code == 0, first.err
    await publish(settings, decisions)
    second = await start("seen.txt")
    assert second.code == 0, second.err
    assert sorted(first.lines + second.lines) == sorted(clients)
    assert clients[0] in first.lines
    assert second.lines, "what is new is told, and what is repeated is not"
    done, end = await committed(settings, group)
    assert done == end > 2 * len(decisions)


@pytest.fixture
def settings(kafka_bootstrap: str) -> Settings:
    """A deployment's settings, of which the subscribers know the brokers only."""
    return Settings(kafka_bootstrap=kafka_bootstrap, partitions=PARTITIONS)


async def test_a_subscriber_in_typescript(settings: Settings, tmp_path: Path) -> None:
    """Types made by npm's json-schema-to-typescript, compiled under --strict, with a client from npm."""
    project = project_of(EXAMPLES / "typescript", tmp_path)
    binaries = node_modules(EXAMPLES / "typescript") / ".bin"
    scripts = json.loads((project / "package.json").read_text())["scripts"]
    made = scripts["types"].replace(f"../../../contracts/schemas/{SCHEMA.name}", str(SCHEMA)).split()
    for command in (made, scripts["build"].rpartition(" && ")[2].split()):
        built = await run_beside(binaries / command[0], *command[1:], folder=project)
        assert built.code == 0, built.out + built.err

    async def start(seen: str) -> Ended:
        brokers = {"CLIENTWARD_KAFKA_BOOTSTRAP": settings.kafka_bootstrap}
        return await run_beside("node", "dist/main.js", seen, "--once", folder=project, **brokers)

    await follows(settings, "new-clients-typescript", start)


async def test_a_subscriber_in_java(settings: Settings, tmp_path: Path) -> None:
    """Types made by jsonschema2pojo, compiled with javac, with Kafka's own client."""
    need("mvn", "javac")
    project = tmp_path / "java"
    shutil.copytree(EXAMPLES / "java", project, ignore=shutil.ignore_patterns("target"))

    async def start(seen: str) -> Ended:
        brokers = {"CLIENTWARD_KAFKA_BOOTSTRAP": settings.kafka_bootstrap}
        goals = ("exec:java",) if (project / "target").exists() else ("compile", "exec:java")
        where = (f"-Dschemas={SCHEMA.parent}", f"-Dexec.args='{seen}' --once")
        return await run_beside(*MAVEN, *goals, *where, folder=project, **brokers)

    await follows(settings, "new-clients-java", start)
