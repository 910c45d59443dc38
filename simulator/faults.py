"""What goes wrong between a system and the topic: repeats, late arrivals, and records that must be refused.

A fault never changes what happened: a repeat is the same bytes again, a late record arrives within the 30 days that the
contract allows, and a poisoned record is a spoiled copy beside the good one. So the truth stays the truth.
"""

from datetime import datetime, timedelta
from random import Random
from typing import Any, Final, NamedTuple

import msgspec

from simulator.casting import DAY
from simulator.chance import around, between, even, pick
from simulator.playing import Scene
from simulator.wire import PROFILES

HOUR: Final = 3_600
LATEST: Final = 25 * DAY  # well within the 30 days of the contract
TOO_LATE_DAYS: Final = (50, 120)  # well beyond them
NESTED: Final = 200  # deeper than anybody's limit
SPOILS: Final = even("DECODE", "SCHEMA", "VERSION", "SIZE", "TIME", "KEY", "CONFLICT", "LATE")
SCHEMA_SPOILS: Final[tuple[dict[str, Any], ...]] = (
    {"kind": "gift"},
    {"channel": "pigeon"},
    {"party": "robot"},
    {"occurred_at": "yesterday"},
    {"occurred_at": "2024-01-01T00:00:00"},
    {"account_id": None},
    {"event_id": ""},
)
MONEY_SPOILS: Final[tuple[dict[str, Any], ...]] = (
    {"amount": "-5.00"},
    {"amount": 5.25},
    {"amount": "1e400"},
    {"currency": "XQQ"},
    {"currency": "usd"},
)
SPOILED_TIMES: Final = ("1970-01-01T00:00:00Z", "2999-01-01T00:00:00Z")


class Rates(NamedTuple):
    """Shares of the records that arrive twice, arrive late, or have a spoiled copy beside them."""

    repeat: float = 0.012
    late: float = 0.02
    poison: float = 0.003


class SimEvent(NamedTuple):
    """One record as it reaches its topic.

    Attributes:
        topic: where to.
        key: the record's key: the account's id, unless the fault is in the key.
        account_id: whose it is.
        occurred_at: when it happened, in the offset of the account's own systems.
        arrival: when it reaches the topic, in POSIX seconds; `occurred_at`, unless it is late or repeated.
        value: the record: JSON, unless the fault is in there.
        fault: None, `repeat`, `late`, or `poison:` and the reason for which it must be refused.
    """

    topic: str
    key: str | None
    account_id: str
    occurred_at: datetime
    arrival: int
    value: bytes
    fault: str | None = None


_encode = msgspec.json.Encoder().encode


def deliver(scenes: list[Scene], account_id: str, rng: Random, rates: Rates, end: int) -> list[SimEvent]:
    """Write an account's messages out as records, with faults at the given rates; in no certain order of arrival."""
    records = []
    for scene in scenes:
        occurred_at: datetime = scene.value["occurred_at"]
        value = _encode(scene.value)
        record = SimEvent(scene.topic, account_id, account_id, occurred_at, scene.at, value)
        luck = rng.random() - rates.late
        if luck < 0:
            record = _late(record, rng, end)
        records.append(record)
        if 0 <= luck < rates.repeat:
            records.append(_repeat(record, rng, end))
        elif rates.repeat <= luck < rates.repeat + rates.poison:
            records.append(spoil(record, scene, pick(rng, SPOILS), rng))
    return records


def _late(record: SimEvent, rng: Random, end: int) -> SimEvent:
    arrival = record.arrival + min(LATEST, int(around(rng, 8 * HOUR, 1.8)))
    return record._replace(arrival=arrival, fault="late") if arrival < end else record


def _repeat(record: SimEvent, rng: Random, end: int) -> SimEvent:
    arrival = record.arrival + int(between(rng, (1, 3 * DAY)))
    return record._replace(arrival=min(arrival, end), fault="repeat")


def spoil(record: SimEvent, scene: Scene, reason: str, rng: Random) -> SimEvent:
    """Return a copy of a record, right behind it, that has to be refused for the reason named."""
    spoiled = record._replace(fault=f"poison:{reason}")
    if reason == "KEY":
        return spoiled._replace(key=rng.choice((None, "somebody-else")))
    if reason == "DECODE":
        return spoiled._replace(value=_garbled(record.value, rng))
    if reason == "CONFLICT":
        return spoiled._replace(value=_encode(_contradicted(scene)))
    fresh = scene.value | {"event_id": f"{scene.value['event_id']}x"}
    if reason == "LATE":
        occurred_at = record.occurred_at - timedelta(days=rng.randrange(*TOO_LATE_DAYS))
        return spoiled._replace(occurred_at=occurred_at, value=_encode(fresh | {"occurred_at": occurred_at}))
    return spoiled._replace(value=_spoiled_value(fresh, scene.topic, reason, rng))


def _spoiled_value(value: dict[str, Any], topic: str, reason: str, rng: Random) -> bytes:
    if reason == "VERSION":
        return _encode(value | {"schema_version": "2.0"})
    if reason == "TIME":
        return _encode(value | {"occurred_at": rng.choice(SPOILED_TIMES)})
    if reason == "SIZE":
        return b'{"extra":' + b"[" * NESTED + b"]" * NESTED + b"," + _encode(value)[1:]
    return _encode(value | _misfit(value, topic, rng))


def _misfit(value: dict[str, Any], topic: str, rng: Random) -> dict[str, Any]:
    if "amount" in value:
        return rng.choice(MONEY_SPOILS)
    fields = {"event_id", "account_id", "occurred_at"} | ({"party"} if topic == PROFILES else {"kind", "channel"})
    return rng.choice([misfit for misfit in SCHEMA_SPOILS if fields.issuperset(misfit)])


def _contradicted(scene: Scene) -> dict[str, Any]:
    """Return another message under the same id."""
    if "amount" in scene.value:
        return scene.value | {"amount": f"9{scene.value['amount']}"}
    if "duration_minutes" in scene.value:
        return scene.value | {"duration_minutes": scene.value["duration_minutes"] + 1}
    return scene.value | {"occurred_at": scene.value["occurred_at"] - timedelta(hours=1)}


def _garbled(value: bytes, rng: Random) -> bytes:
    return rng.choice(
        (
            value[: len(value) // 2],
            value.replace(b'"event_id":"', b'"event_id":"\xff', 1),
            b'{"event_id":"again",' + value[1:],
        )
    )
