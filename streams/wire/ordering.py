"""Lines of a file of events in the order in which they happened, whatever order the file has.

Exports are sorted by customer, or newest first; a stream that took them as they come would refuse most of them as LATE. The
sort is stable. A line that does not say when it happened stays behind the one before it. An erasure covers what was
published before it, whenever either is dated: it comes after everything that stands before it, and what stands after it of
its account comes after it.

A file that is larger than memory should hold is sorted in parts, which go to temporary files and are merged.
"""

import heapq
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import datetime
from itertools import islice
from typing import IO, Final, NamedTuple

import msgspec

from relationship.contract.messages import COMMANDS, MESSAGE_TYPES
from relationship.contract.times import micros
from streams.wire.lines import BadLine, Line, parse_line
from streams.wire.records import may_erase

# Lines sorted in memory at once: some 300 bytes each, so half a gigabyte.
MOST_LINES: Final = 1_000_000

# Places of the topics among events of one moment.
RANKS: Final = {topic: rank for rank, topic in enumerate(MESSAGE_TYPES)}

Numbered = tuple[int, bytes]


class _Keyed(NamedTuple):
    """A line and its place: when it happened (µs), and at one moment by erasures before it, topic and id, as in a fold."""

    at: int
    erasures: int
    rank: int
    event_id: str
    number: int
    text: bytes


_encode: Final = msgspec.msgpack.Encoder().encode


def in_event_order(numbered: Iterable[Numbered], most: int = MOST_LINES) -> Iterator[Numbered]:
    """Yield numbered lines in the order in which they happened; `most` are held in memory at a time."""
    keyed = _keyed(numbered)
    part = sorted(islice(keyed, most))
    if len(part) < most:
        yield from _numbered(part)
        return
    with ExitStack() as files:
        parts = [_stored(part, files)]
        while part := sorted(islice(keyed, most)):
            parts.append(_stored(part, files))
        del part
        yield from _numbered(heapq.merge(*map(_read, parts)))


def _numbered(keyed: Iterable[_Keyed]) -> Iterator[Numbered]:
    return ((each.number, each.text) for each in keyed)


def _keyed(numbered: Iterable[Numbered]) -> Iterator[_Keyed]:
    """Yield lines with the times by which they are sorted."""
    newest, erasures, place = 0, 0, (0, 0, 0, "")
    erased: dict[bytes, int] = {}
    for number, text in numbered:
        line = parse_line(text)
        at = _time(line)
        if isinstance(line, Line) and at is not None:
            if line.topic == COMMANDS and may_erase(line.value):
                erasures += 1
                at = erased[line.key] = max(at, newest)
                place = (at, erasures, -1, "")
            else:
                at = max(at, erased.get(line.key, at))
                place = (at, erasures, RANKS[line.topic], _event_id(line))
            newest = max(newest, at)
        yield _Keyed(*place, number, text)


def _event_id(line: Line) -> str:
    return next((value.decode(errors="replace") for name, value in line.headers if name == "ce_id"), "")


def _time(line: Line | BadLine) -> int | None:
    """Return when a line's event happened, or None where it does not say."""
    if isinstance(line, BadLine):
        return None
    for name, value in line.headers:
        if name == "ce_time":
            try:
                found = datetime.fromisoformat(value.decode())
            except ValueError:
                return None
            return None if found.tzinfo is None else micros(found)
    return None


def _stored(part: list[_Keyed], files: ExitStack) -> IO[bytes]:
    """Write a sorted part to a file that goes away with the stack."""
    file = files.enter_context(tempfile.TemporaryFile(prefix="clientward-sort-"))  # noqa: SIM115 - the stack is one
    for each in part:
        raw = _encode(each)
        file.write(len(raw).to_bytes(4, "big") + raw)
    file.seek(0)
    return file


_decode: Final = msgspec.msgpack.Decoder(_Keyed).decode


def _read(file: IO[bytes]) -> Iterator[_Keyed]:
    while head := file.read(4):
        yield _decode(file.read(int.from_bytes(head, "big")))
