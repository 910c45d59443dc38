"""What both examples share: records of Clientward's topics, handled at least once, in the order of their arrival.

The group's offsets are committed after what was fetched is handled, so whoever is killed in between handles it again: a
handler sets things and adds nothing. `CLIENTWARD_KAFKA_BOOTSTRAP` names the brokers, as everywhere in Clientward.
"""

import os
from collections.abc import Awaitable, Callable, Sequence

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

RECLASSIFIED = "crm.relationship.reclassified.v1"
STATE = "crm.relationship.state.v1"
MOST_AT_ONCE = 50  # records between two commits: whoever is killed repeats no more than these

Handle = Callable[[ConsumerRecord], Awaitable[None]]


async def follow(group: str, topics: Sequence[str], handle: Handle, *, once: bool = False) -> None:
    """Handle every record of the topics, from the first one on; with `once` up to where they end now, and return."""
    servers = os.environ.get("CLIENTWARD_KAFKA_BOOTSTRAP", "127.0.0.1:9092")
    consumer = AIOKafkaConsumer(
        bootstrap_servers=servers, group_id=group, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    consumer.subscribe(topics)
    ends: dict[TopicPartition, int] = {}
    async with consumer:
        while not ends or not once or any([await consumer.position(each) < end for each, end in ends.items()]):
            fetched = await consumer.getmany(timeout_ms=500, max_records=MOST_AT_ONCE)
            ends = ends or await consumer.end_offsets(consumer.assignment())
            # An account's records have the same partition number in every topic, and Kafka's clock gives them their order.
            records = sorted((each for found in fetched.values() for each in found), key=lambda each: each.timestamp)
            for record in records:
                await handle(record)
            if records:
                await consumer.commit()


def why_gone(record: ConsumerRecord) -> str:
    """Return why a tombstone on the topic of states took an account away: "erase" or "merge"."""
    headers = dict(record.headers)
    return headers.get("ce_id", b"").decode().partition("-")[0]
