"""A policy published while a worker runs: what it decides, what it leaves alone, and that a replay says the same."""

import asyncio
import itertools
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from engine_support import Event, make_settings, published, running, send, settled
from live import Ended, plain_environment, run
from story import Told, courtship, purchase
from variants import variant_text

from agents.worker import Worker
from relationship.contract.outcome import AUDIT, POLICIES, RECLASSIFIED, SHADOWED
from relationship.core import Core
from relationship.policy.compiled import load_policy
from relationship.timeline.published import publication
from streams.config.settings import Settings
from streams.kafka.policies import publish_policy

TIPS = 13  # messages of the courtship, the last of which makes a client


class Deployment:
    """Settings, and the command line with them."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings = settings
        self.folder = folder
        self.lines: list[str] = []

    async def run(self, *arguments: str) -> Ended:
        """Run `clientward` as a person would."""
        environment = plain_environment(
            CLIENTWARD_KAFKA_BOOTSTRAP=self.settings.kafka_bootstrap,
            CLIENTWARD_REDIS_URL=self.settings.redis_url.get_secret_value(),
            CLIENTWARD_GROUP=self.settings.group,
            CLIENTWARD_PARTITIONS=str(self.settings.partitions),
        )
        return await run(*arguments, folder=self.folder, environment=environment)

    async def send(self, worker: Worker, told: list[Told]) -> None:
        """Publish messages one by one account, note them as lines, and wait until they are folded."""
        events: list[Event] = [(topic, each.account_id, msgspec.json.encode(each)) for topic, each in told]
        self.lines += [f'{{"topic": "{topic}", "value": {(value or b"").decode()}}}' for topic, _, value in events]
        for event in events:
            await send(self.settings, [event])
            await settled(worker)

    async def policies(self) -> list[dict[str, Any]]:
        """Return what the topic of policies holds."""
        return [json.loads(record.value) for record in await published(self.settings, POLICIES)]


@pytest.fixture
async def deployment(kafka_bootstrap: str, redis_url: str, group: str, tmp_path: Path) -> Deployment:
    """A deployment of this test alone."""
    return Deployment(await make_settings(kafka_bootstrap, redis_url, group, tmp_path), tmp_path)


def dated(told: list[Told], account: str, end: datetime) -> list[Told]:
    """Return messages moved in time so that the last is of `end`, as another account's."""
    shift = end - told[-1][1].occurred_at
    named = [msgspec.structs.replace(m, account_id=account, event_id=f"{account}-{m.event_id}") for _, m in told]
    moved = [msgspec.structs.replace(m, occurred_at=m.occurred_at + shift) for m in named]
    return [(topic, m) for (topic, _), m in zip(told, moved, strict=True)]


def by_account(values: list[bytes]) -> dict[str, list[str]]:
    """Return decisions by account, without the wall's clock."""
    found: dict[str, list[str]] = {}
    for value in values:
        text = re.sub(r'"decided_at":"[^"]*"', '"decided_at":""', value.decode())
        found.setdefault(json.loads(value)["account_id"], []).append(text)
    return found


async def heard(worker: Worker, core: Core, switches: int) -> None:
    """Return when the worker has heard of so many switches."""
    async with asyncio.timeout(30):
        await worker.until(lambda: len(getattr(core.rules, "switches", ())) == switches)


def told(found: dict[str, list[str]], account: str) -> list[tuple[str, str]]:
    """Return the status and the policy's version of an account's decisions."""
    decisions = [json.loads(text) for text in found[account]]
    return [(each["to"], each["policy"]["version"]) for each in decisions]


async def test_a_policy_decides_from_its_moment_on_and_a_replay_says_the_same(deployment: Deployment) -> None:
    """Decisions before it name the old version, after it the new one, which is stricter; live equals replay."""
    at = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=100)
    strict = deployment.folder / "strict.toml"
    strict.write_text(variant_text("2", client_up=95.0), encoding="utf-8")
    before, after = at - timedelta(seconds=1), at + timedelta(seconds=1)
    early, late = (dated(courtship()[:TIPS], name, end) for name, end in (("early", before), ("late", after)))
    core = Core(load_policy())
    async with running(deployment.settings, core) as worker:
        await deployment.send(worker, [*early[:-1], *late[:-1]])
        done = await deployment.run("policy", "publish", str(strict), "--at", at.isoformat(), "--by", "ops")
        assert (done.code, done.err) == (0, []), done
        await heard(worker, core, 1)
        deployment.lines.append(json.dumps({"topic": POLICIES, "value": (await deployment.policies())[0]}))
        await deployment.send(worker, [early[-1], late[-1], *dated([purchase(1)], "new", after)])
    found = by_account([record.value for record in await published(deployment.settings, RECLASSIFIED)])
    assert told(found, "early") == [("customer", "1"), ("candidate", "1"), ("client", "1")]
    assert told(found, "late") == [("customer", "1"), ("candidate", "1")]
    assert told(found, "new") == [("customer", "2")]
    (deployment.folder / "events.jsonl").write_text("\n".join(deployment.lines), encoding="utf-8")
    replayed = await deployment.run("replay", "events.jsonl", "--strict")
    assert replayed.code == 0, replayed.err
    assert by_account(replayed.lines) == found


async def test_a_worker_that_starts_has_heard_all_before_it_folds(deployment: Deployment) -> None:
    """A switch published while no worker ran is in force for the first event that one folds."""
    strict = deployment.folder / "strict.toml"
    strict.write_text(variant_text("2"), encoding="utf-8")
    done = await deployment.run("policy", "publish", str(strict), "--by", "ops")
    assert done.code == 0, done.err
    at = datetime.fromisoformat((await deployment.policies())[0]["effective_at"])
    async with running(deployment.settings, Core(load_policy())) as worker:
        await deployment.send(worker, dated([purchase(1)], "new", at + timedelta(seconds=5)))
    found = by_account([record.value for record in await published(deployment.settings, RECLASSIFIED)])
    assert told(found, "new") == [("customer", "2")]
    shown = await deployment.run("account", "show", "new", "--json")
    assert shown.code == 0, shown.err
    assert json.loads(shown.out)["state"]["policy"]["version"] == "2"


async def test_every_worker_of_the_group_hears_of_a_switch(deployment: Deployment) -> None:
    """Two workers that share the partitions: what either folds names the new version, from the same moment on."""
    one, two = Core(load_policy()), Core(load_policy())
    async with running(deployment.settings, one) as first, running(deployment.settings, two) as second:
        await publish_now(deployment.settings, "2")
        await heard(first, one, 1)
        await heard(second, two, 1)
        names = [f"new-{i}" for i in range(16)]
        told = [dated([purchase(1)], name, datetime.now(UTC))[0] for name in names]
        await send(deployment.settings, [(topic, each.account_id, msgspec.json.encode(each)) for topic, each in told])
        await settled(first, second)
        folded = [worker.metrics.total("applied") for worker in (first, second)]
    assert sum(folded) == len(names)
    assert all(folded), "both had something to fold"
    found = by_account([record.value for record in await published(deployment.settings, RECLASSIFIED)])
    assert {
        version
        for name in names
        for _, version in [(each["to"], each["policy"]["version"]) for each in map(json.loads, found[name])]
    } == {"2"}


async def test_what_is_no_policy_changes_nothing_and_is_told(deployment: Deployment) -> None:
    """A bad record is counted and audited, and the worker goes on by what was in force."""
    core = Core(load_policy())
    first = core.rules
    async with running(deployment.settings, core) as worker:
        good = deployment.folder / "good.toml"
        good.write_text(variant_text("2"), encoding="utf-8")
        assert (await deployment.run("policy", "publish", str(good), "--by", "ops")).code == 0
        await heard(worker, core, 1)
        bad = (await deployment.policies())[0] | {"toml": "gate = 2", "version": "3", "by": "eve"}
        await send(deployment.settings, [(POLICIES, "k", b"{"), (POLICIES, "active/x/3", json.dumps(bad).encode())])
        async with asyncio.timeout(30):
            while not (entries := [e for e in await audited(deployment.settings) if e["outcome"] == "refused"]):
                pass
        assert b"clientward_policy_rejected_total 2.0" in worker.metrics_text()
        assert (entries[0]["by"], entries[0]["action"]) == ("eve", "policy-reject")
        assert core.rules.at(0) is first
        assert len(getattr(core.rules, "switches", ())) == 1


async def test_a_shadow_on_the_live_stream(deployment: Deployment) -> None:
    """It tells where it differs, is listed and counted, decides nothing, and ends when it is told to."""
    file = deployment.folder / "strict.toml"
    file.write_text(variant_text("s", client_up=95.0), encoding="utf-8")
    assert (await deployment.run("policy", "differences")).code == 1
    assert (await deployment.run("policy", "shadow", str(file), "--off", "--by", "ops")).code == 2
    done = await deployment.run("policy", "shadow", str(file), "--by", "ops")
    assert done.code == 0, done.err
    core = Core(load_policy())
    async with running(deployment.settings, core) as worker:
        await deployment.send(worker, dated(courtship()[:TIPS], "acme", datetime.now(UTC)))
        assert b'clientward_shadow_differences_total{kind="entered"} 1.0' in worker.metrics_text()
        listed = await deployment.run("policy", "differences")
        assert listed.code == 0, listed.err
        assert listed.lines[0].startswith(b"acme  since ")
        assert b": client 54, shadow candidate 54" in listed.lines[0]
        assert listed.lines[1:] == [b"1 accounts differ under the shadow clientward-default s"]
        assert (await deployment.run("policy", "shadow", "--off", "--by", "ops")).code == 0
        async with asyncio.timeout(30):
            await worker.until(lambda: core.shadow is None)
        assert (await deployment.run("policy", "differences")).code == 1
        await deployment.send(worker, dated([purchase(1)], "acme", datetime.now(UTC)))
    differences = [record.value for record in await published(deployment.settings, SHADOWED)]
    assert [value and json.loads(value)["kind"] for value in differences] == ["entered", None]
    found = by_account([record.value for record in await published(deployment.settings, RECLASSIFIED)])
    assert told(found, "acme") == [("customer", "1"), ("candidate", "1"), ("client", "1")]


async def audited(settings: Settings) -> list[dict[str, Any]]:
    """Return the audit's entries."""
    return [json.loads(record.value) for record in await published(settings, AUDIT)]


async def test_publish_list_and_rollback_by_the_command_line(deployment: Deployment) -> None:
    """A version twice and too early a moment are refused; a rollback is a switch of its own; the audit names who."""
    file = deployment.folder / "mine.toml"
    file.write_text(variant_text("2", client_up=60.0), encoding="utf-8")
    soon = (datetime.now(UTC) + timedelta(seconds=20)).isoformat()
    refused = await deployment.run("policy", "publish", str(file), "--at", soon, "--by", "ops")
    assert (refused.code, len(refused.err)) == (2, 1)
    assert "60 s" in refused.err[0]
    assert (await deployment.run("policy", "rollback", "--by", "ops")).code == 1
    assert (await deployment.run("policy", "publish", str(file), "--by", "ops")).code == 0
    again = await deployment.run("policy", "publish", str(file), "--by", "ops")
    assert (again.code, len(again.err)) == (2, 1)
    assert "raise the version" in again.err[0]
    back = await deployment.run("policy", "rollback", "--by", "anna")
    assert back.code == 0, back.err
    listed = await deployment.run("policy", "list")
    lines = [line.decode() for line in listed.lines]
    starts = ("* clientward-default 1, ", "  clientward-default 2 from ", "  clientward-default 1-r1 from ")
    assert all(line.startswith(start) for line, start in zip(lines, starts, strict=True))
    assert {record.key for record in await published(deployment.settings, AUDIT)} == {None}, "of no account, by no key"
    entries = await audited(deployment.settings)
    assert {each["account_id"] for each in entries} == {None}
    assert sorted((each["action"], each["by"]) for each in entries) == [
        ("policy-publish", "ops"),
        ("policy-rollback", "anna"),
    ]


async def test_a_quiet_account_lapses_when_the_new_policy_says_so(deployment: Deployment) -> None:
    """Of a policy that allows less silence, heard of live or on starting: no event and no old timer is waited for."""
    core = Core(load_policy())
    now = datetime.now(UTC)
    async with running(deployment.settings, core) as worker:
        quiet = [dated([purchase(1)], f"quiet-{i}", now - timedelta(days=40)) for i in range(5)]
        await deployment.send(worker, [*itertools.chain(*quiet), *dated([purchase(1)], "lively", now)])
        await publish_now(deployment.settings, "2", lapse=30)
        found = await lapsed(deployment.settings, 5)
        assert set(found) == {f"quiet-{i}" for i in range(5)}
        quiet = [dated([purchase(1)], "later", now - timedelta(days=20))]
        await deployment.send(worker, quiet[0])
    await publish_now(deployment.settings, "3", lapse=10)
    async with running(deployment.settings, Core(load_policy())):
        found = await lapsed(deployment.settings, 6)
    assert found["later"] == "3"


async def publish_now(settings: Settings, version: str, **values: float) -> None:
    """Publish a policy that is in force already: the minute's notice is the command line's affair."""
    now = datetime.now(UTC)
    text = variant_text(version, **values)
    await publish_policy(settings, publication("clientward-default", "active", version, text, "ops", now, now), "x")


async def lapsed(settings: Settings, count: int) -> dict[str, str]:
    """Return the accounts that have lapsed with the policy's version, once so many have."""
    async with asyncio.timeout(30):
        while True:
            told = [json.loads(record.value) for record in await published(settings, RECLASSIFIED)]
            found = {each["account_id"]: each["policy"]["version"] for each in told if each["to"] == "lapsed"}
            if len(found) >= count:
                return found
