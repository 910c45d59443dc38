"""An erasure on real Kafka and Redis: nothing of the account in Redis's files, in the topics once their time has come."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from engine_support import make_settings, published, running, send, settled
from live import Ended, plain_environment, run
from redis import Redis
from story import Told, courtship, meeting, purchase, ticket
from variants import variant_text

from agents.worker import Worker
from relationship.contract.messages import COMMANDS, Command
from relationship.contract.outcome import AUDIT, RECLASSIFIED, SHADOWED
from relationship.core import Core
from relationship.policy.compiled import load_policy
from relationship.state.record import decode
from relationship.timeline.published import publication
from streams.config.settings import Settings
from streams.embedded import KafkaServer, RedisServer, kafka_server, redis_server
from streams.kafka.admin import admin_client
from streams.kafka.policies import publish_policy
from streams.kafka.topics import topics_for

GONE, GUEST, STAYS = "gone-7f3a91c2", "guest-55d01b8e", "stays-c0ffee12"
NOW = datetime.now(UTC).replace(microsecond=0)
# Kafka looks at retention once in five minutes and at compaction once in fifteen seconds; here both are waited for.
AT_ONCE = {
    "log.retention.check.interval.ms": "500",
    "log.cleaner.backoff.ms": "500",
    "log.initial.task.delay.ms": "500",
}
CLEANED_SECONDS = 120.0


@pytest.fixture(scope="module")
def own_kafka() -> Iterator[KafkaServer]:
    """A broker whose cleaners do not rest."""
    with kafka_server(properties=AT_ONCE) as server:
        yield server


@pytest.fixture(scope="module")
def own_redis() -> Iterator[RedisServer]:
    """A Redis whose files can be read: its snapshots are not compressed."""
    with redis_server(options={"rdbcompression": "no"}) as server:
        yield server


def dated(told: Iterable[Told], account: str) -> list[Told]:
    """Return messages moved in time so that the story ends now, as another account's."""
    told = list(told)
    shift = NOW - timedelta(hours=1) - max(message.occurred_at for _, message in told)
    return [
        (
            topic,
            msgspec.structs.replace(
                message,
                account_id=account,
                event_id=f"{account}/{message.event_id}",
                occurred_at=message.occurred_at + shift,
            ),
        )
        for topic, message in told
    ]


def command(name: str, account: str, **fields: str) -> Told:
    """Return a command of now."""
    base = {"event_id": f"{name}-{account}", "account_id": account, "occurred_at": datetime.now(UTC)}
    return COMMANDS, Command(**base, command=name, **{"by": "ops", **fields})  # type: ignore[arg-type]


async def tell(settings: Settings, worker: Worker, told: Iterable[Told]) -> None:
    """Publish messages and wait until they are folded."""
    await send(settings, [(topic, each.account_id, msgspec.json.encode(each)) for topic, each in told])
    await settled(worker)


async def lives(settings: Settings, worker: Worker) -> None:
    """Let the account live with all that an account can have, in touch with two others, and under a shadow."""
    text = variant_text("s", client_up=95.0)
    trial = publication("clientward-default", "shadow", "s", text, "ops", NOW, NOW)
    await publish_policy(settings, trial, "policy-shadow")
    await worker.until(lambda: worker._fold.shadow is not None)
    await tell(settings, worker, dated(courtship(), STAYS))
    await tell(settings, worker, dated([purchase(1), ticket(2, kind="advice"), meeting(3)], GUEST))
    story = [*courtship()[:-1], purchase(150, "sent", referred_by=STAYS), courtship()[-1]]
    await tell(settings, worker, dated(story, GONE))
    await tell(settings, worker, dated([purchase(140, "sent-by", referred_by=GONE)], STAYS))
    await tell(settings, worker, [command("merge", GUEST, into=GONE)])
    await tell(settings, worker, [command("unmerge", GUEST, into=GONE)])
    await send(settings, [("crm.purchase.recorded.v1", GONE, b'{"event_id": "x", "account_id": "%s"}' % GONE.encode())])
    await settled(worker)


def bytes_of(folders: Iterable[Path]) -> dict[str, int]:
    """Return how often the account's id stands in the files of these folders, by file."""
    found = Counter[str]()
    for folder in folders:
        for file in folder.rglob("*"):
            try:
                found[str(file)] += file.read_bytes().count(GONE.encode()) if file.is_file() else 0
            except FileNotFoundError:  # Kafka has just dropped it
                continue
    return {name: count for name, count in found.items() if count}


def folders_of(kafka: KafkaServer, names: Iterable[str]) -> list[Path]:
    """Return the folders of these topics' partitions, those that wait for deletion included."""
    data = kafka.folder / "kafka-1" / "data"
    return [folder for name in names for folder in data.glob(f"{name}-*")]


async def clean(kafka: KafkaServer, settings: Settings, names: list[str], config: dict[str, str]) -> None:
    """Let Kafka's cleaner do its work on these topics now, and return when no file of theirs has the id."""
    now = {"segment.ms": "100", "file.delete.delay.ms": "0", **config}
    async with admin_client(settings) as client:
        await client.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, now) for name in names])
    started = time.monotonic()
    while left := bytes_of(folders_of(kafka, names)):
        assert time.monotonic() - started < CLEANED_SECONDS, left
        fill = [(name, f"fill-{number}", b"{}") for name in names for number in range(40)]
        await send(settings, fill)  # a segment is closed by the record after it, in every partition
        await asyncio.sleep(1.0)


class Operator:
    """The command line of a deployment."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings, self.folder = settings, folder

    async def run(self, *arguments: str) -> Ended:
        """Run `clientward` as a person would."""
        settings = self.settings
        environment = plain_environment(
            CLIENTWARD_KAFKA_BOOTSTRAP=settings.kafka_bootstrap,
            CLIENTWARD_REDIS_URL=settings.redis_url.get_secret_value(),
            CLIENTWARD_GROUP=settings.group,
            CLIENTWARD_PARTITIONS=str(settings.partitions),
        )
        return await run(*arguments, folder=self.folder, environment=environment)

    async def found(self) -> tuple[int, dict[str, dict]]:
        """Return the exit code and what `erasure verify` finds, by place."""
        ended = await self.run("erasure", "verify", GONE, "--json")
        assert ended.err == []
        return ended.code, {each["place"]: each for each in map(json.loads, ended.lines)}


@asynccontextmanager
async def deployment(kafka: KafkaServer, redis: RedisServer, group: str, folder: Path) -> AsyncIterator[Operator]:
    """Give a deployment in which the account has lived and was erased; no worker runs."""
    with Redis.from_url(redis.url) as client:
        client.flushall()
    settings = await make_settings(kafka.bootstrap, redis.url, group, folder)
    operator = Operator(settings, folder)
    async with running(settings, Core(load_policy())) as worker:
        await lives(settings, worker)
        code, found = await operator.found()
        assert code == 1
        assert found["Redis"]["until"] is None
        await tell(settings, worker, [command("erase", GONE)])
    yield operator
    async with admin_client(settings) as client:
        await client.delete_topics([spec.name for spec in topics_for(settings)])


async def decided(settings: Settings, topic: str = RECLASSIFIED) -> list[str]:
    """Return the ids of what a topic holds of the account."""
    found = [record for record in await published(settings, topic) if record.key == GONE.encode()]
    return [dict(record.headers)["ce_id"].decode() for record in found]


def records(settings: Settings) -> dict[bytes, bytes]:
    """Return every account's record."""
    with Redis.from_url(settings.redis_url.get_secret_value()) as client:
        names = [name for name in client.keys("*") if name.endswith(b":v")]
        return {key: value for name in names for key, value in client.hgetall(name).items()}


def standing(raw: dict[bytes, bytes]) -> dict[bytes, tuple[object, ...]]:
    """Return what matters of every account: where it stands, on what, and what was decided."""
    return {
        key: (each.head, each.facts(), each.decisions, each.seq)
        for key, value in raw.items()
        for each in [decode(value)]
    }


@pytest.mark.row("only 5: verified")
async def test_nothing_is_left_and_nothing_comes_back(
    own_kafka: KafkaServer, own_redis: RedisServer, group: str, tmp_path: Path
) -> None:
    """Redis's files and cleaned segments have no byte of the id, a rebuild brings nothing back, and `verify` tells all."""
    async with deployment(own_kafka, own_redis, group, tmp_path) as operator:
        settings = operator.settings
        code, found = await operator.found()
        assert (code, "Redis" in found) == (0, False), "the others were told to forget it, and keep no message to it"
        async with running(settings, Core(load_policy())) as worker:
            await tell(settings, worker, [*dated([purchase(200, "on")], GUEST), *dated([purchase(200, "on")], STAYS)])
        with Redis.from_url(own_redis.url) as client:
            client.bgrewriteaof()
            while client.info("persistence")["aof_rewrite_in_progress"]:
                pass
            client.save()
        files = [
            file for file in own_redis.folder.rglob("*") if file.suffix in {".rdb", ".aof"} and file.stat().st_size
        ]
        assert {file.suffix for file in files} == {".rdb", ".aof"}
        assert any(STAYS.encode() in file.read_bytes() for file in files), "the search must be able to find an account"
        assert bytes_of([own_redis.folder]) == {}

        specs = topics_for(settings)
        compacted = [spec.name for spec in specs if spec.config["cleanup.policy"] == "compact"]
        timed = [spec.name for spec in specs if spec.config["cleanup.policy"] == "delete"]
        code, found = await operator.found()
        assert code == 0
        assert "Redis" not in found
        assert {COMMANDS, RECLASSIFIED, AUDIT, SHADOWED, settings.changelog_topic} <= found.keys()
        assert all(each["until"] for each in found.values())
        text = await operator.run("erasure", "verify", GONE)
        assert text.lines[-1].startswith(f"{GONE} is in no store, and leaves the last topic by 20".encode())

        before, told = records(settings), await decided(settings)
        with Redis.from_url(own_redis.url) as client:
            client.flushall()
        async with running(settings, Core(load_policy())) as worker:
            await settled(worker)
            assert worker.metrics.total("refused") == 1
        assert standing(records(settings)) == standing(before), (
            "what is answered again has new offsets, and nothing else"
        )
        assert await decided(settings) == told
        assert bytes_of([own_redis.folder]) == {}

        at_once = {"cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0", "max.compaction.lag.ms": "1"}
        await clean(own_kafka, settings, compacted, {**at_once, "delete.retention.ms": "0"})
        code, found = await operator.found()
        assert (code, found.keys() & set(compacted)) == (0, set())
        assert RECLASSIFIED in found, "of a topic that keeps records for a time no single one can be deleted"
        await clean(own_kafka, settings, timed, {"cleanup.policy": "delete", "retention.ms": "1"})
        assert await operator.found() == (0, {})
        assert (await operator.run("erasure", "verify", GONE)).lines == [
            f"nothing of {GONE} is found in any store or topic".encode()
        ]


@pytest.mark.row("only 5: verified")
async def test_who_comes_again_is_a_stranger_and_found(
    own_kafka: KafkaServer, own_redis: RedisServer, group: str, tmp_path: Path
) -> None:
    """What an erased account does later begins a new history, which a rebuild keeps and `verify` calls live."""
    async with deployment(own_kafka, own_redis, group, tmp_path) as operator:
        settings = operator.settings
        with Redis.from_url(own_redis.url) as client:
            client.flushall()
        async with running(settings, Core(load_policy())) as worker:
            await settled(worker)
        assert GONE.encode() not in records(settings), "a referral's credit that is sent again brings nobody back"
        again = purchase(0, "again", account=GONE)
        again = (again[0], msgspec.structs.replace(again[1], occurred_at=datetime.now(UTC)))
        async with running(settings, Core(load_policy())) as worker:
            await tell(settings, worker, [again])
        before, told = records(settings), await decided(settings)
        assert GONE.encode() in before
        with Redis.from_url(own_redis.url) as client:
            client.flushall()
        async with running(settings, Core(load_policy())) as worker:
            await settled(worker)
        assert standing(records(settings)) == standing(before), (
            "only what is answered again may differ: it has new offsets"
        )
        assert await decided(settings) == [*told, told[-1]], "the latest decision may be sent again, under its id"
        code, found = await operator.found()
        assert code == 1
        assert found["Redis"]["until"] is None
