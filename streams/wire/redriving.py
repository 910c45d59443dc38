"""What becomes of a dead letter after its refusal: it is sent again (redriven), or given up (discarded). Values only.

Kafka deletes no single record of a topic that keeps records for a time, so what became of a letter is told by a note: a
record of the dead-letter topic itself, in the letters' own partition and after them, so that it outlives them. A reader that
knows of no notes passes it over, since it lacks the headers of a dead letter.

A redriven record is the refused one: the same key, value and headers, and a header that counts. The count travels on into
the next dead letter, where the record is refused again, and past `MOST_REDRIVES` it is not sent any more: a record that is
refused each time would else go round for ever.
"""

from collections import Counter
from collections.abc import Container, Iterable, Mapping
from datetime import datetime
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from relationship.contract.messages import MESSAGE_TYPES
from relationship.contract.outcome import Reason
from streams.wire.arrivals import LATENESS_DAYS
from streams.wire.dead_letters import Rejected, read_dead_letter
from streams.wire.records import Header

REDRIVEN: Final = "clientward_redriven"
NOTE: Final = "clientward_note"
# A second try is for a mended worker, a third for a mended mistake of the second. What is refused then wants a person.
MOST_REDRIVES: Final = 3

State = Literal["open", "redriven", "discarded"]
#: Where a dead letter stands in its own topic: partition and offset.
Place = tuple[int, int]


class Note(Struct, frozen=True):
    """What was done with dead letters of one partition: sent again, or given up.

    Attributes:
        kind: what became of them.
        partition, offsets: where they stand in the dead-letter topic.
        by, why, at: who did it, for which reason, and when (RFC 3339).
    """

    kind: Literal["redriven", "discarded"]
    partition: int
    offsets: list[int]
    by: str
    why: str
    at: str


class Letter(Struct, frozen=True):
    """A dead letter with where it stands, since when (ms since the epoch), and what became of it."""

    partition: int
    offset: int
    stored_ms: int
    content: Rejected
    state: State

    @property
    def order(self) -> tuple[int, int, int]:
        """Its place in the order in which letters were written; within a partition, that of the topic."""
        return self.stored_ms, self.partition, self.offset


class LetterFilter(Struct, frozen=True, kw_only=True):
    """Which dead letters are wanted: those that fit every field that is not None.

    Attributes:
        reason, topic: equal to the letter's; `topic` is the one that the refused record stood in.
        since: the letter was stored then or later.
        places: the letter stands at one of them.
        settled: those too that were redriven or discarded.
    """

    reason: Reason | None = None
    topic: str | None = None
    since: datetime | None = None
    places: frozenset[Place] | None = None
    settled: bool = False

    def takes(self, letter: Letter) -> bool:
        """Tell whether a letter is wanted."""
        return self.reason in {None, letter.content.reason} and self.takes_any_reason(letter)

    def takes_any_reason(self, letter: Letter) -> bool:
        """Tell whether a letter is wanted but for its reason."""
        return (
            (self.settled or letter.state == "open")
            and self.topic in {None, letter.content.topic}
            and (self.since is None or letter.stored_ms >= self.since.timestamp() * 1000)
            and (self.places is None or (letter.partition, letter.offset) in self.places)
        )


_decode: Final = msgspec.json.Decoder(Note).decode


def note_headers() -> list[tuple[str, bytes | None]]:
    """Return the header by which a note is known."""
    return [(NOTE, b"1.0")]


def read_note(record: Any) -> Note | None:
    """Return a record of the dead-letter topic as a note; None where it is none, or of another partition's letters."""
    if all(name != NOTE for name, _ in record.headers):
        return None
    try:
        note = _decode(record.value or b"")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    # A note can only be of what was there when it was written.
    return note if note.partition == record.partition and all(at < record.offset for at in note.offsets) else None


def noted(notes: Iterable[Note]) -> dict[Place, State]:
    """Return what became of letters, by their places; of several notes on one, the last counts."""
    return {(note.partition, offset): note.kind for note in notes for offset in note.offsets}


def read_letter(record: Any, states: Mapping[Place, State]) -> Letter | None:
    """Return a record of the dead-letter topic as a letter, or None where it is none."""
    content = read_dead_letter(record)
    if content is None:
        return None
    state = states.get((record.partition, record.offset), "open")
    return Letter(record.partition, record.offset, record.timestamp, content, state)


def times_redriven(headers: Iterable[Header]) -> int:
    """Return how often a record was redriven, by its header; a header that is no number counts as the most."""
    counts = [content for name, content in headers if name == REDRIVEN]
    if not counts:
        return 0
    return min(int(counts[-1]), MOST_REDRIVES) if counts[-1] and counts[-1].isdigit() else MOST_REDRIVES


def redriven_headers(headers: Iterable[Header], lateness_days: int | None) -> list[Header]:
    """Return a record's headers for another try: as they were, counted, and with how late it may be in this one."""
    kept = [*headers]
    own = [(REDRIVEN, str(times_redriven(kept) + 1).encode())]
    if lateness_days is not None:
        own.append((LATENESS_DAYS, str(lateness_days).encode()))
    return [*(header for header in kept if header[0] not in {REDRIVEN, LATENESS_DAYS}), *own]


def why_not(letter: Letter, erased_ms: Mapping[bytes, int]) -> str | None:
    """Return why a letter is not to be sent again, or None. `erased_ms`: when which account (its key) was last erased."""
    content = letter.content
    if content.topic not in MESSAGE_TYPES:
        return "it stood in no topic of the intake"
    if content.omitted:
        return "it did not fit into the dead letter: send the original again"
    if content.value is None:
        return "a null value has no event_id: publish it again"
    if times_redriven(content.headers) >= MOST_REDRIVES:
        return f"it was redriven {MOST_REDRIVES} times"
    return "its account was erased since" if _is_erased(letter, erased_ms) else None


def _is_erased(letter: Letter, erased_ms: Mapping[bytes, int]) -> bool:
    """Tell whether the account was erased after the record was stored: sent again, it would make the account anew."""
    stored = letter.content.timestamp_ms
    erased = erased_ms.get(letter.content.key or b"")
    return erased is not None and (stored is None or stored <= erased)


def counted(letters: Iterable[Letter]) -> str:
    """Return how many letters of which reasons there are, in words: `3 LATE, 1 FAULT`."""
    counts = Counter(letter.content.reason.value for letter in letters)
    return ", ".join(f"{count} {reason}" for reason, count in sorted(counts.items()))


def places_of(letters: Iterable[Letter], but: Container[int] = ()) -> dict[int, list[int]]:
    """Return letters' offsets by partition; `but`: numbers, in their order, of those left out."""
    found: dict[int, list[int]] = {}
    for number, letter in enumerate(letters):
        if number not in but:
            found.setdefault(letter.partition, []).append(letter.offset)
    return found
