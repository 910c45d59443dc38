"""Records of a large base for the read model: what a worker would have published of so many accounts over three years.

The messages are made of one real shape, with what is filtered and ordered by drawn anew: the tables and their indexes see
the variety of a base, and no worker has to fold it.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Final

import msgspec

from relationship.contract.enums import INDUSTRIES, MARKETS, PARTIES, SCOPES
from relationship.contract.names import DIMENSIONS
from relationship.contract.outcome import AUDIT, RECLASSIFIED, REJECTED, SHADOWED, STATE, Reason
from streams.wire import dead_letters

SEED: Final = 14
DAYS: Final = 1_095
#: The base ends today, so that pages that look at the last month or year have something to show.
FIRST: Final = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=DAYS)
STORED_MS: Final = int((FIRST + timedelta(days=DAYS)).timestamp() * 1000)
#: What an account has been through, and how many of a hundred have.
PATHS: Final = (
    (("prospect",), 15),
    (("prospect", "customer"), 45),
    (("prospect", "customer", "candidate"), 12),
    (("prospect", "customer", "candidate", "client"), 10),
    (("prospect", "customer", "candidate", "client", "candidate"), 3),
    (("prospect", "customer", "lapsed"), 15),
)
RANK: Final = ("lapsed", "prospect", "customer", "candidate", "client")
STANDINGS: Final = ("potential", "new", "regular", "loyal")
#: One record of the other topics for so many accounts.
EVERY: Final = {AUDIT: 20, REJECTED: 10, SHADOWED: 20}


@dataclass(slots=True)
class Made:
    """A record, as Kafka would deliver it."""

    topic: str
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]] = field(default_factory=list)
    partition: int = 0


class Base:
    """Makes the records of accounts, topic by topic with rising offsets."""

    def __init__(self) -> None:
        self._random = random.Random(SEED)  # noqa: S311 - a seeded generator is what a measure wants
        self._ends = dict.fromkeys((STATE, RECLASSIFIED, *EVERY), 0)
        self._paths = self._random.choices([path for path, _ in PATHS], [share for _, share in PATHS], k=10_000)
        self._encode = msgspec.json.Encoder().encode

    def account(self, number: int) -> Iterator[Made]:
        """Give the records of one account."""
        name, draw = f"account-{number * 7_919 % 10_000_000:07}", self._random
        segment = {
            "industry": draw.choice(INDUSTRIES[: draw.choice((4, 17))]),
            "party": draw.choice(PARTIES),
            "scope": SCOPES[draw.random() < 0.03],  # noqa: PLR2004 - few are internal
            "market": draw.choice(MARKETS),
            "standing": draw.choice(STANDINGS),
        }
        path, at = self._paths[number % len(self._paths)], draw.uniform(0, DAYS)
        for seq, (before, after) in enumerate(pairwise(path), 1):
            at = min(DAYS, at + draw.expovariate(1 / 60))
            yield self._record(RECLASSIFIED, name, self._decision(name, seq, before, after, _time(at), segment))
        yield self._record(STATE, name, self._state(name, path, _time(at), segment))
        for topic, every in EVERY.items():
            if number % every == 0:
                yield self._other(topic, name, _time(draw.uniform(0, DAYS)))

    def _record(self, topic: str, name: str, value: Any, headers: Any = ()) -> Made:
        self._ends[topic] += 1
        raw = value if isinstance(value, bytes) else self._encode(value)
        return Made(topic, self._ends[topic] - 1, STORED_MS, name.encode(), raw, list(headers))

    def _decision(self, name: str, seq: int, before: str, after: str, at: str, segment: Any) -> dict[str, Any]:
        draw = self._random
        parts = [
            {
                "name": each,
                "value": draw.random(),
                "weight": 6.0,
                "contribution": draw.random() * 6,
                "evidence": [f"p-{seq}"],
            }
            for each in DIMENSIONS
        ]
        return {
            "event_id": f"rc-{draw.getrandbits(128):032x}",
            "account_id": name,
            "transition_seq": seq,
            "from": before,
            "to": after,
            "direction": "lapse" if after == "lapsed" else _direction(before, after),
            "effective_at": at,
            "decided_at": at,
            "score": round(draw.uniform(0, 80), 2),
            "confidence": round(draw.betavariate(6, 1), 3),
            "dimensions": parts,
            "why": f"It asked for advice {seq} times, and a plan was made together on {at}.",
            "what_next": "Three planning meetings of an hour in person, a week apart, would make it a client.",
            "segment": segment,
            "play": {
                "name": "serve",
                "service_model": "a team",
                "marketing": "by trade",
                "actions": ["call it"],
                "stop": [],
            },
            "policy": {"id": "clientward-default", "version": str(draw.choice((1, 1, 1, 2)))},
            "caused_by": f"p-{seq}",
            "supersedes": None,
            "schema_version": "1.0",
        }

    def _state(self, name: str, path: tuple[str, ...], at: str, segment: Any) -> dict[str, Any]:
        draw = self._random
        return {
            "account_id": name,
            "status": path[-1],
            "since": at,
            "score": round(draw.uniform(0, 80), 2),
            "confidence": round(draw.betavariate(6, 1), 3),
            "segment": segment,
            "play": draw.choice(("attract", "serve_at_scale", "develop", "care", "let_go")),
            "policy": {"id": "clientward-default", "version": "2"},
            "transition_seq": len(path) - 1,
            "held_until": None,
            "as_of": at,
            "schema_version": "1.0",
        }

    def _other(self, topic: str, name: str, at: str) -> Made:
        draw = self._random
        if topic == REJECTED:
            return self._record(topic, name, b'{"account_id":"%s","amount":9}' % name.encode(), _refused(draw, at))
        common = {"event_id": f"x-{draw.getrandbits(64):x}", "account_id": name, "decided_at": at}
        if topic == AUDIT:
            more = {
                "action": draw.choice(("override", "release", "merge", "correct")),
                "outcome": "done",
                "detail": None,
            }
            return self._record(topic, name, {**common, **more, "by": f"user-{draw.randrange(40)}", "occurred_at": at})
        sides = [
            {"status": each, "score": 40.0, "policy": {"id": "p", "version": "1"}} for each in draw.sample(RANK, 2)
        ]
        rest = {"kind": "entered", "active": sides[0], "shadow": sides[1], "publication": "p", "approximate": False}
        return self._record(topic, name, {**common, **rest, "effective_at": at})


def _refused(draw: random.Random, at: str) -> list[tuple[str, bytes]]:
    noted = {
        dead_letters.REASON: draw.choice(list(Reason)).value,
        dead_letters.PARTITION: "0",
        dead_letters.OFFSET: "1",
        dead_letters.TOPIC: draw.choice(("crm.purchase.recorded.v1", "crm.ticket.updated.v1")),
        dead_letters.MESSAGE: "amount: expected `str`, got `int`",
        dead_letters.REFUSED_AT: at,
    }
    return [(name, text.encode()) for name, text in noted.items()]


def _direction(before: str, after: str) -> str:
    return "promotion" if RANK.index(after) > RANK.index(before) else "demotion"


def _time(day: float) -> str:
    return (FIRST + timedelta(days=day)).isoformat()
