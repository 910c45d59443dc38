"""A Kafka with ACLs and a Redis with users: every part has a login of its own, with the rights of the table and no more."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from acls import LITERAL, CreateAcls
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import NewTopic
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import GroupAuthorizationFailedError, TopicAuthorizationFailedError
from redis import Redis
from redis.exceptions import NoPermissionError
from secured import ADMIN, Trust, by_password, trust, users
from yarl import URL

from clientward_store.client import async_client
from clientward_store.keys import target_of
from streams.config.settings import Settings
from streams.embedded import KafkaServer, RedisServer, kafka_server, redis_server
from streams.kafka.admin import admin_client
from streams.rights.parts import Others, parts
from views.operations.rights import kafka_rights, redis_rights

GROUP, PARTITIONS, FOREIGN = "shop", 4, "shop.public.orders"
OTHERS = Others(adapter="orders", adapter_topic=FOREIGN, subscriber="letters")
PARTS = tuple(parts(Settings()))
# Kafka's answers to who may not: of a topic, of the cluster.
DENIED = {TopicAuthorizationFailedError.errno, 31}
WITHIN_SECONDS = 15.0


class Guarded(NamedTuple):
    """The servers, and who may come."""

    kafka: KafkaServer
    redis: RedisServer
    trusted: Trust
    folder: Path

    def settings(self, part: str) -> Settings:
        """Return the settings of a part, with its login; `ADMIN` has Kafka's alone."""
        user = ADMIN if part == ADMIN else f"clientward-{part}"
        return Settings(
            kafka_bootstrap=self.kafka.bootstrap,
            kafka_security_protocol="SASL_SSL",
            kafka_username=user,
            kafka_password=user,  # type: ignore[arg-type]
            kafka_ca_file=self.trusted.ca,
            redis_url=f"redis://{user}:{user}@127.0.0.1:{self.redis.port}/0",  # type: ignore[arg-type]
            group=GROUP,
            partitions=PARTITIONS,
            web_port=0,
            data_dir=self.folder / part,
        )


@contextmanager
def guarded(folder: Path) -> Iterator[Guarded]:
    """Run both servers; every part is known to them, and may do nothing yet."""
    trusted = trust(folder)
    passwords = {f"clientward-{part}": f"clientward-{part}" for part in PARTS}
    with (
        kafka_server(properties=by_password(trusted), format_arguments=users(passwords)) as kafka,
        redis_server() as redis,
    ):
        yield Guarded(kafka, redis, trusted, folder)


async def give_rights(to: Guarded) -> None:
    """Give every part what the table says, and make the foreign topic of the adapter."""
    settings = to.settings(ADMIN)
    async with admin_client(settings) as admin:
        await admin.create_topics([NewTopic(FOREIGN, 1, 1)])
    async with raw_client(settings) as client:
        acls = kafka_rights(settings, (), {}, OTHERS)
        request = CreateAcls(*((each.resource, each.name, LITERAL, each.principal, each.operation) for each in acls))
        answer = await client.send(client.get_random_node(), request)
        assert {code for code, _ in answer.creation_responses} == {0}
    with Redis.from_url(to.redis.url) as redis:
        for login in redis_rights(settings, (), {}):
            redis.execute_command(*login.line.replace(">PASSWORD", f">{login.user}").split(" "))
        redis.execute_command("ACL", "SETUSER", "default", "off")


@asynccontextmanager
async def raw_client(settings: Settings) -> AsyncIterator[Any]:
    """Give a client of the protocol itself."""
    client = AIOKafkaClient(**settings.kafka_client_options())
    await client.bootstrap()
    try:
        yield client
    finally:
        await client.close()


class Attempts:
    """What a part may try; each returns whether it was refused for want of a right, and fails for any other reason."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._options = settings, settings.kafka_client_options()

    async def write(self, topic: str) -> bool:
        """Publish a record."""
        async with asyncio.timeout(WITHIN_SECONDS), AIOKafkaProducer(**self._options) as client:
            try:
                await client.send_and_wait(topic, b"x", partition=0)
            except TopicAuthorizationFailedError:
                return True
        return False

    async def read(self, topic: str) -> bool:
        """Fetch from the beginning."""
        async with admin_client(self._settings) as admin:
            (found,) = await admin.describe_topics([topic])
            if found["error_code"] in DENIED:
                return True
        tp = TopicPartition(topic, 0)
        async with asyncio.timeout(WITHIN_SECONDS), AIOKafkaConsumer(**self._options) as consumer:
            consumer.assign([tp])
            consumer.seek(tp, 0)
            try:
                await consumer.getmany(tp, timeout_ms=2_000)
            except TopicAuthorizationFailedError:
                return True
        return False

    async def commit(self, group: str) -> bool:
        """Commit a position as a member of a group would."""
        tp = TopicPartition("crm.relationship.state.v1", 0)
        async with asyncio.timeout(WITHIN_SECONDS):
            consumer = AIOKafkaConsumer(**self._options, group_id=group, enable_auto_commit=False)
            try:
                await consumer.start()
                consumer.assign([tp])
                await consumer.commit({tp: 0})
            except GroupAuthorizationFailedError:
                return True
            finally:
                await consumer.stop()
        return False

    async def create(self, topic: str) -> bool:
        """Make a topic."""
        async with admin_client(self._settings) as admin:
            answer = await admin.create_topics([NewTopic(topic, 1, 1)])
        return {code for _, code, _ in answer.topic_errors} <= DENIED

    async def delete(self, topic: str) -> bool:
        """Delete a topic."""
        async with admin_client(self._settings) as admin:
            answer = await admin.delete_topics([topic])
        return {code for _, code in answer.topic_error_codes} <= DENIED

    async def redis(self, command: str) -> bool:
        """Send a command to Redis."""
        client = async_client(target_of(URL(self._settings.redis_url.get_secret_value())))
        try:
            await client.execute_command(*command.split(" "))
        except NoPermissionError:
            return True
        finally:
            await client.aclose()
        return False


REFUSED: Mapping[str, tuple[str, ...]] = {
    "topics": ("write crm.purchase.recorded.v1", "read crm.relationship.state.v1", "delete crm.audit.v1"),
    "worker": (
        "write crm.policy.published.v1",
        "write crm.purchase.recorded.v1",
        "read crm.relationship.state.v1",
        "create shop-doctor",
        "commit letters",
        "redis HGETALL {shop-deliver}:crm:marks",
        "redis FLUSHALL",
    ),
    "intake": (
        "read crm.purchase.recorded.v1",
        "write crm.relationship.reclassified.v1",
        "write crm.history.moved.v1",
        "commit shop",
    ),
    "adapter": (
        "write shop.public.orders",
        "read crm.purchase.recorded.v1",
        "write crm.relationship.state.v1",
        "commit shop",
    ),
    "deliver": (
        "write crm.relationship.reclassified.v1",
        "read crm.audit.v1",
        "read shop-relationships-changelog",
        "redis HGET {shop-relationships:0}:v a",
        "redis CONFIG GET requirepass",
    ),
    "readmodel": ("write crm.relationship.state.v1", "read crm.purchase.recorded.v1", "commit shop"),
    "console": (
        "write crm.relationship.reclassified.v1",
        "write crm.relationship.state.v1",
        "read shop-relationships-changelog",
        "commit shop",
        "redis HSET {shop-relationships:0}:v a b",
        "redis DEL {shop-relationships:0}:v",
    ),
    "operator": (
        "write crm.relationship.state.v1",
        "write shop-relationships-changelog",
        "delete crm.audit.v1",
        "commit shop",
        "redis HSET {shop-relationships:0}:v a b",
        "redis HGETALL {shop-deliver}:crm:dead",
    ),
    "backup": (
        "write crm.relationship.command.v1",
        "read crm.purchase.recorded.v1",
        "read shop-relationships-changelog",
        "commit shop",
        "redis FLUSHALL",
        "redis HGETALL {shop-deliver}:crm:dead",
    ),
    "advise": (
        "write crm.relationship.state.v1",
        "read crm.relationship.reclassified.v1",
        "commit shop",
        "redis HSET {shop-relationships:0}:v a b",
        "redis HGETALL {shop-relationships:0}:v",
    ),
    "subscriber": (
        "write crm.relationship.reclassified.v1",
        "read crm.audit.v1",
        "read shop-relationships-changelog",
        "commit shop",
    ),
}
