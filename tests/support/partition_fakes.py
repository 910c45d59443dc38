"""What a partition needs, in memory: a Redis with its fence, a Kafka, a consumer, and a clock that a test moves.

They keep the promises that the real ones make and nothing more: a commit is all or nothing and refused to whoever is not the
owner; Kafka stores what it is given once it may; the consumer delivers from where it was sought to.
"""

import asyncio
import sys
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from itertools import count
from types import SimpleNamespace
from typing import Any

import msgspec
from aiokafka.errors import MessageSizeTooLargeError
from faust.types import TP

from clientward_store import Fenced, StoreUnavailable, Write
from relationship.contract.messages import COMMANDS
from relationship.contract.outcome import Fold
from streams.engine.commit import MARKER, Ends
from streams.engine.metrics import Metrics
from streams.engine.partition import Partition, Parts
from streams.engine.redis_calls import Notifier
from streams.kafka.publisher import ProducerRecord
from streams.kafka.refusals import Place, RecordsRefusedError, RefusedRecord
from streams.wire.codecs import Codec, Limits
from streams.wire.records import Batch

NUMBER = 3
CHANGELOG = "changelog"
START_US = 1_767_225_600_000_000  # 2026-01-01


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.us = START_US
        self.seconds = 100.0

    def wall_us(self) -> int:
        """Return wall-clock time."""
        return self.us

    def monotonic(self) -> float:
        """Return seconds."""
        return self.seconds

    def move(self, seconds: float) -> None:
        """Let time pass."""
        self.us += int(seconds * 1e6)
        self.seconds += seconds


class Stored(msgspec.Struct):
    """What a Redis holds of the partition."""

    values: dict[bytes, bytes] = {}
    positions: dict[str, int] = {}
    due: dict[bytes, int] = {}
    outbox: dict[bytes, bytes] = {}
    restored: set[bytes] = set()
    changelog: int = -1
    epoch: int = 0


class Redis:
    """One Redis, which owners share."""

    def __init__(self) -> None:
        self.held = Stored()
        self.away = 0  # calls that fail from now on
        self.calls: list[str] = []

    def messages(self) -> dict[bytes, bytes]:
        """Return the outbox without the markers that name changed accounts."""
        return {name: record for name, record in self.held.outbox.items() if not name.startswith(MARKER)}

    def snapshot(self) -> Stored:
        """Return a copy of everything."""
        return deepcopy(self.held)

    def answer(self, call: str) -> Stored:
        """Note a call, and answer it or fail it."""
        self.calls.append(call)
        if self.away:
            self.away -= 1
            raise StoreUnavailable("away")
        return self.held


class Store:
    """The batch interface of one owner."""

    def __init__(self, redis: Redis) -> None:
        self.redis = redis
        self.epoch = 0

    async def take_over(self, _: int) -> int:
        """Become the owner."""
        held = self.redis.answer("take_over")
        held.epoch += 1
        self.epoch = held.epoch
        return self.epoch

    def _owned(self, call: str) -> Stored:
        held = self.redis.answer(call)
        if held.epoch != self.epoch:
            raise Fenced(NUMBER, "another owner", lost_writes=held.epoch < self.epoch)
        return held

    async def positions(self, _: int) -> dict[str, int]:
        """Return positions."""
        return dict(self.redis.answer("positions").positions)

    async def outbox(self, _: int) -> list[tuple[bytes, bytes]]:
        """Return what is unsent."""
        return [*self.redis.answer("outbox").outbox.items()]

    async def load(self, _: int, keys: Iterable[bytes]) -> dict[bytes, bytes | None]:
        """Return values."""
        held = self.redis.answer("load")
        return {key: held.values.get(key) for key in keys}

    async def commit(self, _: int, write: Write) -> None:
        """Write all, or nothing."""
        held = self._owned("commit")
        for name in write.sent:
            held.outbox.pop(name, None)
        for key, value in write.values.items():
            held.values.pop(key, None)
            if value is not None:
                held.values[key] = value
        held.positions.update(write.positions)
        for key, at in write.due.items():
            held.due.pop(key, None)
            if at is not None:
                held.due[key] = at
        held.outbox.update(write.outbox)
        held.restored.difference_update(write.restored)
        held.changelog = max(held.changelog, -1 if write.changelog_offset is None else write.changelog_offset)

    async def sent(self, _: int, ids: Sequence[bytes], changelog_offset: int | None) -> None:
        """Note what was sent."""
        held = self._owned("sent")
        for name in ids:
            held.outbox.pop(name, None)
        held.changelog = max(held.changelog, -1 if changelog_offset is None else changelog_offset)

    async def due(self, _: int, until_us: int, limit: int) -> list[bytes]:
        """Return what is due."""
        held = self.redis.answer("due")
        return [key for key, at in sorted(held.due.items(), key=lambda each: each[1]) if at <= until_us][:limit]

    async def scan_due(self, _: int, cursor: int, __: int) -> tuple[int, list[bytes]]:
        """Return everything that has a time, in one round."""
        assert cursor == 0
        return 0, [*self.redis.answer("scan_due").due]

    async def restored(self, _: int, limit: int) -> list[bytes]:
        """Return what recovery has rewritten."""
        return sorted(self.redis.answer("restored").restored)[:limit]

    async def restate(self, _: int, keys: Iterable[bytes]) -> None:
        """Note keys as rewritten."""
        self.redis.answer("restate").restored.update(keys)

    async def restored_among(self, _: int, keys: Sequence[bytes]) -> set[bytes]:
        """Return those of these keys that recovery has rewritten."""
        return self.redis.answer("restored").restored & set(keys)


class Kafka:
    """Brokers: intake, changelog and output. `story` tells the order in which things were stored."""

    def __init__(self) -> None:
        self.intake: defaultdict[str, list[Any]] = defaultdict(list)
        self.changelog: list[tuple[bytes, bytes | None]] = []
        self.output: list[ProducerRecord] = []
        self.story: list[str] = []
        self.may_store = asyncio.Event()
        self.may_store.set()
        self.earliest: dict[str, int] = {}
        self.stored_ms = START_US // 1000 - 100_000  # of the newest record; each is a millisecond after the one before
        self.most_bytes: dict[str, int] = {}  # of a value, by topic; a longer one is refused

    async def publish(self, records: Iterable[ProducerRecord]) -> Mapping[Place, int]:
        """Store messages."""
        listed = [*records]
        await self.may_store.wait()
        taken = [record for record in listed if self._takes(record.topic, record.value)]
        self.output += taken
        self.story += [f"{record.topic}" for record in taken]
        self._refuse([record for record in listed if record not in taken])
        return {}

    async def publish_changes(self, place: Place, changes: Mapping[bytes, bytes | None]) -> int | None:
        """Store states."""
        assert place == (CHANGELOG, NUMBER)
        await self.may_store.wait()
        taken = {key: value for key, value in changes.items() if self._takes(CHANGELOG, value)}
        self.changelog += taken.items()
        self.story.append("changelog")
        self._refuse([ProducerRecord(*place, key, changes[key]) for key in changes if key not in taken])
        return len(self.changelog) - 1

    def _takes(self, topic: str, value: bytes | None) -> bool:
        return len(value or b"") <= self.most_bytes.get(topic, sys.maxsize)

    def _refuse(self, records: Iterable[ProducerRecord]) -> None:
        error = MessageSizeTooLargeError()
        refused = [RefusedRecord((each.topic, NUMBER), (each.key, each.value, []), error) for each in records]
        if refused:
            raise RecordsRefusedError(refused, {})

    def add(self, topic: str, key: bytes | None, value: bytes | None) -> None:
        """Let somebody produce a record."""
        log, self.stored_ms = self.intake[topic], self.stored_ms + 1
        log.append(SimpleNamespace(offset=len(log), timestamp=self.stored_ms, key=key, value=value, headers=()))

    def ids(self, topic: str) -> list[str]:
        """Return the CloudEvents ids of what was published to a topic."""
        return [
            dict(record.headers)["ce_id"].decode()  # type: ignore[union-attr]
            for record in self.output
            if record.topic == topic
        ]


class Consumer:
    """What a partition asks of whoever fetches for it."""

    def __init__(self, kafka: Kafka) -> None:
        self.kafka = kafka
        self.at: dict[str, int] = {}
        self.generation = 0
        self.paused: set[TP] = set()
        self.acknowledged_offsets: dict[TP, int] = {}

    def rewind(self, positions: Mapping[TP, int], generation: int) -> None:
        """Seek."""
        self.at = {tp.topic: offset for tp, offset in positions.items()}
        self.generation = generation
        self.paused.clear()

    def pause_fetching(self, tps: set[TP]) -> None:
        """Stop."""
        self.paused |= tps

    def resume_fetching(self, tps: set[TP]) -> None:
        """Go on."""
        self.paused -= tps

    def acknowledge(self, offsets: Mapping[TP, int]) -> None:
        """Note offsets."""
        self.acknowledged_offsets.update(offsets)

    async def acknowledged(self, *tps: TP) -> Mapping[TP, int]:
        """Return the group's offsets."""
        return {tp: offset for tp, offset in self.acknowledged_offsets.items() if tp in tps}

    async def ends(self, *tps: TP) -> Mapping[TP, int]:
        """Return the ends."""
        return {tp: len(self.kafka.intake[tp.topic]) for tp in tps}

    async def earliest_offsets(self, *tps: TP) -> Mapping[TP, int]:
        """Return the first offsets."""
        return {tp: self.kafka.earliest.get(tp.topic, 0) for tp in tps}

    async def highwaters(self, *tps: TP) -> Mapping[TP, int]:
        """Return the ends."""
        return await self.ends(*tps)

    def batches(self) -> list[Batch]:
        """Return what a fetch of every topic brings now."""
        found = []
        for topic, start in self.at.items():
            log = self.kafka.intake[topic]
            self.at[topic] = len(log)
            found.append(Batch(TP(topic, NUMBER), log[start:], start, len(log), len(log), self.generation))
        return found


class Owner:
    """One worker that owns the partition. `start` it; `crash` it, and start another on the same Redis and Kafka."""

    def __init__(self, redis: Redis, kafka: Kafka, fold: Fold, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.store = Store(redis)
        self.kafka = kafka
        self.consumer = Consumer(kafka)
        self.notifier = Notifier()
        self.metrics = Metrics()
        ends = Ends(self.store, kafka, self.metrics, self.clock, CHANGELOG)
        parts = Parts(
            ends, fold, Codec(Limits()), self.consumer, self._erasures, self._first_after, count(1), self.notifier
        )
        self.partition = Partition(NUMBER, parts)
        self.task: asyncio.Task[None] | None = None

    async def _erasures(self, _: int, positions: Mapping[str, int], ends: Mapping[str, int]) -> list[Any]:
        """Return every command that Kafka has, as what is read ahead may not be less."""
        assert positions.keys() == ends.keys()
        return self.kafka.intake[COMMANDS][: ends[COMMANDS]]

    async def _first_after(self, _: int, moments: Iterable[int]) -> dict[int, dict[str, int]]:
        """Return the first offsets after moments."""
        logs = {topic: [each.timestamp for each in log] for topic, log in self.kafka.intake.items()}
        return {
            moment: {topic: bisect_right(log, moment) for topic, log in logs.items() if log and log[-1] > moment}
            for moment in moments
        }

    async def until(self, truth: Any) -> None:
        """Return when something holds; what ended the owner is raised."""
        async with asyncio.timeout(10):
            while not truth():
                if self.task is not None and self.task.done():
                    self.task.result()
                    raise AssertionError("the owner has ended")
                await asyncio.sleep(0)

    async def start(self) -> None:
        """Open the partition."""
        self.task = asyncio.create_task(self.partition.run())
        await self.until(lambda: self.partition.is_open)

    async def crash(self) -> None:
        """End at once, as a process that is killed: nothing more is written."""
        if self.task is not None:
            self.store.epoch = -1
            self.task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await self.task

    async def stop(self) -> None:
        """End in order."""
        self.partition.stop()
        if self.task is not None:
            await self.task

    def deliver(self) -> None:
        """Hand over what there is to fetch."""
        for batch in self.consumer.batches():
            self.partition.put(batch)

    def is_idle(self) -> bool:
        """Tell whether everything delivered is folded, sent and acknowledged."""
        return all(
            queue.folded >= self.consumer.at.get(topic, 0) for topic, queue in self.partition.inbox.queues.items()
        )

    async def work(self) -> None:
        """Deliver what there is, and return when it is done."""
        self.deliver()
        await self.until(self.is_idle)


def purchase(account: str, number: int, *, currency: str = "EUR", at: str = "2026-01-01T00:00:00Z") -> bytes:
    """Return a purchase's JSON."""
    value = {"event_id": f"{account}-{number}", "account_id": account, "occurred_at": at, "amount": "1"}
    return msgspec.json.encode({**value, "currency": currency})
