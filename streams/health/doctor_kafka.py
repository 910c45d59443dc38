"""The doctor's checks on Kafka: does it answer, is it new enough, are the topics right, are keys where they belong."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    KafkaError,
    TopicAuthorizationFailedError,
)
from aiokafka.protocol.admin import ApiVersionRequest

from relationship.contract.messages import MESSAGE_TYPES
from relationship.contract.outcome import POLICIES
from streams.config.settings import Settings
from streams.health.doctor_attempts import check_rights, check_round_trip
from streams.health.doctor_changelog import check_changelog
from streams.health.doctor_connection import check_addresses, check_certificate
from streams.health.doctor_policy import check_policy
from streams.health.doctor_work import check_work
from streams.health.finding import Finding
from streams.kafka.admin import REQUEST_TIMEOUT_MS, TopicsError, admin_client, read_topics
from streams.kafka.partitioning import partition_of_key
from streams.kafka.topic_plan import Alter, Create, Refuse, TopicChange, plan
from streams.kafka.topics import probe_topic, topics_for
from streams.rights.parts import CONSOLE, WORKER, Part

# A broker does not tell its version, only which requests it knows. ConsumerGroupHeartbeat in version 1 came with 4.0,
# the first release without ZooKeeper, and the oldest that the tests were tried on.
HEARTBEAT_API: Final = 68
HEARTBEAT_OF_4_0: Final = 1
# A wrong partitioner shows in the first keys: of 20 keys on 12 partitions, all right by chance is 12^-20.
KEYS_PER_PARTITION: Final = 20
KEYS_WAIT_MS: Final = 3_000


async def examine(settings: Settings, part: Part) -> AsyncIterator[Finding]:
    """Give what there is to say about Kafka to a part; where no broker can be reached, only why."""
    wrong = await check_addresses(settings)
    for finding in (*check_certificate(settings, time.time()), *wrong):
        yield finding
    if any(finding.level == "fail" for finding in wrong):
        return
    for check, attempt in ATTEMPTS.items():
        if check == "topics" and part.name not in {WORKER, CONSOLE}:
            continue  # who does something else may not look at all of them
        try:
            for finding in await attempt(settings, part):
                yield finding
        except (KafkaError, TopicsError, OSError, TimeoutError) as error:
            yield Finding("fail", check, f"the check failed: {error or type(error).__name__}", advice_on(error))


def advice_on(error: BaseException) -> str:
    """Return what to do about an error of a check: a denial is named by `rights`."""
    if isinstance(error, DENIED) or any(each.__name__ in str(error) for each in DENIED):
        return (
            "give the user the right: `rights` names what a worker needs; this check asks for Describe, DescribeConfigs"
        )
    return "see whether the brokers are up (`clientward settings` shows what is in force)"


async def _check_servers(settings: Settings, part: Part) -> list[Finding]:
    async with admin_client(settings) as client:
        cluster = await _check_cluster(client, settings)
        found = [cluster, await _check_version(settings)]
        # Only an administrator may look at the brokers' own settings; with ACLs on, nobody makes a topic by its name.
        return [*found, await _check_auto_creation(client)] if part.name in {WORKER, CONSOLE} else found


async def _check_topics(settings: Settings, _part: Part) -> list[Finding]:
    """Compare the topics with what they should be, look at the keys in them, and at the policy."""
    wanted = topics_for(settings)
    async with admin_client(settings) as client:
        present = await read_topics(client, [spec.name for spec in wanted])
    found = topic_findings(plan(present, wanted), len(present))
    counts = {name: present[name].partitions for name in MESSAGE_TYPES if name in present}
    found.append(await _check_keys(settings, counts))
    if POLICIES in present:
        found.append(await check_policy(settings))
    if settings.changelog_topic in present:
        found.append(await check_changelog(settings, present[settings.changelog_topic].config))
    if probe_topic(settings) in present:
        found += await check_round_trip(settings)
    return [*found, *await check_work(settings)] if len(counts) == len(MESSAGE_TYPES) else found


async def _check_cluster(client: AIOKafkaAdminClient, settings: Settings) -> Finding:
    brokers = len((await client.describe_cluster())["brokers"])
    text = f"{settings.kafka_bootstrap} answers, {brokers} broker(s)"
    if brokers < settings.replication:
        return Finding("fail", "kafka", text, f"replication is {settings.replication}: start more brokers, or lower it")
    if settings.replication == 1:
        return Finding("ok", "kafka", f"{text}; replication 1: a lost disk is lost data, set 3 where that matters")
    return Finding("ok", "kafka", text)


async def _check_version(settings: Settings) -> Finding:
    client = AIOKafkaClient(**settings.kafka_client_options(), request_timeout_ms=REQUEST_TIMEOUT_MS)
    try:
        await client.bootstrap()
        response = await client.send(client.get_random_node(), ApiVersionRequest())
    finally:
        await client.close()
    newest = {api: highest for api, _lowest, highest in response.api_versions}
    if newest.get(HEARTBEAT_API, -1) >= HEARTBEAT_OF_4_0:
        return Finding("ok", "version", "Kafka 4.0 or newer")
    return Finding(
        "warn", "version", "Kafka older than 4.0", "upgrade the brokers: nothing here was tried on such a one"
    )


async def _check_auto_creation(client: AIOKafkaAdminClient) -> Finding:
    node = (await client.describe_cluster())["brokers"][0]["node_id"]
    name = "auto.create.topics.enable"
    responses = await client.describe_configs([ConfigResource(ConfigResourceType.BROKER, str(node), {name: ""})])
    values = [entry[1] for response in responses for resource in response.resources for entry in resource[4]]
    if values == ["false"]:
        return Finding("ok", "creation", "no topic comes into being by itself")
    if not values:  # with ACLs on: whoever may look makes topics by name only where he may create them too
        return Finding("ok", "creation", f"{name} is not for this login to see; it makes no topics itself")
    text = f"{name} is {values[0]}"
    advice = "set it to false: a misspelt topic is else made, with the wrong number of partitions"
    return Finding("warn", "creation", text, advice)


def topic_findings(changes: Sequence[TopicChange], present: int) -> list[Finding]:
    """Turn a plan into findings: a missing or refused topic fails, other settings are a warning."""
    apply = "run `clientward topics apply`"
    findings = [
        Finding("fail", "topics", f"{each.spec.name} is missing", apply) for each in changes if isinstance(each, Create)
    ]
    findings += [
        Finding("warn", "topics", str(each).removeprefix("alter   "), apply)
        for each in changes
        if isinstance(each, Alter)
    ]
    for each in changes:
        if isinstance(each, Refuse):
            has, _, advice = each.text.partition(": ")
            findings.append(Finding("fail", "topics", f"{each.name} {has}", advice))
    return findings or [Finding("ok", "topics", f"all {present} topics are there with their settings and partitions")]


class KeySample(NamedTuple):
    """What a look at the newest records of some topics showed. `astray`: topics with a key on a wrong partition."""

    keys: int
    keyless: set[str]
    astray: set[str]


async def _check_keys(settings: Settings, counts: Mapping[str, int]) -> Finding:
    sample = sample_keys(await _newest_records(settings, counts), counts)
    if sample.astray:
        advice = "set their producers' partitioner to murmur2 (librdkafka: partitioner=murmur2_random)"
        return Finding("fail", "keys", f"keys on other partitions than murmur2's in {_listed(sample.astray)}", advice)
    if sample.keyless:
        advice = "have their producers key every record by account_id; they are refused as KEY"
        return Finding("warn", "keys", f"records without a key in {_listed(sample.keyless)}", advice)
    if not sample.keys:
        return Finding("ok", "keys", "the intake is empty: no keys to look at")
    return Finding("ok", "keys", f"{sample.keys} keys sampled, each on the partition that murmur2 says")


def sample_keys(records: Iterable[ConsumerRecord], counts: Mapping[str, int]) -> KeySample:
    """Compare records' partitions with what murmur2 says. `counts`: the number of partitions of each topic."""
    keys, keyless, astray = 0, set(), set()
    for record in records:
        if record.key is None:
            keyless.add(record.topic)
            continue
        keys += 1
        if partition_of_key(record.key, counts[record.topic]) != record.partition:
            astray.add(record.topic)
    return KeySample(keys, keyless, astray)


async def _newest_records(settings: Settings, counts: Mapping[str, int]) -> list[ConsumerRecord]:
    partitions = [TopicPartition(name, number) for name, count in counts.items() for number in range(count)]
    if not partitions:
        return []
    consumer = AIOKafkaConsumer(**settings.kafka_client_options(), request_timeout_ms=REQUEST_TIMEOUT_MS)
    await consumer.start()
    try:
        consumer.assign(partitions)
        return await _read(consumer, await _seek_near_end(consumer, partitions))
    finally:
        await consumer.stop()


async def _seek_near_end(consumer: AIOKafkaConsumer, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
    """Return the end of each partition that holds something, and stand a sample before it."""
    starts, ends = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
    for each in partitions:
        consumer.seek(each, max(starts[each], ends[each] - KEYS_PER_PARTITION))
    return {each: ends[each] for each in partitions if ends[each] > starts[each]}


async def _read(consumer: AIOKafkaConsumer, ends: dict[TopicPartition, int]) -> list[Any]:
    """Return the records up to `ends`. A compacted end may never come, so a quiet while ends it too."""
    records: list[Any] = []
    while ends:
        batch = await consumer.getmany(*ends, timeout_ms=KEYS_WAIT_MS)
        if not batch:
            break
        records += [record for found in batch.values() for record in found]
        ends = {each: end for each, end in ends.items() if await consumer.position(each) < end}
    return records


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


DENIED: Final = (TopicAuthorizationFailedError, GroupAuthorizationFailedError, ClusterAuthorizationFailedError)
ATTEMPTS: Final[Mapping[str, Callable[[Settings, Part], Awaitable[list[Finding]]]]] = {
    "kafka": _check_servers,
    "rights": check_rights,
    "topics": _check_topics,
}
