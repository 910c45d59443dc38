"""Valid messages, and how the codec's tests change and decode them."""

import json
from datetime import UTC, datetime
from typing import Any

from relationship.contract.messages import (
    COMMANDS,
    MEETINGS,
    MOVES,
    PROFILES,
    PURCHASES,
    REFERRALS,
    TICKETS,
)
from relationship.state.facts import ReferralFact
from relationship.timeline.merging import pack
from streams.wire.codecs import Codec, Limits

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
NOW_US = int(NOW.timestamp() * 1e6)
CODEC = Codec(Limits())
SECRET = "s3cr3t-canary"

HISTORY = pack([ReferralFact(1, "r-1")])
COMMON = {"event_id": "e-1", "account_id": "acme", "occurred_at": "2026-05-01T10:00:00Z"}
VALID: dict[str, dict[str, Any]] = {
    PURCHASES: {**COMMON, "amount": "129.90", "currency": "EUR", "quantity": 2, "customised": True},
    TICKETS: {**COMMON, "ticket_id": "t-1", "status": "opened", "kind": "advice", "csat": 4.5},
    MEETINGS: {**COMMON, "meeting_id": "m-1", "kind": "review", "duration_minutes": 45, "attendees_ours": 2},
    PROFILES: {**COMMON, "industry": "law", "contract": {"id": "c", "kind": "policy", "signed_on": "2026-01-01"}},
    COMMANDS: {**COMMON, "command": "override", "status": "client", "until": "2027-01-01T00:00:00Z", "by": "ops"},
    REFERRALS: {**COMMON, "referred": "globex"},
    MOVES: {
        **COMMON,
        "action": "join",
        "source": "globex",
        "cause": "c-1",
        "through": [],
        "count": HISTORY[0],
        "history": HISTORY[1],
    },
}
CORRECTION = {**COMMON, "command": "correct", "corrects": "e-0", "value": None}
FIXED = {**VALID[PURCHASES], "event_id": "e-0"}


def changed(topic: str = PURCHASES, **fields: Any) -> bytes:
    """A valid message of `topic` with some fields changed; the ellipsis takes one out."""
    return json.dumps({name: value for name, value in {**VALID[topic], **fields}.items() if value is not ...}).encode()


def raw(text: str) -> bytes:
    """A valid purchase with `text` as one more member."""
    return changed()[:-1] + b"," + text.encode() + b"}"


def correction(**fields: Any) -> bytes:
    """A correction of a purchase, with some fields changed."""
    return json.dumps({name: value for name, value in {**CORRECTION, **fields}.items() if value is not ...}).encode()


def decode(value: bytes | None, topic: str = PURCHASES, **arguments: Any) -> Any:
    """What the codec makes of a record; by default keyed as it should be."""
    settings = {"key": b"acme", "offset": 7, "timestamp_us": NOW_US, "headers": (), **arguments}
    codec = settings.pop("codec", CODEC)
    return codec.decode(topic, settings.pop("key"), value, NOW_US, **settings)
