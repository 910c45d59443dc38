"""Faust's assignor, without the maps that grow with members times partitions.

Faust has every member send, at every rebalance, who owns which partition of which topic in the whole group, and the broker
keeps all that in one record of at most `message.max.bytes`: at a thousand partitions twenty workers fill it, and one more
ends the group with UNKNOWN_SERVER_ERROR. The maps serve Faust's router alone, which sends a web request for a key to the
worker that has it. There is none here: accounts are read from Redis. What sticks, a member's own partitions, is kept.
"""

from faust.assignor.partition_assignor import ClientAssignmentMapping, PartitionAssignor
from faust.types.assignor import HostToPartitionMap


class Assignor(PartitionAssignor):
    """Assigns as Faust's does, and tells nobody of the others' partitions."""

    def _get_changelog_distribution(self, assignments: ClientAssignmentMapping) -> HostToPartitionMap:  # noqa: ARG002 - Faust's
        return {}

    def _get_external_topic_distribution(self, assignments: ClientAssignmentMapping) -> HostToPartitionMap:  # noqa: ARG002 - Faust's
        return {}
