"""How the firm records now, by the events of a week, against what the policy in force was calibrated on."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final

from msgspec import Struct

from relationship.analysis.drift import Drift, density_drift, fields_drift
from relationship.analysis.filling import filling
from relationship.analysis.findings import Told, told_points
from relationship.analysis.recording import TYPES
from relationship.contract.messages import MEETINGS, MESSAGE_TYPES, PROFILES, PURCHASES, TICKETS, Message
from relationship.contract.outcome import Refused
from relationship.contract.times import DAY_US
from relationship.policy.compiled import load_policy
from streams.config.settings import Settings
from streams.kafka.policies import read_policies
from streams.kafka.reading import Stretch, read_since
from streams.wire.codecs import Codec, Limits
from views.errors import server_errors

#: A week, as the workers' alerts: a weekend or a slow day is no change.
DAYS: Final = 7
#: Messages of a topic that are looked at: a share is right to two hundredths by them.
SAMPLE: Final = 2_500
TOPICS: Final = (PURCHASES, TICKETS, MEETINGS, PROFILES)


class HowRecorded(Struct, frozen=True):
    """How the firm records, and what its policy takes it for.

    Attributes:
        policy_id, policy_version: of the policy in force.
        calibrated: it has a part `[firm]`; without, it takes all 100 points for such as the events can reach.
        reach: of 100 points, those that the events can reach, as calibrated.
        dimensions: each with the points that the events cannot win, as calibrated.
        days, since: the time that was looked at.
        events: how many events of each type came in that time.
        looked_at: how many of them were looked at.
        refused: how many records among those no worker would take; they say nothing.
        fields: how each optional field is filled, and whether that has moved.
        density: meetings and tickets for one purchase.
    """

    policy_id: str
    policy_version: str
    calibrated: bool
    reach: float
    dimensions: list[Told]
    days: int
    since: datetime
    events: dict[str, int]
    looked_at: dict[str, int]
    refused: int
    fields: list[Drift]
    density: Drift

    @property
    def moved(self) -> list[Drift]:
        """What is not as it was calibrated, the density among it."""
        return [each for each in (*self.fields, self.density) if each.verdict in {"fell", "rose"}]


async def how_recorded(settings: Settings) -> HowRecorded:
    """Return how the firm recorded over the last week. Raises ServerError, TopicsError, PolicyError."""
    now_us = time.time_ns() // 1_000
    since_us = now_us - DAYS * DAY_US
    first = load_policy(settings.policy_file)
    with server_errors(settings):
        known, found = await asyncio.gather(
            read_policies(settings, first), read_since(settings, TOPICS, since_us // 1_000, SAMPLE)
        )
    policy = known.rules.at(now_us)
    messages, refused = _decoded(settings, found, now_us)
    seen, filled = _counted(messages)
    events = {TYPES[type_of]: found[topic].records for type_of, topic in _TOPIC_OF.items()}
    return HowRecorded(
        policy_id=policy.id,
        policy_version=policy.version,
        calibrated=policy.source.firm is not None,
        reach=policy.reach,
        dimensions=told_points(policy, policy.firm),
        days=DAYS,
        since=datetime.fromtimestamp(since_us / 1e6, UTC),
        events=events,
        looked_at=dict(seen),
        refused=refused,
        fields=fields_drift(policy, seen, filled),
        density=density_drift(policy, events["purchase"], events["meeting"] + events["ticket"]),
    )


_TOPIC_OF: Final = {kind: topic for topic, kind in MESSAGE_TYPES.items() if topic in TOPICS}


def _decoded(settings: Settings, found: Mapping[str, Stretch], now_us: int) -> tuple[list[Message], int]:
    """Return the messages of the samples, and how many records no worker would take."""
    codec, messages, refused = Codec(Limits(**settings.record_limits())), list[Message](), 0
    for record in (each for stretch in found.values() for each in stretch.sample):
        message = codec.decode(
            record.topic,
            record.key,
            record.value,
            now_us,
            offset=record.offset,
            timestamp_us=record.timestamp * 1_000,
            headers=record.headers,
        )
        if isinstance(message, Refused):
            refused += 1
        else:
            messages.append(message)
    return messages, refused


def _counted(messages: Iterable[Message]) -> tuple[Counter[str], Counter[tuple[str, str]]]:
    """Return how many messages of each type there are, and how many of them have each field."""
    seen, filled = Counter[str](), Counter[tuple[str, str]]()
    for each in filling(messages):
        seen[each.type] = each.yes + each.no
        filled[each.type, each.field] = each.yes
    return seen, filled
