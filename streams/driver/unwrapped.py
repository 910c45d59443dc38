"""Records as aiokafka's parser made them: a fetch's at once, and none wrapped.

aiokafka gives out a `ConsumerRecord` for each, through three calls in Python: 0.4 µs, where decoding one takes 0.7. Here the
records of a batch of Kafka's go from the parser, which is C, into a list. What is left out, where the position stands
afterwards and which errors are raised is as in aiokafka: `FetchResult.getall` and `PartitionRecords._unpack_records` are the
models of the two functions here, and tests/unit/test_records.py holds them against each other.
"""

import weakref
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain, islice
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.consumer.fetcher import READ_COMMITTED, FetchError, FetchResult, PartitionRecords
from aiokafka.errors import CorruptRecordException

from streams.wire.records import FetchedRecord


class Unwrapped(dict[TopicPartition, FetchResult | FetchError]):
    """A fetcher's results, each of which gives its records unwrapped."""

    def __setitem__(self, tp: TopicPartition, result: FetchResult | FetchError) -> None:
        if isinstance(result, FetchResult):
            records = chain.from_iterable(_batches(result._partition_records))  # noqa: SLF001
            # Bound weakly: a result that held itself would keep a megabyte until the collector comes by.
            result.getall = partial(_take, weakref.proxy(result), records)
        super().__setitem__(tp, result)


def unwrap(consumer: AIOKafkaConsumer) -> None:
    """Let a started consumer give out its records as they are, by `getmany`. It must have no deserializers."""
    consumer._fetcher._records = Unwrapped()  # noqa: SLF001 - no public name; nothing is assigned yet, so nothing is lost


def _take(result: FetchResult, records: Iterator[FetchedRecord], max_records: int | None = None) -> list[FetchedRecord]:
    """Return a result's next records, and move its partition's position behind them."""
    if not (result.check_assignment(result._topic_partition) and result.has_more()):  # noqa: SLF001
        return []
    taken = [*islice(records, max_records)]
    if len(taken) == max_records:
        result._partition_records.next_fetch_offset = taken[-1].offset + 1  # noqa: SLF001
    result._update_position()  # noqa: SLF001
    if len(taken) != max_records:
        result._partition_records = None  # noqa: SLF001 - this is how it says that it has no more
    return taken


def _batches(fetched: PartitionRecords) -> Iterator[Sequence[FetchedRecord]]:
    """Yield the records of one batch of Kafka's after another; the next offset to fetch follows once a batch is through.

    Raises CorruptRecordException.
    """
    stored = fetched._records  # noqa: SLF001
    while stored.has_next():
        batch = stored.next_batch()
        if fetched._check_crcs and not batch.validate_crc():  # noqa: SLF001
            raise CorruptRecordException(f"Invalid CRC - {fetched._tp}")  # noqa: SLF001
        if not _is_void(fetched, batch):
            records, start = [*batch], fetched.next_fetch_offset
            # A batch is fetched whole, also where it is to be read on from its middle.
            yield records if not records or records[0].offset >= start else [r for r in records if r.offset >= start]
        fetched.next_fetch_offset = batch.next_offset


def _is_void(fetched: PartitionRecords, batch: Any) -> bool:
    """Tell whether a batch holds nothing to read: a transaction's marker, or a part of one that was aborted."""
    if fetched._isolation_level == READ_COMMITTED and batch.producer_id is not None:  # noqa: SLF001
        fetched._consume_aborted_up_to(batch.base_offset)  # noqa: SLF001
        aborted = fetched._aborted_producers  # noqa: SLF001
        if batch.is_control_batch and fetched._contains_abort_marker(batch):  # noqa: SLF001
            aborted.discard(batch.producer_id)
        if batch.is_transactional and batch.producer_id in aborted:
            return True
    return bool(batch.is_control_batch)
