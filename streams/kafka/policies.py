"""The topic of policies, read and written for a person; `agents/policy_follower.py` follows it for a worker."""

from datetime import UTC, datetime

from relationship.contract.decisions import Published
from relationship.contract.outcome import POLICIES
from relationship.policy.compiled import Policy
from relationship.timeline.published import PublishedPolicies, audit, outgoing
from streams.config.settings import Settings
from streams.kafka.admin import TopicsError
from streams.kafka.outgoing import sending_of
from streams.kafka.publisher import ProducerRecord
from streams.kafka.reading import read_to_end
from streams.kafka.sending import producer, require_topics, send_batch


async def read_policies(settings: Settings, first: Policy) -> PublishedPolicies:
    """Return what the topic holds now; what is no policy is left out. Raises TopicsError and KafkaError."""
    found = PublishedPolicies(first)
    async for record in read_to_end(settings, POLICIES):
        found.apply(record.value)
    return found


async def publish_policy(settings: Settings, published: Published, action: str) -> None:
    """Publish a policy, and then the audit's entry on it; return when Kafka has both."""
    entries = (outgoing(published), audit(published, action, None, datetime.now(UTC)))
    await require_topics(settings, {entry.topic for entry in entries})
    async with producer(settings) as client:
        for entry in entries:
            sending = sending_of(entry, None)
            headers = [(name, value or b"") for name, value in sending.headers]
            (refusal,) = await send_batch(
                client, [ProducerRecord(sending.topic, None, sending.key, sending.value, headers)]
            )
            if refusal is not None:
                raise TopicsError(f"{entry.topic} does not take the policy: {refusal}")
