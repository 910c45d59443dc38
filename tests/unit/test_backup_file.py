"""A backup as a file: what was written is read, and a file that was harmed in any way is refused whole."""

import hashlib
from pathlib import Path

import msgspec
import pytest

from streams.wire.backup_file import (
    BackupError,
    BackupWriter,
    End,
    Header,
    Items,
    PartitionHead,
    frames,
    verify,
)

HEADER = Header(
    format=1,
    layout=2,
    group="g",
    table="g-relationships",
    partitions=2,
    topics=["t"],
    cluster="c",
    made_at="2026-11-28T00:00:00Z",
    made_by="0.1.0",
)
FRAMES = [
    HEADER,
    PartitionHead(number=0, positions={"t": 7}, changelog=5, epoch=3),
    Items("values", [(b"a", b"\x00\xff"), ("é".encode(), b"")]),
    Items("due", [(b"a", 1_790_000_000_000_001)]),
    Items("restored", [(b"a", None)]),
    PartitionHead(number=1, positions={}, changelog=None, epoch=0),
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A whole backup."""
    path = tmp_path / "backup"
    write(path, FRAMES)
    return path


def write(path: Path, frames_of: list[Header | PartitionHead | Items]) -> None:
    """Write a backup of these frames."""
    with path.open("wb") as out:
        writer = BackupWriter(out)
        for frame in frames_of:
            writer.frame(frame)
        writer.end()


def test_what_was_written_is_read(file: Path) -> None:
    """Frame by frame, with the end last; the header says that there is personal data in it."""
    found = list(frames(file))
    assert found[:-1] == FRAMES
    assert isinstance(found[-1], End)
    header, accounts = verify(file)
    assert (header, accounts) == (HEADER, 2)
    assert header.personal_data.startswith("Personal data: account ids")


def test_the_checksum_is_the_sha_256_of_all_before_the_end(file: Path) -> None:
    """Another program can check it with what every system has."""
    *_, end = frames(file)
    assert isinstance(end, End)
    raw = file.read_bytes()
    before = raw[: raw.index(msgspec.msgpack.encode(end)) - 4]
    assert end.sha256 == hashlib.sha256(before).hexdigest()


def test_a_file_cut_short_anywhere_is_refused(file: Path) -> None:
    """At whichever byte it ends too early."""
    whole = file.read_bytes()
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        with pytest.raises(BackupError, match=str(file)):
            verify(file)


def test_a_changed_byte_anywhere_is_refused(file: Path) -> None:
    """Whichever byte it is, and that something was appended."""
    whole = file.read_bytes()
    for at in range(len(whole)):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        with pytest.raises(BackupError):
            verify(file)
    file.write_bytes(whole + b"x")
    with pytest.raises(BackupError, match="checksum"):
        verify(file)


def test_another_format_is_named(tmp_path: Path) -> None:
    """A file of a later format is refused by its number, whatever else its header has become."""
    later = tmp_path / "later"
    write(later, [msgspec.structs.replace(HEADER, format=2)])
    with pytest.raises(BackupError, match="has format 2, this version reads 1"):
        verify(later)
    raw = msgspec.msgpack.encode({"type": "header", "format": 9, "what": "else"})
    later.write_bytes(b"clientward-backup\n" + len(raw).to_bytes(4) + raw)
    with pytest.raises(BackupError, match="has format 9"):
        verify(later)


def test_another_file_is_no_backup(tmp_path: Path) -> None:
    """A file of something else is named as such."""
    other = tmp_path / "events.jsonl"
    other.write_text('{"topic": "t"}\n')
    with pytest.raises(BackupError, match="no backup of Clientward"):
        verify(other)
