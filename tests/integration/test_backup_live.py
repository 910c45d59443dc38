"""`clientward backup` and `restore` as a person types them: what they say, and what a restore refuses."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from aiokafka import TopicPartition
from aiokafka.admin import RecordsToDelete
from engine_support import fresh_settings, purchase, running, send, settled, ticket
from live import Ended, plain_environment, run
from redis import Redis

from agents.worker import core_of
from clientward_store.keys import keys_of
from relationship.contract.messages import PURCHASES
from streams.config.settings import Settings
from streams.embedded import redis_server
from streams.kafka.admin import admin_client
from streams.wire.backup_file import BackupWriter, End, Header, PartitionHead, frames

ACCOUNTS = 60


class Deployment(NamedTuple):
    """A deployment whose worker has ended, with a backup from when it ran, and how to run commands on it."""

    settings: Settings
    folder: Path
    file: Path
    made: Ended

    async def command(self, *arguments: str | Path, **variables: str) -> Ended:
        """Run `clientward` on it; `variables` are settings that differ."""
        return await command(self.settings, self.folder, *arguments, **variables)

    def values(self, url: str) -> list[dict[bytes, bytes]]:
        """Return every partition's values in a Redis."""
        with Redis.from_url(url) as client:
            names = [keys_of(self.settings.table, number) for number in range(self.settings.partitions)]
            return [client.hgetall(each.values) for each in names]


async def command(settings: Settings, folder: Path, *arguments: str | Path, **variables: str) -> Ended:
    """Run `clientward` with a deployment's settings, but for some variables."""
    named = {
        "CLIENTWARD_KAFKA_BOOTSTRAP": settings.kafka_bootstrap,
        "CLIENTWARD_REDIS_URL": settings.redis_url.get_secret_value(),
        "CLIENTWARD_GROUP": settings.group,
        "CLIENTWARD_PARTITIONS": str(settings.partitions),
    }
    return await run(*arguments, folder=folder, environment=plain_environment(**(named | variables)))


@pytest.fixture
async def deployment(kafka_bootstrap: str, redis_url: str, group: str, tmp_path: Path) -> Deployment:
    """Sixty accounts, a backup taken while the worker runs, and a restore that was tried meanwhile."""
    settings = await fresh_settings(kafka_bootstrap, redis_url, group, tmp_path / "data")
    file = tmp_path / "backup"
    async with running(settings, core_of(settings)) as worker:
        await send(settings, [make(n, f"account {n % ACCOUNTS}") for n in range(300) for make in (purchase, ticket)])
        await settled(worker)
        made = await command(settings, tmp_path, "backup", file, "--json")
        refused = await command(settings, tmp_path, "restore", file, "--over")
        assert (refused.code, len(refused.err)) == (1, 1)
        assert "has 1 workers" in refused.err[0]
    return Deployment(settings, tmp_path, file, made)


async def test_a_backup_is_restored_elsewhere_and_over_what_is_there(deployment: Deployment) -> None:
    """Accounts, counts and values are the same; only its owner may read the file; what is there makes way if it is to."""
    made = json.loads(deployment.made.out)
    assert deployment.made.code == 0, deployment.made.err
    assert (made["accounts"], made["partitions"], made["file"]) == (ACCOUNTS, 4, str(deployment.file))
    assert deployment.file.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in deployment.folder.iterdir() if "backup" in each.name] == ["backup"]
    here = deployment.settings.redis_url.get_secret_value()
    before = deployment.values(here)
    with redis_server() as elsewhere:
        done = await deployment.command("restore", deployment.file, CLIENTWARD_REDIS_URL=elsewhere.url)
        assert done.code == 0, done.err
        assert done.out.endswith(b"; read again, and the same\n")
        assert deployment.values(elsewhere.url) == before
    refused = await deployment.command("restore", deployment.file)
    assert (refused.code, len(refused.err)) == (1, 1)
    assert "`--over` puts the backup in their place" in refused.err[0]
    with Redis.from_url(here) as client:
        client.hset(keys_of(deployment.settings.table, 0).values, "stranger", "x")
    done = await deployment.command("restore", deployment.file, "--over", "--json")
    assert (done.code, json.loads(done.out)) == (0, made)
    assert deployment.values(here) == before


async def test_a_backup_that_does_not_fit_is_refused(deployment: Deployment) -> None:
    """Another group, number of partitions, Kafka cluster or newer records: exit code 2, one line, nothing written."""
    with redis_server() as elsewhere:

        async def refused(file: Path, told: str, **variables: str) -> None:
            ended = await deployment.command("restore", file, CLIENTWARD_REDIS_URL=elsewhere.url, **variables)
            assert (ended.code, len(ended.err)) == (2, 1), ended
            assert told in ended.err[0]
            with Redis.from_url(elsewhere.url) as client:
                assert client.dbsize() == 0

        await refused(deployment.file, "is of group", CLIENTWARD_GROUP="another")
        await refused(deployment.file, "has 4 partitions, CLIENTWARD_PARTITIONS says 8", CLIENTWARD_PARTITIONS="8")
        await refused(changed(deployment.file, Header, cluster="elsewhere"), "belongs to the Kafka cluster elsewhere")
        await refused(changed(deployment.file, Header, layout=99), "those of a newer version")
        await refused(changed(deployment.file, Header, topics=["crm.other.v1"]), "crm.other.v1")
        await refused(changed(deployment.file, Header, partitions=8), "has 8 partitions", CLIENTWARD_PARTITIONS="8")
        await refused(changed(deployment.file, PartitionHead, positions={PURCHASES: 10**9}), "the topic was made anew")
        await refused(changed(deployment.file, PartitionHead, changelog=10**9), "the topic was made anew")
        places = [TopicPartition(PURCHASES, number) for number in range(4)]
        async with admin_client(deployment.settings) as client:
            await client.delete_records({place: RecordsToDelete(-1) for place in places})
        await refused(changed(deployment.file, PartitionHead, positions={PURCHASES: 0}), "the backup is too old")


def changed(file: Path, kind: type[Any], **fields: Any) -> Path:
    """Return a copy of a backup in which all frames of a kind have other fields, its checksum right."""
    copy = file.with_name("changed")
    with copy.open("wb") as out:
        writer = BackupWriter(out)
        for each in frames(file):
            if not isinstance(each, End):
                writer.frame(msgspec.structs.replace(each, **fields) if isinstance(each, kind) else each)
        writer.end()
    return copy


async def test_nothing_is_backed_up_where_there_is_nothing(
    kafka_bootstrap: str, redis_url: str, group: str, tmp_path: Path
) -> None:
    """A wrong group or Redis is told, and no file is left that would pass for a backup."""
    settings = await fresh_settings(kafka_bootstrap, redis_url, group, tmp_path / "data")
    ended = await command(settings, tmp_path, "backup", tmp_path / "backup")
    assert (ended.code, len(ended.err)) == (1, 1)
    assert f"holds no account of group {group}" in ended.err[0]
    assert not (tmp_path / "backup").exists()
