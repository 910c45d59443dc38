"""`clientward reset`: what is read again, what is applied of it, what is skipped, and what is refused."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiokafka import TopicPartition
from engine_support import fresh_settings, published, purchase, running, send, settled, ticket
from live import Ended, plain_environment, run
from redis import Redis

from agents.worker import core_of
from clientward_store.keys import keys_of
from relationship.contract.messages import COMMANDS, PURCHASES, TICKETS
from relationship.contract.outcome import RECLASSIFIED, REJECTED
from relationship.state.record import decode
from streams.config.settings import Settings
from streams.health.table import read_positions
from streams.kafka.bounds import read_bounds
from streams.kafka.partitioning import partition_of
from streams.wire.dead_letters import read_dead_letter
from views.operations.audit import AuditFilter, audit

NAMES = [f"account {n}" for n in range(12)]
WHO = ("--by", "anna", "--why", "a test")


class Deployment:
    """A deployment that was at work, and its command line."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings = settings
        self.folder = folder

    async def reset(self, *arguments: str) -> Ended:
        """Run `clientward reset`."""
        variables = {
            "CLIENTWARD_KAFKA_BOOTSTRAP": self.settings.kafka_bootstrap,
            "CLIENTWARD_REDIS_URL": self.settings.redis_url.get_secret_value(),
            "CLIENTWARD_GROUP": self.settings.group,
            "CLIENTWARD_PARTITIONS": str(self.settings.partitions),
        }
        return await run("reset", *arguments, folder=self.folder, environment=plain_environment(**variables))

    async def moved(self, *arguments: str) -> Any:
        """Run `clientward reset` to its good end, and return what it says."""
        ended = await self.reset(*arguments, *WHO, "--json")
        assert ended.code == 0, ended.err
        return json.loads(ended.out)

    async def refused(self, *arguments: str, code: int = 2) -> str:
        """Run `clientward reset` to its bad end; return its line. The positions stay."""
        before = await self.positions()
        ended = await self.reset(*arguments)
        assert (ended.code, len(ended.err)) == (code, 1), ended
        assert await self.positions() == before
        return ended.err[0]

    async def positions(self) -> dict[TopicPartition, int]:
        """Return the positions in Redis."""
        return await read_positions(self.settings)

    async def at_work(self) -> None:
        """Let a worker fold all that Kafka has, and end."""
        async with running(self.settings, core_of(self.settings)) as worker:
            await settled(worker)

    def values(self) -> dict[bytes, bytes]:
        """Return every account's record."""
        with Redis.from_url(self.settings.redis_url.get_secret_value()) as client:
            names = [keys_of(self.settings.table, number).values for number in range(self.settings.partitions)]
            return {key: value for name in names for key, value in client.hgetall(name).items()}

    def forget(self, account: str) -> None:
        """Take an account's record out of Redis, as a mistake would."""
        number = partition_of(account, self.settings.partitions)
        with Redis.from_url(self.settings.redis_url.get_secret_value()) as client:
            assert client.hdel(keys_of(self.settings.table, number).values, account) == 1


@pytest.fixture
async def deployment(kafka_bootstrap: str, redis_url: str, group: str, tmp_path: Path) -> Deployment:
    """Twelve accounts with purchases and tickets, folded."""
    settings = await fresh_settings(kafka_bootstrap, redis_url, group, tmp_path / "data")
    await send(settings, [make(n, name) for n, name in enumerate(NAMES * 5) for make in (purchase, ticket)])
    found = Deployment(settings, tmp_path)
    await found.at_work()
    return found


async def test_what_is_read_again_changes_no_account_that_is_there(deployment: Deployment) -> None:
    """A dry run writes nothing; then all is read again, and every record and every decision is as it was."""
    before, told = deployment.values(), await published(deployment.settings, RECLASSIFIED)
    ended = await deployment.reset("--to", "earliest", "--dry-run")
    assert (ended.code, ended.err) == (0, [])
    assert b"would be moved: 120 records again, 0 skipped" in ended.out
    assert sum((await deployment.positions()).values()) == 120
    found = await deployment.moved("--to", "earliest")
    assert (found["again"], found["skipped"], found["done"]) == (120, 0, True)
    assert sum((await deployment.positions()).values()) == 0
    await deployment.at_work()
    assert sum((await deployment.positions()).values()) == 120
    assert deployment.values() == before
    assert len(await published(deployment.settings, RECLASSIFIED)) == len(told)
    (entry,) = (await audit(deployment.settings, AuditFilter(action="reset"))).entries
    assert (entry.by, entry.outcome) == ("anna", "done")
    assert "120 records again, 0 skipped: a test" in str(entry.detail)


async def test_an_account_that_the_table_has_lost_is_folded_again(deployment: Deployment) -> None:
    """Its record comes back with all its events; the others of its partition stay as they are."""
    before = deployment.values()
    deployment.forget(NAMES[0])
    number = partition_of(NAMES[0], deployment.settings.partitions)
    await deployment.moved("--to", "earliest", "--partition", str(number))
    await deployment.at_work()
    after = deployment.values()
    assert after.keys() == before.keys()
    assert [key for key in before if before[key] != after[key]] in ([], [NAMES[0].encode()])


async def test_what_is_skipped_is_not_applied_until_it_is_sent_again(deployment: Deployment) -> None:
    """By offset, in the topic that was named; an account that has folded a later record does not get it by going back.

    Sent again, it is applied once; what was folded is a repeat.
    """
    account, settings = NAMES[0], deployment.settings
    number = partition_of(account, settings.partitions)
    place = TopicPartition(PURCHASES, number)
    before = deployment.values()[account.encode()]
    await send(settings, [purchase(901, account), purchase(902, account)])
    end = (await read_bounds(settings, [PURCHASES]))[place].end
    where = ("--topic", PURCHASES, "--partition", str(number))
    found = await deployment.moved("--to", str(end - 1), *where)
    assert [(each["to"], each["skipped"]) for each in found["moves"]] == [(end - 1, 1)]
    await deployment.at_work()
    after = deployment.values()[account.encode()]
    assert after != before
    assert b"p902" in after
    assert b"p901" not in after
    await deployment.moved("--to", str(end - 2), *where)
    await deployment.at_work()
    assert deployment.values()[account.encode()] == after
    await send(settings, [purchase(901, account), purchase(902, account)])  # what was skipped, and a repeat
    await deployment.at_work()
    last, then = (decode(raw) for raw in (deployment.values()[account.encode()], after))
    assert (last.applied, last.repeats) == (then.applied + 1, then.repeats + 1)


async def test_what_was_refused_is_refused_again(deployment: Deployment) -> None:
    """Read again, it makes another dead letter of the same place."""
    await send(deployment.settings, [(PURCHASES, NAMES[0], b"{")])
    await deployment.at_work()
    await deployment.moved("--to", "earliest")
    await deployment.at_work()
    found = [read_dead_letter(record) for record in await published(deployment.settings, REJECTED)]
    assert len(found) == 2
    assert len({(each.topic, each.partition, each.offset) for each in found if each}) == 1


async def test_a_time_is_that_of_storing(deployment: Deployment) -> None:
    """The first record that Kafka stored at that moment or later is the next one to be read."""
    moment = datetime.now(UTC)
    await send(deployment.settings, [ticket(950, name) for name in NAMES])
    await deployment.at_work()
    found = await deployment.moved("--to", moment.isoformat(), "--topic", TICKETS)
    assert (found["again"], found["skipped"]) == (len(NAMES), 0)


async def test_what_would_lose_something_or_is_no_place_is_refused(deployment: Deployment) -> None:
    """Workers that are there, records skipped in topics that nobody named, commands, and places that are none."""
    await send(deployment.settings, [ticket(950, NAMES[0])])
    soon = "2100-01-01T00:00:00Z"
    assert "name the topics in which you mean it" in await deployment.refused("--to", soon, *WHO)
    erase = {
        "event_id": "e1",
        "account_id": NAMES[0],
        "occurred_at": datetime.now(UTC).isoformat(),
        "command": "erase",
        "by": "anna",
    }
    await send(deployment.settings, [(COMMANDS, NAMES[0], json.dumps(erase).encode())])
    told = await deployment.refused("--to", soon, "--topic", COMMANDS, *WHO)
    assert "1 commands would be skipped, and an erasure may be among them" in told
    assert "name one topic and its partition" in await deployment.refused("--to", "7", *WHO)
    where = ("--topic", PURCHASES, "--partition", "0")
    assert "has 0 to" in await deployment.refused("--to", "1000000", *where, *WHO)
    assert "no such topic" in await deployment.refused("--to", "earliest", "--topic", "crm.other.v1", *WHO)
    assert "there are 0 to 3" in await deployment.refused("--to", "earliest", "--partition", "4", *WHO)
    assert "is no time" in await deployment.refused("--to", "yesterday", *WHO)
    assert "--by" in await deployment.refused("--to", "earliest", "--why", "x")
    assert "--why" in await deployment.refused("--to", "earliest", "--by", "anna")
    async with running(deployment.settings, core_of(deployment.settings)) as worker:
        await settled(worker)
        assert "stop them first" in await deployment.refused("--to", "earliest", *WHO, code=1)
