"""What must change so that the topics are as `streams/kafka/topics.py` wants them. Pure; `admin.py` carries it out.

A plan creates topics and alters their configuration. It never deletes a topic, and it refuses to change the number of
partitions: an account's key would then belong to another partition than its history.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from streams.kafka.topics import TopicSpec


class CurrentTopic(NamedTuple):
    """One topic as the brokers have it. `overrides` are the settings made on the topic, `config` all in force.

    `led` is False while a partition has no leader, and can be neither read nor written.
    """

    name: str
    partitions: int
    replication: int
    config: Mapping[str, str]
    overrides: Mapping[str, str]
    led: bool = True


class Create(NamedTuple):
    """The topic is not there and is to be made."""

    spec: TopicSpec

    def __str__(self) -> str:
        """Return the change as one line."""
        spec = self.spec
        shape = f"{spec.partitions} partitions, replication {spec.replication}"
        return f"create  {spec.name}: {shape}, {spec.config['cleanup.policy']} ({spec.reason})"


class Alter(NamedTuple):
    """Settings of the topic differ. `changes` maps a name to (before, after); `config` is the whole to be set.

    Kafka's AlterConfigs replaces all settings made on a topic, so `config` keeps those that are not ours.
    """

    name: str
    changes: Mapping[str, tuple[str, str]]
    config: Mapping[str, str]

    def __str__(self) -> str:
        """Return the change as one line."""
        told = ", ".join(f"{name} {before} -> {after}" for name, (before, after) in self.changes.items())
        return f"alter   {self.name}: {told}"


class Refuse(NamedTuple):
    """The topic differs in a way that must not be changed here."""

    name: str
    text: str

    def __str__(self) -> str:
        """Return the refusal as one line."""
        return f"refuse  {self.name}: {self.text}"


TopicChange = Create | Alter | Refuse


def plan(current: Mapping[str, CurrentTopic], wanted: Sequence[TopicSpec]) -> list[TopicChange]:
    """Return what must change, in the order of `wanted`; nothing where all is well. Other topics are left alone."""
    return [change for spec in wanted for change in _changes(current.get(spec.name), spec)]


def _changes(current: CurrentTopic | None, spec: TopicSpec) -> list[TopicChange]:
    if current is None:
        return [Create(spec)]
    changes: list[TopicChange] = []
    if current.partitions != spec.partitions:
        changes.append(Refuse(spec.name, _partitions_differ(current.partitions, spec.partitions)))
    if current.replication != spec.replication:
        changes.append(Refuse(spec.name, _replication_differs(current.replication, spec.replication)))
    differing = {
        name: (current.config.get(name, "unset"), value)
        for name, value in spec.config.items()
        if current.config.get(name) != value
    }
    if differing:
        changes.append(Alter(spec.name, differing, {**current.overrides, **spec.config}))
    return changes


def _partitions_differ(has: int, wanted: int) -> str:
    return (
        f"has {has} partitions, not {wanted}; changing them would move keys away from their history: set partitions to "
        f"{has}, or copy the deployment to new topics"
    )


def _replication_differs(has: int, wanted: int) -> str:
    return f"has replication {has}, not {wanted}; set replication to {has}, or reassign with kafka-reassign-partitions"
