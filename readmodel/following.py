"""Follow the topics into the tables, without end: what is there first, and then what comes.

No group: the positions stand in the tables, in the transaction of the rows, so that a follower that is killed goes on where
they end. A topic that does not fit the positions any more (made anew, cut beyond them, on another cluster) is said, and the
tables are read anew from the beginning; until then they answer with what they have.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from readmodel.database import ReadModel
from readmodel.errors import DatabaseError
from readmodel.writing.positions import Place, Position, read_fact
from readmodel.writing.upkeep import note_ends, take_old_away
from readmodel.writing.writer import TOPICS, OvertakenError, Writer
from relationship.contract.outcome import AUDIT, RECLASSIFIED, REJECTED
from streams.config.settings import Settings
from streams.kafka.admin import TopicsError, admin_client
from streams.kafka.reading import POLL_MS, reader

Say = Callable[[str], object]
#: Why tables are begun in which nothing was read yet.
NEW: Final = "new"
#: Records of a batch: enough that a transaction's own cost is small, few enough that others wait for less than a second.
BATCH: Final = 4_000
#: Between two questions how much there is: the age that a page shows.
ENDS_SECONDS: Final = 2.0
#: Between two looks for what is past its retention.
OLD_SECONDS: Final = 3_600.0
#: Before another try, where Kafka or the database is away, or another follower is at work.
AGAIN_SECONDS: Final = 2.0
SECOND_MS: Final = 1_000
#: The last offsets of a compacted topic may hold nothing: after so many polls without a record, all has been read.
QUIET_POLLS: Final = 20
#: Polls in which the last records that were read must come, to be compared.
LAST_POLLS: Final = 6


class LostError(Exception):
    """The positions do not fit the topics. The text says which and how."""


async def follow(settings: Settings, model: ReadModel, *, say: Say = lambda _: None, once: bool = False) -> None:
    """Follow until cancelled; with `once`, until all is read that is there.

    While Kafka, a topic or the database is away it says so once, waits and goes on; with `once` it raises KafkaError,
    TopicsError or DatabaseError. `say` gets one line for a person.
    """
    writer, said, anew = Writer(model), "", ""
    while True:
        try:
            if anew:
                await rebuild(settings, model, why=anew)
                anew = ""
            await _Following(settings, writer).run(once=once)
        except LostError as error:
            anew = str(error)
            if anew != NEW:
                say(f"the read model is read anew: {anew}")
        except (KafkaError, TopicsError, DatabaseError, OvertakenError) as error:
            if once:
                raise
            line = str(error) or type(error).__name__
            if line != said:
                say(f"the read model waits: {line}")
            said = line
            await asyncio.sleep(AGAIN_SECONDS)
        else:
            return


async def rebuild(settings: Settings, model: ReadModel, *, why: str = "asked for") -> None:
    """Empty the tables; whoever follows reads the topics from their beginning.

    Raises KafkaError, DatabaseError, TopicsError.
    """
    async with reader(settings, *TOPICS) as (consumer, partitions):
        ends = _places(await consumer.end_offsets(partitions))
        cluster = await _cluster(settings)
        await asyncio.to_thread(Writer(model).begin_anew, ends, why=why, now_ms=_now_ms(), cluster=cluster)


def lost(place: Place, at: Position, begin: int, end: int) -> str | None:
    """Return why a position does not fit a partition with records from `begin` to before `end`; None where it fits."""
    where = f"{place.topic} partition {place.partition}"
    if at.next_offset > end:
        return f"{where} ends at {end:,}, and {at.next_offset:,} were read: it was made anew"
    if at.records and at.next_offset < begin:
        return f"{where} begins at {begin:,}, and it was read up to {at.next_offset:,}: records are gone between them"
    return None


class _Following:
    """One connection's following."""

    def __init__(self, settings: Settings, writer: Writer) -> None:
        self._settings, self._writer = settings, writer
        self._asked = self._swept = float("-inf")
        self._ends: dict[Place, int] = {}
        self._quiet = 0  # polls without a record, one after the other

    async def run(self, *, once: bool) -> None:
        async with reader(self._settings, *TOPICS, on_reset="none") as (consumer, partitions):
            await self._begin(consumer, partitions)
            while True:
                await self._step(consumer)
                if once and self._has_reached():
                    await self._keep_up(consumer)
                    return
                if time.monotonic() - self._asked >= ENDS_SECONDS:
                    await self._keep_up(consumer)

    async def _begin(self, consumer: AIOKafkaConsumer, partitions: Sequence[TopicPartition]) -> None:
        """Seek to the positions. Raises LostError where they do not fit, or there are none."""
        await asyncio.to_thread(self._writer.resume)
        begins, ends = (
            _places(await consumer.beginning_offsets(partitions)),
            _places(await consumer.end_offsets(partitions)),
        )
        at, self._ends = self._writer.positions, ends
        if not at:
            raise LostError(NEW)
        if at.keys() != ends.keys():
            raise LostError("the topics have other partitions than before")
        if await asyncio.to_thread(self._cluster_before) != await _cluster(self._settings):
            raise LostError("it is another Kafka than before")
        _check(at, begins, ends)
        await _check_last(consumer, at, begins)
        consumer.assign(list(partitions))
        for place, each in at.items():
            consumer.seek(TopicPartition(*place), max(each.next_offset, begins[place]))

    async def _step(self, consumer: AIOKafkaConsumer) -> None:
        try:
            fetched = await consumer.getmany(timeout_ms=POLL_MS, max_records=BATCH)
        except OffsetOutOfRangeError as error:
            raise LostError(f"a position is outside of its topic, which was made anew or cut: {error}") from error
        self._quiet = 0 if fetched else self._quiet + 1
        reached = {Place(*tp): await consumer.position(tp) for tp in consumer.assignment()}
        moved = {place: at for place, at in reached.items() if at != self._writer.positions[place].next_offset}
        if moved:
            records = [record for found in fetched.values() for record in found]
            await asyncio.to_thread(self._writer.write, records, moved)

    async def _keep_up(self, consumer: AIOKafkaConsumer) -> None:
        """Ask how much there is, clear what was erased, and take what is past its retention."""
        now = self._asked = time.monotonic()
        ends = _places(await consumer.end_offsets([*consumer.assignment()]))
        _check(self._writer.positions, dict.fromkeys(ends, 0), ends)
        whole = await asyncio.to_thread(
            note_ends, self._writer.model, ends, _now_ms(), is_quiet=self._quiet > QUIET_POLLS
        )
        await asyncio.to_thread(self._writer.clear)
        if whole and now - self._swept >= OLD_SECONDS:
            self._swept = now
            await asyncio.to_thread(take_old_away, self._writer.model, _kept_days(self._settings), _now_ms())

    def _cluster_before(self) -> str | None:
        with self._writer.model.reading() as connection:
            return read_fact(connection, "cluster")

    def _has_reached(self) -> bool:
        """Tell whether all is read that there was at the beginning."""
        at = self._writer.positions
        return self._quiet > QUIET_POLLS or all(at[place].next_offset >= end for place, end in self._ends.items())


def _check(at: Mapping[Place, Position], begins: Mapping[Place, int], ends: Mapping[Place, int]) -> None:
    for place, each in at.items():
        why = lost(place, each, begins[place], ends[place])
        if why is not None:
            raise LostError(why)


async def _check_last(consumer: AIOKafkaConsumer, at: Mapping[Place, Position], begins: Mapping[Place, int]) -> None:
    """Raise LostError where the last record that was read is another one now: the topic was made anew, and has grown."""
    last = {TopicPartition(*place): each for place, each in at.items() if each.last_offset >= begins[place]}
    if not last:
        return
    consumer.assign([*last])
    for tp, each in last.items():
        consumer.seek(tp, each.last_offset)
    left, polls = {*last}, 0
    while left and polls < LAST_POLLS:
        polls += 1
        for tp, records in (await consumer.getmany(*left, timeout_ms=POLL_MS, max_records=BATCH)).items():
            left.discard(tp)
            first, each = records[0], last[tp]
            if first.offset == each.last_offset and first.timestamp != each.last_ms:
                raise LostError(
                    f"{tp.topic} partition {tp.partition} has another record at {first.offset:,}: it was made anew"
                )


async def _cluster(settings: Settings) -> str:
    async with admin_client(settings) as client:
        return str((await client.describe_cluster()).get("cluster_id"))


def _places(of: Mapping[TopicPartition, int]) -> dict[Place, int]:
    return {Place(*tp): offset for tp, offset in of.items()}


def _kept_days(settings: Settings) -> dict[str, int]:
    return {
        RECLASSIFIED: settings.decisions_retention_days,
        REJECTED: settings.rejected_retention_days,
        AUDIT: settings.audit_retention_days,
    }


def _now_ms() -> int:
    return int(time.time() * SECOND_MS)
