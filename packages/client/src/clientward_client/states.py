"""`subscribe_states`: where every account stands now, and then every change, with no gap between the two."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from types import TracebackType
from typing import Any, Final, Self

from aiokafka import AIOKafkaConsumer

from clientward_client.beginning import POLL_MS, partitions_of
from clientward_client.connection import kafka_options, named_errors, require_topics
from clientward_client.decisions import Start, Subscription, check, start_of
from clientward_client.decoding import decode_state, decode_state_record, place_of
from clientward_client.errors import WrongUseError
from clientward_client.following import Following
from clientward_client.lanes import lanes_of_states
from clientward_client.messages import STATE, Gone, State

# The last offsets of a compacted topic may hold nothing: after so many empty fetches what is there has been read.
QUIET_POLLS: Final = 20


def subscribe_states(
    group: str,
    *,
    start: Start = "earliest",
    skip_unreadable: bool = False,
    once: bool = False,
    kafka: Mapping[str, Any] | None = None,
) -> Subscription[State | Gone]:
    """Follow the states in a group: first where every account stands, since the topic is compacted, then each change.

    At least once, an account's in order. A state says how things are, so one that comes twice changes nothing. Arguments and
    errors are those of `subscribe`.
    """
    check(group, None, start, 0)
    options = kafka_options(kafka)
    following = Following(
        options, group, [STATE], lanes_of_states, start=start_of(start), skip_unreadable=skip_unreadable, once=once
    )
    return Subscription[State | Gone](following)


class States:
    """Every account's state, for whoever keeps none: `snapshot()`, and then iterate for what changes after it.

        async with States() as states:
            standing = await states.snapshot()
            async for change in states:
                ...

    No group, and nothing is committed: after a restart the snapshot is taken anew. Every member of a service that does so
    sees all accounts.
    """

    def __init__(self, *, kafka: Mapping[str, Any] | None = None) -> None:
        self._options = kafka_options(kafka)
        self._consumer: Any = None
        self._stopping = asyncio.Event()

    async def __aenter__(self) -> Self:
        async with named_errors(self._options):
            consumer = AIOKafkaConsumer(**{"fetch_max_wait_ms": POLL_MS, **self._options, "enable_auto_commit": False})
            try:
                await consumer.start()
                require_topics([STATE], await consumer.topics())
                partitions = await partitions_of(self._options, STATE)
                consumer.assign(partitions)
                for tp, offset in (await consumer.beginning_offsets(partitions)).items():
                    consumer.seek(tp, offset)
            except BaseException:
                await consumer.stop()
                raise
        self._consumer = consumer
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        consumer, self._consumer = self._consumer, None
        await consumer.stop()

    def stop(self) -> None:
        """End the iteration."""
        self._stopping.set()

    async def snapshot(self) -> dict[str, State]:
        """Return the state of every account, as of now. Accounts that are gone are not in it.

        It is held in memory, about 2 kB an account. Raises UnreadableError.
        """
        values: dict[bytes, tuple[bytes, Any]] = {}
        async with named_errors(self._options):
            async for record in self._to_end():
                if record.value is None:
                    values.pop(record.key, None)
                else:
                    values[record.key] = (record.value, place_of(record))
        states = (decode_state(value, place) for value, place in values.values())
        return {state.account_id: state for state in states}

    async def _to_end(self) -> AsyncIterator[Any]:
        """Give the records from where it stands to what the topic holds now."""
        consumer, quiet = self._open(), 0
        ends = await consumer.end_offsets(list(consumer.assignment()))
        left = [tp for tp in ends if await consumer.position(tp) < ends[tp]]
        while left and quiet < QUIET_POLLS:
            fetched = await consumer.getmany(*left, timeout_ms=POLL_MS)
            quiet = 0 if fetched else quiet + 1
            for records in fetched.values():
                for record in records:  # those beyond the end belong to the snapshot as well: it is only newer
                    yield record
            left = [tp for tp in left if await consumer.position(tp) < ends[tp]]

    def __aiter__(self) -> AsyncIterator[State | Gone]:
        return self._changes()

    async def _changes(self) -> AsyncGenerator[State | Gone, None]:
        """Give each state and each end after the snapshot, or all from the beginning where none was taken."""
        async with named_errors(self._options):
            while not self._stopping.is_set():
                fetched = await self._open().getmany(timeout_ms=POLL_MS)
                for records in fetched.values():
                    for record in records:
                        yield decode_state_record(record)

    def _open(self) -> Any:
        if self._consumer is None:
            raise WrongUseError("use States inside of `async with States() as states`")
        return self._consumer
