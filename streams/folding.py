"""One step of one partition as values: arrivals in, what is to be written and sent out. Pure apart from the codec.

A `Step` is worked out before anything is written, so that a step that fails for want of Redis or Kafka is repeated as it
is, and one whose partition was lost leaves nothing behind.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from clientward_store import Write
from relationship.messages import Message
from relationship.outcome import Applied, Delivered, Fold, Outcome, Outgoing, Refused, Repeat
from streams.publisher import Sending
from streams.transport import Record

SOURCE: Final = b"clientward"
SPEC_VERSION: Final = b"1.0"
CONTENT_TYPE: Final = b"application/json"
TRACEPARENT: Final = "traceparent"
VERDICTS: Final = {Applied: "applied", Repeat: "repeat", Refused: "refused"}


class Arrival(NamedTuple):
    """One record of the intake, decoded. `at` is when it happened, in seconds; a refused one moves no clock."""

    record: Record
    message: Message | Refused
    at: float


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


def accounts_of(arrivals: Iterable[Arrival]) -> set[bytes]:
    """Return the table keys that a step over these arrivals needs."""
    return {arrival.message.account_id.encode() for arrival in arrivals if not isinstance(arrival.message, Refused)}


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
        self._counts: dict[tuple[str, str], int] = defaultdict(int)
        self._newest = 0.0

    def arrivals(self, arrivals: Sequence[Arrival]) -> None:
        """Fold arrivals, account by account."""
        by_account: dict[str, list[Arrival]] = defaultdict(list)
        for arrival in arrivals:
            if isinstance(arrival.message, Refused):
                self._refuse(arrival.record, arrival.message)
            else:
                by_account[arrival.message.account_id].append(arrival)
        self._newest = max((arrival.at for arrival in arrivals), default=0.0)
        for account, mine in by_account.items():
            self._step(account, mine)

    def repeats(self, arrivals: Iterable[Arrival]) -> None:
        """Count arrivals that were folded before, and whose account has left since."""
        for arrival in arrivals:
            self._counts[arrival.record.topic, VERDICTS[Repeat]] += 1

    def _step(self, account: str, arrivals: Sequence[Arrival]) -> None:
        key = account.encode()
        outcome = self._fold.step(account, self._records[key], [_delivered(a) for a in arrivals], self._decided_at)
        for arrival, verdict in zip(arrivals, outcome.verdicts, strict=True):
            if isinstance(verdict, Refused):
                self._refuse(arrival.record, verdict)
            else:
                self._counts[arrival.record.topic, VERDICTS[type(verdict)]] += 1
        self._outcome(account, key, outcome, arrivals[-1].record.timestamp)

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

    def _refuse(self, record: Record, refused: Refused) -> None:
        self._refused.append((record, refused))
        self._counts[record.topic, VERDICTS[Refused]] += 1

    def step(self, positions: Mapping[str, int]) -> Step:
        """Return the step, with the next offset of every topic that it read."""
        outbox = [(identity, _encode(entry)) for identity, entry in self._entries.items()]
        write = Write(values=self._values, positions=dict(positions), due=self._due, outbox=outbox)
        return Step(write, self._entries, self._refused, self._counts, self._newest)


def _delivered(arrival: Arrival) -> Delivered:
    record = arrival.record
    if isinstance(arrival.message, Refused):
        raise TypeError("a refused record is delivered to no account")
    traceparent = _traceparent(record) if record.headers else None
    return Delivered(record.topic, record.offset, arrival.message, traceparent)


def _traceparent(record: Record) -> str | None:
    for name, value in record.headers:
        if name == TRACEPARENT and value is not None:
            return str(value, errors="replace")
    return None


def positions_after(arrivals: Sequence[Arrival]) -> dict[str, int]:
    """Return the next offset of every topic; within a topic, arrivals are in order."""
    return {arrival.record.topic: arrival.record.offset + 1 for arrival in arrivals}


def changelog_sendings(topic: str, partition: int, values: Mapping[bytes, bytes | None]) -> Iterator[Sending]:
    """Yield a table's changes as records of its changelog."""
    return (Sending(topic, partition, key, value) for key, value in values.items())


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
