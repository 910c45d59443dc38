"""The doctor's judgement, on answers as the servers give them."""

from typing import Any, NamedTuple

import pytest

from relationship.contract.messages import MESSAGE_TYPES
from relationship.policy.compiled import default_text, load_policy, parse_policy
from streams.config.settings import Settings
from streams.health.doctor import check_libraries
from streams.health.doctor_changelog import Span, changelog_finding
from streams.health.doctor_kafka import sample_keys, topic_findings
from streams.health.doctor_policy import policy_finding
from streams.health.doctor_redis import check_clock, check_memory, check_persistence, check_server
from streams.health.doctor_work import check_lag, check_outbox, check_workers
from streams.health.table import Outstanding
from streams.kafka.groups import Group, Member
from streams.kafka.partitioning import partition_of_key
from streams.kafka.reading import Backlog
from streams.kafka.topic_plan import Alter, Create, Refuse
from streams.kafka.topics import topics_for

HEALTHY: dict[str, Any] = {
    "redis_version": "7.0.15",
    "role": "master",
    "loading": 0,
    "maxmemory_policy": "noeviction",
    "used_memory_human": "1M",
    "aof_enabled": 1,
    "aof_last_write_status": "ok",
}


class Seen(NamedTuple):
    """What the sample looks at of a record."""

    topic: str
    partition: int
    key: bytes | None


def test_libraries_are_told() -> None:
    """The versions of what everything rests on stand in one line."""
    finding = check_libraries()[0]
    assert finding.level == "ok"
    assert "faust-streaming " in finding.text
    assert "aiokafka " in finding.text


def test_healthy_redis_passes() -> None:
    """A primary of a fit version, that evicts nothing and keeps a log, passes with nothing to do."""
    findings = [check(HEALTHY) for check in (check_server, check_memory, check_persistence)]
    assert {finding.level for finding in findings} == {"ok"}
    assert not any(finding.advice for finding in findings)


@pytest.mark.parametrize(
    ("check", "changed", "level", "advice"),
    [
        (check_server, {"redis_version": "5.0.7"}, "fail", "6.2"),
        (check_server, {"role": "slave"}, "fail", "primary"),
        (check_server, {"loading": 1}, "warn", "wait"),
        (check_memory, {"maxmemory_policy": "allkeys-lru"}, "fail", "noeviction"),
        (check_memory, {"used_memory": 90, "maxmemory": 100}, "fail", "raise maxmemory"),
        (check_memory, {"used_memory": 75, "maxmemory": 100}, "warn", "plan for more"),
        (check_memory, {"used_memory": 75, "total_system_memory": 100}, "fail", "the machine"),
        (check_persistence, {"rdb_last_bgsave_status": "err"}, "fail", "disk"),
        (check_persistence, {"aof_last_bgrewrite_status": "err"}, "fail", "disk"),
        (check_persistence, {"aof_enabled": 0}, "warn", "appendonly yes"),
        (check_persistence, {"aof_last_write_status": "err"}, "fail", "disk"),
    ],
)
def test_ailing_redis_gets_advice(check: Any, changed: dict[str, Any], level: str, advice: str) -> None:
    """Each ailment has its level, and says what to do."""
    finding = check({**HEALTHY, **changed})
    assert finding.level == level
    assert advice in finding.advice


@pytest.mark.parametrize(("skew", "level"), [(0.0, "ok"), (-149.0, "ok"), (151.0, "warn"), (-3600.0, "warn")])
def test_clocks_apart(skew: float, level: str) -> None:
    """A clock is told when it is off by more than half of what an event may be ahead."""
    assert check_clock("Redis'", skew, 300.0).level == level


def test_topics_as_planned() -> None:
    """No change is one finding that all is well; missing and refused topics fail, other settings are a warning."""
    spec = topics_for(Settings())[0]
    assert [finding.level for finding in topic_findings([], 11)] == ["ok"]
    changes = [Create(spec), Alter("b", {"retention.ms": ("1", "2")}, {}), Refuse("c", "has 3: set partitions to 3")]
    findings = topic_findings(changes, 2)
    assert [finding.level for finding in findings] == ["fail", "warn", "fail"]
    assert findings[0].advice == "run `clientward topics apply`"
    assert findings[2].advice == "set partitions to 3"


def test_keys_astray_are_found() -> None:
    """A key on another partition than murmur2's is found, and so is a record without one."""
    right = partition_of_key(b"a", 12)
    records = [Seen("good", right, b"a"), Seen("bad", (right + 1) % 12, b"a"), Seen("none", 0, None)]
    sample = sample_keys(records, {"good": 12, "bad": 12, "none": 12})
    assert (sample.keys, sample.astray, sample.keyless) == (2, {"bad"}, {"none"})


def test_a_policy_without_a_firm_is_a_warning_that_says_how_to_calibrate() -> None:
    """The shipped default is called that; another policy without a firm's part is no less uncalibrated."""
    shipped, own = (policy_finding(load_policy(), shipped=shipped) for shipped in (True, False))
    assert {shipped.level, own.level} == {"warn"}
    assert "the shipped default" in shipped.text
    assert "shipped" not in own.text
    assert "clientward policy calibrate" in own.advice


def test_a_calibrated_policy_tells_how_many_points_it_can_reach() -> None:
    """What its events cannot say is taken off, and what would win the most of it back is told."""
    policy = parse_policy(default_text() + "\n[firm.coverage]\ndialogue = 0.0\n", "own")
    found = policy_finding(policy, shipped=False)
    assert found.level == "ok"
    assert f"{policy.reach:.0f} of the 100 points can be reached" in found.text
    assert policy.reach < 100
    assert "csat" in found.text


def backlog(records: int, age: float) -> list[Backlog]:
    """Return so many records that wait, the oldest for `age` seconds at second 1,000."""
    return [Backlog(5, 5 + records, int((1_000 - age) * 1000) if records else None), Backlog(3, 3, None)]


@pytest.mark.parametrize(
    ("records", "age", "level"), [(0, 0, "ok"), (9, 59, "ok"), (9, 60, "warn"), (9, 299, "warn"), (9, 300, "fail")]
)
def test_lag_is_judged_by_age(records: int, age: float, level: str) -> None:
    """A minute is a warning, five are a failure; how many wait says nothing by itself."""
    assert check_lag(backlog(records, age), 1_000.0).level == level


def member(*numbers: int) -> Member:
    """Return a worker that has these partition numbers of every topic."""
    return Member("m", "c", "h", dict.fromkeys(MESSAGE_TYPES, numbers))


@pytest.mark.parametrize(
    ("group", "waiting", "level", "text"),
    [
        (Group("Stable", [member(0, 1), member(2)]), 9, "ok", "2 alive, with all 3"),
        (Group("Stable", [member(0, 2)]), 0, "fail", "nobody has the partitions 1"),
        (Group("PreparingRebalance", [member()]), 0, "warn", "PreparingRebalance"),
        (Group("Dead", []), 0, "warn", "no worker is alive"),
        (Group("Empty", []), 1, "fail", "no worker is alive"),
    ],
)
def test_workers_are_judged_by_what_nobody_has(group: Group, waiting: int, level: str, text: str) -> None:
    """Nobody, where records wait, and a partition without a worker are failures; a rebalance passes."""
    finding = check_workers(group, 3, backlog(waiting, 1))
    assert (finding.level, text in finding.text) == (level, True)


def test_a_full_outbox_is_a_failure() -> None:
    """Some records stay in it until their partition's next write; very many mean that Kafka takes nothing."""
    assert [check_outbox(Outstanding(0, count)).level for count in (99_999, 100_000)] == ["ok", "fail"]


@pytest.mark.parametrize(
    ("span", "level"),
    [
        (Span(0, 9, 9, 8), "ok"),
        (Span(100, 109, 3, 108), "ok"),
        (Span(0, 0, 0, None), "ok"),
        (Span(100, 100, 3, 99), "fail"),
        (Span(0, 5, 3, 8), "fail"),
        (Span(0, 2, 3, None), "fail"),
    ],
)
def test_a_changelog_that_has_less_than_redis_is_a_failure(span: Span, level: str) -> None:
    """Emptied, made anew, or shorter than the accounts are many; one that was only compacted is well."""
    finding = changelog_finding("shop-relationships-changelog", {0: Span(0, 1, 1, 0), 1: span})
    assert finding.level == level
    assert (level == "ok") != ("partition 1" in finding.text and "keep Redis" in finding.advice)
