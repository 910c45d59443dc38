"""The workload: the simulator's accounts as records in their order of arrival, and the clock's own records at the end.

Repeats, late arrivals and poison (rows F15 and F16 of the reliability table) are part of every workload, at several times
the simulator's usual rates. The same seed gives the same bytes, whatever the day.

What is produced is stored in waves, each awaited before the next, and no wave holds two topics of one account: so an account
whose events are all in time is folded in the order in which they happened, whatever becomes of the workers, and its
decisions must be the oracle's to the byte.
"""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.producer.message_accumulator import BatchBuilder

from faults.records.commanding import COMMANDED, Insertion, commands, good_records
from relationship.contract.messages import COMMANDS, PROFILES
from simulator import Rates, SimEvent, simulate
from streams.kafka.partitioning import partition_of, partition_of_key

# A fixed end: the seed alone says the bytes. It is past, so that no record is from the future.
END: Final = datetime(2026, 6, 1, tzinfo=UTC)
ACCOUNTS: Final = 1_500
YEARS: Final = 1.0
# Shares of the records that come twice, come late (up to 25 days), or have a spoiled copy beside them that must be refused.
RATES: Final = Rates(repeat=0.03, late=0.04, poison=0.01)
MOST_IN_A_WAVE: Final = 100
LATE: Final = "late"
HEAD: Final = (b'"event_id":', b'"account_id":', b'"occurred_at":')  # what every message has


class Sent(NamedTuple):
    """One record as it was produced: where it went and what it was."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes
    account_id: str
    fault: str | None


class Workload:
    """The records of a seed, in their order of arrival among so many partitions."""

    def __init__(self, seed: int, partitions: int, accounts: int = ACCOUNTS) -> None:
        self.partitions = partitions
        simulation = simulate(accounts, END, seed, YEARS, RATES)
        records = [self._placed(event) for event in simulation.events() if not _says_nothing(event)]
        self.records = self._commanded(records, commands(seed, good_records(records)))

    def _commanded(self, records: Sequence[Sent], insertions: Iterable[Insertion]) -> list[Sent]:
        """Return records with commands stored among them."""
        at: defaultdict[int, list[Sent]] = defaultdict(list)
        for each in insertions:
            key, value = each.account.encode(), msgspec.json.encode(each.value)
            sent = Sent(COMMANDS, partition_of(each.account, self.partitions), key, value, each.account, COMMANDED)
            at[each.position].append(sent)
        return [sent for position, record in enumerate(records) for sent in (record, *at[position])]

    def _placed(self, event: SimEvent) -> Sent:
        key = None if event.key is None else event.key.encode()
        if (
            key is None and event.topic == PROFILES
        ):  # which is compacted: a broker refuses a record without a key itself
            key = b"nobody"
        # A record without a key may stand anywhere; one with a wrong key stands where that key belongs.
        partition = partition_of_key(key or event.account_id.encode(), self.partitions)
        return Sent(event.topic, partition, key, event.value, event.account_id, event.fault)

    def clocks(self, now: datetime) -> list[Sent]:
        """Return a record of this moment for every partition, so that its time is the wall's and lapses fall due."""
        return [self._clock(number, now) for number in range(self.partitions)]

    def _clock(self, number: int, now: datetime) -> Sent:
        account = next(name for n in range(10**6) if partition_of(name := f"clock-{n}", self.partitions) == number)
        value = {
            "event_id": f"{account}:{now.timestamp()}",
            "account_id": account,
            "occurred_at": now,
            "party": "business",
        }
        return Sent(PROFILES, number, account.encode(), msgspec.json.encode(value), account, None)


def _says_nothing(event: SimEvent) -> bool:
    """Tell of a profile without a fact: as an account's first message it makes no record that could count it."""
    return (
        event.topic == PROFILES and event.value.count(b'":') == len(HEAD) and all(name in event.value for name in HEAD)
    )


def waves(records: Sequence[Sent]) -> Iterator[Sequence[Sent]]:
    """Cut records into waves: within one, all records of an account are of one topic."""
    wave: list[Sent] = []
    topics: dict[str, str] = {}
    for record in records:
        if topics.setdefault(record.account_id, record.topic) != record.topic or len(wave) >= MOST_IN_A_WAVE:
            yield wave
            wave, topics = [], {record.account_id: record.topic}
        wave.append(record)
    if wave:
        yield wave


class Production:
    """Produces a workload at a pace, wave by wave, until it is told to stop.

    Attributes:
        sent: what Kafka has stored, in order.
    """

    def __init__(self, workload: Workload, producer: AIOKafkaProducer) -> None:
        self._workload = workload
        self._producer = producer
        self._waves = waves(workload.records)
        self._stopping = False
        self._held: set[str] = set()
        self.sent: list[Sent] = []
        self.withheld: list[Sent] = []
        self.exhausted = False

    async def burst(self, records: int) -> None:
        """Produce at least so many records, as fast as it goes."""
        until = len(self.sent) + len(self.withheld) + records
        while len(self.sent) + len(self.withheld) < until:
            wave = next(self._waves, None)
            if wave is None:
                self.exhausted = True
                return
            await self._store(wave)

    async def run(self, per_second: float) -> None:
        """Produce at this pace until `stop` or until there is no more."""
        self._stopping = False
        begun, before = time.monotonic(), len(self.sent)
        while not (self._stopping or self.exhausted):
            await self.burst(1)
            ahead = (len(self.sent) - before) / per_second - (time.monotonic() - begun)
            if ahead > 0:
                await asyncio.sleep(ahead)

    def stop(self) -> None:
        """Let `run` return after the wave under way."""
        self._stopping = True

    def withhold(self, topics: Iterable[str]) -> None:
        """Keep the records of these topics back from now on."""
        self._held = set(topics)

    async def release(self) -> None:
        """Produce what was kept back: late, behind what has been stored meanwhile."""
        late, self.withheld, self._held = self.withheld, [], set()
        for wave in waves([record._replace(fault=record.fault or LATE) for record in late]):
            await self._store(wave)

    async def clocks(self) -> None:
        """Produce the records that bring every partition's time to now."""
        await self._store(self._workload.clocks(datetime.now(UTC)))

    async def _store(self, wave: Sequence[Sent]) -> None:
        stored = [record for record in wave if not self._is_held(record)]
        self.withheld += [record for record in wave if self._is_held(record)]
        batches: defaultdict[tuple[str, int], BatchBuilder] = defaultdict(self._producer.create_batch)
        for record in stored:
            if (
                batches[record.topic, record.partition].append(timestamp=None, key=record.key, value=record.value)
                is None
            ):
                raise ValueError("a wave does not fit into a batch: make MOST_IN_A_WAVE smaller")
        sent = [await self._producer.send_batch(b, topic, partition=number) for (topic, number), b in batches.items()]
        await asyncio.gather(*sent)
        self.sent += stored

    def _is_held(self, record: Sent) -> bool:
        return record.topic in self._held and record.fault != LATE  # which would come later than the 30 days allow


def faults_of(records: Iterable[Sent]) -> Counter[str]:
    """Return how many of the records are repeats, late or poison."""
    return Counter(record.fault for record in records if record.fault is not None)
