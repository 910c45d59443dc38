"""The topics as data, and what a plan would change on the brokers."""

import pytest

from relationship.contract.messages import MESSAGE_TYPES, PROFILES, PURCHASES
from relationship.contract.outcome import AUDIT, POLICIES, RECLASSIFIED, REJECTED, SHADOWED, STATE
from streams.config.settings import Settings
from streams.kafka.partitioning import partition_of, partition_of_key
from streams.kafka.topic_plan import Alter, Create, CurrentTopic, Refuse, plan
from streams.kafka.topics import DAY_MS, TopicSpec, min_insync, topics_for

SETTINGS = Settings(partitions=12, replication=1, group="g")
SPECS = {spec.name: spec for spec in topics_for(SETTINGS)}


def as_current(spec: TopicSpec, **config: str) -> CurrentTopic:
    """Return the topic as brokers have it that made it by `spec`, but for `config`."""
    held = {**spec.config, **config}
    return CurrentTopic(spec.name, spec.partitions, spec.replication, {**held, "flush.ms": "1"}, held)


def test_every_topic_is_there() -> None:
    """Each message type has a topic, and so have the output, the table's changelog and the doctor."""
    assert SPECS.keys() == {
        *MESSAGE_TYPES,
        RECLASSIFIED,
        STATE,
        REJECTED,
        AUDIT,
        POLICIES,
        SHADOWED,
        "g-relationships-changelog",
        "g-doctor",
    }


def test_all_have_the_same_partitions() -> None:
    """An account's records stand in partitions of one number, in every topic."""
    assert {spec.partitions for spec in SPECS.values()} == {12}


@pytest.mark.parametrize("name", [PROFILES, STATE, POLICIES, SHADOWED, "g-relationships-changelog"])
def test_compacted_topics_delete_nothing(name: str) -> None:
    """What is the last word on an account is compacted and never deleted by age."""
    assert SPECS[name].config["cleanup.policy"] == "compact"
    assert "retention.ms" not in SPECS[name].config


def test_retention_is_stated_in_order() -> None:
    """Intake outlives the lateness; dead letters live no shorter than the intake; decisions and the audit longer."""
    days = {name: int(spec.config.get("retention.ms", 0)) / DAY_MS for name, spec in SPECS.items()}
    assert SETTINGS.lateness_days < days[PURCHASES] <= days[REJECTED] < days[RECLASSIFIED] < days[AUDIT]
    assert str(SETTINGS.intake_retention_days) in SPECS[PURCHASES].reason


def test_retention_counts_from_arrival() -> None:
    """An import of old events is not deleted on arrival: the brokers' time counts, not the producer's."""
    assert {spec.config["message.timestamp.type"] for spec in SPECS.values()} == {"LogAppendTime"}


def test_room_for_what_is_refused() -> None:
    """The intake lets through more than we accept, and the dead-letter topic more than the intake."""
    sizes = {name: int(spec.config["max.message.bytes"]) for name, spec in SPECS.items()}
    assert SETTINGS.max_record_bytes < sizes[PURCHASES] < sizes[REJECTED]


@pytest.mark.parametrize(("replication", "wanted"), [(1, 1), (2, 1), (3, 2), (5, 2)])
def test_min_insync(replication: int, wanted: int) -> None:
    """With three copies a write waits for two, with fewer for one, so that one broker may be away."""
    assert min_insync(replication) == wanted


def test_plan_creates_what_is_missing() -> None:
    """On empty brokers everything is created, as specified."""
    changes = plan({}, list(SPECS.values()))
    assert changes == [Create(spec) for spec in SPECS.values()]
    assert "12 partitions, replication 1" in str(changes[0])


def test_plan_is_empty_where_all_is_well() -> None:
    """Brokers that are as wanted need nothing, whatever else they have."""
    current = {name: as_current(spec) for name, spec in SPECS.items()}
    current["other"] = CurrentTopic("other", 1, 1, {}, {})
    assert plan(current, list(SPECS.values())) == []


def test_plan_alters_and_keeps_what_is_not_ours() -> None:
    """A setting that differs is altered; settings that somebody else made on the topic are kept."""
    spec = SPECS[PURCHASES]
    current = as_current(spec, **{"retention.ms": "1", "compression.type": "zstd"})
    [change] = plan({PURCHASES: current}, [spec])
    assert isinstance(change, Alter)
    assert change.changes == {"retention.ms": ("1", spec.config["retention.ms"])}
    assert change.config == {**spec.config, "compression.type": "zstd"}
    assert "retention.ms 1 -> " in str(change)


@pytest.mark.parametrize("has", [1, 6, 24])
def test_plan_refuses_other_partitions(has: int) -> None:
    """More or fewer partitions are never made equal: keys would move away from their history."""
    spec = SPECS[PURCHASES]
    [change] = plan({PURCHASES: as_current(spec)._replace(partitions=has)}, [spec])
    assert isinstance(change, Refuse)
    assert f"has {has} partitions, not 12" in change.text
    assert f"set partitions to {has}" in change.text


def test_plan_refuses_other_replication() -> None:
    """Nor is replication changed, which is the work of a reassignment."""
    spec = SPECS[PURCHASES]
    [change] = plan({PURCHASES: as_current(spec)._replace(replication=3)}, [spec])
    assert isinstance(change, Refuse)
    assert "replication 3, not 1" in change.text


@pytest.mark.parametrize(
    ("key", "positive_hash"),
    [(b"21", 1_173_551_340), (b"foobar", 1_357_151_166), (b"a-little-bit-long-string", 1_161_502_112)],
)
def test_partitioner_is_kafkas(key: bytes, positive_hash: int) -> None:
    """The hash is the one of Kafka's own test vectors (UtilsTest.testMurmur2), with the sign dropped."""
    assert partition_of_key(key, 2**31) == positive_hash


def test_partition_of_an_account() -> None:
    """An account's partition is its id's, as UTF-8, whatever script it is written in."""
    for account in ("a", "账户-7", "👩‍🚀", "\0"):
        assert 0 <= partition_of(account, 12) < 12
        assert partition_of(account, 12) == partition_of_key(account.encode(), 12)
