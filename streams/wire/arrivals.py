"""Arrivals: decoded records of the intake, the input of the merge and of the fold. Values only."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple, cast

from relationship.contract.messages import MEETINGS, PROFILES, PURCHASES, TICKETS, Message
from relationship.contract.outcome import Delivered, Refused
from relationship.contract.times import DAY_US
from streams.wire.records import FetchedRecord

# Topics whose records of one moment have no order of their own; commands and the worker's own messages have.
PRODUCED: Final = frozenset({PURCHASES, TICKETS, MEETINGS, PROFILES})
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
TRACEPARENT: Final = "traceparent"
#: Header of a dead letter that was sent again: how many days late this one record may be (`streams/wire/redriving.py`).
LATENESS_DAYS: Final = "clientward_lateness_days"
LONGEST_DAYS: Final = 5  # digits; more are no number of days
MOST_LATENESS_DAYS: Final = 3_650  # as the setting `lateness_days` has it


class Arrival(Delivered, frozen=True, gc=False):
    """One decoded record of the intake: a message for the fold, or the reason why it is refused.

    A struct that Python's garbage collector does not track: tens of thousands of them wait at a time in a backfill.

    Attributes:
        at: event time. That of a refused record is the one of the record before, so that it does not advance the clock.
        record: the record as fetched.
        refused: why the record is refused; `message` is then this too, and no message.
    """

    at: datetime = EPOCH
    record: Any = None  # never None; a struct's field after one with a default needs a default too
    refused: Refused | None = None

    @property
    def arrived_ms(self) -> int:
        """When Kafka stored the record, in ms since the epoch."""
        return int(self.record.timestamp)

    @property
    def lateness_us(self) -> int:
        """How late (µs) this record may be by its own header; 0 where it has none, or one that is no number of days."""
        headers = self.record.headers
        return _lateness_us(dict(headers).get(LATENESS_DAYS)) if headers else 0


def arrival_of(topic: str, record: FetchedRecord, message: Message | Refused, at: datetime) -> Arrival:
    """Return a decoded record of a topic as an arrival. `at` is its event time."""
    traceparent = _traceparent(record) if record.headers else None
    refused = message if type(message) is Refused else None
    return Arrival(topic, record.offset, cast("Message", message), traceparent, False, at, record, refused)  # noqa: FBT003


def _lateness_us(days: bytes | None) -> int:
    return min(int(days), MOST_LATENESS_DAYS) * DAY_US if days and days.isdigit() and len(days) <= LONGEST_DAYS else 0


def _traceparent(record: FetchedRecord) -> str | None:
    for name, value in record.headers:
        if name == TRACEPARENT and value is not None:
            return str(value, errors="replace")
    return None


class StepInput(NamedTuple):
    """The input of one step.

    Attributes:
        arrivals: all of them, in event-time order.
        accounts: those that are not refused, by the table key of their account, in order.
        refused: those that are refused, in order.
    """

    arrivals: Sequence[Arrival]
    accounts: Mapping[bytes, Sequence[Arrival]]
    refused: Sequence[Arrival]


def step_input(arrivals: Sequence[Arrival]) -> StepInput:
    """Return arrivals as the input of one step."""
    accounts: defaultdict[bytes, list[Arrival]] = defaultdict(list)
    refused = []
    for arrival in arrivals:
        if arrival.refused is None:
            accounts[arrival.record.key].append(arrival)
        else:
            refused.append(arrival)
    for key, each in accounts.items():
        if len(each) > 1:
            accounts[key] = in_order_of_ids(each)
    return StepInput(arrivals, accounts, refused)


def in_order_of_ids(arrivals: list[Arrival]) -> list[Arrival]:
    """Return an account's arrivals with those of one topic and one moment by their ids, in which order they are folded.

    A till stamps all lines of a basket alike: against that order, each but the first would have the history folded anew.
    """
    runs: list[list[Arrival]] = []
    for arrival in arrivals:
        last = runs[-1][0] if runs else arrival
        if runs and arrival.at == last.at and arrival.topic == last.topic and arrival.topic in PRODUCED:
            runs[-1].append(arrival)
        else:
            runs.append([arrival])
    if len(runs) == len(arrivals):
        return arrivals
    return [each for run in runs for each in sorted(run, key=_event_id)]


def _event_id(arrival: Arrival) -> str:
    return arrival.message.event_id


def first_step_input(arrivals: Sequence[Arrival], most: int) -> StepInput:
    """Return the first arrivals, up to the one that would be more than `most` of its key, as the input of a step."""
    whole = step_input(arrivals)
    if max(map(len, whole.accounts.values()), default=0) + len(whole.refused) <= most:
        return whole
    end = _cut(arrivals, most)
    return whole if end == len(arrivals) else step_input(arrivals[:end])


def _cut(arrivals: Sequence[Arrival], most: int) -> int:
    """Return the number of arrivals before the first that would be more than `most` of its key."""
    seen: Counter[bytes | None] = Counter()
    for number, arrival in enumerate(arrivals):
        key = arrival.record.key
        if seen[key] == most:
            return number
        seen[key] += 1
    return len(arrivals)


def positions_after(arrivals: Iterable[Arrival]) -> dict[str, int]:
    """Return the next offset of every topic. Within a topic, arrivals are in order."""
    return {arrival.topic: arrival.offset + 1 for arrival in arrivals}
