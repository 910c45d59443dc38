"""A backup of the table as a file: versioned, checked as a whole before any of it is believed, and read portion by portion.

The first line says what it is. Then come frames, each a length (4 bytes, big-endian) and so many bytes of msgpack: one
`Header`, for each partition one `PartitionHead` and its `Items`, and an `End` with the SHA-256 of all that precedes it.
Whoever reads it calls `verify` first: a file that was cut short or changed is refused whole.
"""

import hashlib
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final, Literal

import msgspec

MAGIC: Final = b"clientward-backup\n"
#: Raised with every change after which an older reader would misread a file.
FORMAT: Final = 1
LENGTH: Final = struct.Struct(">I")
MOST_BYTES: Final = 1 << 30  # of a frame: beyond, the length is no length
PERSONAL: Final = (
    "Personal data: account ids, and what was kept of each account's events. Keep it as you keep the table, and delete it "
    "when an account of it is to be forgotten."
)

Kind = Literal["values", "due", "outbox", "restored"]


class BackupError(Exception):
    """A backup that cannot be read, or does not fit. The text is one line that says what to do."""


class Header(msgspec.Struct, frozen=True, kw_only=True, tag="header"):
    """What was backed up, and of what it is part.

    Attributes:
        format: of the file, `FORMAT`.
        layout: of the newest account record that whoever wrote it may have written.
        group, table: the workers' group, and the prefix of the keys in Redis.
        partitions: how many there are.
        topics: the intake's, of which the positions are.
        cluster: Kafka's id of its cluster; positions mean nothing to another.
        made_at: RFC 3339.
        made_by: the version of Clientward.
        personal_data: a note for whoever finds the file.
    """

    format: int
    layout: int
    group: str
    table: str
    partitions: int
    topics: list[str]
    cluster: str
    made_at: str
    made_by: str
    personal_data: str = PERSONAL


class PartitionHead(msgspec.Struct, frozen=True, kw_only=True, tag="partition"):
    """A partition: its number, the next offset to read by topic, the changelog offset that its values reflect, its epoch."""

    number: int
    positions: dict[str, int]
    changelog: int | None
    epoch: int


class Items(msgspec.Struct, frozen=True, tag="items"):
    """Some of a partition's elements: key and value; a due time is in µs since the epoch, and what is restored has none."""

    kind: Kind
    pairs: list[tuple[bytes, bytes | int | None]]


class End(msgspec.Struct, frozen=True, tag="end"):
    """The end: the SHA-256 of all bytes before it, as hex."""

    sha256: str


Frame = Header | PartitionHead | Items | End

_encode = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(Frame).decode


class BackupWriter:
    """Writes a backup's frames to a file in order; `end` makes it whole."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._sum = hashlib.sha256()
        self._write(MAGIC)

    def frame(self, frame: Header | PartitionHead | Items) -> None:
        """Write one frame."""
        self._frame(frame)

    def end(self) -> None:
        """Write the end, with the checksum."""
        self._frame(End(self._sum.hexdigest()))

    def _frame(self, frame: Frame) -> None:
        raw = _encode(frame)
        self._write(LENGTH.pack(len(raw)) + raw)

    def _write(self, raw: bytes) -> None:
        self._sum.update(raw)
        self._file.write(raw)


def verify(path: Path) -> tuple[Header, int]:
    """Read a file whole; return its header and how many accounts it has.

    Raises BackupError where it is not as it was written, OSError.
    """
    header: Header | None = None
    accounts = 0
    for frame in frames(path):
        if isinstance(frame, Header):
            header = frame
        elif isinstance(frame, Items) and frame.kind == "values":
            accounts += len(frame.pairs)
        elif isinstance(frame, End) and header is not None:
            return header, accounts
    raise BackupError(f"{path}: the backup has no end: it was cut short; take another copy of it")


def frames(path: Path) -> Iterator[Frame]:
    """Yield a file's frames up to its end. Raises BackupError, OSError."""
    with path.open("rb") as file:
        raw = file.read(len(MAGIC))
        if raw != MAGIC:
            raise BackupError(f"{path}: this is no backup of Clientward; `clientward backup FILE` writes one")
        checksum = hashlib.sha256(raw)
        first = True
        while raw := _read(file, path):
            frame = _frame_of(raw, path)
            if first:
                _check_format(frame, path)
                first = False
            if isinstance(frame, End):
                _check_end(frame, checksum.hexdigest(), file, path)
                yield frame
                return
            checksum.update(LENGTH.pack(len(raw)) + raw)
            yield frame


def _read(file: IO[bytes], path: Path) -> bytes:
    """Return the next frame's bytes; none at the end of the file."""
    length = file.read(LENGTH.size)
    if not length:
        return b""
    wanted = LENGTH.unpack(length)[0] if len(length) == LENGTH.size else MOST_BYTES
    raw = file.read(wanted) if wanted < MOST_BYTES else b""
    if len(raw) < wanted:
        raise BackupError(
            f"{path}: the backup is cut short or damaged at byte {file.tell():,}; take another copy of it"
        )
    return raw


def _frame_of(raw: bytes, path: Path) -> Frame:
    try:
        frame: Frame = _decode(raw)
    except msgspec.MsgspecError as error:
        version = _format_of(raw)
        if version is not None and version != FORMAT:
            raise _other_format(version, path) from error
        raise BackupError(f"{path}: the backup is damaged ({error}); take another copy of it") from error
    return frame


def _check_format(frame: Frame, path: Path) -> None:
    if not isinstance(frame, Header):
        raise BackupError(f"{path}: the backup is damaged: it begins with no header; take another copy of it")
    if frame.format != FORMAT:
        raise _other_format(frame.format, path)


def _format_of(raw: bytes) -> int | None:
    """Return what a header of any format says of its format."""
    try:
        found: Any = msgspec.msgpack.decode(raw)
    except msgspec.MsgspecError:
        return None
    version = found.get("format") if isinstance(found, dict) else None
    return version if isinstance(version, int) else None


def _other_format(version: int, path: Path) -> BackupError:
    return BackupError(
        f"{path}: the backup has format {version}, this version reads {FORMAT}; use the one that wrote it"
    )


def _check_end(end: End, checksum: str, file: IO[bytes], path: Path) -> None:
    if end.sha256 != checksum or file.read(1):
        raise BackupError(f"{path}: the checksum does not fit: the backup is damaged; take another copy of it")
