"""Move the place from which a group goes on: the positions in Redis, which its workers seek to when they start.

What that comes to follows from the accounts' records. Each knows, by topic, the last offset that it reflects, and takes
nothing at or below it for new. So records that are read again change no account that is there, and no decision is told
again; they are applied to accounts that are not in the table. What was refused is refused again, under the same place.
Records that are skipped are not applied, and once an account has folded a later one of the same topic they never are,
wherever the position is moved. Commands are not skipped, since an erasure may be among them.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, Literal

from aiokafka import TopicPartition
from msgspec import Struct

from actions.auditing import audit_entry
from actions.errors import ActionError, InputError, server_errors
from actions.groups import require_no_workers
from actions.policies import require_name
from actions.tables import table_of
from clientward_store import Fenced
from clientward_store.snapshots import PartitionWriter
from relationship.contract.messages import COMMANDS, MESSAGE_TYPES
from relationship.contract.outcome import AUDIT
from relationship.contract.times import micros
from streams.config.settings import Settings
from streams.health.table import read_positions
from streams.kafka.bounds import Bounds, offsets_at, read_bounds
from streams.kafka.letters import write_audit
from streams.kafka.sending import producer, require_topics

EARLIEST: Final = "earliest"
To = int | datetime | Literal["earliest"]


class Move(Struct, frozen=True):
    """One position and where it goes.

    Attributes:
        topic, partition: which one.
        position: of the first record that is not folded now.
        to: the same afterwards.
        again: records that are read again.
        skipped: records that are not read at all.
    """

    topic: str
    partition: int
    position: int
    to: int
    again: int
    skipped: int


class Reset(Struct, frozen=True):
    """What is moved, and how many records are read again or skipped in all; `done` is False of a dry run."""

    group: str
    moves: list[Move]
    again: int
    skipped: int
    done: bool


class Wanted(Struct, frozen=True, kw_only=True):
    """Where to, and what.

    Attributes:
        to: an offset, a moment of Kafka's storing, or the earliest record that there is.
        topics: of the intake; empty: all of them.
        partition: one number only; an offset needs it, with one topic.
        by, why: who does it, and for which reason; both go into the audit.
        dry: say what would be done, and write nothing.
    """

    to: To
    topics: Sequence[str] = ()
    partition: int | None = None
    by: str = ""
    why: str = ""
    dry: bool = False


async def reset(settings: Settings, wanted: Wanted) -> Reset:
    """Move the group's positions. Raises InputError, ActionError where it has workers, TopicsError, ServerError."""
    _require(settings, wanted)
    topics = list(wanted.topics or MESSAGE_TYPES)
    with server_errors(settings):
        bounds = await read_bounds(settings, topics)
        targets = await _targets(settings, wanted, bounds)
        positions = await read_positions(settings)
        found = moves(positions, bounds, targets)
        _require_allowed(wanted, found)
        if not wanted.dry and found:
            await require_no_workers(settings)
            await require_topics(settings, {AUDIT})
            async with producer(settings) as client:
                await write_audit(client, audit_entry("reset", _detail(wanted, found), wanted.by))
            await _move(settings, found)
    return Reset(
        group=settings.group,
        moves=found,
        again=sum(each.again for each in found),
        skipped=sum(each.skipped for each in found),
        done=not wanted.dry,
    )


def moves(
    positions: Mapping[TopicPartition, int],
    bounds: Mapping[TopicPartition, Bounds],
    targets: Mapping[TopicPartition, int],
) -> list[Move]:
    """Return what is to be moved; a position that Redis does not have is the partition's beginning."""
    found = []
    for tp, to in sorted(targets.items()):
        begin, end = bounds[tp]
        position = max(begin, min(positions.get(tp, begin), end))
        if to != position:
            found.append(Move(tp.topic, tp.partition, position, to, max(0, position - to), max(0, to - position)))
    return found


def _require(settings: Settings, wanted: Wanted) -> None:
    if unknown := [topic for topic in wanted.topics if topic not in MESSAGE_TYPES]:
        raise InputError(f"{', '.join(unknown)}: the intake has no such topic; it has {', '.join(MESSAGE_TYPES)}")
    if wanted.partition is not None and not 0 <= wanted.partition < settings.partitions:
        raise InputError(f"partition {wanted.partition}: there are 0 to {settings.partitions - 1}")
    if isinstance(wanted.to, int) and (len(wanted.topics) != 1 or wanted.partition is None):
        raise InputError("an offset is one partition's: name one topic and its partition (--topic, --partition)")
    if wanted.dry:
        return
    require_name(wanted.by)
    if not wanted.why.strip():
        raise InputError("a reason is needed: say why (--why)")


def _require_allowed(wanted: Wanted, found: Sequence[Move]) -> None:
    """Raise InputError where records would be skipped that nobody has named, or commands."""
    skipping = [each for each in found if each.skipped]
    commands = [each for each in skipping if each.topic == COMMANDS]
    if commands:
        count = sum(each.skipped for each in commands)
        raise InputError(
            f"{count:,} commands would be skipped, and an erasure may be among them: leave {COMMANDS} out (--topic)"
        )
    if skipping and not wanted.topics:
        counts = {each.topic: 0 for each in skipping}
        for each in skipping:
            counts[each.topic] += each.skipped
        told = ", ".join(f"{count:,} of {topic}" for topic, count in counts.items())
        raise InputError(f"records would be skipped for good ({told}): name the topics in which you mean it (--topic)")


async def _targets(
    settings: Settings, wanted: Wanted, bounds: Mapping[TopicPartition, Bounds]
) -> dict[TopicPartition, int]:
    chosen = {tp: each for tp, each in bounds.items() if wanted.partition in {None, tp.partition}}
    if isinstance(wanted.to, datetime):
        at = await offsets_at(settings, {tp.topic for tp in chosen}, micros(wanted.to) // 1000)
        return {tp: at[tp] for tp in chosen}
    if isinstance(wanted.to, int):
        ((tp, (begin, end)),) = chosen.items()
        if not begin <= wanted.to <= end:
            raise InputError(f"offset {wanted.to}: {tp.topic} partition {tp.partition} has {begin} to {end}")
        return {tp: wanted.to}
    return {tp: each.begin for tp, each in chosen.items()}


async def _move(settings: Settings, found: Sequence[Move]) -> None:
    """Write the positions, partition by partition, as a partition's owner does."""
    async with table_of(settings) as parts:
        for number in sorted({each.partition for each in found}):
            try:
                writer = await PartitionWriter.take_over(parts, number)
                await writer.move({each.topic: each.to for each in found if each.partition == number})
            except Fenced as error:
                raise ActionError(
                    f"a worker has taken partition {number} over meanwhile: stop it, and try again"
                ) from error


def _detail(wanted: Wanted, found: Sequence[Move]) -> str:
    again, skipped = sum(each.again for each in found), sum(each.skipped for each in found)
    return f"{len(found)} positions moved to {wanted.to}, {again} records again, {skipped} skipped: {wanted.why}"
