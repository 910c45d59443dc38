"""Decisions, past and live: the reclassifications of the topic, filtered.

They are read as a subscriber should: what a later version adds is passed over, and what comes again under its id is dropped.
"""

from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec import Struct

from relationship.contract import filters
from relationship.contract.decisions import DimensionPart, PlayPart, PolicyPart
from relationship.contract.outcome import RECLASSIFIED
from streams.config.settings import Settings
from streams.kafka.reading import follow, read_to_end
from views.errors import server_errors
from views.newest import LIMIT, Newest, stored_at


class DecisionSegment(Struct, frozen=True):
    """Who the account is, in words that a later version may have more of."""

    industry: str
    party: str | None
    scope: str
    market: str | None
    standing: str


class Decision(Struct, frozen=True, kw_only=True):
    """A reclassification as the topic has it (see `relationship.contract.decisions`); only what a line shows is required."""

    account_id: str
    from_: str = msgspec.field(name="from")
    to: str
    effective_at: str
    score: float
    why: str
    event_id: str | None = None
    transition_seq: int | None = None
    direction: str | None = None
    decided_at: str | None = None
    confidence: float | None = None
    dimensions: list[DimensionPart] = []
    what_next: str | None = None
    segment: DecisionSegment | None = None
    play: PlayPart | None = None
    policy: PolicyPart | None = None
    caused_by: str | None = None
    supersedes: str | None = None


class DecisionRecord(Struct, frozen=True):
    """A record of the topic: what it says (None: no reclassification), its bytes, and where and when it was stored."""

    decision: Decision | None
    value: bytes | None
    partition: int
    offset: int
    stored_at: datetime


class DecisionFilter(filters.DecisionFilter, frozen=True, kw_only=True):
    """Which decisions are wanted, of those read from the topic."""

    def takes(self, decision: Decision | None) -> bool:
        """Tell whether a decision is wanted; a record that is none is, where nothing is filtered."""
        if decision is None:
            return self == EVERYTHING
        policy, segment = decision.policy, decision.segment
        wanted = (
            (self.account, {decision.account_id}),
            (self.industry, {segment.industry} if segment else set()),
            (self.from_, {decision.from_}),
            (self.to, {decision.to}),
            (self.direction, {decision.direction}),
            (self.policy, {policy.id, policy.version} if policy else set()),
        )
        return (
            all(value is None or value in found for value, found in wanted)
            and (self.least_confidence is None or (decision.confidence or 0.0) >= self.least_confidence)
            and self._in_time(decision.effective_at)
        )

    def _in_time(self, effective_at: str) -> bool:
        if self.since is None and self.until is None:
            return True
        t = datetime.fromisoformat(effective_at)
        return (self.since is None or self.since <= t) and (self.until is None or t < self.until)


EVERYTHING: Final = DecisionFilter()


class Decisions(Struct, frozen=True):
    """Past decisions: the newest of those that fit, the newest last, and how many fit."""

    decisions: list[DecisionRecord]
    total: int


async def decisions(settings: Settings, wanted: DecisionFilter = EVERYTHING, limit: int = LIMIT) -> Decisions:
    """Return the newest decisions that are wanted, by when Kafka stored them. Raises ServerError, TopicsError."""
    newest = Newest[DecisionRecord](limit)
    with server_errors(settings):
        async for record in read_to_end(settings, RECLASSIFIED, key=_key(wanted)):
            found = decision_record(record)
            if found.decision is not None and wanted.takes(found.decision):
                newest.add(record, found, found.decision.event_id)
    return Decisions(newest.items(), newest.total)


async def follow_decisions(
    settings: Settings, wanted: DecisionFilter = EVERYTHING, *, from_beginning: bool = False
) -> AsyncGenerator[DecisionRecord, None]:
    """Give the decisions that are wanted as they come, without end; first those that are there, with `from_beginning`.

    Repeats are given as they come: whoever keeps anything drops them by their id. Raises ServerError, TopicsError.
    """
    with server_errors(settings):
        async for record in follow(settings, RECLASSIFIED, from_beginning=from_beginning, key=_key(wanted)):
            found = decision_record(record)
            if wanted.takes(found.decision):
                yield found


def decision_record(record: Any) -> DecisionRecord:
    """Return a record of the topic as what it says."""
    return DecisionRecord(read_decision(record.value), record.value, record.partition, record.offset, stored_at(record))


def read_decision(value: bytes | None) -> Decision | None:
    """Return the decision of a record's value; None where it is none."""
    try:
        return _decode(value or b"")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


_decode: Final = msgspec.json.Decoder(Decision).decode


def _key(wanted: DecisionFilter) -> bytes | None:
    """Return the key that all wanted records have, if there is one: only its partition is read then."""
    return None if wanted.account is None else wanted.account.encode()
