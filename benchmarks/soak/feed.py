"""What the soak publishes: the simulator's mix, told as happening now, of a fixed set of accounts drawn evenly.

Every account plays what one of the simulator's accounts does, in its order and over again, under ids of its own. Some
records come again, come late or are spoiled, at the simulator's own rates. The feed counts what must become of each
record, so that the end can be held against it.

Among them stand probes: accounts of their own that are overridden and released in turn, so that each of their records
brings a decision, however long it goes on, and a decision's latency can be measured without adding accounts.
"""

import random
from collections import Counter, deque
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from typing import Any, Final, NamedTuple

import msgspec

from benchmarks.events import SEED, Event, purchase
from relationship.contract.messages import COMMANDS, PURCHASES
from simulator import Rates, simulate_events
from streams.kafka.partitioning import partition_of_key

SCRIPT_EVENTS: Final = 20_000  # of the simulator, from which the accounts' scripts come
PROBES: Final = 500
PROBE_SHARE: Final = 0.02  # of the records
# At most: a decision costs the core several times what other events do, and in life comes a few times a year.
PROBES_A_SECOND: Final = 50
LATEST_SECONDS: Final = 600  # how late a late record is at most: well within what the soak has told of its account
RECENT: Final = 1_000  # records of which one may come again
RATES: Final = Rates()
FAR_FUTURE: Final = "2999-01-01T00:00:00Z"

Script = Sequence[tuple[str, bytes]]


def probe_share_at(rate: int, share: float = PROBE_SHARE) -> float:
    """Return the share of probes at a rate (records a second): the one given, but no more than PROBES_A_SECOND allows."""
    return min(share, PROBES_A_SECOND / max(1, rate))


class Fed(NamedTuple):
    """A record to publish; `probe` is its event's id where its decision is waited for."""

    event: Event
    probe: str | None = None


class Feed:
    """An endless supply of records.

    Attributes:
        expected: how many of those handed out must be `applied`, a `repeat`, or `refused`.
        probe_share: share of the records to come that are probes.
    """

    def __init__(
        self, accounts: int, partitions: int, seed: int = SEED, probe_share: float = PROBE_SHARE, rates: Rates = RATES
    ) -> None:
        self.expected: Counter[str] = Counter()
        self.probe_share = probe_share
        self._rates = rates
        self._chance = random.Random(seed)  # noqa: S311 - for repeatable figures
        self._partitions = partitions
        self._scripts = scripts(seed)
        self._accounts = accounts
        self._played = bytearray(accounts)  # how far each account is in its script, modulo 256
        self._told = (datetime.min.replace(tzinfo=UTC), "")  # the last moment as text: many records share one
        self._probed = [0] * PROBES
        self._recent: deque[Event] = deque(maxlen=RECENT)
        self._numbers = count(1)

    def next(self, now: datetime) -> Fed:
        """Return the next record, told as of this moment."""
        luck, rates = self._chance.random(), self._rates
        if luck < self.probe_share:
            return self.probe(now)
        luck -= self.probe_share
        if luck < rates.repeat and self._recent:
            self.expected["repeat"] += 1
            return Fed(self._chance.choice(self._recent))
        luck -= rates.repeat
        late = self._chance.randrange(1, LATEST_SECONDS) if luck < rates.late else 0
        event = self._played_next(now - timedelta(seconds=late) if late else now)
        if rates.late <= luck < rates.late + rates.poison:
            self.expected["refused"] += 1
            return Fed(event._replace(value=self._spoiled(event.value)))
        self.expected["applied"] += 1
        self._recent.append(event)
        return Fed(event)

    def _played_next(self, at: datetime) -> Event:
        number = int(self._chance.random() * self._accounts)
        script = self._scripts[number % len(self._scripts)]
        topic, rest = script[self._played[number] % len(script)]
        self._played[number] = (self._played[number] + 1) % 256
        if at is not self._told[0]:
            self._told = at, moment(at)
        key, told = b"soak-%07d" % number, self._told[1]
        head = f'{{"event_id":"s{next(self._numbers)}","account_id":"{key.decode()}","occurred_at":"{told}",'
        return Event(topic, partition_of_key(key, self._partitions), key, head.encode() + rest, told)

    def _spoiled(self, value: bytes) -> bytes:
        """Return a record that must be refused: cut off, of a version to come, or of a time to come."""
        way = self._chance.randrange(3)
        if way == 0:
            return value[: len(value) // 2]
        field: dict[str, Any] = {"schema_version": "2.0"} if way == 1 else {"occurred_at": FAR_FUTURE}
        return msgspec.json.encode(msgspec.json.decode(value) | field)

    def probe(self, now: datetime) -> Fed:
        """Return a probe's next record: its first purchase, then an override and its release in turn."""
        number = self._chance.randrange(PROBES)
        turn = self._probed[number]
        self._probed[number] += 1
        self.expected["applied"] += 1
        account, event_id, at = f"probe-{number:04d}", f"b{next(self._numbers)}", moment(now)
        partition = partition_of_key(account.encode(), self._partitions)
        if turn == 0:
            value = purchase(0, account, at).replace(b'"p0"', b'"%s"' % event_id.encode())
            return Fed(Event(PURCHASES, partition, account.encode(), value, at), event_id)
        return Fed(Event(COMMANDS, partition, account.encode(), _command(event_id, account, now, turn), at), event_id)


def _command(event_id: str, account: str, now: datetime, turn: int) -> bytes:
    head = {"event_id": event_id, "account_id": account, "occurred_at": moment(now), "by": "soak", "reason": "a probe"}
    if turn % 2 == 0:
        return msgspec.json.encode({**head, "command": "release"})
    until = moment(now + timedelta(days=365))
    return msgspec.json.encode({**head, "command": "override", "status": "client", "until": until})


def moment(at: datetime) -> str:
    """Return a moment as RFC 3339 with milliseconds: an account may have two events in a second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


@cache
def scripts(seed: int) -> Sequence[Script]:
    """Return what each of the simulator's accounts does: topics, and JSON that lacks its ids, its moment and its brace.

    A record that credits another account is left out: the worker would publish to its own intake, uncounted here.
    """
    end = datetime(2026, 6, 1, tzinfo=UTC)
    cast = simulate_events(SCRIPT_EVENTS, end, seed, rates=Rates(repeat=0.0, late=0.0, poison=0.0))
    played = (cast.played(number) for number in range(len(cast.accounts)))
    told = (
        [(each.topic, _rest(each.value)) for each in events if b"referred_by" not in each.value] for events in played
    )
    return tuple(script for script in told if script)


def _rest(value: bytes) -> bytes:
    fields = msgspec.json.decode(value)
    for name in ("event_id", "account_id", "occurred_at"):
        del fields[name]
    return msgspec.json.encode(fields)[1:]
