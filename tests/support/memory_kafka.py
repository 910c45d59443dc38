"""Kafka in memory, as a partition sees it: the brokers, and the consumer that fetches for it.

They keep the promises that the real ones make and nothing more: Kafka stores what it is given once it may; the consumer
delivers from where it was sought to.
"""

import asyncio
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from types import SimpleNamespace
from typing import Any

import msgspec
from aiokafka.errors import MessageSizeTooLargeError
from faust.types import TP
from memory_store import NUMBER

from streams.kafka.publisher import ProducerRecord
from streams.kafka.refusals import Place, RecordsRefusedError, RefusedRecord
from streams.wire.records import Batch

CHANGELOG = "changelog"
START_US = 1_767_225_600_000_000  # 2026-01-01


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


def purchase(account: str, number: int, *, currency: str = "EUR", at: str = "2026-01-01T00:00:00Z") -> bytes:
    """Return a purchase's JSON."""
    value = {"event_id": f"{account}-{number}", "account_id": account, "occurred_at": at, "amount": "1"}
    return msgspec.json.encode({**value, "currency": currency})
