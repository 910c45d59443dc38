"""Records unwrapped: what aiokafka gives out of the same bytes, wrapped, is the model."""

from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import FetchError, FetchResult, PartitionRecords
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.record.util import calc_crc32c

from streams.driver.aiokafka_private import Unwrapped

TP = TopicPartition("intake", 3)
CONTROL = 0x20
ABORT, COMMIT = b"\0\0\0\0", b"\0\0\0\1"
# Where the CRC of a batch stands, and its attributes, from which on it is counted.
CRC, ATTRIBUTES = slice(17, 21), 21


def stored(
    base: int, deltas: Sequence[int], *, producer: int = -1, control: bytes | None = None, compression: int = 0
) -> bytes:
    """Return a batch as brokers store it; `control` is the key of a transaction's marker."""
    builder = DefaultRecordBatchBuilder(2, compression, producer >= 0, producer, 0, 0, 1 << 20)
    for delta in deltas:
        headers = [("trace", b"t"), ("null", None)] if delta % 2 else []
        value = None if delta % 5 == 4 else b"v%d" % (base + delta)
        builder.append(delta, 1_000 + delta, control or (b"k%d" % delta if delta % 3 else None), value, headers)
    batch = bytearray(builder.build())
    batch[:8] = base.to_bytes(8, "big")
    if control:
        batch[ATTRIBUTES + 1] |= CONTROL
        batch[CRC] = calc_crc32c(batch[ATTRIBUTES:]).to_bytes(4, "big")
    return bytes(batch)


PLAIN = (stored(0, range(7)), stored(7, range(5), compression=1), stored(12, [0]))
COMPACTED = (stored(0, [0, 3, 4]), stored(9, [0, 5]), stored(30, range(3)))
TRANSACTIONS = (
    stored(0, range(3), producer=7),
    stored(3, range(2)),
    stored(5, range(2), producer=8),
    stored(7, [0], producer=7, control=ABORT),
    stored(8, range(3), producer=7),
    stored(11, [0], producer=8, control=COMMIT),
    stored(12, [0], producer=7, control=COMMIT),
)
MARKERS = (stored(0, [0], producer=7, control=COMMIT), stored(1, [0], producer=7, control=ABORT))


class Partition:
    """One partition as the consumer knows it, and the result of one fetch."""

    def __init__(self, data: bytes, start: int, isolation: int, aborted: Sequence[tuple[int, int]] = ()) -> None:
        self.state = SimpleNamespace(paused=False, position=start, consumed_to=self._move)
        assignment = SimpleNamespace(active=True, state_value=lambda _: self.state)
        records = PartitionRecords(TP, MemoryRecords(data), [*aborted], start, None, None, True, isolation)  # noqa: FBT003
        self.result = FetchResult(TP, assignment=assignment, partition_records=records, backoff=0)

    def _move(self, offset: int) -> None:
        self.state.position = offset

    def drained(self, most: int | None) -> Iterator[tuple[list[tuple[Any, ...]], int]]:
        """Yield what each call gives and where the position stands then, to the end."""
        while self.result.has_more():
            taken = self.result.getall(most)
            told = [(each.offset, each.timestamp, each.key, each.value, tuple(each.headers)) for each in taken]
            yield told, self.state.position


def unwrapped(partition: Partition) -> Partition:
    """Return it as it is once the fetcher has taken its result in."""
    Unwrapped()[TP] = partition.result
    return partition


@pytest.mark.parametrize("most", [None, 1, 3, 7, 1_000])
@pytest.mark.parametrize("start", [0, 2, 7, 9])
@pytest.mark.parametrize("isolation", [0, 1], ids=["uncommitted", "committed"])
@pytest.mark.parametrize(
    "batches", [PLAIN, COMPACTED, TRANSACTIONS, MARKERS], ids=["plain", "compacted", "txn", "markers"]
)
def test_they_are_those_that_aiokafka_wraps(
    batches: Sequence[bytes], isolation: int, start: int, most: int | None
) -> None:
    """The same records in the same calls, and the same position after each: wherever one starts, whatever is left out."""
    data, aborted = b"".join(batches), [(7, 0)]
    model = [*Partition(data, start, isolation, aborted).drained(most)]
    assert [*unwrapped(Partition(data, start, isolation, aborted)).drained(most)] == model
    assert model


@pytest.mark.parametrize("most", [None, 2, 7])
def test_a_damaged_batch_is_told_and_moves_nothing(most: int | None) -> None:
    """Nothing that stands in front of it in the same call counts as read: it is fetched again."""
    damaged = PLAIN[0] + PLAIN[1][:-1] + bytes([PLAIN[1][-1] ^ 1]) + PLAIN[2]
    told = []
    for partition in (Partition(damaged, 0, 0), unwrapped(Partition(damaged, 0, 0))):
        seen: list[Any] = []
        with pytest.raises(CorruptRecordException, match="Invalid CRC"):
            seen.extend(partition.drained(most))
        told.append((partition.state.position, partition.result.getall(most), partition.result.has_more()))
    assert told[0] == told[1]
    assert not told[0][1]


@pytest.mark.parametrize("change", [{"position": 5}, {"paused": True}])
def test_what_was_fetched_before_a_seek_or_a_pause_is_dropped(change: dict[str, Any]) -> None:
    """In the middle of a result too."""
    partition = unwrapped(Partition(b"".join(PLAIN), 0, 0))
    assert len(partition.result.getall(3)) == 3
    vars(partition.state).update(change)
    position = partition.state.position
    assert partition.result.getall(3) == []
    assert not partition.result.has_more()
    assert partition.state.position == position


def test_an_error_is_kept_as_it_is() -> None:
    """What is no result of a fetch is raised by aiokafka itself."""
    error = FetchError(error=CorruptRecordException(), backoff=0)
    results = Unwrapped()
    results[TP] = error
    assert results == {TP: error}
