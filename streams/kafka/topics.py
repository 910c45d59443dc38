"""The topics as data: what each one is for, how long it keeps what, and why. Pure: `streams/kafka/admin.py` applies it.

Rules that hold for every topic here:
- The same number of partitions and the same partitioner (murmur2), so that an account's records, its state and its
  changelog stand in partitions of the same number. The number is chosen once: another one moves keys.
- `message.timestamp.type=LogAppendTime`: retention counts from a record's arrival. With the producer's own time, an
  import of last year's purchases would be older than the retention on arrival and be deleted before it was read, and
  the broker would refuse a record dated more than an hour ahead, which is ours to refuse with a reason. When something
  happened is in the message, as `occurred_at`.
- `max.message.bytes` lets through somewhat more than we accept, so that a record that is too large is refused by us, in
  the dead-letter topic, and not by the broker in the face of a producer.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from relationship.contract.messages import COMMANDS, MEETINGS, MOVES, PROFILES, PURCHASES, REFERRALS, TICKETS
from relationship.contract.outcome import AUDIT, POLICIES, RECLASSIFIED, REJECTED, SHADOWED, STATE
from streams.config.settings import Settings

DAY_MS: Final = 86_400_000
# Kafka deletes whole segments, of seven days unless told otherwise: an event may stay that much longer than its retention.
# The erasure that took it must stay longer still, for a replay. Days.
ERASED_DAYS: Final = 14
# Of a compacted topic, how long a tombstone stays for a subscriber that was away: a week of holidays.
TOMBSTONE_MS: Final = 7 * DAY_MS
# Of a compacted topic, the longest that a replaced or erased record may stay: erasure must be done within days.
COMPACTION_LAG_MS: Final = DAY_MS
# Headers of a dead letter and the overhead of a batch; the refused bytes themselves come on top.
HEADERS_BYTES: Final = 65_536
# A record of the changelog is an account's whole history within the lateness, not one event; and however short the events
# are, a history is never held to less than Kafka's own limit, of a megabyte.
CHANGELOG_FACTOR: Final = 4
CHANGELOG_LEAST: Final = 1_048_576
# What the doctor wrote is read back at once. Days.
PROBE_DAYS: Final = 1
# Bytes of a record that are not its value: the key, of 255 bytes at most, and the batch around it.
RECORD_OVERHEAD: Final = 1_024


class TopicSpec(NamedTuple):
    """One topic as it should be. `config` holds Kafka's names and values as text; `reason` says why these."""

    name: str
    partitions: int
    replication: int
    config: Mapping[str, str]
    reason: str


def changelog_bytes(settings: Settings) -> int:
    """Return the longest record that the changelog takes, in bytes."""
    return max(CHANGELOG_LEAST, CHANGELOG_FACTOR * settings.max_record_bytes)


def account_bytes(settings: Settings) -> int:
    """Return the longest that an account's encoded record may be, in bytes."""
    return changelog_bytes(settings) - RECORD_OVERHEAD


def topics_for(settings: Settings) -> list[TopicSpec]:
    """Return every topic of a deployment: intake, output, the changelog of the table and the doctor's own."""
    return [*_intake(settings), *_output(settings), _changelog(settings), _probe(settings)]


def probe_topic(settings: Settings) -> str:
    """Return the topic to which the doctor writes, and nobody else."""
    return f"{settings.group}-doctor"


def _intake(settings: Settings) -> list[TopicSpec]:
    days = settings.intake_retention_days
    kept = f"{days} days: longer than the {settings.lateness_days} days that an event may be late, for a replay"
    size = settings.max_record_bytes + HEADERS_BYTES
    return [
        *(_delete(settings, name, days, size, kept) for name in (PURCHASES, TICKETS, MEETINGS)),
        _compact(settings, PROFILES, size, "the last profile of every account, however old"),
        _delete(
            settings,
            COMMANDS,
            days + ERASED_DAYS,
            size,
            f"{days} days and {ERASED_DAYS}: no event outlives its erasure",
        ),
        _delete(settings, REFERRALS, days, size, f"{kept}; the worker's own messages to the accounts that referred"),
        _delete(
            settings,
            MOVES,
            days,
            changelog_bytes(settings) + HEADERS_BYTES,
            f"{kept}; the worker's own: histories that merge",
        ),
    ]


def _output(settings: Settings) -> list[TopicSpec]:
    size = settings.max_record_bytes + HEADERS_BYTES
    decisions, rejected, audit = (
        settings.decisions_retention_days,
        settings.rejected_retention_days,
        settings.audit_retention_days,
    )
    return [
        _delete(settings, RECLASSIFIED, decisions, size, f"{decisions} days: a new subscriber reads the past back"),
        _compact(settings, STATE, size, "the last state of every account, for late subscribers to start from"),
        _delete(
            settings, REJECTED, rejected, size + HEADERS_BYTES, f"{rejected} days: no shorter than intake, to redrive"
        ),
        _delete(settings, AUDIT, audit, size, f"{audit} days: who did what must be answerable for years"),
        _compact(
            settings, POLICIES, size, "every switch of the policy, under a key of its own: a rebuild needs them all"
        ),
        _compact(settings, SHADOWED, size, "the last difference of every account between the policy and its shadow"),
    ]


def _changelog(settings: Settings) -> TopicSpec:
    size = changelog_bytes(settings)
    return _compact(settings, settings.changelog_topic, size, "what the table in Redis is rebuilt from: never deleted")


def _probe(settings: Settings) -> TopicSpec:
    return _delete(
        settings, probe_topic(settings), PROBE_DAYS, HEADERS_BYTES, "what `clientward doctor` writes and reads"
    )


def _delete(settings: Settings, name: str, days: int, size: int, reason: str) -> TopicSpec:
    return _spec(settings, name, size, {"cleanup.policy": "delete", "retention.ms": str(days * DAY_MS)}, reason)


def _compact(settings: Settings, name: str, size: int, reason: str) -> TopicSpec:
    config = {
        "cleanup.policy": "compact",
        "delete.retention.ms": str(TOMBSTONE_MS),
        "max.compaction.lag.ms": str(COMPACTION_LAG_MS),
    }
    return _spec(settings, name, size, config, reason)


def _spec(settings: Settings, name: str, size: int, config: dict[str, str], reason: str) -> TopicSpec:
    common = {
        "message.timestamp.type": "LogAppendTime",
        "min.insync.replicas": str(min_insync(settings.replication)),
        "max.message.bytes": str(size),
    }
    return TopicSpec(name, settings.partitions, settings.replication, {**config, **common}, reason)


def min_insync(replication: int) -> int:
    """Return how many copies a write waits for: two where a third may be away, one where there are fewer."""
    return 2 if replication >= 3 else 1  # noqa: PLR2004 - the sentence above is the reason
