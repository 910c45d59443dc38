"""The doctor's check on the changelog: could a Redis that has lost everything be rebuilt from it?

Compaction leaves the last record of every account, so that a partition has at least as many offsets as Redis has accounts
in it. Fewer mean that it was cut, made anew or deleted by time: nothing is wrong yet, and a lost Redis would be lost.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Final, NamedTuple

from redis.exceptions import RedisError

from streams.config.redis import redis_client
from streams.config.settings import Settings
from streams.health.finding import Finding
from streams.health.table import table_keys
from streams.kafka.reading import reader

# Seconds after which it is looked at again: a step is in Redis a moment before Kafka has its states.
AGAIN_SECONDS: Final = 3.0
KEEP: Final = (
    "keep Redis and its files: lost, it could not be rebuilt. Ask who cut or deleted the topic; an account comes back to it "
    "with its next event"
)


class Span(NamedTuple):
    """A partition of the changelog: its first offset and the one after its last; and what Redis holds of it.

    Attributes:
        accounts: how many the table has.
        reflected: the last offset that the table reflects, or None where that is not known.
    """

    begin: int
    end: int
    accounts: int
    reflected: int | None

    @property
    def is_short(self) -> bool:
        """Whether the changelog has less than the table rests on."""
        return self.end - self.begin < self.accounts or (self.reflected is not None and self.reflected >= self.end)


async def check_changelog(settings: Settings, config: Mapping[str, str]) -> Finding:
    """Compare the changelog with the table. Raises KafkaError, TopicsError.

    `config`: the topic's settings as Kafka has them.
    """
    topic = settings.changelog_topic
    if config.get("cleanup.policy") != "compact":
        text = f"{topic} has cleanup.policy={config.get('cleanup.policy')}: accounts leave it by time"
        return Finding("fail", "changelog", text, "run `clientward topics apply`, before Kafka deletes a segment")
    spans: dict[int, Span] = {}
    with suppress(RedisError):  # told by the checks on Redis
        spans = await _spans(settings)
        if any(each.is_short for each in spans.values()):
            await asyncio.sleep(AGAIN_SECONDS)
            spans = await _spans(settings)
    return changelog_finding(topic, spans)


def changelog_finding(topic: str, spans: Mapping[int, Span]) -> Finding:
    """Judge the partitions of the changelog; none: Redis could not be asked."""
    for number, span in spans.items():
        if span.is_short:
            kept = f"{span.end - span.begin:,} records at most in partition {number}, which ends at {span.end:,}"
            text = (
                f"{topic} has {kept}; Redis has {span.accounts:,} accounts there, and reflects record {span.reflected}"
            )
            return Finding("fail", "changelog", text, KEEP)
    if not spans:
        return Finding("ok", "changelog", f"{topic} is compacted; Redis was not asked what it holds")
    accounts = sum(each.accounts for each in spans.values())
    return Finding("ok", "changelog", f"{topic} is compacted and has what {accounts:,} accounts in Redis rest on")


async def _spans(settings: Settings) -> dict[int, Span]:
    """Return each partition; Redis is asked first, so that what comes meanwhile is in Kafka too. Raises RedisError."""
    held: dict[int, tuple[int, int | None]] = {}
    async with redis_client(settings) as client:
        for number in range(settings.partitions):
            keys = table_keys(settings, number)
            reflected = await client.hget(keys.meta, "changelog")
            held[number] = await client.hlen(keys.values), None if reflected is None else int(reflected)
    async with reader(settings, settings.changelog_topic) as (consumer, partitions):
        begins, ends = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
    return {
        each.partition: Span(begins[each], ends[each], *held[each.partition])
        for each in partitions
        if each.partition in held
    }
