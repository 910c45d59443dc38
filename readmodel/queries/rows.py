"""Stored bodies to messages, and times to datetimes."""

from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from readmodel.bodies import unpacked
from relationship.contract.decisions import Audit, Reclassification, ShadowDifference, State
from relationship.contract.times import EPOCH, datetime_of, micros

_decision: Final = msgspec.json.Decoder(Reclassification)
_state: Final = msgspec.json.Decoder(State)
_audit: Final = msgspec.json.Decoder(Audit)
_shadow: Final = msgspec.json.Decoder(ShadowDifference)


def decision_of(body: bytes) -> Reclassification:
    """Return the decision of a body."""
    return _decision.decode(unpacked(body))


def state_of(body: bytes) -> State:
    """Return the state of a body."""
    return _state.decode(unpacked(body))


def entry_of(body: bytes) -> Audit:
    """Return the audit entry of a body."""
    return _audit.decode(unpacked(body))


def difference_of(body: bytes) -> ShadowDifference:
    """Return the shadow's difference of a body."""
    return _shadow.decode(unpacked(body))


def moment_of(ms: int) -> datetime:
    """Return the time of ms since the epoch."""
    return EPOCH + timedelta(milliseconds=ms)


def micros_or_none(time: datetime | None) -> int | None:
    """Return µs since the epoch of a time; one without an offset is taken as UTC."""
    if time is None:
        return None
    return micros(time if time.tzinfo is not None else time.replace(tzinfo=UTC))


__all__ = ["datetime_of", "decision_of", "difference_of", "entry_of", "micros_or_none", "moment_of", "state_of"]
