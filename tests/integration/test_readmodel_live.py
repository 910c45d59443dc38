"""The read model behind a real worker: followed, killed, resumed, erased from, and read anew."""

import asyncio
import json
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from deleted import until_deleted
from engine_support import Event, make_settings, published, running, send, settled
from live import ROOT, plain_environment, run
from readmodel_support import DATABASE, bytes_of, held

from benchmarks.console.postgres import is_there, postgres
from readmodel.database import FILE, ReadModel
from readmodel.filters import RefusalFilter
from readmodel.following import follow
from readmodel.queries.accounts import account, accounts
from readmodel.queries.audit import audit_entries
from readmodel.queries.base import base_counts
from readmodel.queries.decisions import decisions
from readmodel.queries.refusals import refusals
from readmodel.queries.standing import standing
from relationship.contract.filters import AuditFilter, DecisionFilter
from relationship.contract.messages import COMMANDS, PURCHASES
from relationship.contract.outcome import AUDIT, RECLASSIFIED, STATE
from relationship.core import Core
from relationship.policy.compiled import load_policy
from streams.config.settings import Settings
from streams.kafka.admin import admin_client, ensure_topics

NOW = datetime.now(UTC)
ACCOUNTS = 400
WITHIN_SECONDS = 60
ERASED = "the-erased-one"


def purchase(name: str, days_ago: float, kind: str = "goods") -> Event:
    """Return a purchase of so many days ago."""
    value = {
        "event_id": f"{name}-{days_ago}",
        "account_id": name,
        "occurred_at": (NOW - timedelta(days=days_ago)).isoformat(),
        "amount": "9",
        "currency": "EUR",
        "kind": kind,
    }
    return PURCHASES, name, json.dumps(value).encode()


def command(name: str, what: str, **fields: str | None) -> Event:
    """Return a command of now."""
    value = {
        "event_id": f"{what}-{name}",
        "account_id": name,
        "occurred_at": NOW.isoformat(),
        "command": what,
        "by": "ops",
    }
    return COMMANDS, name, json.dumps(value | fields).encode()


async def until(condition: Callable[[], bool]) -> None:
    """Return when a condition holds."""
    async with asyncio.timeout(WITHIN_SECONDS):
        while not condition():  # noqa: ASYNC110 - another process makes it true, and tells nobody
            await asyncio.sleep(0.02)


def environment_of(settings: Settings) -> dict[str, str]:
    """Return the environment of a command with these settings."""
    return plain_environment(
        PYTHONPATH=str(ROOT),
        CLIENTWARD_KAFKA_BOOTSTRAP=settings.kafka_bootstrap,
        CLIENTWARD_DATA_DIR=str(settings.data_dir),
        CLIENTWARD_PARTITIONS=str(settings.partitions),
    )


async def killed_on_the_way(settings: Settings, model: ReadModel) -> None:
    """Follow in a process of its own, and kill it when it has written something."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli.main", "readmodel", "follow"), cwd=settings.data_dir, env=environment_of(settings)
    )
    await until(lambda: process.returncode is not None or any(each.records for each in standing(model).topics))
    assert process.returncode is None
    process.kill()
    await process.wait()


async def same_as_the_topics(settings: Settings, model: ReadModel) -> None:
    """Hold the tables against what the topics say."""
    states: dict[bytes | None, bytes | None] = {}
    for record in await published(settings, STATE):
        states[record.key] = record.value
    found = accounts(model, limit=500).items
    assert {each.state.account_id: each.state.status for each in found} == {
        json.loads(value)["account_id"]: json.loads(value)["status"] for value in states.values() if value
    }
    told = {json.loads(record.value)["event_id"]: record.key for record in await published(settings, RECLASSIFIED)}
    kept = {event_id for event_id, key in told.items() if key != ERASED.encode()}
    assert {row[0] for row in held(model)["decisions"]} == kept
    assert base_counts(model).accounts == len(found)


async def the_commands_tell(settings: Settings) -> None:
    """Ask `readmodel status`, empty the tables by `readmodel rebuild`, and ask again."""
    environment = environment_of(settings)
    status = await run("readmodel", "status", folder=settings.data_dir, environment=environment)
    assert b"made anew" in status.lines[0]
    assert b"whole" in status.lines[0]
    emptied = await run("readmodel", "rebuild", folder=settings.data_dir, environment=environment)
    assert emptied.code == 0
    told = await run("readmodel", "status", "--json", folder=settings.data_dir, environment=environment)
    assert json.loads(told.out)["why"] == "asked for"
    assert not json.loads(told.out)["caught_up"]


async def test_follows_a_worker(kafka_bootstrap: str, redis_url: str, group: str, tmp_path: Path) -> None:
    """Killed and resumed, the tables say what the topics say; the erased leave with their bytes; a new topic is noticed."""
    settings = await make_settings(kafka_bootstrap, redis_url, group, tmp_path)
    model = ReadModel.of(settings)
    said: list[str] = []
    async with running(settings, Core(load_policy())) as worker:
        names = [*(f"a-{at}" for at in range(ACCOUNTS)), ERASED]
        await send(settings, [purchase(name, 20) for name in names])
        await killed_on_the_way(settings, model)
        await send(settings, [purchase(name, 10, "service") for name in names] + [(PURCHASES, ERASED, b"{")])
        await send(settings, [purchase("a-1", 60), purchase(ERASED, 25)])  # one too late, one in time
        await settled(worker)
        following = asyncio.create_task(follow(settings, model, say=said.append))
        await until(lambda: bool(refusals(model, RefusalFilter(account=ERASED)).items))
        assert ERASED.encode() in bytes_of(tmp_path)
        correct = command("a-2", "correct", corrects="a-2-20", value=None)
        await send(settings, [correct, command("a-3", "merge", into="a-4"), command(ERASED, "erase")])
        await settled(worker)
        await until(
            lambda: bool(audit_entries(model, AuditFilter(action="erase")).items) and account(model, ERASED) is None
        )
        await until(lambda: ERASED.encode() not in bytes_of(tmp_path))
        await until(lambda: standing(model).caught_up and not sum(each.behind for each in standing(model).topics))
        following.cancel()
    await asyncio.wait([following])
    await follow(settings, model, once=True, say=said.append)
    assert said == [], "nothing was read anew"
    await same_as_the_topics(settings, model)
    merged, mended = account(model, "a-3"), decisions(model, DecisionFilter(account="a-2"))
    assert merged is not None
    assert merged.departed is not None
    assert merged.decisions.items
    assert any(each.corrected_by for each in mended.items)
    before = held(model)
    async with admin_client(settings) as client:
        await client.delete_topics([AUDIT])
        await until_deleted(client, [AUDIT])
    await ensure_topics(settings)
    await follow(settings, model, once=True, say=said.append)
    assert len(said) == 1
    assert "made anew" in said[0]
    assert audit_entries(model).items == []
    assert held(model) == {**before, "audit": []}
    assert (tmp_path / FILE).exists()
    model.close()
    await the_commands_tell(settings)
    if is_there():  # the test below says where it is not
        await _same_in_postgres(settings, before)


async def _same_in_postgres(settings: Settings, before: dict[str, object]) -> None:
    """Read the topics into PostgreSQL, and hold its tables against SQLite's."""
    with postgres() as url:
        other = ReadModel.open(url)
        await follow(settings, other, once=True)
        assert held(other) == {**before, "audit": []}
        await same_as_the_topics(settings, other)
        other.close()


@pytest.mark.skipif(not is_there(), reason="no PostgreSQL on this machine: install it to try the read model on one")
async def test_questions_to_postgres() -> None:
    """What the unit tests ask of SQLite, PostgreSQL answers alike."""
    tests = ("tests/unit/test_readmodel_queries.py", "tests/unit/test_readmodel_counts.py")
    some = "wanted1 or wanted22 or corrections or ids or one_account or base or flows or closest or refusals or audit"
    with postgres() as url:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", some, *tests),
            cwd=ROOT,
            env={**os.environ, DATABASE: url},
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await process.communicate()
    assert process.returncode == 0, out.decode()
