"""Every part with the rights of the table and no more, on a Kafka with TLS, SCRAM and ACLs, and a Redis with users.

The path of the demo goes through, from events to a decision that a subscriber reads, and what a part has no right to is
refused.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from delivery_support import SECRET
from engine_support import WITHIN_SECONDS, purchase, running, settled
from guarded import FOREIGN, GROUP, OTHERS, PARTS, REFUSED, Attempts, Guarded, give_rights, guarded
from receiver import receivers
from secured import ADMIN
from test_adapting_live import EXAMPLES, change, row

from actions.accounts import command_value, send_command
from actions.backups import backup, restore
from actions.dead_letters import Run, discard, redrive
from actions.deliveries import pause, resume
from actions.events import send_events
from actions.policies import publish
from actions.positions import EARLIEST, Wanted, reset
from adapting.file import read_adapter
from adapting.mapping import Mapper
from adapting.run import Runner
from advising.tool import look_in
from agents.worker import Worker
from clientward_client import subscribe
from console.live import Live
from delivering.file import read_deliveries
from delivering.run import deliver
from importing.reading.bench import open_bench
from intake.storing import Store
from readmodel.database import ReadModel
from readmodel.following import follow
from readmodel.queries.accounts import accounts
from relationship.contract.messages import PURCHASES
from relationship.core import Core
from relationship.policy.compiled import load_policy
from streams.config.settings import Settings
from streams.health.doctor import examine
from streams.kafka.admin import TopicsError, ensure_topics
from streams.kafka.publisher import ProducerRecord
from streams.kafka.sending import producer, send_batch
from views.accounts.erasure import erasure_report
from views.accounts.stored import account_now
from views.base.statuses import base_counts
from views.errors import ServerError
from views.operations.audit import audit
from views.operations.deliveries import dead_messages, deliveries
from views.operations.lag import lag
from views.operations.refusals import refusals
from views.operations.workers import workers
from views.policies.published import policies
from views.policies.texts import policies_with_texts

STORY = Path(__file__).parents[2] / "examples" / "stories" / "consulting-client.jsonl"


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """The servers of this file's tests, the rights given and the topics made by whoever may make them."""
    with guarded(tmp_path_factory.mktemp("guarded")) as servers:
        asyncio.run(_prepared(servers))
        yield servers


async def _prepared(servers: Guarded) -> None:
    await give_rights(servers)
    await ensure_topics(servers.settings("topics"))
    assert await ensure_topics(servers.settings("topics")) == []


@pytest.fixture
async def worker(deployment: Guarded) -> AsyncIterator[Worker]:
    """A worker with its own login."""
    async with running(deployment.settings("worker"), Core(load_policy())) as found:
        yield found


async def take_in(settings: Settings, number: int) -> None:
    """Store a purchase as the intake does."""
    store = Store(settings)
    topic, account, value = purchase(number, f"shopper {number}")
    async with store.running(), asyncio.timeout(WITHIN_SECONDS):
        while not store.is_ready:  # noqa: ASYNC110 - it tells only those who ask
            await asyncio.sleep(0.02)
        assert await store.store([ProducerRecord(topic, None, account.encode(), value, [])]) == [None]


async def adapt(deployment: Guarded) -> None:
    """Adapt one record of the foreign topic, as `clientward adapt` does."""
    async with producer(deployment.settings(ADMIN)) as client:
        record = ProducerRecord(FOREIGN, None, b"1", change("c", None, row(1)), [])
        assert await send_batch(client, [record]) == [None]
    adapter, mapping = read_adapter(EXAMPLES / "orders.toml")
    with open_bench() as bench:
        runner = Runner(deployment.settings("adapter"), adapter, Mapper(bench, mapping, named=True), None)
        task = asyncio.create_task(runner.run())
        async with asyncio.timeout(WITHIN_SECONDS):
            while not (runner.published or task.done()):  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.02)
        runner.stop()
        await task
    assert runner.refused == 0


async def subscribed(settings: Settings) -> set[str]:
    """Return the accounts of the decisions that a subscriber has been told of up to now."""
    found = set()
    async with asyncio.timeout(WITHIN_SECONDS):
        async for decision in subscribe(OTHERS.subscriber, kafka=settings.kafka_client_options(), once=True):
            found.add(decision.account_id)
    return found


@asynccontextmanager
async def delivering(settings: Settings, folder: Path) -> AsyncIterator[Any]:
    """Deliver all decisions to a receiver, until the block ends."""
    (folder / "secret").write_text(SECRET)
    async with receivers() as there:
        file = folder / "deliveries.toml"
        file.write_text(
            f'[endpoints.crm]\nurl = "{there.url}/crm"\nsecret_files = ["{folder}/secret"]\n'
            'allow_private = true\nstart = "earliest"\n'
        )
        stopping = asyncio.Event()
        task = asyncio.create_task(deliver(settings, read_deliveries(file), stopping))
        try:
            yield there
        finally:
            stopping.set()
            await asyncio.wait_for(task, WITHIN_SECONDS)


async def look_and_command(settings: Settings, account: str) -> None:
    """Do what a person does at the command line."""
    assert (await account_now(settings, account)).state.account_id == account
    assert (await lag(settings)).source == "table"
    assert len((await workers(settings)).workers) == 1
    assert (await base_counts(settings)).as_of
    assert (await erasure_report(settings, account)).traces
    assert (await policies(settings)).in_force
    await policies_with_texts(settings)
    assert (await refusals(settings)).total == 1
    await send_command(settings, command_value(account, "override", "anna", "test", datetime.now(UTC), **OVERRIDE))
    run = Run(by="anna", why="tried with the least rights")
    assert (await redrive(settings, run)).done == 1


OVERRIDE = {"status": "client", "until": "2099-01-01T00:00:00Z"}


async def test_the_demos_path_is_open_to_every_part(deployment: Guarded, worker: Worker, tmp_path: Path) -> None:
    """Events by hand, by HTTP and from another's topic; decisions to a subscriber, an endpoint and the console's tables."""
    operator = deployment.settings("operator")
    lines = [*enumerate(STORY.read_bytes().splitlines(), 1)]
    bad = json.dumps({"topic": purchase(1, "a")[0], "value": {"event_id": "bad", "account_id": "a"}}).encode()
    sent = await send_events(operator, [*lines, (len(lines) + 1, bad)], lambda *_: None, lambda _: None)
    assert (sent.sent, sent.bad) == (len(lines) + 1, 0)
    await take_in(deployment.settings("intake"), 1)
    await adapt(deployment)
    await settled(worker)
    account = json.loads(lines[0][1])["value"]["account_id"]
    assert account in await subscribed(deployment.settings("subscriber"))
    model = ReadModel.open(tmp_path / "model.db")
    model.prepare()
    await follow(deployment.settings("readmodel"), model, once=True)
    assert {each.state.account_id for each in accounts(model).items} >= {account, "shopper 1", "c1"}
    async with delivering(deployment.settings("deliver"), tmp_path) as there, asyncio.timeout(WITHIN_SECONDS):
        while account not in {each.account for each in there.took.get("crm", [])}:  # noqa: ASYNC110 - the same
            await asyncio.sleep(0.02)
    await look_and_command(operator, account)
    await settled(worker)
    assert "override" in {each.action for each in (await audit(operator)).entries}
    model.close()


async def test_the_console_sees_and_does_all_that_its_pages_offer(
    deployment: Guarded, worker: Worker, tmp_path: Path
) -> None:
    """Its look finds nothing amiss; a command, a policy and a letter's end go out; and the account is shown."""
    settings = deployment.settings("console")
    await take_in(deployment.settings("intake"), 2)
    await settled(worker)
    model = ReadModel.open(tmp_path / "console.db")
    model.prepare()
    await follow(settings, model, once=True)
    live = Live(settings, asyncio.get_running_loop().time, model)
    async with live.running(), live.watched(), asyncio.timeout(WITHIN_SECONDS):
        while live.checked_at is None or live.workers is None or not live.flows:
            await live.changed(live.number, 1.0)
    assert [each for each in live.troubles() if each.level == "fail"] == []
    assert live.redis is not None
    assert live.kafka is not None
    assert live.kafka.leaderless == 0
    await send_command(settings, command_value("shopper 2", "override", "anna", "test", datetime.now(UTC), **OVERRIDE))
    await settled(worker)
    assert (await account_now(settings, "shopper 2")).state.status == "client"
    own = POLICY.read_text().replace('version = "1"', 'version = "tried"')
    assert (await publish(settings, own, POLICY.name, "anna")).version == "tried"
    assert "tried" in {each.version for each in (await policies(settings)).history}
    await discard(settings, Run(by="anna", why="tried"))
    model.close()


async def test_deliveries_are_helped_by_the_login_that_is_theirs(deployment: Guarded, tmp_path: Path) -> None:
    """From the command line, and from the console where it has that login too; by the console's alone it is refused."""
    file = tmp_path / "deliveries.toml"
    file.write_text('[endpoints.crm]\nurl = "https://crm.example"\nsecret_variables = ["X"]\n')
    login, console = deployment.settings("deliver"), deployment.settings("console")
    both = console.model_copy(update={"deliveries_redis_url": login.redis_url})
    for settings, done in ((login, pause), (both, resume), (both, pause)):
        await done(settings, file, "crm", by="anna", why="tried with the least rights")
        (crm,) = (await deliveries(settings, file)).endpoints
        assert crm.paused_by == ("anna" if done is pause else "")
    assert await dead_messages(both, file, "crm", 10) == []
    assert [each.by for each in (await audit(deployment.settings("operator"))).entries][-3:] == ["anna"] * 3
    with pytest.raises(ServerError, match="Redis refuses"):
        await deliveries(console, file)


async def test_a_backup_a_reset_and_an_agents_question_need_no_more(deployment: Guarded, tmp_path: Path) -> None:
    """The table is taken, put back and its positions moved while no worker is there; an agent is told of an account."""
    async with running(deployment.settings("worker"), Core(load_policy())) as found:
        await take_in(deployment.settings("intake"), 3)
        await settled(found)
    settings, file = deployment.settings("backup"), tmp_path / "backup"
    kept = await backup(settings, file)
    assert kept.accounts >= 1
    assert (await restore(settings, file, over=True)).accounts == kept.accounts
    again = await reset(settings, Wanted(to=EARLIEST, topics=[PURCHASES], by="anna", why="tried with the least rights"))
    assert again.again >= 1
    advice = await look_in(deployment.settings("advise"))("shopper 3")
    assert (advice.known, advice.standing) == (True, "customer")


POLICY = Path(__file__).parents[2] / "relationship" / "policy" / "default.toml"


@pytest.mark.parametrize("part", PARTS)
async def test_what_a_part_has_no_right_to_is_refused(deployment: Guarded, part: str) -> None:
    """At least three things each: another's topic, another's group, another's keys, the cluster itself."""
    attempts = Attempts(deployment.settings(part))
    assert len(REFUSED[part]) >= 3
    let_in = []
    for attempt in REFUSED[part]:
        what, _, on = attempt.partition(" ")
        if not await getattr(attempts, what)(on):
            let_in.append(attempt)
    assert let_in == []


@pytest.mark.parametrize("part", [each for each in PARTS if each not in {"adapter", "subscriber"}])
async def test_the_doctor_finds_that_a_part_has_its_rights(deployment: Guarded, part: str) -> None:
    """An adapter's topic and a subscriber's group are no settings, so that the doctor cannot look for theirs."""
    rights = [each async for each in examine(deployment.settings(part), part) if each.check == "rights"]
    assert [each.level for each in rights] == ["ok"], rights


async def test_a_missing_right_is_named(deployment: Guarded) -> None:
    """By the doctor one by one, and by the command that meets it in one line that sends there."""
    settings = deployment.settings("subscriber")
    found = [each async for each in examine(settings, "worker") if each.check == "rights"]
    told = {each.text: each.advice for each in found}
    advice = told["Kafka denies Write on Topic crm.relationship.state.v1"]
    assert "--allow-principal User:clientward-subscriber --operation Write --topic crm.relationship.state.v1" in advice
    assert f"Kafka denies Describe on Group {GROUP}" in told
    assert {each.level for each in found} == {"fail"}
    with pytest.raises(TopicsError) as refused:
        await send_command(settings, command_value("a", "release", "anna", "test", datetime.now(UTC)))
    assert "Kafka denies Describe on Topic crm.relationship.command.v1" in str(refused.value)
    assert "clientward doctor" in str(refused.value)
