"""One step of one partition as values: arrivals in, what is to be written and sent out. Pure apart from the codec.

A `Step` is worked out before anything is written, so that a step that fails for want of Redis or Kafka is repeated as it
is, and one whose partition was lost leaves nothing behind.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from operator import attrgetter
from typing import Any, Final, NamedTuple, cast

import msgspec

from clientward_store import Write
from relationship.messages import Message
from relationship.outcome import Applied, Delivered, Fold, Outcome, Outgoing, Refused, Repeat
from streams.fetching import Record
from streams.publisher import Sending

SOURCE: Final = b"clientward"
SPEC_VERSION: Final = b"1.0"
CONTENT_TYPE: Final = b"application/json"
TRACEPARENT: Final = "traceparent"
VERDICTS: Final = {Applied: "applied", Repeat: "repeat", Refused: "refused"}
KEY: Final = attrgetter("record.key")
AT: Final = attrgetter("at")


class Arrival(Delivered, frozen=True, gc=False):
    """One record of the intake, decoded: a message as the fold takes it, or the reason why it is refused.

    A plain struct, which Python's garbage collector passes over: tens of thousands of them wait at a time in a backfill.

    Attributes:
        at: when it happened, in seconds since the epoch. A refused one moves no clock: it stands where the one before did.
        record: as it was fetched.
        refused: why it is refused; there is no message then, and this stands in its place.
    """

    at: float = 0.0
    record: Any = None  # a struct's fields after one with a default need one too; there always is a record
    refused: Refused | None = None

    @property
    def arrived_ms(self) -> int:
        """When Kafka stored the record, in ms since the epoch."""
        return int(self.record.timestamp)


class Entry(NamedTuple):
    """One record of the outbox: what to publish, and the account whose changelog record must be stored before it.

    `arrived_ms` is the timestamp of the newest record behind the decision, or 0 where a timer decided.
    """

    account: str
    outgoing: Outgoing
    arrived_ms: int = 0


class Step(NamedTuple):
    """What one step asks for.

    Attributes:
        write: what goes into Redis, at once.
        entries: the outbox of this step, in order, by id.
        refused: what goes into the dead-letter topic.
        counts: how many records of a topic had which verdict.
        newest: event time of the newest accepted message, seconds since the epoch, or 0.
    """

    write: Write
    entries: Mapping[bytes, Entry]
    refused: Sequence[tuple[Record, Refused]]
    counts: Mapping[tuple[str, str], int]
    newest: float


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Entry).decode


def decode_entry(record: bytes) -> Entry:
    """Return an outbox record of Redis as it was written."""
    return _decode(record)


def by_account(arrivals: Iterable[Arrival]) -> tuple[dict[bytes, list[Arrival]], list[Arrival]]:
    """Return the arrivals of every account by its table key, in order, and those that are refused."""
    accounts: defaultdict[bytes, list[Arrival]] = defaultdict(list)
    refused = []
    for arrival in arrivals:
        if arrival.refused is None:
            accounts[arrival.record.key].append(arrival)
        else:
            refused.append(arrival)
    return accounts, refused


def cut(arrivals: Sequence[Arrival], most: int) -> int:
    """Return how many of the arrivals hold at most `most` of any one account."""
    if max(Counter(map(KEY, arrivals)).values(), default=0) <= most:
        return len(arrivals)
    seen: Counter[bytes | None] = Counter()
    for number, arrival in enumerate(arrivals):
        key = arrival.record.key
        if seen[key] == most:
            return number
        seen[key] += 1
    return len(arrivals)


class Folding:
    """Collects the outcomes of a step's accounts into a `Step`."""

    def __init__(self, fold: Fold, records: Mapping[bytes, bytes | None], decided_at: int) -> None:
        self._fold = fold
        self._records = records
        self._decided_at = decided_at
        self._values: dict[bytes, bytes | None] = {}
        self._due: dict[bytes, int | None] = {}
        self._entries: dict[bytes, Entry] = {}
        self._refused: list[tuple[Record, Refused]] = []
        self._counts: Counter[tuple[str, str]] = Counter()
        self._newest = 0.0

    def arrivals(self, accounts: Mapping[bytes, Sequence[Arrival]], refused: Iterable[Arrival]) -> Iterator[None]:
        """Fold arrivals, account by account; pauses after each, so that whoever drives this can let others have a turn."""
        for arrival in refused:
            if arrival.refused is not None:
                self._refuse(arrival, arrival.refused)
        for key, arrivals in accounts.items():
            self._step(key, arrivals)
            yield
        self._newest = max(map(AT, chain.from_iterable(accounts.values())), default=0.0)

    def _step(self, key: bytes, arrivals: Sequence[Arrival]) -> None:
        account, last = arrivals[0].message.account_id, arrivals[-1]
        outcome = self._fold.step(account, self._records[key], arrivals, self._decided_at)
        counts = self._counts
        for arrival, verdict in zip(arrivals, outcome.verdicts, strict=True):
            if isinstance(verdict, Refused):
                self._refuse(arrival, verdict)
            else:
                counts[arrival.topic, VERDICTS[type(verdict)]] += 1
        self._outcome(account, key, outcome, last.arrived_ms)

    def repeats(self, arrivals: Iterable[Arrival]) -> None:
        """Count arrivals that were folded before, and whose account has left since."""
        self._counts.update((arrival.topic, VERDICTS[Repeat]) for arrival in arrivals)

    def wake(self, accounts: Iterable[bytes], now: int) -> None:
        """Let the timers of accounts run up to `now` (µs)."""
        for key in accounts:
            record = self._records[key]
            self._due[key] = None
            if record is not None:
                account = key.decode()
                outcome = self._fold.wake(account, record, now, self._decided_at)
                self._outcome(account, key, outcome, 0)
                self._due[key] = outcome.due_at

    def restored(self, accounts: Iterable[bytes]) -> None:
        """Publish the latest decisions of accounts that came back from the changelog, and put their timers back."""
        for key in accounts:
            record = self._records[key]
            if record is not None:
                account = key.decode()
                self._publish(account, self._fold.pending(account, record), 0)
                self._due[key] = self._fold.wake(account, record, 0, self._decided_at).due_at

    def _outcome(self, account: str, key: bytes, outcome: Outcome, arrived_ms: int) -> None:
        if outcome.changed:
            self._values[key] = outcome.record
            self._due[key] = outcome.due_at
        self._publish(account, outcome.sends, arrived_ms)

    def _publish(self, account: str, sends: Iterable[Outgoing], arrived_ms: int) -> None:
        for outgoing in sends:
            # An id tells the messages of one account and topic apart, no more: two accounts' states share theirs. With
            # the length of the key, no id of one account can be read as that of another.
            identity = f"{outgoing.topic}\0{len(outgoing.key)}\0{outgoing.key}\0{outgoing.event_id}".encode()
            self._entries.setdefault(identity, Entry(account, outgoing, arrived_ms))

    def _refuse(self, arrival: Arrival, refused: Refused) -> None:
        self._refused.append((arrival.record, refused))
        self._counts[arrival.topic, VERDICTS[Refused]] += 1

    def step(self, positions: Mapping[str, int]) -> Step:
        """Return the step, with the next offset of every topic that it read."""
        outbox = [(identity, _encode(entry)) for identity, entry in self._entries.items()]
        write = Write(values=self._values, positions=dict(positions), due=self._due, outbox=outbox)
        return Step(write, self._entries, self._refused, self._counts, self._newest)


def arrival_of(record: Record, message: Message | Refused, at: float) -> Arrival:
    """Return a decoded record as an arrival. `at` is when it happened, in seconds since the epoch."""
    traceparent = _traceparent(record) if record.headers else None
    if type(message) is Refused:
        return Arrival(record.topic, record.offset, cast("Message", message), traceparent, at, record, message)
    return Arrival(record.topic, record.offset, cast("Message", message), traceparent, at, record)


def _traceparent(record: Record) -> str | None:
    for name, value in record.headers:
        if name == TRACEPARENT and value is not None:
            return str(value, errors="replace")
    return None


def positions_after(arrivals: Sequence[Arrival]) -> dict[str, int]:
    """Return the next offset of every topic; within a topic, arrivals are in order."""
    return {arrival.topic: arrival.offset + 1 for arrival in arrivals}


def outgoing_sending(entry: Entry, partition: int) -> Sending:
    """Return an outbox entry as a Kafka record with CloudEvents headers.

    What is keyed by the account itself goes to the account's own partition, as its state does.
    """
    outgoing = entry.outgoing
    headers = [
        ("ce_specversion", SPEC_VERSION),
        ("ce_id", outgoing.event_id.encode()),
        ("ce_type", outgoing.topic.encode()),
        ("ce_source", SOURCE),
        ("ce_time", outgoing.time.encode()),
        ("content-type", CONTENT_TYPE),
    ]
    if outgoing.traceparent:
        headers.append((TRACEPARENT, outgoing.traceparent.encode()))
    own = partition if outgoing.key == entry.account else None
    return Sending(outgoing.topic, own, outgoing.key.encode(), outgoing.value, headers)
