"""The table: every part, the topics and groups that it has to do with, and its keys and commands in Redis.

Least rights: what is not here is refused, and tests/integration/test_least_rights.py runs every part with this and no more.
Kafka grants Describe along with Read or Write, and DescribeConfigs along with AlterConfigs, so they stand here only where
they come alone; and an idempotent producer needs Write on its topics and nothing of the cluster.
"""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

from relationship.contract.messages import (
    COMMANDS,
    MEETINGS,
    MESSAGE_TYPES,
    MOVES,
    PROFILES,
    PURCHASES,
    REFERRALS,
    TICKETS,
)
from relationship.contract.outcome import AUDIT, POLICIES, RECLASSIFIED, REJECTED, SHADOWED, STATE
from streams.config.settings import Settings
from streams.kafka.topics import probe_topic, topics_for

#: The parts whose doctor tries everything out; of the others it looks at the servers and at the rights.
WORKER, CONSOLE = "worker", "console"

Resource = Literal["Topic", "Group"]
READ, WRITE, CREATE, DESCRIBE = "Read", "Write", "Create", "Describe"
CONFIGS, ALTER = "DescribeConfigs", "AlterConfigs"

#: What comes from outside; the worker writes the other two of the intake itself.
EVENTS: Final = (PURCHASES, TICKETS, MEETINGS, PROFILES)
OWN: Final = (REFERRALS, MOVES)
# What the console's read model is made of.
TOLD: Final = (STATE, RECLASSIFIED, REJECTED, AUDIT, SHADOWED)

WORKER_COMMANDS: Final = (
    *("ping", "select", "evalsha", "eval", "hget", "hmget", "hgetall", "hlen", "hscan", "hset", "hdel", "hincrby"),
    *("zadd", "zrem", "zrangebyscore", "zscan", "sadd", "srem", "srandmember"),
)


class Right(NamedTuple):
    """What a part does with topics or groups, by Kafka's names, and what for."""

    resource: Resource
    names: tuple[str, ...]
    operations: tuple[str, ...]
    why: str


class RedisRight(NamedTuple):
    """The keys that a part has to do with, as a pattern, and the commands that it sends. `since_7_2`: unknown before."""

    keys: str
    commands: tuple[str, ...]
    why: str
    since_7_2: tuple[str, ...] = ("client|setinfo",)


class Part(NamedTuple):
    """One login: who it is, its rights in Kafka, and that in Redis, where it goes there."""

    name: str
    who: str
    kafka: tuple[Right, ...]
    redis: RedisRight | None = None


class Others(NamedTuple):
    """Names that the settings do not hold: the topic and the name of an adapter, and a subscriber's group."""

    adapter: str = "ADAPTER"
    adapter_topic: str = "FOREIGN-TOPIC"
    subscriber: str = "SUBSCRIBERS-GROUP"


def parts(settings: Settings, others: Others | None = None) -> Mapping[str, Part]:
    """Return the parts of a deployment, by name."""
    named = others or Others()
    found = (
        _topics(settings),
        _worker(settings),
        _intake(),
        _adapter(settings, named),
        _deliver(settings),
        _readmodel(),
        _console(settings),
        _operator(settings),
        _backup(settings),
        _advise(settings),
        _subscriber(named),
    )
    return {part.name: part for part in found}


def _topics(settings: Settings) -> Part:
    every = tuple(spec.name for spec in topics_for(settings))
    makes = Right("Topic", every, (CREATE, DESCRIBE, ALTER), "makes the topics, and corrects their settings")
    return Part("topics", "`clientward topics plan` and `apply`, before an upgrade", (makes,))


def _worker(settings: Settings) -> Part:
    every = tuple(spec.name for spec in topics_for(settings))
    return Part(
        WORKER,
        "`clientward worker`, and `clientward doctor` beside it",
        (
            Right("Topic", (*MESSAGE_TYPES, POLICIES), (READ,), "folds the intake, by the policies in force"),
            Right("Topic", OWN, (WRITE,), "tells other accounts' partitions of credits and merges"),
            Right("Topic", (RECLASSIFIED, STATE, REJECTED, AUDIT, SHADOWED), (WRITE,), "publishes what came of it"),
            Right("Topic", (settings.changelog_topic,), (READ, WRITE), "keeps the table, and rebuilds Redis from it"),
            Right("Topic", (probe_topic(settings),), (READ, WRITE), "the doctor writes a record and reads it back"),
            Right("Topic", every, (CONFIGS,), "sees at the start whether the topics are as they should be"),
            Right("Group", (settings.group,), (READ,), "shares the partitions with the other workers"),
        ),
        RedisRight(f"{{{settings.table}:*", WORKER_COMMANDS, "keeps the table, its timers and the outbox"),
    )


def _intake() -> Part:
    return Part(
        "intake",
        "`clientward intake`",
        (
            Right(
                "Topic", (*EVENTS, COMMANDS, REJECTED), (WRITE, CONFIGS), "publishes what it took, and what it refused"
            ),
        ),
    )


def _adapter(settings: Settings, named: Others) -> Part:
    return Part(
        "adapter",
        "`clientward adapt`, one login for each adapter",
        (
            Right("Topic", (named.adapter_topic,), (READ, CONFIGS), "reads the other's topic"),
            Right("Topic", (*EVENTS, COMMANDS, REJECTED), (WRITE, CONFIGS), "publishes what it mapped, and what not"),
            Right("Group", (f"{settings.group}-adapt-{named.adapter}",), (READ,), "shares the topic's partitions"),
        ),
    )


def _deliver(settings: Settings) -> Part:
    return Part(
        "deliver",
        "`clientward deliver`, the commands `clientward deliveries`, and in Redis the console's *Deliveries*",
        (
            Right(
                "Topic",
                (RECLASSIFIED, STATE),
                (READ, CONFIGS),
                "posts decisions and erasures, and tells what is behind",
            ),
            Right("Topic", (AUDIT,), (WRITE, CONFIGS), "the commands tell who paused, resumed, replayed or redrove"),
        ),
        RedisRight(
            f"{{{settings.group}-deliver}}:*",
            (
                *("ping", "select", "hgetall", "hget", "hvals", "hkeys", "hscan", "hlen", "get", "set", "del", "hset"),
                *("hdel", "eval", "multi", "exec"),
            ),
            "keeps where each endpoint stands, and what people want of it",
        ),
    )


def _readmodel() -> Part:
    right = Right("Topic", TOLD, (READ, CONFIGS), "keeps the console's tables")
    return Part("readmodel", "`clientward readmodel follow`, where it runs apart from the console", (right,))


def _console(settings: Settings) -> Part:
    return Part(
        CONSOLE,
        "`clientward console`, which follows the read model too",
        (
            Right("Topic", (*TOLD, *MESSAGE_TYPES, POLICIES), (READ, CONFIGS), "keeps its tables, and tells the lag"),
            Right(
                "Topic", (*MESSAGE_TYPES, REJECTED, AUDIT, POLICIES), (WRITE,), "commands, redriven letters, policies"
            ),
            Right("Topic", (settings.changelog_topic,), (DESCRIBE, CONFIGS), "tells whether its copies are in sync"),
            Right("Topic", (probe_topic(settings),), (READ, WRITE, CONFIGS), "its doctor's attempt"),
            Right("Group", (settings.group,), (DESCRIBE,), "shows the workers and how far they are"),
        ),
        RedisRight(
            f"{{{settings.table}:*",
            ("ping", "select", "hget", "hmget", "hlen", "zcount", "info", "time"),
            "shows an account as it stands, the lag, and how Redis does",
        ),
    )


def _operator(settings: Settings) -> Part:
    return Part(
        "operator",
        "a person at the command line: looks, sends, and commands",
        (
            Right(
                "Topic",
                tuple(spec.name for spec in topics_for(settings)),  # an erasure is looked for in every one
                (READ, CONFIGS),
                "looks: `account`, `base`, `audit`, `dlq`, `lag`, `erasure verify`, `export`",
            ),
            Right(
                "Topic",
                (*MESSAGE_TYPES, REJECTED, AUDIT, POLICIES),
                (WRITE,),
                "`send`, commands, `dlq redrive`, `policy`",
            ),
            Right("Group", (settings.group,), (DESCRIBE,), "`workers`, `lag`"),
        ),
        RedisRight(
            f"{{{settings.table}:*",
            (
                *("ping", "select", "hget", "hmget", "hlen", "zcount"),
                *("hexists", "zscore", "hscan", "sismember"),
            ),
            "shows an account as it stands, and what an erasure has left",
        ),
    )


def _backup(settings: Settings) -> Part:
    return Part(
        "backup",
        "`clientward backup`, `restore` and `reset`, which write in the workers' place",
        (
            Right(
                "Topic",
                (*MESSAGE_TYPES, settings.changelog_topic),
                (DESCRIBE, CONFIGS),
                "compares positions with what is there",
            ),
            Right("Topic", (AUDIT,), (WRITE, CONFIGS), "tells of a reset"),
            Right("Group", (settings.group,), (DESCRIBE,), "sees that no worker is there"),
        ),
        RedisRight(
            f"{{{settings.table}:*", (*WORKER_COMMANDS, "multi", "exec"), "takes the table whole, and puts it back"
        ),
    )


def _advise(settings: Settings) -> Part:
    return Part(
        "advise",
        "`clientward advise`, which chat agents ask",
        (Right("Topic", (POLICIES,), (READ, CONFIGS), "tells by which policy an account was folded"),),
        RedisRight(f"{{{settings.table}:*", ("ping", "select", "hget"), "reads one account"),
    )


def _subscriber(named: Others) -> Part:
    return Part(
        "subscriber",
        "an application that follows decisions with `clientward_client`; one login for each",
        (
            Right("Topic", (RECLASSIFIED, STATE), (READ,), "follows decisions, states and erasures"),
            Right("Group", (named.subscriber,), (READ,), "keeps its position"),
        ),
    )
