"""How large the group's own record becomes: what the assignor sends through Kafka at every rebalance. Pure.

Every member sends what it had (unpacked), and is sent what it has (packed); with Faust's own assignor, what the whole group
had and has. The coordinator keeps both, for all members, in one record of `__consumer_offsets`, which a broker takes up to
`message.max.bytes`.
"""

from types import SimpleNamespace
from typing import Any, Final, NamedTuple, cast

from faust.assignor.partition_assignor import PartitionAssignor
from yarl import URL

from relationship.contract.messages import MESSAGE_TYPES
from streams.config.settings import TABLE
from streams.driver.faust_private import Assignor

# Kafka's default for `message.max.bytes`, which holds for the group's record too.
MOST_BYTES: Final = 1_048_588
CHANGELOG: Final = f"clientward-{TABLE}-changelog"


class GroupRecord(NamedTuple):
    """Bytes of the group's record: what all members sent, and what they were sent."""

    sent: int
    received: int

    @property
    def total(self) -> int:
        """Both together, without Kafka's own few bytes a member."""
        return self.sent + self.received


def group_record(partitions: int, members: int, kind: type[PartitionAssignor] = Assignor) -> GroupRecord:
    """Return the size of the record at the second rebalance, when every member knows what the group had."""
    topics = {*MESSAGE_TYPES, CHANGELOG}
    cluster = SimpleNamespace(partitions_for_topic=lambda _: set(range(partitions)))
    assignors = {f"faust-0.15.3-{number:032x}": _assignor(number, kind) for number in range(members)}
    for _ in range(2):
        sent = {name: each.metadata(topics) for name, each in assignors.items()}
        received = next(iter(assignors.values())).assign(cast("Any", cluster), sent)
        for name, each in assignors.items():
            each.on_assignment(cast("Any", received[name]))
    return GroupRecord(
        sum(len(each.encode()) for each in sent.values()), sum(len(each.encode()) for each in received.values())
    )


def _assignor(number: int, kind: type[PartitionAssignor]) -> PartitionAssignor:
    tables = SimpleNamespace(data={}, changelog_topics={CHANGELOG})
    sensors = SimpleNamespace(on_assignment_start=lambda _: None, on_assignment_completed=lambda *_: None)
    conf = SimpleNamespace(canonical_url=URL(f"http://worker-{number:04d}.clientward.internal:6066"))
    return kind(cast("Any", SimpleNamespace(tables=tables, tracer=None, sensors=sensors, conf=conf)))
