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


def raw_frame(value: object) -> bytes:
    """Return a frame as it stands in a file, whatever it holds."""
    raw = msgspec.msgpack.encode(value)
    return len(raw).to_bytes(4) + raw


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        ({"type": "header", "format": "two"}, "is damaged"),
        ({"type": "header", "format": None}, "is damaged"),
        ({"type": "header", "format": 1}, "is damaged"),
        ({"type": "header", "format": 0}, "has format 0, this version reads 1"),
        (["header"], "is damaged"),
        (7, "is damaged"),
        (FRAMES[2], "begins with no header"),
    ],
)
def test_what_begins_with_no_header_of_this_format_is_told(tmp_path: Path, frame: object, told: str) -> None:
    """As of another format where it has one that is a number and another; as damaged where it says nothing of the kind."""
    path = tmp_path / "backup"
    path.write_bytes(b"clientward-backup\n" + raw_frame(frame))
    with pytest.raises(BackupError, match=told):
        verify(path)


def test_a_frame_of_a_later_kind_is_damage_where_the_format_is_ours(tmp_path: Path) -> None:
    """Only the first frame says the format."""
    path = tmp_path / "backup"
    path.write_bytes(b"clientward-backup\n" + raw_frame(HEADER) + raw_frame({"type": "more"}))
    with pytest.raises(BackupError, match="is damaged"):
        verify(path)


def test_values_alone_are_counted_as_accounts(tmp_path: Path) -> None:
    """Of all partitions; what is due, unsent or restored are the same accounts again."""
    path = tmp_path / "backup"
    kinds = [Items(kind, [(b"a", b"1"), (b"b", b"2"), (b"c", b"3")]) for kind in ("due", "outbox", "restored")]
    write(path, [HEADER, Items("values", [(b"a", b"1")]), *kinds, Items("values", [(b"b", b"2"), (b"c", b"3")])])
    assert verify(path) == (HEADER, 3)


@pytest.mark.parametrize(
    ("length", "told"), [(1 << 30, "cut short or damaged at byte 22"), ((1 << 30) - 1, "at byte 22")]
)
def test_a_length_of_a_gigabyte_is_none(tmp_path: Path, length: int, told: str) -> None:
    """Nothing of that size is read into memory for it; the byte at which it stands is told."""
    path = tmp_path / "backup"
    path.write_bytes(b"clientward-backup\n" + length.to_bytes(4))
    with pytest.raises(BackupError, match=told):
        verify(path)


def test_a_file_without_its_end_is_cut_short(tmp_path: Path) -> None:
    """Though every frame that is there is whole; one that ends before it begins is no backup."""
    path = tmp_path / "backup"
    path.write_bytes(b"clientward-backup\n" + raw_frame(HEADER))
    with pytest.raises(BackupError, match="has no end: it was cut short"):
        verify(path)
    assert list(frames(path)) == [HEADER]
