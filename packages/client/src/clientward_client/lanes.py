"""What is kept of one partition while it is followed: from its records to what is told, and the position to commit. Pure.

A lane is started with what the group has committed, takes the partition's records one by one, says what is due, and is told
what is done. Its position is the offset before which everything is done; what has to be known beside it travels as the
commit's metadata.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from clientward_client.decoding import Record, decode_decision, decode_state_record, gone_of, id_of, place_of
from clientward_client.errors import PositionLostError, SettleChangedError
from clientward_client.messages import Decision, Gone, State
from clientward_client.seen import Seen
from clientward_client.settling import Change, Settling

Message = Decision | State | Gone
_FORM: Final = "clientward-client/1"


class Bounds(NamedTuple):
    """A partition as it is when it is begun: the first offset that it has, and the next that it will have."""

    first: int
    end: int


class Committed(NamedTuple):
    """What a group has committed of a partition."""

    offset: int
    metadata: str = ""


@dataclass(slots=True)
class Due:
    """Something to tell; `message` is None where there is nothing to say and the position moves on nevertheless."""

    message: Message | None
    offset: int
    change: Change | None = None


class Lane(Protocol):
    """One partition."""

    def start(self, where: str, committed: Committed | None, begin: int, bounds: Bounds) -> int:
        """Return the offset to read from, given the group's position, or else `begin`."""

    def take(self, record: Record, received_ms: int) -> list[Due]:
        """Take the next record; return what is due with it, in order."""

    def idle(self, polled_ms: int) -> list[Due]:
        """Return what is due, where the partition had nothing more at that moment of this machine's clock."""

    def skip(self, record: Record) -> list[Due]:
        """Pass over a record that `take` could not read."""

    def done(self, due: Due) -> None:
        """Note that something is handled; in the order in which it was returned."""

    def position(self) -> Committed:
        """Return what to commit."""


Lanes = Sequence[Lane]


class DecisionLane:
    """A partition of decisions: repeats dropped, and settled where `settle_ms` is not None."""

    def __init__(self, remember: int, settle_ms: int | None) -> None:
        self._remember = remember
        self._settle_ms = settle_ms
        self._seen = Seen(remember)
        self._begin = self._next = 0
        self.settling: Settling | None = None

    def start(self, where: str, committed: Committed | None, begin: int, bounds: Bounds) -> int:
        """Begin a memory's length before the position. Raises PositionLostError, SettleChangedError."""
        self._begin = self._next = begin if committed is None else _still_there(where, committed.offset, bounds)
        noted = _noted(committed.metadata if committed else "")
        told, told_after = noted.get("told", -1), noted.get("settle", self._settle_ms)
        if told >= self._begin and told_after != self._settle_ms:
            raise SettleChangedError(
                f"{where}: decisions wait here to stand for {told_after} ms, and `settle` now says otherwise: "
                "keep it as it was, or follow under another group"
            )
        if self._settle_ms is not None:
            self.settling = Settling(self._settle_ms, told, noted.get("newest", 0))
            self.settling.start(self._begin)
        return max(bounds.first, self._begin - self._remember)

    def take(self, record: Record, received_ms: int) -> list[Due]:
        """Take the next record. Raises UnreadableError, and then does not move on."""
        if record.offset < self._begin:
            self._seen.note(id_of(record), record.offset)
            return []
        decision = decode_decision(record.value, place_of(record))
        is_repeat = self._seen.note(decision.event_id, record.offset)
        if self.settling is None:
            return [Due(None if is_repeat else decision, record.offset)]
        if is_repeat:
            return _changes(self.settling.move(record.offset, record.timestamp))
        return _changes(self.settling.take(decision, record.offset, record.timestamp, received_ms))

    def skip(self, record: Record) -> list[Due]:
        """Pass over a record that cannot be read."""
        if self.settling is None:
            return [Due(None, record.offset)]
        return _changes(self.settling.move(record.offset, record.timestamp))

    def idle(self, polled_ms: int) -> list[Due]:
        """Return the changes that have stood long enough."""
        return [] if self.settling is None else _changes(self.settling.due(polled_ms))

    def done(self, due: Due) -> None:
        """Move on."""
        if self.settling is not None and due.change is not None:
            self.settling.done(due.change)
        self._next = max(self._next, due.offset + 1)

    def position(self) -> Committed:
        """Return the offset of the oldest decision that is not done, and with `settle` what was told beyond it."""
        if self.settling is None:
            return Committed(self._next)
        since = self.settling.waiting_since_ms
        newest = self.settling.newest_ms if since is None else since  # as it was at the position
        return Committed(
            self.settling.position, f"{_FORM} told={self.settling.told} settle={self._settle_ms} newest={newest}"
        )


class StateLane:
    """A partition of states: each record is told as it is."""

    def __init__(self) -> None:
        self._next = 0

    def start(self, where: str, committed: Committed | None, begin: int, bounds: Bounds) -> int:
        """Begin at the position. Raises PositionLostError."""
        self._next = begin if committed is None else _still_there(where, committed.offset, bounds)
        return max(self._next, bounds.first)

    def take(self, record: Record, received_ms: int) -> list[Due]:  # noqa: ARG002 - the protocol's
        """Take the next record. Raises UnreadableError."""
        return [Due(decode_state_record(record), record.offset)]

    def skip(self, record: Record) -> list[Due]:
        """Pass over a record that cannot be read."""
        return [Due(None, record.offset)]

    def idle(self, polled_ms: int) -> list[Due]:  # noqa: ARG002 - the protocol's
        """Return nothing: no state waits."""
        return []

    def done(self, due: Due) -> None:
        """Move on."""
        self._next = due.offset + 1

    def position(self) -> Committed:
        """Return the offset of the next record."""
        return Committed(self._next)


class GoneLane:
    """A partition of states of which only the tombstones are told, beside the partition of decisions of the same number.

    Where decisions wait to settle, its position stays behind the oldest of them: after a restart they are read once more,
    and so must be what erased some of them.
    """

    def __init__(self, beside: DecisionLane) -> None:
        self._beside = beside
        self._next, self._told = 0, -1
        self._kept: deque[tuple[int, int]] = deque()  # offset and timestamp of tombstones since the oldest decision

    def start(self, where: str, committed: Committed | None, begin: int, bounds: Bounds) -> int:
        """Begin at the position. Raises PositionLostError."""
        self._next = begin if committed is None else _still_there(where, committed.offset, bounds)
        self._told = _noted(committed.metadata if committed else "").get("told", -1)
        return max(self._next, bounds.first)

    def take(self, record: Record, received_ms: int) -> list[Due]:  # noqa: ARG002 - the protocol's
        """Take the next record. Raises UnreadableError."""
        if record.value is not None:
            return [Due(None, record.offset)]
        gone = gone_of(record)
        self._kept.append((record.offset, record.timestamp))
        if self._beside.settling is not None:
            self._beside.settling.forget(gone.account_id)
        return [Due(gone if record.offset > self._told else None, record.offset)]

    def skip(self, record: Record) -> list[Due]:
        """Pass over a record that cannot be read."""
        return [Due(None, record.offset)]

    def idle(self, polled_ms: int) -> list[Due]:  # noqa: ARG002 - the protocol's
        """Return nothing: no tombstone waits."""
        return []

    def done(self, due: Due) -> None:
        """Move on."""
        self._next = due.offset + 1
        if due.message is not None:
            self._told = due.offset

    def position(self) -> Committed:
        """Return the offset of the next record, or of the first tombstone that decisions which wait may need."""
        settling = self._beside.settling
        since = None if settling is None else settling.waiting_since_ms
        while self._kept and (since is None or self._kept[0][1] < since):
            self._kept.popleft()
        return Committed(min(self._next, self._kept[0][0]) if self._kept else self._next, f"{_FORM} told={self._told}")


def lanes_of_decisions(remember: int, settle_ms: int | None, *, erasures: bool) -> Callable[[], Lanes]:
    """Return what makes the lanes of a partition number: decisions, and where wanted the tombstones beside them."""

    def make() -> Lanes:
        decisions = DecisionLane(remember, settle_ms)
        return [decisions, GoneLane(decisions)] if erasures else [decisions]

    return make


def lanes_of_states() -> Lanes:
    """Return the lane of a partition of states."""
    return [StateLane()]


def _changes(changes: list[Change]) -> list[Due]:
    return [Due(change.decision, change.last, change) for change in changes]


def _still_there(where: str, offset: int, bounds: Bounds) -> int:
    """Return a committed offset that the partition still has, or the first after it."""
    if offset > bounds.end:
        raise PositionLostError(
            f"{where}: ends at {bounds.end}, and the group stands at {offset}: the topic was made anew; "
            "follow it under another group, or reset the group's offsets"
        )
    return max(offset, bounds.first)


def _noted(metadata: str) -> dict[str, int]:
    """Return the numbers of a commit's metadata; none of another program's."""
    form, *pairs = metadata.split(" ") if metadata else [""]
    if form != _FORM:
        return {}
    return {
        name: int(number) for name, _, number in (pair.partition("=") for pair in pairs) if number.lstrip("-").isdigit()
    }
