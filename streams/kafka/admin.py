"""Carry a plan of topics out on real brokers, and read how the topics are now.

Theory of operation: aiokafka's admin client returns error codes where others raise, so every answer is checked here.
Its `alter_configs` is Kafka's AlterConfigs, which replaces all settings made on a topic: `streams/kafka/topic_plan.py` hands
in the whole set. A change takes a moment to reach every broker, so `apply` waits until what it did is to be seen.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import (
    KafkaError,
    LeaderNotAvailableError,
    TopicAlreadyExistsError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
    for_code,
)

from streams.config.settings import Settings
from streams.kafka.topic_plan import Alter, Create, CurrentTopic, Refuse, TopicChange, plan
from streams.kafka.topics import topics_for

# A person waits for this; a broker on another continent answers in less.
REQUEST_TIMEOUT_MS: Final = 10_000
# How long brokers may take to tell each other of a new topic.
VISIBLE_WITHIN_SECONDS: Final = 20.0
VISIBLE_POLL_SECONDS: Final = 0.1
# DescribeConfigs: config_source 1 is "made on the topic", the others are the brokers' settings and Kafka's defaults.
MADE_ON_THE_TOPIC: Final = 1
NO_ERROR: Final = 0
DENIED: Final = "`clientward doctor` names the missing ACLs, `clientward security kafka-acls` all that a part needs"
# Metadata's answers for a topic that is not there, or was made so lately that its partitions have no leaders.
ABSENT: Final = {UnknownTopicOrPartitionError.errno, LeaderNotAvailableError.errno}


class TopicsError(RuntimeError):
    """The brokers refused a change, or a plan may not be carried out. The text is one line that says what to do."""


@asynccontextmanager
async def admin_client(settings: Settings) -> AsyncIterator[AIOKafkaAdminClient]:
    """Give a connected admin client and close it. Raises aiokafka's KafkaConnectionError where no broker answers."""
    client = AIOKafkaAdminClient(**settings.kafka_client_options(), request_timeout_ms=REQUEST_TIMEOUT_MS)
    try:
        await client.start()
        yield client
    finally:
        await client.close()


async def read_topics(client: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, CurrentTopic]:
    """Return those of `names` that exist, as the brokers have them."""
    topics = {topic["topic"]: topic for topic in await client.describe_topics(list(names)) if _exists(topic)}
    if not topics:
        return {}
    configs = await _read_configs(client, list(topics))
    return {name: _current(topics[name], entries) for name, entries in configs.items()}


async def plan_topics(settings: Settings) -> list[TopicChange]:
    """Return what must change on the brokers for the topics to be as wanted."""
    wanted = topics_for(settings)
    async with admin_client(settings) as client:
        return plan(await read_topics(client, [spec.name for spec in wanted]), wanted)


async def ensure_topics(settings: Settings) -> list[TopicChange]:
    """Make the topics as wanted and return what was changed. Raises TopicsError before any change if one is refused."""
    changes = await plan_topics(settings)
    await apply(settings, changes)
    return changes


async def apply(settings: Settings, changes: Sequence[TopicChange]) -> None:
    """Carry a plan out. Raises TopicsError: before any change where the plan refuses one, or where the brokers do."""
    refused = [str(change) for change in changes if isinstance(change, Refuse)]
    if refused:
        raise TopicsError("; ".join(refused))
    if not changes:
        return
    async with admin_client(settings) as client:
        await _create(client, [change for change in changes if isinstance(change, Create)])
        await _alter(client, [change for change in changes if isinstance(change, Alter)])
        await _wait_until_seen(client, _promised(changes))


def _promised(changes: Sequence[TopicChange]) -> dict[str, Mapping[str, str]]:
    """Return what each changed topic's settings must be in the end."""
    created = {change.spec.name: change.spec.config for change in changes if isinstance(change, Create)}
    return created | {change.name: change.config for change in changes if isinstance(change, Alter)}


async def _create(client: AIOKafkaAdminClient, changes: Sequence[Create]) -> None:
    specs = [change.spec for change in changes]
    if not specs:
        return
    response = await client.create_topics(
        [NewTopic(spec.name, spec.partitions, spec.replication, topic_configs=dict(spec.config)) for spec in specs]
    )
    for name, code, message in response.topic_errors:
        # Somebody else may have made it since the plan: a worker that starts beside us. The next plan tells if it fits.
        if code not in {NO_ERROR, TopicAlreadyExistsError.errno}:
            raise TopicsError(f"cannot create {name}: {message or for_code(code).__name__}")


async def _wait_until_seen(client: AIOKafkaAdminClient, promised: Mapping[str, Mapping[str, str]]) -> None:
    try:
        async with asyncio.timeout(VISIBLE_WITHIN_SECONDS):
            while not await _seen(client, promised):  # noqa: ASYNC110 - Kafka tells nobody when it has spread
                await asyncio.sleep(VISIBLE_POLL_SECONDS)
    except TimeoutError:
        raise TopicsError(
            f"done, but the brokers do not show it after {VISIBLE_WITHIN_SECONDS:.0f} s; see whether all of them are up"
        ) from None


async def _seen(client: AIOKafkaAdminClient, promised: Mapping[str, Mapping[str, str]]) -> bool:
    topics = await read_topics(client, list(promised))
    return topics.keys() == promised.keys() and all(
        topics[name].led and config.items() <= topics[name].config.items() for name, config in promised.items()
    )


async def _alter(client: AIOKafkaAdminClient, changes: Sequence[Alter]) -> None:
    if not changes:
        return
    resources = [ConfigResource(ConfigResourceType.TOPIC, each.name, dict(each.config)) for each in changes]
    for response in await client.alter_configs(resources):
        for code, message, _kind, name in response.resources:
            if code != NO_ERROR:
                raise TopicsError(f"cannot alter {name}: {message or for_code(code).__name__}")


def _exists(topic: dict[str, Any]) -> bool:
    code = topic["error_code"]
    if code in ABSENT:
        return False
    if code == TopicAuthorizationFailedError.errno:
        raise TopicsError(f"Kafka denies Describe on Topic {topic['topic']}: {DENIED}")
    if code != NO_ERROR:
        error: type[KafkaError] = for_code(code)
        raise TopicsError(f"cannot read {topic['topic']}: {error.__name__}: {error.description}")
    return True


async def _read_configs(client: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, list[tuple[Any, ...]]]:
    """Return the settings of those of `names` that exist.

    Metadata and settings are two requests. Between them a topic may be deleted, and the broker that answers the second
    may not have heard yet of one just made: either way it is not there (yet), and whoever waits asks again.
    """
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    found: dict[str, list[tuple[Any, ...]]] = {}
    for response in await client.describe_configs(resources):
        for code, message, _kind, name, entries in response.resources:
            if code in ABSENT:
                continue
            if code == TopicAuthorizationFailedError.errno:
                raise TopicsError(f"Kafka denies DescribeConfigs on Topic {name}: {DENIED}")
            if code != NO_ERROR:
                raise TopicsError(f"cannot read the settings of {name}: {message or for_code(code).__name__}")
            found[name] = entries
    return found


def _current(topic: dict[str, Any], entries: Sequence[tuple[Any, ...]]) -> CurrentTopic:
    config = {entry[0]: entry[1] or "" for entry in entries}
    overrides = {entry[0]: entry[1] or "" for entry in entries if entry[3] == MADE_ON_THE_TOPIC}
    partitions = topic["partitions"]
    led = all(partition["leader"] >= 0 for partition in partitions)
    return CurrentTopic(topic["topic"], len(partitions), len(partitions[0]["replicas"]), config, overrides, led)
