"""Back the table up while workers run, and put a backup back where none do.

Of each partition the file has what one commit left: accounts, positions, due times and what was still to be sent.
Partitions are taken one after the other, so each has a moment of its own; that is no less consistent, for what one
account's partition says to another travels by Kafka, and the receiver's position says whether it was heard. Put back, it
is a Redis that has gone back in time, which the workers know how to mend: they read the changelog from where the backup
stands, fold the intake from its positions, and recognise what an account reflects already.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any, Final

from aiokafka import TopicPartition
from msgspec import Struct

from actions.errors import ActionError, server_errors
from actions.groups import require_no_workers
from actions.tables import table_of
from clientward_store import Fenced
from clientward_store.partitions import Partitions
from clientward_store.snapshots import PartitionWriter, Snapshot, read_snapshot
from relationship.contract.messages import MESSAGE_TYPES
from relationship.state.record import LAYOUT
from streams.config.settings import Settings
from streams.kafka.bounds import Bounds, cluster_id, read_bounds
from streams.wire.backup_file import (
    FORMAT,
    BackupError,
    BackupWriter,
    End,
    Header,
    Items,
    Kind,
    PartitionHead,
    frames,
    verify,
)

PORTION: Final = 1_000  # elements of one frame: a megabyte or two

OnProgress = Callable[[int, int], None]


class Backup(Struct, frozen=True):
    """What a backup holds.

    Attributes:
        file: where it is.
        made_at: RFC 3339.
        group: the workers' group.
        partitions, accounts: how many.
        unsent: messages that were still to be sent, with the steps' markers.
    """

    file: str
    made_at: str
    group: str
    partitions: int
    accounts: int
    unsent: int


async def backup(settings: Settings, file: Path, on_progress: OnProgress = lambda *_: None) -> Backup:
    """Write all partitions to a file, which is replaced when whole. Raises BackupError, ServerError, OSError."""
    accounts = unsent = 0
    with server_errors(settings):
        header = await _header(settings)
        async with table_of(settings) as parts:
            with _replaced(file) as out:
                writer = BackupWriter(out)
                writer.frame(header)
                for number in range(settings.partitions):
                    snapshot = await read_snapshot(parts.clients, settings.table, number)
                    for frame in _frames_of(number, snapshot):
                        writer.frame(frame)
                    accounts += len(snapshot.values)
                    unsent += len(snapshot.outbox)
                    on_progress(number + 1, settings.partitions)
                if not accounts:
                    raise ActionError(
                        f"nothing to back up: Redis holds no account of group {settings.group}; see `clientward settings`"
                    )
                writer.end()
    return Backup(str(file), header.made_at, settings.group, settings.partitions, accounts, unsent)


async def restore(
    settings: Settings, file: Path, *, over: bool = False, on_progress: OnProgress = lambda *_: None
) -> Backup:
    """Put a backup back, read it again, and compare. With `over`, what Redis holds of the group makes way for it.

    Raises BackupError where the file is not whole or does not fit this deployment, ActionError where something is in the
    way, ServerError, OSError.
    """
    header, accounts = verify(file)
    _check_header(file, header, settings)
    unsent = 0
    with server_errors(settings):
        await require_no_workers(settings)
        await _check_kafka(file, header, settings)
        async with table_of(settings) as parts:
            if not over:
                await _require_empty(parts, settings)
            for number, snapshot in _snapshots(file):
                await _put_back(parts, number, snapshot)
                unsent += len(snapshot.outbox)
                on_progress(number + 1, header.partitions)
    return Backup(str(file), header.made_at, header.group, header.partitions, accounts, unsent)


async def _header(settings: Settings) -> Header:
    return Header(
        format=FORMAT,
        layout=LAYOUT,
        group=settings.group,
        table=settings.table,
        partitions=settings.partitions,
        topics=[*MESSAGE_TYPES],
        cluster=await cluster_id(settings),
        made_at=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        made_by=version("clientward"),
    )


def _frames_of(number: int, snapshot: Snapshot) -> Iterator[PartitionHead | Items]:
    yield PartitionHead(
        number=number, positions={**snapshot.positions}, changelog=snapshot.changelog, epoch=snapshot.epoch
    )
    elements: tuple[tuple[Kind, Sequence[tuple[bytes, bytes | int | None]]], ...] = (
        ("values", [*snapshot.values.items()]),
        ("due", [*snapshot.due.items()]),
        ("outbox", [*snapshot.outbox.items()]),
        ("restored", [(key, None) for key in snapshot.restored]),
    )
    for kind, pairs in elements:
        for at in range(0, len(pairs), PORTION):
            yield Items(kind, [*pairs[at : at + PORTION]])


def _snapshots(file: Path) -> Iterator[tuple[int, Snapshot]]:
    """Yield the partitions of a file that was verified."""
    head: PartitionHead | None = None
    items: dict[Kind, dict[bytes, Any]] = {}
    for frame in frames(file):
        if isinstance(frame, Items):
            items[frame.kind].update(frame.pairs)
        elif isinstance(frame, PartitionHead | End):
            if head is not None:
                yield head.number, _snapshot(head, items)
            head = frame if isinstance(frame, PartitionHead) else None
            items = {"values": {}, "due": {}, "outbox": {}, "restored": {}}


def _snapshot(head: PartitionHead, items: Mapping[Kind, Mapping[bytes, Any]]) -> Snapshot:
    return Snapshot(
        positions=head.positions,
        changelog=head.changelog,
        epoch=head.epoch,
        values=items["values"],
        due=items["due"],
        outbox=items["outbox"],
        restored=[*items["restored"]],
    )


@contextmanager
def _replaced(file: Path) -> Iterator[IO[bytes]]:
    """Give a new file, its owner's alone, which takes the name of `file` when the block is through. Raises OSError."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        draft.replace(file)
    except BaseException:
        with suppress(OSError):
            draft.unlink()
        raise


def _check_header(file: Path, header: Header, settings: Settings) -> None:
    """Raise BackupError where a backup is another deployment's, or a newer version's."""
    if header.layout > LAYOUT:
        raise BackupError(
            f"{file}: the records are those of a newer version ({header.made_by}); restore it with that one or a later one"
        )
    if header.group != settings.group:
        raise BackupError(
            f"{file}: the backup is of group {header.group}, not {settings.group}: the changelog is the group's own; set "
            f"CLIENTWARD_GROUP={header.group}"
        )
    if header.partitions != settings.partitions:
        raise BackupError(
            f"{file}: the backup has {header.partitions} partitions, CLIENTWARD_PARTITIONS says {settings.partitions}: "
            "accounts would not be found; set what the backup has"
        )
    unknown = sorted(set(header.topics) - set(MESSAGE_TYPES))
    if unknown:
        raise BackupError(f"{file}: the backup has positions in {', '.join(unknown)}, which this version does not read")


async def _check_kafka(file: Path, header: Header, settings: Settings) -> None:
    """Raise BackupError where Kafka is not the one that the positions are of, or has no longer what follows them."""
    there = await cluster_id(settings)
    if there != header.cluster:
        raise BackupError(
            f"{file}: the backup belongs to the Kafka cluster {header.cluster}, {settings.kafka_bootstrap} is {there}: "
            "offsets mean nothing there"
        )
    bounds = await read_bounds(settings, [*header.topics, settings.changelog_topic])
    numbers = {tp.topic: sum(other.topic == tp.topic for other in bounds) for tp in bounds}
    if wrong := [f"{topic} has {count}" for topic, count in numbers.items() if count != header.partitions]:
        raise BackupError(
            f"{file}: the backup has {header.partitions} partitions: {', '.join(wrong)}; see `clientward topics plan`"
        )
    for frame in frames(file):
        if isinstance(frame, PartitionHead):
            positions = {**{t: frame.positions.get(t, 0) for t in header.topics}}
            _check_positions(file, frame, {TopicPartition(t, frame.number): at for t, at in positions.items()}, bounds)
            changelog = TopicPartition(settings.changelog_topic, frame.number)
            if frame.changelog is not None and frame.changelog >= bounds[changelog].end:
                raise _ends_before(file, changelog, bounds[changelog].end, frame.changelog)


def _check_positions(
    file: Path, frame: PartitionHead, positions: Mapping[TopicPartition, int], bounds: Mapping[TopicPartition, Bounds]
) -> None:
    for tp, position in positions.items():
        begin, end = bounds[tp]
        if position > end:
            raise _ends_before(file, tp, end, position)
        if position < begin and tp.topic in frame.positions:
            raise BackupError(
                f"{file}: the backup is too old: {tp.topic} partition {tp.partition} begins at {begin}, and goes on at "
                f"{position} in the backup; the records between are gone, and with them erasures. Take a newer backup, or "
                "none: workers rebuild an empty Redis from the changelog"
            )


def _ends_before(file: Path, tp: TopicPartition, end: int, position: int) -> BackupError:
    return BackupError(
        f"{file}: {tp.topic} partition {tp.partition} ends at {end}, the backup has it up to {position}: the topic was made "
        "anew or lost records, so the backup does not fit it"
    )


async def _require_empty(parts: Partitions, settings: Settings) -> None:
    for number in range(settings.partitions):
        there = await read_snapshot(parts.clients, settings.table, number)
        if not there.is_empty:
            raise ActionError(
                f"Redis holds {len(there.values):,} accounts in partition {number} of {settings.table} already: `--over` "
                "puts the backup in their place"
            )


async def _put_back(parts: Partitions, number: int, snapshot: Snapshot) -> None:
    """Make a partition what the backup says, and compare. Raises ActionError where a worker has come in between."""
    try:
        writer = await PartitionWriter.take_over(parts, number)
        await writer.put_back(snapshot, await read_snapshot(parts.clients, parts.prefix, number))
        await writer.write()
    except Fenced as error:
        raise ActionError(
            f"a worker has taken partition {number} over meanwhile: stop it, and restore again with --over"
        ) from error
    found = await read_snapshot(parts.clients, parts.prefix, number)
    if not found.same(snapshot):
        raise ActionError(f"partition {number} is not what the backup holds, read again: restore again with --over")
