"""Where an account's id is found: in Redis and in every topic, until when it stays there, and why.

An erasure takes the account out of Redis at once and puts a tombstone on every compacted topic; Kafka's cleaner does the
rest in its time. Of the topics that keep records for a time no single record can be deleted: what they hold of the account
leaves when its time is up. This module looks, and changes nothing.

Everything is compared as a whole text: a record's key, any string of a JSON value, the accounts that a table's record
names and the messages that it keeps to send again. What can be read as neither is searched for the id's bytes.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
from msgspec import Struct
from yarl import URL

from clientward_store.batch import ORDER
from clientward_store.client import sync_client
from clientward_store.keys import Keys, target_of
from relationship.state.record import RecordError, decode
from relationship.timeline.posting import unpack
from streams.config.settings import Settings
from streams.engine.commit import MARKER, changed_accounts
from streams.engine.step import decode_entry
from streams.health.table import table_keys
from streams.kafka.admin import admin_client, read_topics
from streams.kafka.reading import read_to_end
from streams.kafka.topics import topics_for

# Entries of a hash that Redis hands over in one answer.
SCAN_ENTRIES: Final = 1_000
FOREVER: Final = "-1"  # Kafka's word for a retention without end


class ErasureTrace(Struct, frozen=True):
    """What one place holds of an account.

    `found` counts records. `until`: when Kafka has dropped them at the latest; None where they are live: no erasure has come
    to them, and they will not leave by themselves.
    """

    place: str
    found: int
    until: datetime | None
    text: str


class _Seen:
    """What a topic holds of an account: how many records, the newest of them, and what the last one of each key says."""

    def __init__(self) -> None:
        self.found = 0
        self.newest_ms = 0
        self.last: dict[bytes | None, bool] = {}  # by key: whether its last record names the account in a value

    def add(self, record: Any, account_id: str) -> None:
        """Take a record in."""
        named = mentions(record.value, account_id)
        if record.key in self.last or named or record.key == account_id.encode():
            self.last[record.key] = named or (record.key == account_id.encode() and record.value is not None)
            self.newest_ms = max(self.newest_ms, record.timestamp)
            self.found += named or record.key == account_id.encode()


async def traces(settings: Settings, account_id: str) -> AsyncIterator[ErasureTrace]:
    """Give what Redis and each topic hold of an account, place by place; nothing of a place that holds nothing."""
    for trace in await asyncio.to_thread(_in_redis, settings, account_id):
        yield trace
    names = [spec.name for spec in topics_for(settings)]
    async with admin_client(settings) as client:
        topics = await read_topics(client, names)
    for name in names:
        if name in topics:
            seen = _Seen()
            async for record in read_to_end(settings, name):
                seen.add(record, account_id)
            if seen.found:
                yield judged(name, seen, topics[name].config)


def judged(name: str, seen: _Seen, config: Mapping[str, str]) -> ErasureTrace:
    """Return what is to be said of a topic that holds something."""
    newest = datetime.fromtimestamp(seen.newest_ms / 1000, UTC)
    if "compact" in config["cleanup.policy"]:
        if any(seen.last.values()):
            return ErasureTrace(name, seen.found, None, "its last record is no tombstone")
        wait = _span(config["max.compaction.lag.ms"]) + _span(config["delete.retention.ms"])
        text = "a tombstone is there; compacted once something else is written to the partition"
        return ErasureTrace(name, seen.found, newest + wait, text)
    if config["retention.ms"] == FOREVER:
        return ErasureTrace(name, seen.found, None, "the topic has no retention")
    whole = newest + _span(config["retention.ms"]) + _span(config["segment.ms"])
    return ErasureTrace(name, seen.found, whole, "kept for the topic's retention, and dropped with its whole segment")


def _span(milliseconds: str) -> timedelta:
    """Return Kafka's milliseconds; what stands for "never" is longer than any retention and shorter than any calendar."""
    return timedelta(milliseconds=min(int(milliseconds), 100 * 365 * 86_400_000))


def mentions(value: bytes | None, account_id: str) -> bool:
    """Tell whether a record's value names the account."""
    if value is None:
        return False
    try:
        return account_id in _texts(msgspec.json.decode(value))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return record_mentions(value, account_id)


def record_mentions(raw: bytes, account_id: str) -> bool:
    """Tell whether a table's record names the account: merged into it, its guest, or in what is kept to send again."""
    try:
        record = decode(raw)
    except RecordError:
        return account_id.encode() in raw
    if account_id == record.merged_into or account_id in record.merged_sources:
        return True
    return any(each.key == account_id or mentions(each.value, account_id) for each in unpack(record.pending))


def _texts(value: Any) -> Iterator[str]:
    """Yield every text in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, each in value.items():
            yield name
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _in_redis(settings: Settings, account_id: str) -> list[ErasureTrace]:
    client: Any = sync_client(target_of(URL(settings.redis_url.get_secret_value())))
    try:
        found = [_in_partition(client, table_keys(settings, n), account_id) for n in range(settings.partitions)]
    finally:
        client.close()
    own, others, waiting = (sum(counts) for counts in zip(*found, strict=True))
    told = [
        ErasureTrace("Redis", own, None, "the account's own record and timer: it is not erased, or has come again"),
        ErasureTrace(
            "Redis", others, None, "records of other accounts: merged with it (`unmerge`), or their last messages"
        ),
        ErasureTrace(
            "Redis", waiting, None, "waits for Kafka, or to be looked at: ask again when the worker has no lag"
        ),
    ]
    return [trace for trace in told if trace.found]


def _in_partition(client: Any, keys: Keys, account_id: str) -> tuple[int, int, int]:
    """Return how often a partition's keys hold the account: as its own, in other accounts' records, and in passing."""
    key = account_id.encode()
    own = int(client.hexists(keys.values, key)) + (client.zscore(keys.due, key) is not None)
    values = client.hscan_iter(keys.values, count=SCAN_ENTRIES)
    others = sum(name != key and record_mentions(raw, account_id) for name, raw in values)
    waiting = int(client.sismember(keys.restored, key))
    for name, raw in client.hscan_iter(keys.outbox, count=SCAN_ENTRIES):
        waiting += _waits(name, raw[ORDER.size :], account_id)
    return own, others, waiting


def _waits(name: bytes, record: bytes, account_id: str) -> bool:
    """Tell whether a record of the outbox, a message or a step's marker, speaks of the account."""
    if name.startswith(MARKER):
        return account_id.encode() in changed_accounts(record)
    entry = decode_entry(record)
    return account_id in {entry.account, entry.outgoing.key} or mentions(entry.outgoing.value, account_id)
