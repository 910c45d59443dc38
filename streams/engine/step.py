"""One step of one partition as values: arrivals in, what is to be written and sent out. Pure apart from the codec.

A `Step` is worked out before anything is written, so that a step that fails for want of Redis or Kafka is repeated as it
is, and one whose partition was lost leaves nothing behind.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from operator import attrgetter
from typing import Final, NamedTuple

import msgspec
import structlog

from clientward_store import Write
from relationship.contract.outcome import (
    Applied,
    Fold,
    Outcome,
    Outgoing,
    Reason,
    Refused,
    Repeat,
    StepTooLargeError,
    Verdict,
)
from streams.wire.arrivals import EPOCH, Arrival

log = structlog.get_logger(__name__)

VERDICTS: Final = {Applied: "applied", Repeat: "repeat", Refused: "refused"}
AT: Final = attrgetter("at")
TOPIC: Final = attrgetter("topic")


class OutboxEntry(NamedTuple):
    """One record of the outbox: what to publish, and the account whose changelog record must be stored before it.

    `arrived_ms` is the timestamp of the newest record behind the decision, or 0 where a timer decided.
    """

    account: str
    outgoing: Outgoing
    arrived_ms: int = 0

    def home(self, partition: int) -> int | None:
        """Return the partition to publish to: the account's own for what is keyed by it, as its state; else the key's."""
        return partition if self.outgoing.key == self.account else None


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
    entries: Mapping[bytes, OutboxEntry]
    refused: Sequence[tuple[Arrival, Refused]]
    counts: Mapping[tuple[str, str], int]
    newest: float


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(OutboxEntry).decode


def decode_entry(record: bytes) -> OutboxEntry:
    """Return an outbox record of Redis as it was written."""
    return _decode(record)


class StepBuilder:
    """Collects the outcomes of a step's accounts into a `Step`.

    Attributes:
        failed_timers: accounts whose timers failed, or whose restored record: they are not woken before their next message.
    """

    def __init__(self, fold: Fold, records: Mapping[bytes, bytes | None], decided_at: int) -> None:
        self._fold = fold
        self._records = records
        self._decided_at = decided_at
        self._values: dict[bytes, bytes | None] = {}
        self._due: dict[bytes, int | None] = {}
        self._entries: dict[bytes, OutboxEntry] = {}
        self._refused: list[tuple[Arrival, Refused]] = []
        self._verdicts: list[Verdict] = []
        self._counts: Counter[tuple[str, str]] = Counter()
        self._newest = 0.0
        self.failed_timers = 0

    def arrivals(self, accounts: Mapping[bytes, Sequence[Arrival]], refused: Iterable[Arrival]) -> Iterator[None]:
        """Fold arrivals, account by account; pauses after each, so that whoever drives this can let others have a turn."""
        for arrival in refused:
            if arrival.refused is not None:
                self._refused.append((arrival, arrival.refused))
                self._counts[arrival.topic, VERDICTS[Refused]] += 1
        for key, arrivals in accounts.items():
            self._step(key, arrivals)
            yield
        self._judged([*chain.from_iterable(accounts.values())])

    def _step(self, key: bytes, arrivals: Sequence[Arrival]) -> None:
        account = arrivals[0].message.account_id
        outcome = self._folded(account, self._records[key], arrivals)
        if len(outcome.verdicts) != len(arrivals):
            raise ValueError(f"the fold gave {len(outcome.verdicts)} verdicts on {len(arrivals)} messages")
        self._verdicts += outcome.verdicts
        self._outcome(key, outcome)
        if outcome.sends:
            self._publish(account, outcome.sends, arrivals[-1].arrived_ms)

    def _folded(self, account: str, record: bytes | None, arrivals: Sequence[Arrival]) -> Outcome:
        """Fold an account's arrivals. Raises StepTooLargeError where there are several, and not all can be folded at once.

        A message on which the fold fails is set aside, as a dead letter: its account stays as it is, and all others go on.
        """
        try:
            return self._fold.step(account, record, arrivals, self._decided_at)
        except StepTooLargeError:
            raise
        except Exception as error:
            if len(arrivals) > 1:
                raise StepTooLargeError(f"account {account!r}: {error!r}") from error
            (arrival,) = arrivals
            log.exception("set aside: the fold fails", account=account, topic=arrival.topic, offset=arrival.offset)
            why = f"account {account!r} cannot be folded: {type(error).__name__}; its record is as it was"
            return Outcome(record, changed=False, verdicts=[Refused(Reason.FAULT, why)], sends=[], due_at=None)

    def _judged(self, arrivals: Sequence[Arrival]) -> None:
        """Count what was folded by its verdicts, which stand in the same order; all at once, since that costs least."""
        kinds = [*map(type, self._verdicts)]
        for (topic, kind), count in Counter(zip(map(TOPIC, arrivals), kinds, strict=True)).items():
            self._counts[topic, VERDICTS[kind]] += count
        if Refused in kinds:
            judged = zip(arrivals, self._verdicts, strict=True)
            self._refused += [(arrival, verdict) for arrival, verdict in judged if isinstance(verdict, Refused)]
        self._newest = max(map(AT, arrivals), default=EPOCH).timestamp()

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
                try:
                    outcome = self._fold.run_timers(account, record, now, self._decided_at)
                except Exception:  # one account's timers are no reason to stop all others
                    log.exception("set aside: the timers fail", account=account)
                    self.failed_timers += 1
                    continue
                self._outcome(key, outcome)
                self._publish(account, outcome.sends, 0)
                self._due[key] = outcome.due_at

    def restored(self, accounts: Iterable[bytes]) -> None:
        """Publish the latest of accounts that were restored or written late, and put their timers back."""
        for key in accounts:
            record, account = self._records[key], key.decode()
            try:
                sends = self._fold.latest(account, record, self._decided_at)
                due = self._fold.run_timers(account, record, 0, self._decided_at).due_at if record else None
            except Exception:  # one account's record is no reason to open no partition
                log.exception("set aside: a restored record cannot be read", account=account)
                self.failed_timers += 1
                continue
            self._publish(account, sends, 0)
            self._due[key] = due

    def _outcome(self, key: bytes, outcome: Outcome) -> None:
        if outcome.changed:
            self._values[key] = outcome.record
            self._due[key] = outcome.due_at

    def _publish(self, account: str, sends: Iterable[Outgoing], arrived_ms: int) -> None:
        for outgoing in sends:
            # An id tells the messages of one account and topic apart, no more: two accounts' states share theirs. With
            # the length of the key, no id of one account can be read as that of another.
            identity = f"{outgoing.topic}\0{len(outgoing.key)}\0{outgoing.key}\0{outgoing.event_id}".encode()
            self._entries.setdefault(identity, OutboxEntry(account, outgoing, arrived_ms))

    def step(self, positions: Mapping[str, int]) -> Step:
        """Return the step, with the next offset of every topic that it read."""
        outbox = [(identity, _encode(entry)) for identity, entry in self._entries.items()]
        write = Write(values=self._values, positions=dict(positions), due=self._due, outbox=outbox)
        return Step(write, self._entries, self._refused, self._counts, self._newest)
