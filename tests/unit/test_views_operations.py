"""Lag, workers, the audit log and what is newest, from what the servers say; and the errors of servers that are away."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec
import pytest
from aiokafka import TopicPartition

from actions.errors import InputError as InputErrorOfActions
from actions.events import send_events
from actions.policies import end_shadow, publish, roll_back
from actions.topics import apply_topics
from relationship.contract.decisions import Audit
from relationship.contract.filters import AuditFilter
from relationship.contract.messages import MESSAGE_TYPES, PROFILES, PURCHASES
from relationship.policy.compiled import default_text
from streams.config.settings import Settings
from streams.kafka.groups import Group, Member
from streams.kafka.reading import Backlog
from views.accounts.erasure import erasure_report
from views.accounts.stored import account_at, account_now, timeline
from views.base.decisions import decisions, follow_decisions
from views.base.exports import reclassifications, states
from views.base.retention import retention
from views.base.statuses import base_counts
from views.errors import InputError, ServerUnavailableError
from views.newest import Newest
from views.operations.audit import audit, read_entry
from views.operations.doctor import findings
from views.operations.lag import lag, lag_of
from views.operations.outstanding import outstanding
from views.operations.refusals import refusals
from views.operations.topics import topic_plan
from views.operations.workers import workers, workers_of
from views.policies.differences import differences
from views.policies.published import policies

NOW_MS = 1_800_000_000_000
AWAY = Settings(kafka_bootstrap="127.0.0.1:1", redis_url="redis://u:canary@127.0.0.1:1/0")  # type: ignore[arg-type]


class Stored(NamedTuple):
    """What is needed of a record of a topic."""

    timestamp: int
    partition: int
    offset: int


def test_lag_adds_up_by_topic_and_takes_the_oldest() -> None:
    """Records are end minus position; seconds are the age of the oldest that waits, of a topic and of all."""
    backlogs = {
        TopicPartition(PURCHASES, 1): Backlog(5, 5, None),
        TopicPartition(PURCHASES, 0): Backlog(10, 13, NOW_MS - 2_500),
        TopicPartition(PROFILES, 0): Backlog(0, 1, NOW_MS - 90_000),
    }
    found = lag_of("g", "table", backlogs, NOW_MS)
    assert [(each.topic, each.records, each.seconds) for each in found.topics] == [
        (PROFILES, 1, 90.0),
        (PURCHASES, 3, 2.5),
    ]
    assert [(each.topic, each.partition, each.records) for each in found.partitions] == [
        (PROFILES, 0, 1),
        (PURCHASES, 0, 3),
        (PURCHASES, 1, 0),
    ]
    assert (found.records, found.seconds) == (4, 90.0)


def test_lag_is_never_negative() -> None:
    """A broker's clock ahead of ours makes no record younger than now; a backlog that is compacted away has no age."""
    backlogs = {
        TopicPartition(PURCHASES, 0): Backlog(0, 1, NOW_MS + 5_000),
        TopicPartition(PURCHASES, 1): Backlog(0, 1, None),
    }
    found = lag_of("g", "group", backlogs, NOW_MS)
    assert {each.seconds for each in found.partitions} == {0.0}
    assert json.loads(msgspec.json.encode(found))["source"] == "group"
    assert lag_of("g", "table", {}, NOW_MS).seconds == 0.0


def test_workers_have_the_numbers_of_the_intake() -> None:
    """By their first number; the changelog's do not count, and numbers that nobody has are named."""
    members = [
        Member("m-2", "c", "10.0.0.2", {PURCHASES: [2], PROFILES: [2], "g-relationships-changelog": [2, 3]}),
        Member("m-1", "c", "10.0.0.1", {topic: [0, 1] for topic in MESSAGE_TYPES}),
        Member("m-3", "c", "10.0.0.3", {}),
    ]
    found = workers_of("g", Group("Stable", members), 4)
    assert [(each.member_id, each.partitions) for each in found.workers] == [
        ("m-1", [0, 1]),
        ("m-2", [2]),
        ("m-3", []),
    ]
    assert found.unassigned == [3]
    assert workers_of("g", Group("Dead", []), 2).unassigned == [0, 1]


def test_the_newest_are_kept_by_when_they_were_stored() -> None:
    """Across partitions, the newest last; all are counted, and one that comes again under its id only once."""
    newest = Newest[str](2)
    for name, timestamp, partition in (("c", 30, 0), ("a", 10, 1), ("d", 30, 1), ("b", 20, 0)):
        newest.add(Stored(timestamp, partition, timestamp), name, name)
    newest.add(Stored(40, 1, 99), "d again", "d")
    assert newest.items() == ["c", "d"]
    assert newest.total == 4


ENTRY = Audit(
    event_id="x",
    account_id="a",
    action="erase",
    outcome="refused",
    detail="unknown",
    by="ops",
    occurred_at="2026-01-01T00:00:00Z",
    decided_at="2026-01-02T00:00:00Z",
)
DECIDED = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fits", "fails"),
    [
        ({"account": "a"}, {"account": "b"}),
        ({"action": "erase"}, {"action": "merge"}),
        ({"outcome": "refused"}, {"outcome": "done"}),
        ({"by": "ops"}, {"by": "eve"}),
        ({"since": DECIDED}, {"since": DECIDED + timedelta(seconds=1)}),
        ({"until": DECIDED + timedelta(seconds=1)}, {"until": DECIDED}),
    ],
)
def test_each_field_of_the_audit_s_filter_takes_and_leaves(fits: dict, fails: dict) -> None:
    """An entry is taken where the field is its own, and left where it is another."""
    assert AuditFilter(**fits).takes(ENTRY)
    assert not AuditFilter(**fails).takes(ENTRY)


def test_what_is_no_entry_is_passed_over() -> None:
    """A record of the audit's topic that cannot be read is none; one that can is the entry."""
    assert read_entry(msgspec.json.encode(ENTRY)) == ENTRY
    assert [read_entry(value) for value in (None, b"{", b"{}", b"\xff")] == [None] * 4


KAFKA_AWAY = "Kafka does not answer at 127.0.0.1:1: start it, or set CLIENTWARD_KAFKA_BOOTSTRAP and the login"
REDIS_AWAY = "Redis does not answer at redis://u:********@127.0.0.1:1/0: start it, or set CLIENTWARD_REDIS_URL"
KAFKA_QUESTIONS: list[Callable[[], Awaitable[Any]]] = [
    lambda: audit(AWAY),
    lambda: base_counts(AWAY),
    lambda: decisions(AWAY),
    lambda: differences(AWAY),
    lambda: lag(AWAY),
    lambda: policies(AWAY),
    lambda: refusals(AWAY),
    lambda: retention(AWAY),
    lambda: topic_plan(AWAY),
    lambda: workers(AWAY),
    lambda: anext(follow_decisions(AWAY)),
    lambda: anext(states(AWAY)),
    lambda: anext(reclassifications(AWAY)),
    lambda: apply_topics(AWAY),
    lambda: end_shadow(AWAY, "ops"),
    lambda: publish(AWAY, default_text(), "f", "ops"),
    lambda: roll_back(AWAY, "ops"),
    lambda: send_events(AWAY, [], lambda *_: None, lambda _: None),
]
REDIS_QUESTIONS: list[Callable[[], Awaitable[Any]]] = [
    lambda: account_at(AWAY, "a", DECIDED),
    lambda: account_now(AWAY, "a"),
    lambda: erasure_report(AWAY, "a"),
    lambda: outstanding(AWAY),
    lambda: timeline(AWAY, "a"),
]


@pytest.mark.parametrize("ask", KAFKA_QUESTIONS)
async def test_kafka_away_is_one_line_that_says_what_to_do(ask: Callable[[], Awaitable[Any]]) -> None:
    """Whatever is asked or done of Kafka, the error is of one type and names the broker."""
    with pytest.raises(ServerUnavailableError) as caught:
        await ask()
    assert str(caught.value) == KAFKA_AWAY


@pytest.mark.parametrize("ask", REDIS_QUESTIONS)
async def test_redis_away_is_one_line_without_the_password(ask: Callable[[], Awaitable[Any]]) -> None:
    """So it is with Redis, and no secret is in the text."""
    with pytest.raises(ServerUnavailableError) as caught:
        await ask()
    assert str(caught.value) == REDIS_AWAY


async def test_the_doctor_finds_servers_that_are_away() -> None:
    """What is an error elsewhere is its finding: both servers fail, and the rest goes on."""
    found = [finding async for finding in findings(AWAY)]
    assert {finding.check for finding in found if finding.level == "fail"} >= {"kafka", "redis"}
    assert json.loads(msgspec.json.encode(found[0]))["check"] == "libraries"


@pytest.mark.parametrize("by", ["", "  ", "x" * 65])
async def test_nothing_is_published_by_nobody(by: str) -> None:
    """A publication without a name, or with one that the topic does not take, is refused before a broker is asked."""
    with pytest.raises(InputErrorOfActions, match="1 to 64 characters"):
        await publish(AWAY, default_text(), "f", by)
    with pytest.raises(InputErrorOfActions, match="1 to 64 characters"):
        await roll_back(AWAY, by)


async def test_an_id_that_is_no_text_is_refused() -> None:
    """A terminal's bytes that are no UTF-8 cannot be an account's id, and Redis is not asked."""
    with pytest.raises(InputError, match="the id is not UTF-8"):
        await account_now(AWAY, "\udcff")
