"""A consumer group as the brokers have it: its members with their partitions, and the offsets that it has committed."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeVar

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment
from aiokafka.errors import (
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    NotCoordinatorError,
    for_code,
)

T = TypeVar("T")
# A broker that never had a group makes the topic of their offsets when it is first asked, which takes a moment; so does
# the move of a group to another broker.
COORDINATOR_WITHIN_SECONDS: Final = 10.0
COORDINATOR_POLL_SECONDS: Final = 0.1
NOT_YET: Final = (CoordinatorLoadInProgressError, CoordinatorNotAvailableError, NotCoordinatorError)


class Member(NamedTuple):
    """One member of a group. `partitions`: by topic, what the group's leader assigned to it; nothing in a rebalance."""

    member_id: str
    client_id: str
    host: str
    partitions: Mapping[str, Sequence[int]]


class Group(NamedTuple):
    """A group. `state` is Kafka's: Stable, PreparingRebalance, CompletingRebalance, Empty, or Dead where there is none."""

    state: str
    members: Sequence[Member]


async def describe_group(client: AIOKafkaAdminClient, group: str) -> Group:
    """Return a group and its members. Raises KafkaError."""
    return await _by_coordinator(client, group, lambda node: _describe(client, group, node))


async def committed_offsets(client: AIOKafkaAdminClient, group: str) -> dict[TopicPartition, int]:
    """Return the offsets that a group has committed, of the partitions where it has. Raises KafkaError."""

    async def fetch(node: int) -> dict[TopicPartition, int]:
        # A coordinator that still loads the group is heard of by this request alone: aiokafka drops the other's error.
        await _describe(client, group, node)
        found = await client.list_consumer_group_offsets(group, group_coordinator_id=node)
        return {each: committed.offset for each, committed in found.items() if committed.offset >= 0}

    return await _by_coordinator(client, group, fetch)


async def _describe(client: AIOKafkaAdminClient, group: str, node: int) -> Group:
    (response,) = await client.describe_consumer_groups([group], group_coordinator_id=node)
    (code, _name, state, _type, _protocol, members, *_) = response.groups[0]
    if code:
        raise for_code(code)(f"cannot describe the group {group}")
    return Group(state, [_member(*each) for each in members])


async def _by_coordinator(client: AIOKafkaAdminClient, group: str, ask: Callable[[int], Awaitable[T]]) -> T:
    """Return what the broker that coordinates a group answers, once there is one."""
    began = time.monotonic()
    while True:
        try:
            return await ask(await client.find_coordinator(group))
        except NOT_YET:
            if time.monotonic() - began > COORDINATOR_WITHIN_SECONDS:
                raise
        await asyncio.sleep(COORDINATOR_POLL_SECONDS)


def _member(member_id: str, client_id: str, host: str, _metadata: bytes, assignment: bytes) -> Member:
    decoded: Any = ConsumerProtocolMemberAssignment.decode(assignment) if assignment else None
    assigned = {topic: sorted(numbers) for topic, numbers in decoded.assignment} if decoded else {}
    return Member(member_id, client_id, host.removeprefix("/"), dict(sorted(assigned.items())))
