"""Arrivals: records of the intake, decoded, as the merge and the fold take them. Values only."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple, cast

from relationship.contract.messages import Message
from relationship.contract.outcome import Delivered, Refused
from streams.wire.records import FetchedRecord

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
TRACEPARENT: Final = "traceparent"


class Arrival(Delivered, frozen=True, gc=False):
    """One record of the intake, decoded: a message as the fold takes it, or the reason why it is refused.

    A plain struct, which Python's garbage collector passes over: tens of thousands of them wait at a time in a backfill.

    Attributes:
        at: when it happened. A refused one moves no clock: it stands where the one before did.
        record: as it was fetched.
        refused: why it is refused; there is no message then, and this stands in its place.
    """

    at: datetime = EPOCH
    record: Any = None  # a struct's fields after one with a default need one too; there always is a record
    refused: Refused | None = None

    @property
    def arrived_ms(self) -> int:
        """When Kafka stored the record, in ms since the epoch."""
        return int(self.record.timestamp)


def arrival_of(topic: str, record: FetchedRecord, message: Message | Refused, at: datetime) -> Arrival:
    """Return a decoded record of a topic as an arrival. `at` is when it happened."""
    traceparent = _traceparent(record) if record.headers else None
    refused = message if type(message) is Refused else None
    return Arrival(topic, record.offset, cast("Message", message), traceparent, at, record, refused)


def _traceparent(record: FetchedRecord) -> str | None:
    for name, value in record.headers:
        if name == TRACEPARENT and value is not None:
            return str(value, errors="replace")
    return None


class StepInput(NamedTuple):
    """What one step takes.

    Attributes:
        arrivals: in event-time order.
        accounts: those that are not refused, of every account by its table key, in order.
        refused: those that are, in order.
    """

    arrivals: Sequence[Arrival]
    accounts: Mapping[bytes, Sequence[Arrival]]
    refused: Sequence[Arrival]


def step_input(arrivals: Sequence[Arrival]) -> StepInput:
    """Return arrivals as one step takes them."""
    accounts: defaultdict[bytes, list[Arrival]] = defaultdict(list)
    refused = []
    for arrival in arrivals:
        if arrival.refused is None:
            accounts[arrival.record.key].append(arrival)
        else:
            refused.append(arrival)
    return StepInput(arrivals, accounts, refused)


def first_step_input(arrivals: Sequence[Arrival], most: int) -> StepInput:
    """Return the first arrivals that hold at most `most` records of any one key."""
    share = step_input(arrivals)
    if max(map(len, share.accounts.values()), default=0) + len(share.refused) <= most:
        return share
    end = _cut(arrivals, most)
    return share if end == len(arrivals) else step_input(arrivals[:end])


def _cut(arrivals: Sequence[Arrival], most: int) -> int:
    """Return how many arrivals come before the first that would be one too many of its key."""
    seen: Counter[bytes | None] = Counter()
    for number, arrival in enumerate(arrivals):
        key = arrival.record.key
        if seen[key] == most:
            return number
        seen[key] += 1
    return len(arrivals)


def positions_after(arrivals: Iterable[Arrival]) -> dict[str, int]:
    """Return the next offset of every topic; within a topic, arrivals are in order."""
    return {arrival.topic: arrival.offset + 1 for arrival in arrivals}
