"""Decisions for the client's tests: plain ones, chains of one account, and records as Kafka delivers them."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

import msgspec

from clientward_client.messages import RECLASSIFIED, STATE, Decision, Dimension, Play, Policy, Segment

START = datetime(2026, 1, 1, tzinfo=UTC)


def decision(account: str = "acme", from_: str = "prospect", to: str = "customer", **fields: Any) -> Decision:
    """Return a decision."""
    values = {
        "event_id": f"rc-{account}-{from_}-{to}",
        "account_id": account,
        "transition_seq": 1,
        "from_": from_,
        "to": to,
        "direction": "promotion",
        "effective_at": START,
        "decided_at": START + timedelta(minutes=1),
        "score": 12.5,
        "confidence": 0.75,
        "dimensions": [Dimension("trust", 0.5, 10.0, 5.0, ["e1"])],
        "why": "Because.",
        "what_next": "More.",
        "segment": Segment("retail", None, "external", None, "new"),
        "play": Play("court", "person", "one to one", ["call"], ["spam"]),
        "policy": Policy("p", "1"),
        "caused_by": "e1",
        **fields,
    }
    return Decision(**values)


def chain(account: str, *statuses: str) -> list[Decision]:
    """Return an account's decisions that lead from each status to the next."""
    steps = pairwise(statuses)
    return [
        decision(account, from_, to, event_id=f"rc-{account}-{seq}", transition_seq=seq)
        for seq, (from_, to) in enumerate(steps, start=1)
    ]


def encoded(message: Decision) -> bytes:
    """Return a decision as it travels: without what the client adds."""
    value = msgspec.to_builtins(message)
    del value["stands_for"]
    return msgspec.json.encode(value)


class FakeRecord(NamedTuple):
    """A record as aiokafka gives it."""

    topic: str = RECLASSIFIED
    partition: int = 0
    offset: int = 0
    timestamp: int = 0
    key: bytes | None = b"acme"
    value: bytes | None = None
    headers: tuple[tuple[str, bytes | None], ...] = ()


def record(message: Decision, offset: int, timestamp: int = 0) -> FakeRecord:
    """Return a decision's record."""
    headers = (("ce_id", message.event_id.encode()),)
    return FakeRecord(RECLASSIFIED, 0, offset, timestamp, message.account_id.encode(), encoded(message), headers)


def tombstone(account: str, offset: int, timestamp: int = 0, event_id: str = "erase-c1") -> FakeRecord:
    """Return a tombstone of the topic of states."""
    headers = (("ce_id", event_id.encode()), ("ce_time", b"2026-01-02T00:00:00Z"))
    return FakeRecord(STATE, 0, offset, timestamp, account.encode(), None, headers)
