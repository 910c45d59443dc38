"""A replay of a file: what folding it says, line by line, and then account by account."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, NamedTuple, Protocol

from relationship.analysis.recording import Recording
from relationship.contract.decisions import to_json
from relationship.contract.outcome import RECLASSIFIED, Outgoing
from relationship.core import Core
from relationship.policy.compiled import Policy
from relationship.replay import Replay
from streams.config.settings import Settings
from views.offline.event_file import EventReader, fold

#: Lines between two words on how far a replay is.
LINES_A_WORD: Final = 500
Numbered = tuple[int, bytes]
OnProgress = Callable[[int, int | None], None]


class Asked(NamedTuple):
    """What is asked of a replay.

    Attributes:
        rules: the policy that holds until the file publishes another.
        states: the final states are wanted, and not the decisions.
        until: where the timers run to at the end (µs), or None.
    """

    settings: Settings
    rules: Policy
    states: bool = False
    until: int | None = None


class Said(NamedTuple):
    """What a line says, or an account at the end.

    Attributes:
        place: which line it was, counted in the order of folding; 0 at the end.
        account: whose end it is; "" of a line.
        decisions: the JSON of each, or of the state.
        refused: the line's number and why it was refused, or None.
    """

    place: int
    account: str
    decisions: Sequence[bytes] = ()
    refused: tuple[int, str] | None = None


class Replaying(Protocol):
    """A replay, whoever carries it out. Its parts are asked for in this order, each to its end."""

    @property
    def recording(self) -> Recording | None:
        """What was recorded of the firm, once all lines are folded; None where the policy knows its firm."""

    def lines(self, lines: Iterable[Numbered], on_progress: OnProgress) -> Iterator[Said]:
        """Fold lines, and yield what they say. `on_progress` hears how many are folded, and of how many if that is known."""

    def ends(self) -> Iterator[Said]:
        """Let the timers run, where that was asked, and yield what they decide, by account."""

    def states(self) -> Iterator[Said]:
        """Yield the state of every account, where that was asked, by account."""


class Fold:
    """A replay by this process alone, which says everything as soon as it is folded.

    Attributes:
        first_seen: the place of the first line of each account of the recording.
    """

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._core = Core(asked.rules, asked.settings.lateness_days)
        self._run = Replay(self._core)
        self._recording = None if asked.rules.source.firm else Recording(asked.rules)
        self.first_seen: list[int] = []

    @property
    def recording(self) -> Recording | None:
        """What was recorded of the firm."""
        return self._recording

    def lines(self, lines: Iterable[Numbered], on_progress: OnProgress) -> Iterator[Said]:
        """Fold lines; see `Replaying`."""
        return self.placed(enumerate(lines, 1), on_progress)

    def placed(self, lines: Iterable[tuple[int, Numbered]], on_progress: OnProgress) -> Iterator[Said]:
        """Fold lines that know their places."""
        place, done, refusals = 0, 0, list[Said]()

        def numbered() -> Iterator[Numbered]:
            nonlocal place, done
            for place, line in lines:  # noqa: B007 - whoever refuses the line asks for its place
                yield line
                done += 1
                if done % LINES_A_WORD == 0:
                    on_progress(done, None)

        def refuse(number: int, why: str) -> None:
            refusals.append(Said(place, "", (), (number, why)))

        reader = EventReader(numbered(), self._asked.settings, refuse, self._core, self._recording)
        for sends in fold(self._run, reader, lambda _: now_us()):
            if self._recording is not None and len(self._recording.accounts) > len(self.first_seen):
                self.first_seen.append(place)
            yield from refusals
            refusals.clear()
            if decisions := self._decisions(sends):
                yield Said(place, "", decisions)
        yield from refusals
        on_progress(done, None)

    def _decisions(self, sends: Iterable[Outgoing]) -> list[bytes]:
        if self._asked.states:
            return []
        return [sent.value for sent in sends if sent.topic == RECLASSIFIED and sent.value is not None]

    def ends(self) -> Iterator[Said]:
        """Let the timers run; see `Replaying`."""
        if self._asked.until is not None:
            for account, sends in self._run.ends(self._asked.until, now_us()):
                if decisions := self._decisions(sends):
                    yield Said(0, account, decisions)

    def states(self) -> Iterator[Said]:
        """Yield the states; see `Replaying`."""
        if self._asked.states:
            for state in self._run.states(self._core.rules):
                yield Said(0, state.account_id, [to_json(state)])


def now_us() -> int:
    """Return the wall-clock time, in µs."""
    return time.time_ns() // 1000
