"""What the engine asks of the consumer, the store, Kafka and the clock: whoever has these can run a partition."""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from faust.types import TP

from clientward_store import Write
from streams.kafka.publisher import ProducerRecord
from streams.kafka.refusals import Place


class Intake(Protocol):
    """What is asked of the consumer."""

    def rewind(self, positions: Mapping[TP, int], generation: int) -> None:
        """Fetch from these offsets on, under a new generation."""

    def pause_fetching(self, tps: set[TP]) -> None:
        """Stop fetching."""

    def resume_fetching(self, tps: set[TP]) -> None:
        """Fetch again."""

    def acknowledge(self, offsets: Mapping[TP, int]) -> None:
        """Let the group's offsets follow."""

    async def acknowledged(self, *tps: TP) -> Mapping[TP, int]:
        """Return the group's offsets of those partitions that have one; none where the brokers do not say."""

    async def ends(self, *tps: TP) -> Mapping[TP, int]:
        """Return the offset that each partition's next record will have, and at once."""

    async def earliest_offsets(self, *tps: TP) -> Mapping[TP, int]:
        """Return the first offset that each partition still has."""

    async def highwaters(self, *tps: TP) -> Mapping[TP, int]:
        """Return the offset that each partition's next record will have."""


class PartitionStore(Protocol):
    """The store's batch interface; `clientward_store.Store` has it, and says what each call raises."""

    async def take_over(self, partition: int) -> int:
        """Become a partition's owner."""

    async def positions(self, partition: int) -> Mapping[str, int]:
        """Return the next offset to read of every topic."""

    async def outbox(self, partition: int) -> Sequence[tuple[bytes, bytes]]:
        """Return what was committed and not noted as sent."""

    async def load(self, partition: int, keys: Iterable[bytes]) -> dict[bytes, bytes | None]:
        """Return the values of keys."""

    async def commit(self, partition: int, write: Write) -> None:
        """Write a step's results, all or nothing."""

    async def sent(self, partition: int, ids: Sequence[bytes], changelog_offset: int | None) -> None:
        """Drop what was published from the outbox; with no ids, ask whether the partition is still this owner's."""

    async def due(self, partition: int, until_us: int, limit: int) -> Sequence[bytes]:
        """Return keys that are due."""

    async def scan_due(self, partition: int, cursor: int, count: int) -> tuple[int, list[bytes]]:
        """Return the next cursor, and keys that have a due time."""

    async def restored(self, partition: int, limit: int) -> Sequence[bytes]:
        """Return keys that recovery has rewritten."""

    async def restate(self, partition: int, keys: Iterable[bytes]) -> None:
        """Note keys as if recovery had rewritten them, whoever owns the partition."""

    async def restored_among(self, partition: int, keys: Sequence[bytes]) -> set[bytes]:
        """Return those of these keys that recovery has rewritten."""


class Publishing(Protocol):
    """Where a step's messages go; `streams.kafka.publisher.Publisher` has it."""

    async def publish(self, records: Iterable[ProducerRecord]) -> Mapping[Place, int]:
        """Send records, and return once all are stored."""

    async def publish_changes(self, place: Place, changes: Mapping[bytes, bytes | None]) -> int | None:
        """Send a table's changes to its changelog, and return the last one's offset."""


class Clock(Protocol):
    """The time, as an argument."""

    def wall_us(self) -> int:
        """Return wall-clock time in µs since the epoch."""

    def monotonic(self) -> float:
        """Return seconds that only ever grow, for distances in time."""


class SystemClock:
    """The machine's clock."""

    def wall_us(self) -> int:
        """Return wall-clock time in µs since the epoch."""
        return time.time_ns() // 1000

    def monotonic(self) -> float:
        """Return seconds that only ever grow."""
        return time.monotonic()
