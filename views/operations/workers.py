"""Who works: the members of the consumer group, and which partitions each of them has."""

from collections.abc import Iterable

from msgspec import Struct

from relationship.contract.messages import MESSAGE_TYPES
from streams.config.settings import Settings
from streams.kafka.admin import admin_client
from streams.kafka.groups import Group, Member, describe_group
from views.errors import server_errors


class WorkerView(Struct, frozen=True):
    """One worker.

    Attributes:
        member_id: as the group knows it; it begins with the `instance` of a worker that has one, else with the client id.
        client_id: as the worker names itself to Kafka.
        host: where it connects from, as the broker sees it.
        partitions: the partition numbers that it owns: those of every topic of the intake.
    """

    member_id: str
    client_id: str
    host: str
    partitions: list[int]


class Workers(Struct, frozen=True):
    """The group.

    Attributes:
        group: its name.
        state: Kafka's word for it: Stable, PreparingRebalance, CompletingRebalance, Empty, or Dead where there is none.
        workers: its members, by their first partition.
        unassigned: partition numbers that no member owns.
    """

    group: str
    state: str
    workers: list[WorkerView]
    unassigned: list[int]


async def workers(settings: Settings) -> Workers:
    """Return the members of the group with their partitions. Raises ServerError."""
    with server_errors(settings):
        async with admin_client(settings) as client:
            group = await describe_group(client, settings.group)
    return workers_of(settings.group, group, settings.partitions)


def workers_of(name: str, group: Group, partitions: int) -> Workers:
    """Return a group of so many partition numbers as an answer."""
    found = [WorkerView(each.member_id, each.client_id, each.host, _numbers(each)) for each in group.members]
    found.sort(key=lambda each: (each.partitions or [partitions], each.member_id))
    owned = {number for each in found for number in each.partitions}
    return Workers(name, group.state, found, sorted(set(range(partitions)) - owned))


def _numbers(member: Member) -> list[int]:
    """Return the numbers that a member owns: the changelog's are not asked, a standby would have those too."""
    intake: Iterable[str] = MESSAGE_TYPES.keys() & member.partitions.keys()
    return sorted({number for topic in intake for number in member.partitions[topic]})
