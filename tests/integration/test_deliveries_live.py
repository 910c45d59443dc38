"""`clientward deliver` as a process of its own, on real Kafka and Redis, to receivers on loopback that check signatures."""

import asyncio
import json
import random
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientConnectionError, ClientSession, web
from delivery_support import SECRET, golden
from live import plain_environment
from receiver import Receivers, receivers

from relationship.contract.outcome import RECLASSIFIED, STATE
from streams.config.settings import Settings
from streams.embedded import kafka_server, redis_server
from streams.embedded.ports import free_ports
from streams.kafka.admin import ensure_topics
from streams.kafka.publisher import ProducerRecord
from streams.kafka.sending import producer, send_batch
from views.operations.audit import audit

WITHIN_SECONDS = 40.0
STATUSES = ("prospect", "customer", "candidate", "client", "lapsed", "customer")


class Deployment:
    """Topics, receivers, and what delivers to them."""

    def __init__(self, settings: Settings, redis_url: str, folder: Path, there: Receivers) -> None:
        self.settings, self.redis_url, self.folder, self.there = settings, redis_url, folder, there
        self.file = folder / "deliveries.toml"
        (folder / "secret").write_text(SECRET)
        self.port = free_ports(1)[0]

    def endpoints(self, **lines: str) -> None:
        """Write the file: by path what else it says."""
        self.file.write_text(
            "".join(
                f'[endpoints.{name}]\nurl = "{self.there.url}/{name}"\nsecret_files = ["{self.folder}/secret"]\n'
                f'allow_private = true\nstart = "earliest"\n{more}\n'
                for name, more in lines.items()
            )
        )

    @property
    def environment(self) -> dict[str, str]:
        """The settings of the deployment, as variables."""
        return plain_environment(
            CLIENTWARD_KAFKA_BOOTSTRAP=self.settings.kafka_bootstrap,
            CLIENTWARD_REDIS_URL=self.redis_url,
            CLIENTWARD_GROUP=self.settings.group,
            CLIENTWARD_WEB_PORT=str(self.port),
        )

    @asynccontextmanager
    async def delivering(self) -> AsyncIterator[Process]:
        """Run `clientward deliver`, and end it with the block, whatever happens."""
        with (self.folder / "log").open("ab") as log:
            process = await self._start("deliver", self.file, stderr=log)
            try:
                yield process
            finally:
                if process.returncode is None:
                    process.kill()
                await process.wait()
                sys.stderr.write((self.folder / "log").read_text()[-2000:])

    async def _start(self, *arguments: str | Path, stderr: Any = PIPE) -> Process:
        program = [sys.executable, "-m", "cli.main", *map(str, arguments)]
        root = Path(__file__).parents[2]
        environment = self.environment | {"PYTHONPATH": str(root)}
        return await asyncio.create_subprocess_exec(
            *program, cwd=self.folder, env=environment, stdout=PIPE, stderr=stderr
        )

    async def run(self, *arguments: str | Path) -> str:
        """Run a command to its end, and return what it prints."""
        process = await self._start(*arguments)
        out, err = await process.communicate()
        assert process.returncode == 0, err.decode()
        return out.decode()

    async def decide(self, *decisions: tuple[str, str, str, str]) -> None:
        """Write decisions: id, account, from and to."""
        async with producer(self.settings) as client:
            records = []
            for event_id, account, from_, to in decisions:
                value = json.loads(
                    json.dumps(GOLDEN | {"event_id": event_id, "account_id": account, "from": from_, "to": to})
                )
                headers = [("ce_id", event_id.encode())]
                records.append(
                    ProducerRecord(RECLASSIFIED, None, account.encode(), json.dumps(value).encode(), headers)
                )
            assert set(await send_batch(client, records)) == {None}

    async def erase(self, account: str) -> None:
        """Write an erasure's tombstone."""
        async with producer(self.settings) as client:
            headers: list[tuple[str, bytes | None]] = [("ce_id", b"erase-1"), ("ce_time", b"2026-01-01T00:00:00Z")]
            await send_batch(client, [ProducerRecord(STATE, None, account.encode(), None, headers)])


GOLDEN = json.loads(
    min((Path(__file__).parents[2] / "contracts/golden/1.0" / RECLASSIFIED).glob("*.json")).read_bytes()
)


@pytest.fixture
async def deployment(kafka_bootstrap: str, redis_url: str, group: str, tmp_path: Path) -> AsyncIterator[Deployment]:
    """A deployment with topics and receivers."""
    settings = Settings(kafka_bootstrap=kafka_bootstrap, group=group, partitions=4, data_dir=tmp_path)
    await ensure_topics(settings)
    async with receivers() as there:
        yield Deployment(settings, redis_url, tmp_path, there)


def chains(accounts: int, statuses: tuple[str, ...] = STATUSES) -> list[tuple[str, str, str, str]]:
    """Return decisions of so many accounts, interleaved."""
    return [
        (f"rc-{account}-{seq}", f"account-{account}", from_, to)
        for seq, (from_, to) in enumerate(pairwise(statuses))
        for account in range(accounts)
    ]


async def until(condition: Callable[[], Any] | Callable[[], Awaitable[Any]]) -> None:
    """Return when something is so."""
    async with asyncio.timeout(WITHIN_SECONDS):
        while True:
            found = condition()
            if (await found) if isinstance(found, Awaitable) else found:
                return
            await asyncio.sleep(0.05)


def in_order(ids: list[str]) -> bool:
    """Tell whether the first arrival of each account's decisions is in their order."""
    firsts = defaultdict(list)
    for each in dict.fromkeys(ids):
        _, account, seq = each.rsplit("-", 2)
        firsts[account].append(int(seq))
    return all(numbers == sorted(numbers) for numbers in firsts.values())


async def test_each_endpoint_gets_what_it_wants_signed_once_and_in_order(deployment: Deployment) -> None:
    """By filter; with erasures where wanted; after a stop in peace nothing comes again."""
    wanted = chains(20)
    deployment.endpoints(
        all="", clients='to = ["client"]', kept='from = ["client"]\nto = ["lapsed"]', forgets="erasures = true"
    )
    await deployment.decide(*wanted)
    await deployment.erase("account-3")
    there = deployment.there
    async with deployment.delivering() as process:
        await until(lambda: len(there.ids("all")) == len(wanted) and len(there.ids("forgets")) == len(wanted) + 1)
        async with ClientSession() as session, session.get(f"http://127.0.0.1:{deployment.port}/metrics") as answer:
            text = await answer.text()
        assert f'clientward_delivery_attempts_total{{endpoint="all",outcome="delivered"}} {len(wanted)}.0' in text
        process.terminate()
        assert await process.wait() == 0
    assert sorted(there.ids("all")) == sorted(each[0] for each in wanted)
    assert in_order(there.ids("all"))
    assert {each.event["data"]["to"] for each in there.took["clients"]} == {"client"}
    assert len(there.ids("clients")) == len(there.ids("kept")) == 20
    (gone,) = [each.event for each in there.took["forgets"] if each.event["data"] is None]
    assert (gone["subject"], gone["reason"]) == ("account-3", "erased")
    before = dict(there.attempts)
    async with deployment.delivering():
        await deployment.decide(("rc-new-0", "new", "prospect", "customer"))
        await until(lambda: "rc-new-0" in there.ids("all"))
    assert there.attempts["all"] == before["all"] + 1


async def test_killed_again_and_again_nothing_is_lost(deployment: Deployment) -> None:
    """SIGKILL at random moments, with receivers that fail now and then: all arrive, in order, repeats under the same id."""
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    chance = random.Random(seed)
    wanted = chains(60)
    deployment.endpoints(steady="", shaky="at_once = 50", settled="settle_minutes = 0.02")
    there = deployment.there
    there.refuse = lambda path, _event: web.Response(status=503) if path == "shaky" and chance.random() < 0.1 else None
    for part in range(4):
        await deployment.decide(*wanted[part * 75 : part * 75 + 75])
        async with deployment.delivering() as process:
            seen = len(there.ids("steady"))
            await until(lambda seen=seen: len(there.ids("steady")) > seen)
            await asyncio.sleep(chance.random() / 2)
            process.kill()
    there.refuse = lambda _path, _event: None
    ids = {each[0] for each in wanted}
    async with deployment.delivering() as process:
        await until(lambda: set(there.ids("steady")) == set(there.ids("shaky")) == ids)
        await until(lambda: {f"rc-{account}-4" for account in range(60)} <= set(there.ids("settled")))
        process.terminate()
        assert await process.wait() == 0
    assert in_order(there.ids("steady"))
    assert in_order(there.ids("shaky"))
    nets = {each.event_id: each.event["data"] for each in there.took["settled"]}
    for account in range(60):
        own = [each for each in nets.values() if each["account_id"] == f"account-{account}"]
        assert own[0]["from"] == "prospect"
        assert own[-1]["to"] == "customer"
        assert all(before["to"] == after["from"] for before, after in pairwise(own))


async def test_a_dead_endpoint_holds_up_no_other_and_misses_nothing(deployment: Deployment) -> None:
    """It falls behind what one endpoint may have on its way, and has all of it when it is back."""
    wanted = [(f"rc-{n}-0", f"account-{n}", "prospect", "customer") for n in range(6_500)]
    deployment.endpoints(well="at_once = 100", dead="at_once = 100", slow="")
    there = deployment.there
    there.refuse = lambda path, _event: web.Response(status=503) if path == "dead" else None
    there.wait = lambda path: 0.2 if path == "slow" else 0.0
    await deployment.decide(*wanted)
    async with deployment.delivering() as process:
        await until(lambda: len(there.ids("well")) == len(wanted))
        assert there.ids("dead") == []
        assert len(there.ids("slow")) < len(wanted)

        async def is_behind() -> bool:
            lines = (await deployment.run("deliveries", "status", deployment.file, "--json")).splitlines()
            found = {each["name"]: each for each in map(json.loads, lines)}
            dead = found["dead"]
            if not (dead["is_behind"] and dead["failures_in_a_row"] >= 10 and dead["why"].startswith("503")):
                return False
            assert dead["state"] == "failing"
            assert dead["since"] <= dead["last_failure_at"]
            assert found["well"]["state"] == "well"
            # Nothing of it was taken: what waits in Redis and what Kafka has before the marks is all of it, at least.
            return dead["behind"] >= len(wanted) and found["well"]["behind"] == 0

        await until(is_behind)
        process.kill()
    there.refuse = lambda _path, _event: None
    there.wait = lambda _path: 0.0
    async with deployment.delivering() as process:
        await until(lambda: set(there.ids("dead")) == {each[0] for each in wanted})
        process.terminate()
        assert await process.wait() == 0


async def test_what_one_receiver_never_takes_is_given_up_and_redriven(deployment: Deployment) -> None:
    """The account waits behind it, others do not; after the days it is in the list, and comes when it is tried again."""
    deployment.endpoints(crm="give_up_days = 0.00001")
    there = deployment.there
    there.refuse = lambda _path, event: (
        web.Response(status=400, text="no such field") if event["id"] == "rc-1-0" else None
    )
    await deployment.decide(*chains(3))
    others = {each[0] for each in chains(3)} - {"rc-1-0"}
    async with deployment.delivering():
        await until(lambda: set(there.ids("crm")) == others)

        async def listed() -> bool:
            return "rc-1-0 account-1" in await deployment.run("deliveries", "dead", deployment.file, "crm")

        await until(listed)
        there.refuse = lambda _path, _event: None
        assert "1 will be tried again" in await deployment.run("deliveries", "redrive", deployment.file, "crm")
        await until(lambda: "rc-1-0" in there.ids("crm"))
        assert await deployment.run("deliveries", "dead", deployment.file, "crm") == ""


async def test_paused_resumed_and_replayed(deployment: Deployment) -> None:
    """A paused endpoint gets nothing, and all of it when it goes on; replayed from a time, it gets the same ids again."""
    deployment.endpoints(crm="", other="")
    there = deployment.there
    await deployment.decide(("rc-old-0", "old", "prospect", "customer"))
    async with deployment.delivering():
        await until(lambda: there.ids("crm") == ["rc-old-0"])
        await deployment.run("deliveries", "pause", deployment.file, "crm", "--by", "ann", "--why", "a test")
        await asyncio.sleep(0.01)
        since = datetime.now(UTC)
        await until(lambda: is_paused(deployment))
        await deployment.decide(("rc-new-0", "new", "prospect", "customer"))
        await until(lambda: "rc-new-0" in there.ids("other"))
        assert there.ids("crm") == ["rc-old-0"]
        await deployment.run("deliveries", "resume", deployment.file, "crm")
        await until(lambda: there.ids("crm") == ["rc-old-0", "rc-new-0"])
        await deployment.run("deliveries", "replay", deployment.file, "crm", "--since", since.isoformat())
        await until(lambda: there.ids("crm") == ["rc-old-0", "rc-new-0", "rc-new-0"])
        assert len(there.ids("other")) == 2
    entries = (await audit(deployment.settings)).entries
    assert [each.action for each in entries] == ["delivery-pause", "delivery-resume", "delivery-replay"]
    assert (entries[0].by, entries[0].detail) == ("ann", "crm: a test")
    assert (entries[1].detail, entries[1].account_id) == ("crm: at the command line", None)


async def is_paused(deployment: Deployment) -> bool:
    """Tell whether the process has heard that an endpoint is paused."""
    try:
        async with ClientSession() as session, session.get(f"http://127.0.0.1:{deployment.port}/metrics") as answer:
            return 'clientward_delivery_paused{endpoint="crm"} 1.0' in await answer.text()
    except ClientConnectionError:
        return False  # it has not begun yet


async def test_secrets_are_rotated_without_a_stop(deployment: Deployment) -> None:
    """A receiver that has changed over refuses until the new secret stands in the file, and then all is well."""
    deployment.endpoints(crm="")
    there = deployment.there
    there.secret = "whsec_" + "C" * 32
    await deployment.decide(("rc-a-0", "a", "prospect", "customer"))
    async with deployment.delivering():
        await until(lambda: there.attempts.get("crm", 0) >= 1)
        (deployment.folder / "secret").write_text(there.secret)
        await until(lambda: there.ids("crm") == ["rc-a-0"])


async def test_a_private_address_is_refused_by_name_too(deployment: Deployment) -> None:
    """Nothing is posted to loopback, by number or by a name that leads there, and the status says why."""
    deployment.endpoints(crm="", name="")
    text = deployment.file.read_text().replace("allow_private = true\n", "").replace("http://", "https://")
    head, _, tail = text.partition("[endpoints.name]")
    deployment.file.write_text(head + "[endpoints.name]" + tail.replace("127.0.0.1", "localhost"))
    await deployment.decide(("rc-a-0", "a", "prospect", "customer"))

    async def both() -> bool:
        lines = (await deployment.run("deliveries", "status", deployment.file, "--json")).splitlines()
        return all("private address" in json.loads(line)["why"] for line in lines)

    async with deployment.delivering():
        await until(both)
    assert deployment.there.attempts == {}


async def test_an_endpoint_that_is_gone_pauses_itself(deployment: Deployment) -> None:
    """410 is the receiver's wish to hear no more; somebody resumes it when that was a mistake."""
    deployment.endpoints(crm="")
    there = deployment.there
    there.refuse = lambda _path, _event: web.Response(status=410)
    await deployment.decide(("rc-a-0", "a", "prospect", "customer"))
    async with deployment.delivering():
        await until(lambda: is_paused(deployment))
        there.refuse = lambda _path, _event: None
        await deployment.run("deliveries", "resume", deployment.file, "crm")
        await until(lambda: there.ids("crm") == ["rc-a-0"])


async def test_of_two_processes_one_delivers_and_the_other_takes_over(deployment: Deployment) -> None:
    """Killed, its lease runs out, and what it had not finished is delivered by the other."""
    deployment.endpoints(crm="")
    there = deployment.there
    async with deployment.delivering() as first:
        await deployment.decide(("rc-a-0", "a", "prospect", "customer"))
        await until(lambda: there.ids("crm") == ["rc-a-0"])
        deployment.port = free_ports(1)[0]
        async with deployment.delivering():
            first.send_signal(signal.SIGKILL)
            await deployment.decide(("rc-b-0", "b", "prospect", "customer"))
            await until(lambda: "rc-b-0" in there.ids("crm"))


def test_the_golden_decision_is_one() -> None:
    """What the tests here write is of the contract."""
    assert golden().event_id == GOLDEN["event_id"]


async def test_kafka_and_redis_may_be_away(group: str, tmp_path: Path) -> None:
    """Each is killed and started again under the process: it waits, goes on, and everything arrives in order."""
    with kafka_server() as kafka, redis_server(appendonly="always") as redis:
        settings = Settings(kafka_bootstrap=kafka.bootstrap, group=group, partitions=4, data_dir=tmp_path)
        await ensure_topics(settings)
        async with receivers() as there:
            deployment = Deployment(settings, redis.url, tmp_path, there)
            deployment.endpoints(crm="")
            async with deployment.delivering() as process:
                await deployment.decide(("rc-a-0", "a", "prospect", "customer"))
                await until(lambda: there.ids("crm") == ["rc-a-0"])
                await asyncio.to_thread(redis.kill)
                await deployment.decide(("rc-a-1", "a", "customer", "candidate"))
                await asyncio.to_thread(redis.start)
                await until(lambda: "rc-a-1" in there.ids("crm"))
                await asyncio.to_thread(kafka.kill)
                await asyncio.to_thread(kafka.start)
                await deployment.decide(("rc-a-2", "a", "candidate", "client"))
                await until(lambda: "rc-a-2" in there.ids("crm"))
                process.terminate()
                assert await process.wait() == 0
    assert in_order(there.ids("crm"))
    assert set(there.ids("crm")) == {"rc-a-0", "rc-a-1", "rc-a-2"}
