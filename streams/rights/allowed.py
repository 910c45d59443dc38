"""What the brokers allow this user to do with topics and groups (KIP-430), and what of a part's rights is missing.

aiokafka speaks Metadata up to version 5, and the allowed operations came with 8: its two structures are here.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final, NamedTuple

import tenacity
from aiokafka.client import AIOKafkaClient, CoordinationType
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    TopicAuthorizationFailedError,
    for_code,
)
from aiokafka.protocol.admin import DescribeGroupsRequest_v3, DescribeGroupsResponse_v3
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Array, Boolean, Int16, Int32, Schema, String

from streams.kafka.groups import COORDINATOR_POLL_SECONDS, COORDINATOR_WITHIN_SECONDS, NOT_YET
from streams.rights.parts import ALTER, CONFIGS, CREATE, DESCRIBE, READ, WRITE, Part, Resource

# Kafka's codes of operations; of those allowed, an answer has the bit of each.
CODES: Final = {READ: 3, WRITE: 4, CREATE: 5, DESCRIBE: 8, CONFIGS: 10, ALTER: 11}


class Missing(NamedTuple):
    """A right that the user lacks, in the words of Kafka's ACLs."""

    operation: str
    resource: Resource
    name: str


class MetadataResponse_v8(Response):  # type: ignore[misc]  # noqa: N801 - aiokafka has no types; as it names its own
    """Kafka's answer to Metadata, version 8."""

    API_KEY = 3
    API_VERSION = 8
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "brokers",
            Array(("node_id", Int32), ("host", String("utf-8")), ("port", Int32), ("rack", String("utf-8"))),
        ),
        ("cluster_id", String("utf-8")),
        ("controller_id", Int32),
        (
            "topics",
            Array(
                ("error_code", Int16),
                ("topic", String("utf-8")),
                ("is_internal", Boolean),
                (
                    "partitions",
                    Array(
                        ("error_code", Int16),
                        ("partition", Int32),
                        ("leader", Int32),
                        ("leader_epoch", Int32),
                        ("replicas", Array(Int32)),
                        ("isr", Array(Int32)),
                        ("offline_replicas", Array(Int32)),
                    ),
                ),
                ("authorized_operations", Int32),
            ),
        ),
        ("cluster_authorized_operations", Int32),
    )


class MetadataRequest_v8(RequestStruct):  # type: ignore[misc]  # noqa: N801 - the same
    """Kafka's Metadata, version 8: with what is allowed."""

    API_KEY = 3
    API_VERSION = 8
    RESPONSE_TYPE = MetadataResponse_v8
    SCHEMA = Schema(
        ("topics", Array(String("utf-8"))),
        ("allow_auto_topic_creation", Boolean),
        ("include_cluster_authorized_operations", Boolean),
        ("include_topic_authorized_operations", Boolean),
    )


class AllowedRequest(Request[MetadataRequest_v8]):  # type: ignore[misc]  # the same
    """Asks what is allowed with some topics."""

    API_KEY = 3

    def __init__(self, topics: list[str]) -> None:
        self._topics = topics

    def build(self, request_struct_class: type[MetadataRequest_v8]) -> MetadataRequest_v8:
        """Return the request as it is sent."""
        return request_struct_class(self._topics, False, False, True)  # noqa: FBT003 - the fields of the protocol


class GroupRequest_v3(DescribeGroupsRequest_v3):  # type: ignore[misc]  # noqa: N801 - the same
    """Kafka's DescribeGroups, version 3; aiokafka 0.14 reads the answer as version 2, without what is allowed."""

    RESPONSE_TYPE = DescribeGroupsResponse_v3


class AllowedGroupRequest(Request[GroupRequest_v3]):  # type: ignore[misc]  # the same
    """Asks what is allowed with a group."""

    API_KEY = 15

    def __init__(self, group: str) -> None:
        self._group = group

    def build(self, request_struct_class: type[GroupRequest_v3]) -> GroupRequest_v3:
        """Return the request as it is sent."""
        return request_struct_class([self._group], True)  # noqa: FBT003 - the field of the protocol


async def missing_rights(client: AIOKafkaClient, part: Part) -> list[Missing]:
    """Return what a part does and the user may not do. Raises KafkaError."""
    wanted = {"Topic": dict[str, set[str]](), "Group": dict[str, set[str]]()}
    for right in part.kafka:
        for name in right.names:
            wanted[right.resource].setdefault(name, set()).update(right.operations)
    answer = await client.send(client.get_random_node(), AllowedRequest([*wanted["Topic"]]))
    found = [*_of_topics(answer, wanted["Topic"])]
    for group, operations in wanted["Group"].items():
        found += await _of_group(client, group, operations)
    return found


def _of_topics(response: Any, wanted: Mapping[str, Collection[str]]) -> Iterator[Missing]:
    for code, topic, _internal, _partitions, allowed in response.topics:
        if code == TopicAuthorizationFailedError.errno:
            yield Missing(DESCRIBE, "Topic", topic)
        elif code == 0:
            yield from (Missing(each, "Topic", topic) for each in _denied(wanted[topic], allowed))


async def _of_group(client: AIOKafkaClient, group: str, operations: Collection[str]) -> list[Missing]:
    try:
        allowed = await _allowed_on_group(client, group)
    except GroupAuthorizationFailedError:
        return [Missing(DESCRIBE, "Group", group)]
    return [Missing(each, "Group", group) for each in _denied(operations, allowed)]


def _denied(operations: Collection[str], allowed: int) -> list[str]:
    """Return those of the operations that an answer's bits do not allow, in Kafka's order."""
    return [name for name, code in CODES.items() if name in operations and not allowed & 1 << code]


async def _allowed_on_group(client: AIOKafkaClient, group: str) -> int:
    """Return the operations allowed on a group. A broker that never had one makes their topic first. Raises KafkaError."""
    allowed = 0
    async for attempt in tenacity.AsyncRetrying(
        retry=tenacity.retry_if_exception_type(NOT_YET),
        stop=tenacity.stop_after_delay(COORDINATOR_WITHIN_SECONDS),
        wait=tenacity.wait_fixed(COORDINATOR_POLL_SECONDS),
        reraise=True,
    ):
        with attempt:
            node = await client.coordinator_lookup(CoordinationType.GROUP, group)
            answer = await client.send(node, AllowedGroupRequest(group))
            code, *_, allowed = answer.groups[0]
            if code:
                raise for_code(code)(f"cannot describe the group {group}")
    return allowed
