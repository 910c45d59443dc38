"""The views on a real Kafka and a real Redis, beside real workers: what they answer is what was sent and decided."""

import asyncio
import json
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import RecordsToDelete
from deleted import until_deleted
from engine_support import Event, fresh_settings, published, purchase, running, send, settled
from story import Told, courtship
from variants import variant_text

from actions.errors import ActionError, InputError
from actions.policies import end_shadow, publish, roll_back, try_in_shadow
from relationship.contract.filters import AuditFilter
from relationship.contract.messages import COMMANDS, PURCHASES
from relationship.contract.outcome import RECLASSIFIED, Reason
from relationship.core import Core
from relationship.policy.compiled import load_policy
from streams.config.settings import Settings
from streams.kafka.admin import admin_client, ensure_topics
from streams.kafka.groups import committed_offsets
from streams.kafka.partitioning import partition_of
from streams.kafka.publisher import ProducerRecord
from streams.kafka.reading import read_backlogs
from streams.kafka.sending import producer, send_batch
from streams.kafka.topics import topics_for
from views.accounts.erasure import erasure_report
from views.accounts.stored import account_at, account_now, timeline
from views.base.decisions import Decision, DecisionFilter, decisions, follow_decisions
from views.base.retention import retention
from views.base.statuses import base_counts
from views.errors import NoAccountError, NoShadowError
from views.operations.audit import audit
from views.operations.lag import lag
from views.operations.outstanding import outstanding
from views.operations.refusals import refusals
from views.operations.topics import topic_plan
from views.operations.workers import workers
from views.policies.differences import differences
from views.policies.published import policies

NOW = datetime.now(UTC).replace(microsecond=0)
WITHIN_SECONDS = 60.0


@pytest.fixture
async def settings(kafka_bootstrap: str, redis_url: str, group: str, tmp_path: Path) -> Settings:
    """A deployment of this test alone, once the topics of the test before are gone."""
    return await fresh_settings(kafka_bootstrap, redis_url, group, tmp_path)


def dated(told: list[Told], account: str) -> list[Event]:
    """Return messages as another account's, moved in time so that the last is of an hour ago."""
    shift = NOW - timedelta(hours=1) - told[-1][1].occurred_at
    moved = [
        (topic, msgspec.structs.replace(m, account_id=account, occurred_at=m.occurred_at + shift)) for topic, m in told
    ]
    return [(topic, account, msgspec.json.encode(message)) for topic, message in moved]


def command(account: str, name: str, **fields: object) -> Event:
    """Return a command of now."""
    value = {"event_id": f"{name}-{account}", "account_id": account, "occurred_at": NOW.isoformat(), "command": name}
    return COMMANDS, account, json.dumps({**value, "by": "ops", **fields}).encode()


async def at_work(settings: Settings) -> None:
    """Let a worker fold a client, two customers of a shop, a merge that cannot be, and two records that it refuses."""
    strange: list[Event] = [(PURCHASES, "odd", b"{\xff"), (PURCHASES, "odd", b'{"event_id": "e"}')]
    async with running(settings, Core(load_policy())) as worker:
        for event in dated(courtship(), "acme"):
            await send(settings, [event])
            await settled(worker)
        await send(settings, [purchase(1, "shop-1", at=NOW), purchase(2, "shop-2", at=NOW), *strange])
        await send(settings, [command("shop-1", "merge", into="shop-1")])
        await settled(worker)
        assert (await lag(settings)).records == 0
        async with asyncio.timeout(WITHIN_SECONDS):
            while (await outstanding(settings)).outbox:  # what Kafka has confirmed leaves with a later write
                pass


async def test_a_deployment_at_work(settings: Settings) -> None:
    """Accounts, decisions, the base, refusals, the audit and retention all tell of what was sent."""
    await at_work(settings)
    now = await account_now(settings, "acme")
    assert (now.state.status, now.folded) == ("client", len(courtship()))
    entries = (await timeline(settings, "acme")).entries
    turned = [entry.decision.target for entry in entries if entry.decision]
    assert (turned, len(entries)) == (["customer", "candidate", "client"], len(courtship()) + 3)
    since = datetime.fromisoformat(now.state.since)
    then = await account_at(settings, "acme", since)
    before = await account_at(settings, "acme", since - timedelta(microseconds=1))
    assert (before.state.status, then.state.status) == ("candidate", "client")

    found = await decisions(settings)
    assert found.total == len(found.decisions) == len(await published(settings, RECLASSIFIED)) == 5
    clients = await decisions(settings, DecisionFilter(to="client", industry="consulting", since=since), limit=1)
    assert [each.decision and each.decision.why for each in clients.decisions] == [then.why]
    own = await decisions(settings, DecisionFilter(account="acme"), limit=2)
    assert ([each.decision and each.decision.to for each in own.decisions], own.total) == (["candidate", "client"], 3)

    base = await base_counts(settings)
    assert (base.accounts, base.statuses["client"], base.statuses["customer"]) == (3, 1, 2)
    assert base.industries == {
        "other": {"prospect": 0, "customer": 2, "candidate": 0, "client": 0, "lapsed": 0},
        "consulting": {"prospect": 0, "customer": 0, "candidate": 0, "client": 1, "lapsed": 0},
    }
    stays = await retention(settings, days=1)
    assert (stays.then, stays.kept, stays.now, stays.rate) == (1, 1, 1, 1.0)


async def test_refusals_and_the_audit_of_a_deployment_at_work(settings: Settings) -> None:
    """Refused records are there byte for byte, counted by reason; commands are there with who gave them and why not."""
    await at_work(settings)
    refused = await refusals(settings)
    assert refused.reasons == {Reason.DECODE: 1, Reason.SCHEMA: 1}
    assert {each.value for each in refused.newest} == {b"{\xff", b'{"event_id": "e"}'}
    one = await refusals(settings, Reason.DECODE, limit=1)
    assert (one.total, one.reasons, one.newest[0].key) == (1, refused.reasons, b"odd")
    assert (one.newest[0].topic, one.newest[0].partition) == (PURCHASES, partition_of("odd", settings.partitions))
    assert json.loads(msgspec.json.encode(one))["newest"][0]["value"] == "e/8="

    log = await audit(settings)
    assert [(each.account_id, each.action, each.outcome, each.by) for each in log.entries] == [
        ("shop-1", "merge", "refused", "ops")
    ]
    assert (await audit(settings, AuditFilter(account="shop-1", outcome="refused"))).entries == log.entries
    assert (await audit(settings, AuditFilter(account="acme"))).total == 0
    plan = await topic_plan(settings)
    assert (plan.differences, plan.refused) == ([], False)
    with pytest.raises(NoAccountError, match=f"no account nobody in group {settings.group}: check its id"):
        await account_now(settings, "nobody")


async def test_lag_counts_what_no_worker_has_folded(settings: Settings) -> None:
    """In records and by the age of the oldest, by Redis's positions, and by the group's where Redis is away."""
    nothing = await lag(settings)
    assert (nothing.records, nothing.seconds, nothing.source) == (0, 0.0, "table")
    assert len(nothing.partitions) == 7 * settings.partitions
    async with running(settings, Core(load_policy())) as worker:
        await send(settings, [purchase(number, f"a{number}", at=NOW) for number in range(40)])
        await settled(worker)
    await send(settings, [purchase(number, f"a{number}", at=NOW) for number in range(40, 60)])
    (first, *_) = sorted(record.timestamp for record in (await published(settings, PURCHASES))[-20:])
    found = await lag(settings)
    assert (found.records, found.source) == (20, "table")
    age = (datetime.now(UTC) - datetime.fromtimestamp(first / 1000, UTC)).total_seconds()
    assert 0 < found.seconds <= age + 1
    assert {each.topic: each.records for each in found.topics}[PURCHASES] == 20
    assert {each.partition for each in found.partitions if each.records} == {
        partition_of(f"a{number}", settings.partitions) for number in range(40, 60)
    }
    away = settings.model_copy(update={"redis_url": Settings(redis_url="redis://127.0.0.1:1/0").redis_url})  # type: ignore[arg-type]
    by_group = await lag(away)
    assert (by_group.source, by_group.records) == ("group", 20)
    async with admin_client(settings) as client:
        committed = await committed_offsets(client, settings.group)
    assert sum(offset for tp, offset in committed.items() if tp.topic == PURCHASES) == 40
    await forget(settings)
    assert ((await lag(settings)).records, (await lag(away)).records) == (20, 60), "the table knows what was folded"


async def forget(settings: Settings) -> None:
    """Commit for the group that nothing of the purchases was read; its end must not commit what it found before."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.bootstrap_servers, group_id=settings.group, enable_auto_commit=False
    )
    async with consumer:
        partitions = [TopicPartition(PURCHASES, number) for number in range(settings.partitions)]
        consumer.assign(partitions)
        await consumer.commit(dict.fromkeys(partitions, 0))


async def test_a_backlog_begins_where_the_partition_does(settings: Settings) -> None:
    """Records that retention has taken do not count, and neither does a position beyond the end."""
    await send(settings, [purchase(number, "a", at=NOW) for number in range(10)])
    tp = TopicPartition(PURCHASES, partition_of("a", settings.partitions))
    async with admin_client(settings) as client:
        await client.delete_records({tp: RecordsToDelete(before_offset=4)})
    found = (await read_backlogs(settings, [PURCHASES], {}))[tp]
    assert (found.start, found.end) == (4, 10)
    assert found.oldest_ms is not None
    found = (await read_backlogs(settings, [PURCHASES], {tp: 7}))[tp]
    assert (found.start, found.end) == (7, 10)
    found = (await read_backlogs(settings, [PURCHASES], {tp: 99}))[tp]
    assert (found.start, found.end, found.oldest_ms) == (10, 10, None)


async def test_workers_share_the_partitions(settings: Settings) -> None:
    """Two members with all numbers between them; after they have gone the group is empty, and nobody has any."""
    assert ((await workers(settings)).state, (await workers(settings)).workers) == ("Dead", [])
    numbers = set(range(settings.partitions))
    async with running(settings, Core(load_policy())) as one:
        alone = await workers(settings)
        assert [set(each.partitions) for each in alone.workers] == [numbers]
        async with running(settings, Core(load_policy())) as two:
            await settled(one, two)
            found = await workers(settings)
            assert (found.state, len(found.workers), found.unassigned) == ("Stable", 2, [])
            first, second = (set(each.partitions) for each in found.workers)
            assert first | second == numbers
            assert not first & second
            assert {each.host for each in found.workers} == {"127.0.0.1"}
            assert len({each.member_id for each in found.workers}) == 2
    gone = await workers(settings)
    assert (gone.state, gone.workers, set(gone.unassigned)) == ("Empty", [], numbers)


def decision(number: int, account: str = "a") -> ProducerRecord:
    """Return a record of a decision."""
    value = Decision(
        account_id=account, from_="candidate", to="client", effective_at=NOW.isoformat(), score=60.0, why="why"
    )
    named = msgspec.structs.replace(value, event_id=f"d{number}", transition_seq=number)
    return ProducerRecord(RECLASSIFIED, None, account.encode(), msgspec.json.encode(named), [])


async def publish_all(settings: Settings, *records: ProducerRecord) -> None:
    """Publish records as a worker would."""
    async with producer(settings) as client:
        assert set(await send_batch(client, records)) == {None}


async def test_a_decision_that_was_published_twice_is_one(settings: Settings) -> None:
    """Repeats are told by their id; what is no decision is not counted."""
    nonsense = ProducerRecord(RECLASSIFIED, None, b"a", b"{", [])
    await publish_all(settings, decision(1), decision(2), nonsense, decision(1), decision(3, "b"))
    found = await decisions(settings)
    assert found.total == 3
    assert {each.decision.event_id for each in found.decisions if each.decision} == {"d1", "d2", "d3"}
    newest = await decisions(settings, DecisionFilter(account="a"), limit=1)
    assert [each.decision.event_id for each in newest.decisions if each.decision] == ["d2"]


async def test_decisions_are_followed_as_they_come(settings: Settings) -> None:
    """From now on, or from the beginning; with a filter, only those that fit."""
    await publish_all(settings, decision(1, "old"), decision(2, "new"))
    async with asyncio.timeout(WITHIN_SECONDS), aclosing(follow_decisions(settings, from_beginning=True)) as records:
        seen = [(await anext(records)).decision for _ in range(2)]
    assert {each.account_id for each in seen if each} == {"old", "new"}
    wanted = DecisionFilter(account="new")
    async with asyncio.timeout(WITHIN_SECONDS), aclosing(follow_decisions(settings, wanted)) as records:
        first = asyncio.ensure_future(anext(records))
        number = 2
        while not first.done():  # it does not say when it listens, so new ones come until it gives one
            number += 1
            await publish_all(settings, decision(number, "old"), decision(number, "new"))
        found = first.result().decision
    assert found is not None
    assert found.account_id == "new"
    assert found.event_id != "d2"


async def test_policies_are_published_and_seen(settings: Settings) -> None:
    """A version twice is refused; a rollback is to come; a trial is the shadow until it is ended, and has no differences."""
    with pytest.raises(ActionError, match="there is no switch to take back"):
        await roll_back(settings, "ops")
    await publish(settings, variant_text("2"), "two.toml", "ops")
    with pytest.raises(InputError, match=r"^two\.toml: .* raise the version"):
        await publish(settings, variant_text("2"), "two.toml", "ops")
    await roll_back(settings, "anna")
    found = await policies(settings)
    assert (found.in_force.version, [each.version for each in found.to_come]) == ("1", ["2", "1-r1"])
    later = await policies(settings, found.to_come[-1].effective_at)
    assert (later.in_force.version, later.in_force.by) == ("1-r1", "anna")
    with pytest.raises(NoShadowError, match="no shadow is on trial"):
        await differences(settings)
    trial = await try_in_shadow(settings, variant_text("s"), "s.toml", "ops")
    shadow = (await policies(settings)).shadow
    assert shadow is not None
    assert (shadow.version, shadow.publication) == ("s", trial.event_id)
    shown = await differences(settings)
    assert (shown.version, shown.differences) == ("s", [])
    await end_shadow(settings, "ops")
    assert (await policies(settings)).shadow is None
    actions = [(each.action, each.by) for each in (await audit(settings, AuditFilter(by="anna"))).entries]
    assert actions == [("policy-rollback", "anna")]


async def test_an_erased_account_leaves_traces_that_end(settings: Settings) -> None:
    """Before its erasure it is live in Redis and in topics; after it, each place says until when."""
    async with running(settings, Core(load_policy())) as worker:
        await send(settings, [purchase(1, "gone-77", at=NOW)])
        await settled(worker)
        before = await erasure_report(settings, "gone-77")
        await send(settings, [command("gone-77", "erase")])
        await settled(worker)
    assert "Redis" in before.live
    assert before.gone_by is None
    after = await erasure_report(settings, "gone-77")
    assert after.live == []
    assert after.gone_by == max(trace.until for trace in after.traces if trace.until)
    assert {trace.place for trace in after.traces} >= {PURCHASES, COMMANDS, RECLASSIFIED}
    assert (await erasure_report(settings, "never-there")).traces == []


async def test_topics_that_are_not_there_are_planned(kafka_bootstrap: str, group: str) -> None:
    """Each with what it would be; once they are made nothing differs, and another number of partitions is refused."""
    settings = Settings(kafka_bootstrap=kafka_bootstrap, group=group, partitions=2)
    async with admin_client(settings) as client:
        await until_deleted(client, [spec.name for spec in topics_for(settings)])
    plan = await topic_plan(settings)
    assert {each.topic for each in plan.differences} == {spec.name for spec in topics_for(settings)}
    assert {each.kind for each in plan.differences} == {"create"}
    await ensure_topics(settings)
    assert (await topic_plan(settings)).differences == []
    other = await topic_plan(settings.model_copy(update={"partitions": 3}))
    assert other.refused
    assert {each.kind for each in other.differences} == {"refuse"}
