"""The engine on a real Kafka and a real Redis, with a fold that counts: what goes in is counted exactly."""

import asyncio
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from counting import Count, CountingFold
from engine_support import (
    committed,
    counts,
    expected,
    folded,
    make_settings,
    published,
    purchase,
    running,
    send,
    settled,
    ticket,
)
from redis import Redis

from agents.worker import Worker, WorkerError
from relationship.contract.messages import PURCHASES
from relationship.contract.outcome import RECLASSIFIED, REJECTED
from streams.config.settings import Settings
from streams.wire.dead_letters import read_dead_letter


@pytest.fixture
async def settings(kafka_bootstrap: str, redis_url: str, group: str, tmp_path: Path) -> Settings:
    """A deployment of this test alone."""
    return await make_settings(kafka_bootstrap, redis_url, group, tmp_path)


def some_events(count: int, accounts: int = 40, first: int = 0) -> list[tuple[str, str, bytes | None]]:
    """Return purchases and every third time a ticket, over some accounts."""
    kinds = (purchase, purchase, ticket)
    return [kinds[n % 3](n, f"account {n % accounts}") for n in range(first, first + count)]


async def test_every_event_is_counted_once_and_decisions_come_out(settings: Settings) -> None:
    """Every account holds exactly its events, and every tenth event of an account is one decision, with its headers."""
    events = some_events(3000)
    async with running(settings, CountingFold()) as worker:
        await send(settings, events)
        await settled(worker)
        assert worker.metrics.total("applied") == 3000
        assert worker.metrics.total("repeat") == worker.metrics.total("refused") == 0
    assert folded(settings) == expected(events)
    decisions = await published(settings, RECLASSIFIED)
    assert Counter(dict(record.headers)["ce_id"] for record in decisions) == Counter(
        f"account {account}:{total}".encode() for account in range(40) for total in range(10, 76, 10)
    )
    headers = dict(decisions[0].headers)
    assert headers["ce_type"] == RECLASSIFIED.encode()
    assert headers["ce_specversion"] == b"1.0"
    assert await committed(settings, PURCHASES) == 2000


async def test_poison_is_one_dead_letter_and_the_partition_goes_on(settings: Settings) -> None:
    """A record that cannot be read, one under a wrong key and one that the fold refuses: one dead letter each."""
    events = some_events(100, accounts=1)
    poison = [
        (PURCHASES, "account 0", b"{"),
        (PURCHASES, "account 0", None),
        (PURCHASES, "account 0", purchase(1000, "another")[2]),
        purchase(1001, "account 0", currency="XXX"),
    ]
    async with running(settings, CountingFold()) as worker:
        await send(settings, events[:50] + poison + events[50:])
        await settled(worker)
        assert worker.metrics.total("applied") == 100
        assert worker.metrics.total("refused") == 4
    assert folded(settings) == expected(events)
    letters = [read_dead_letter(record) for record in await published(settings, REJECTED)]
    assert sorted(letter.reason.value for letter in letters if letter) == ["CONFLICT", "DECODE", "DECODE", "KEY"]
    assert {letter.value for letter in letters if letter} == {value for _, _, value in poison}


async def test_a_worker_goes_on_where_the_last_one_stopped(settings: Settings) -> None:
    """A second worker of the group folds what came meanwhile, and nothing twice."""
    events = some_events(400)
    async with running(settings, CountingFold()) as worker:
        await send(settings, events[:200])
        await settled(worker)
    await send(settings, events[200:])
    async with running(settings, CountingFold()) as worker:
        await settled(worker)
        assert worker.metrics.total("applied") == 200
        assert worker.metrics.total("repeat") == 0
    assert folded(settings) == expected(events)
    ids = [dict(record.headers)["ce_id"] for record in await published(settings, RECLASSIFIED)]
    assert len(ids) == len(set(ids)) == 40


async def test_a_wiped_redis_is_rebuilt_from_the_changelog(settings: Settings) -> None:
    """States come back from the changelog, the intake is read again as repeats, and decisions keep their ids."""
    events = some_events(400)
    async with running(settings, CountingFold()) as worker:
        await send(settings, events)
        await settled(worker)
    before, ids = counts(settings), await decision_ids(settings)
    with Redis.from_url(settings.redis_url.get_secret_value()) as client:
        client.flushall()
    async with running(settings, CountingFold()) as worker:
        await settled(worker)
        assert worker.metrics.total("applied") == 0
        assert worker.metrics.total("repeat") == 400
    assert counts(settings) == before
    assert Counter(await decision_ids(settings)) == Counter(ids + ids)


async def test_a_redis_wiped_while_it_runs_makes_the_worker_start_anew(settings: Settings) -> None:
    """The fence notices that Redis has gone back; the worker recovers by itself and ends up exact."""
    events = some_events(400)
    async with running(settings, CountingFold()) as worker:
        await send(settings, events[:200])
        await settled(worker)
        with Redis.from_url(settings.redis_url.get_secret_value()) as client:
            client.flushall()
        first = worker.app
        await send(settings, events[200:])
        async with asyncio.timeout(30):
            await worker.until(lambda: worker.app is not first)
        await settled(worker)
    assert folded(settings) == expected(events)


async def test_the_group_shares_partitions_and_takes_over(settings: Settings) -> None:
    """Two workers share the partitions; when one leaves the other goes on; every event is counted once."""
    events = some_events(900)
    async with running(settings, CountingFold()) as first:
        await send(settings, events[:300])
        async with running(settings, CountingFold()) as second:
            assert second.app is not None
            assert len(second.app.owners) == 2
            await send(settings, events[300:600])
            await settled(first, second)
            assert first.metrics.total("applied") + second.metrics.total("applied") == 600
            assert second.metrics.total("applied") > 0
        await send(settings, events[600:])
        await first.until(lambda: first.app is not None and len(first.app.owners) == 4)
        await settled(first)
    assert folded(settings) == expected(events)
    ids = await decision_ids(settings)
    assert len(ids) == len(set(ids)) == 80


async def test_timers_wake_idle_accounts(settings: Settings) -> None:
    """At lag 0 the wall clock wakes an account that is due, once, and its decision is published."""
    async with running(settings, CountingFold(rest_us=500_000)) as worker:
        await send(settings, [purchase(1, "idle", at=datetime.now(UTC))])
        async with asyncio.timeout(20):
            await worker.until(lambda: bool(counts(settings).get("idle", Count()).woken))
        await settled(worker)
    assert await decision_ids(settings) == [b"idle:-1"]


async def test_missing_topics_are_told_in_one_line(
    kafka_bootstrap: str, redis_url: str, group: str, tmp_path: Path
) -> None:
    """A worker without its topics ends and says which command makes them."""
    settings = Settings(
        kafka_bootstrap=kafka_bootstrap,
        redis_url=redis_url,  # type: ignore[arg-type]
        group=group,
        web_port=0,
        data_dir=tmp_path,
    )
    with pytest.raises(WorkerError, match="clientward topics apply"):
        await Worker(settings, CountingFold()).run()


async def decision_ids(settings: Settings) -> list[bytes]:
    """Return the ids of the decisions published."""
    return [dict(record.headers)["ce_id"] for record in await published(settings, RECLASSIFIED)]
