"""All that is private of aiokafka and used here, seen in 0.14.0: nothing else of the project touches such a name.

Three things come of it. Requests to a broker keep a distance, so that what comes within it is folded together. They name
what has changed since the last one and no more (`streams.driver.fetch_sessions`): aiokafka speaks the protocol's versions
that have sessions, and opens none. And the
records of a fetch go from the parser, which is C, into a list: aiokafka gives out a `ConsumerRecord` for each, through three
calls in Python, 0.4 µs where decoding one takes 0.7. What is left out, where the position stands afterwards and which errors
are raised is as in aiokafka: `FetchResult.getall` and `PartitionRecords._unpack_records` are the models of `_take` and
`_batches`, and tests/unit/test_records.py compares them.
"""

import asyncio
import math
import time
import weakref
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, islice
from typing import Any, Final, TypeAlias

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.consumer.fetcher import READ_COMMITTED, Fetcher, FetchError, FetchResult, PartitionRecords
from aiokafka.consumer.subscription_state import TopicPartitionState
from aiokafka.errors import CorruptRecordException
from aiokafka.protocol.fetch import FetchRequest, FetchRequestStruct

from streams.driver.fetch_pacing import FetchPacing
from streams.driver.fetch_sessions import Asked, Session
from streams.wire.records import FetchedRecord

SEEN_IN: Final = "0.14.0"
#: The private names touched here, by the class that has them; a test names those that an upgrade has taken away.
NAMES: Final[Mapping[type, Sequence[str]]] = {
    AIOKafkaConsumer: ("_fetch_max_wait_ms", "_fetcher", "_subscription"),
    FetchRequest: ("_max_wait_ms", "_min_bytes", "_max_bytes", "_isolation_level", "_topics", "_rack_id"),
    Fetcher: ("_client", "_proc_fetch_request", "_records"),
    FetchResult: ("_partition_records", "_topic_partition", "_update_position", "check_assignment", "has_more"),
    PartitionRecords: (
        "_records",
        "_check_crcs",
        "_tp",
        "_isolation_level",
        "_consume_aborted_up_to",
        "_aborted_producers",
        "_contains_abort_marker",
        "next_fetch_offset",
    ),
    TopicPartitionState: ("has_valid_position", "position", "highwater", "paused"),
}

# Versions of the fetch request since which it has sessions, an epoch of the leader, the rack of who asks.
SESSIONS_SINCE: Final = 7
LEADER_EPOCHS_SINCE: Final = 9
RACKS_SINCE: Final = 11

#: aiokafka's way to fetch: assignment, broker's id and request; True where something came.
Fetch: TypeAlias = Callable[[Any, int, Any], Awaitable[bool]]


def set_fetch_wait(consumer: AIOKafkaConsumer, milliseconds: int) -> None:
    """Let a consumer that is not started yet wait so long for a fetch: Faust hard-codes 1,500 ms when it makes one."""
    consumer._fetch_max_wait_ms = milliseconds  # noqa: SLF001 - the argument is Faust's


def partition_states(consumer: AIOKafkaConsumer) -> Iterator[tuple[TopicPartition, int, int, bool]]:
    """Yield where a consumer stands in each assigned partition of which it knows position and end.

    For each: the next offset to fetch, the one that the next new record will have, and whether it is paused.
    """
    assignment = consumer._subscription.subscription.assignment  # noqa: SLF001 - read without a request
    for tp in consumer.assignment():
        state = assignment.state_value(tp)
        if state is not None and state.has_valid_position and state.highwater is not None:
            yield tp, state.position, state.highwater, state.paused


def space_fetches(consumer: AIOKafkaConsumer, pacing: FetchPacing) -> None:
    """Let a started consumer wait from one request to a broker to the next as `pacing` says."""
    fetcher = consumer._fetcher  # noqa: SLF001 - aiokafka has no setting for it
    fetcher._proc_fetch_request = spaced(fetcher._proc_fetch_request, pacing)  # noqa: SLF001


def spaced(
    fetch: Fetch,
    pacing: FetchPacing,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Fetch:
    """Return `fetch` with a distance between the beginnings of two requests to the same broker, as `pacing` says.

    While nothing comes, the broker is let hold a request for longer.
    """
    begun: dict[int, float] = {}

    async def fetch_later(assignment: Any, node: int, request: FetchRequest) -> bool:
        wait = begun.get(node, -math.inf) + pacing.distance - clock()
        if wait > 0:
            try:
                await sleep(wait)
            except asyncio.CancelledError:
                return False  # as aiokafka's own does: what was to be fetched is of no interest any more
        begun[node] = clock()
        request._max_wait_ms = pacing.longest_wait_ms(request._max_wait_ms)  # noqa: SLF001
        has_come = await fetch(assignment, node, request)
        pacing.note(has_come=has_come)
        return has_come

    return fetch_later


def use_sessions(consumer: AIOKafkaConsumer) -> None:
    """Let a started consumer fetch in sessions. Call it before `space_fetches`."""
    fetcher = consumer._fetcher  # noqa: SLF001 - aiokafka has no setting for it
    fetcher._client = _SessionClient(fetcher._client)  # noqa: SLF001
    fetcher._proc_fetch_request = in_sessions(fetcher._proc_fetch_request)  # noqa: SLF001


def in_sessions(fetch: Fetch) -> Fetch:
    """Return `fetch` with a session for each broker, a new one with every assignment, of which nothing is known yet."""
    sessions: dict[int, tuple[Any, Session]] = {}

    async def fetch_in_session(assignment: Any, node: int, request: FetchRequest) -> bool:
        of, session = sessions.get(node, (None, None))
        if session is None or of is not assignment:
            session = session or Session()
            session.lost()
            sessions[node] = assignment, session
        return await fetch(assignment, node, SessionRequest(request, session))

    return fetch_in_session


class SessionRequest(FetchRequest):  # type: ignore[misc]  # untyped to mypy
    """aiokafka's request of all partitions, sent as what a session has to say of them."""

    def __init__(self, whole: FetchRequest, session: Session) -> None:
        super().__init__(
            whole._max_wait_ms,  # noqa: SLF001
            whole._min_bytes,  # noqa: SLF001
            whole._max_bytes,  # noqa: SLF001
            whole._isolation_level,  # noqa: SLF001
            whole._topics,  # noqa: SLF001
            whole._rack_id,  # noqa: SLF001
        )
        self.session = session

    def build(self, request_struct_class: type[FetchRequestStruct]) -> FetchRequestStruct:
        """Return the request of a version that the broker speaks; one without sessions names all partitions."""
        version = request_struct_class.API_VERSION
        if version < SESSIONS_SINCE:
            return super().build(request_struct_class)
        asked = self.session.ask({(topic, each[0]): each[1:] for topic, mine in self._topics for each in mine})
        fields: list[Any] = [-1, self._max_wait_ms, self._min_bytes, self._max_bytes, self._isolation_level]
        fields += [asked.session, asked.epoch, *_told(asked, version)]
        if version >= RACKS_SINCE:
            fields.append(self._rack_id)
        return request_struct_class(*fields)


def _told(asked: Asked, version: int) -> tuple[list[Any], list[Any]]:
    """Return the partitions that a request names and those to forget, by topic; -1 is an epoch or a start not known."""
    epoch = (-1,) if version >= LEADER_EPOCHS_SINCE else ()
    changed: dict[str, list[Any]] = {}
    for (topic, partition), (offset, size) in asked.changed.items():
        changed.setdefault(topic, []).append((partition, *epoch, offset, -1, size))
    forgotten: dict[str, list[int]] = {}
    for topic, partition in asked.forgotten:
        forgotten.setdefault(topic, []).append(partition)
    return [*changed.items()], [*forgotten.items()]


class _SessionClient:
    """aiokafka's client, which tells a request's session what became of it."""

    def __init__(self, client: Any) -> None:
        self._wrapped = client
        self.cluster = client.cluster  # asked for at each partition of each fetch

    def __getattr__(self, name: str) -> Any:
        return getattr(self._wrapped, name)

    async def send(self, node: int, request: Any, **how: Any) -> Any:
        """Send a request, and return the answer."""
        if not isinstance(request, SessionRequest):
            return await self._wrapped.send(node, request, **how)
        try:
            answer = await self._wrapped.send(node, request, **how)
        except BaseException:  # given up, too: the broker may have heard it or not
            request.session.lost()
            raise
        if answer.API_VERSION >= SESSIONS_SINCE:
            request.session.heard(answer.error_code, answer.session_id)
        return answer


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
    consumer._fetcher._records = Unwrapped()  # noqa: SLF001 - nothing is assigned yet, so nothing is lost


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
