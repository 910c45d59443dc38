"""The base's retention rate: its arithmetic on decisions as the core tells them, and the gauge beside a real worker."""

import asyncio
import json
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from engine_support import make_settings, running, send, settled
from live import plain_environment, run
from story import START, command, courtship, fold, in_force, meeting, on, purchase

from cli.look.retention import serve_gauges
from relationship.analysis.retention import Base, Retention
from relationship.contract.decisions import Reclassification
from relationship.contract.times import DAY_US, micros
from relationship.core import Core
from relationship.policy.compiled import load_policy
from streams.embedded.ports import free_ports
from views.base.retention import Retentions

YEAR = 365
decode = msgspec.json.Decoder(Reclassification).decode


def base_of(*stories, window=YEAR, gone=()):
    """Return the base after these stories, each its own account's."""
    base = Base(window * DAY_US)
    for told in stories:
        account = told[0][1].account_id
        for decision in fold(told)[1]:
            base.decided(decode(json.dumps(decision).encode()))
        base.stated(account, there=account not in gone)
    return base


def of(account, told):
    """Return messages as another account's."""
    return [(topic, msgspec.structs.replace(each, account_id=account)) for topic, each in told]


def at(days):
    """Return a moment of the story in µs."""
    return micros(START + timedelta(days=days))


KEPT = of("kept", [*courtship(), *[meeting(day, kind="review", outcome_met=True) for day in range(180, 700, 40)]])
LOST = of("lost", [*courtship(), purchase(1100)])
SHOP = of("shop", [purchase(day) for day in range(0, 700, 30)])


@pytest.mark.row("system: retention")
def test_the_rate_is_of_those_who_were_clients_a_year_ago() -> None:
    """Clients then and now are kept, lapsed ones are lost, later ones and customers do not count."""
    later = [msgspec.structs.replace(m, occurred_at=m.occurred_at + timedelta(days=400)) for _, m in courtship()]
    late = of("late", [(topic, m) for (topic, _), m in zip(courtship(), later, strict=True)])
    base = base_of(KEPT, LOST, SHOP, late)
    assert base.at(at(200)) == Retention(then=0, kept=0, now=2)
    assert base.at(at(200)).rate is None
    assert base.at(at(600)) == Retention(then=2, kept=1, now=2)
    assert base.at(at(600)).rate == 0.5


@pytest.mark.row("system: retention")
def test_only_decisions_in_force_and_accounts_that_are_there_count() -> None:
    """What a correction undid was never so; who was erased or merged away counts neither then nor now."""
    withdrawn = [command(165 + i, "correct", corrects=f"e{day}", value=None) for i, day in enumerate((60, 70, 80, 95))]
    undone = [*courtship(), *withdrawn]
    decisions = fold(undone)[1]
    assert "client" in {each["to"] for each in decisions}
    assert "client" not in {to for _, _, to, _ in in_force(decisions)}
    assert base_of(undone).at(at(170)) == Retention(then=0, kept=0, now=0)
    assert base_of(KEPT, LOST, gone=("lost",)).at(at(650)) == Retention(then=1, kept=1, now=1)


@pytest.mark.row("system: retention")
def test_what_comes_again_changes_nothing_and_a_stranger_begins_anew() -> None:
    """The whole topic read twice is as once; an account that returns after its erasure was no client before."""
    base, decisions = base_of(KEPT), fold(KEPT)[1]
    for decision in [*decisions, *decisions[-2:]]:
        base.decided(decode(json.dumps(decision).encode()))
    assert base.at(at(650)) == Retention(then=1, kept=1, now=1)
    for decision in fold(of("kept", [purchase(610)]))[1]:
        base.decided(decode(json.dumps(decision).encode()))
    assert base.at(at(650)) == Retention(then=0, kept=0, now=0)


@pytest.mark.row("system: retention")
async def test_the_gauge_beside_a_worker(kafka_bootstrap: str, redis_url: str, group: str, tmp_path: Path) -> None:
    """Printed once, and served to Prometheus, where it follows what happens."""
    settings = await make_settings(kafka_bootstrap, redis_url, group, tmp_path)
    now = datetime.now(UTC)
    shift = now - on(200)
    told = [*of("a", courtship()), *of("b", courtship())]
    told = [(topic, msgspec.structs.replace(each, occurred_at=each.occurred_at + shift)) for topic, each in told]
    over = command(0, "override", account="b", status="customer", until=now + timedelta(days=9))
    over = (over[0], msgspec.structs.replace(over[1], occurred_at=now))
    async with running(settings, Core(load_policy())) as worker:
        for topic, each in told:
            await send(settings, [(topic, each.account_id, msgspec.json.encode(each))])
        await settled(worker)
        environment = plain_environment(
            CLIENTWARD_KAFKA_BOOTSTRAP=kafka_bootstrap,
            CLIENTWARD_GROUP=group,
            CLIENTWARD_PARTITIONS="4",
        )
        ended = await run("retention", "--days", "20", folder=tmp_path, environment=environment)
        assert (ended.code, ended.lines) == (0, [b"2 of 2 clients kept over 20 days (100.0%); 2 at the end"]), ended
        ended = await run("retention", "--json", folder=tmp_path, environment=environment)
        assert json.loads(ended.out) == {"days": 365, "then": 0, "kept": 0, "now": 2, "rate": None}

        (port,) = free_ports(1)
        serving = asyncio.create_task(serve_gauges(settings, Retentions(20), port))
        try:
            assert await gauge(port, {"clientward_retention_ratio": 1.0, "clientward_clients": 2.0})
            await send(settings, [(over[0], "b", msgspec.json.encode(over[1]))])
            assert await gauge(port, {"clientward_retention_ratio": 0.5, "clientward_clients": 1.0})
        finally:
            serving.cancel()
            await asyncio.wait([serving])


async def gauge(port: int, wanted: dict[str, float]) -> bool:
    """Return True once these gauges have these values."""
    async with asyncio.timeout(60):
        while True:
            found = await asyncio.to_thread(scraped, port)
            if wanted.items() <= found.items():
                return True


def scraped(port: int) -> dict[str, float]:
    """Return the gauges served; none while nothing is."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
    except OSError:
        return {}
    return {name: float(value) for name, value in (line.split() for line in lines if not line.startswith("#"))}
