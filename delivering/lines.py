"""The messages of one endpoint that are on their way: a line for each account, so that an account's arrive in order. Pure.

What comes from a partition is done when it was delivered or stands in Redis to be tried again; the endpoint's mark moves
behind what is done without a gap. Nothing here waits or sends; time is an argument.
"""

import heapq
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from clientward_client.lanes import Committed
from delivering.reading import Item, Mark
from delivering.state import Waiting


@dataclass(slots=True, eq=False)
class Entry:
    """One message in a line; `step` is its place in its partition, None for one that was read from Redis."""

    waiting: Waiting
    step: "Step | None" = None
    is_stored: bool = False


@dataclass(slots=True)
class Step:
    """How far a partition is when an item, and all before it, is done."""

    mark: Mark
    is_done: bool = False


class Written(NamedTuple):
    """What a transaction is to hold: messages that wait, places of those that are done, and marks."""

    waiting: list[Waiting]
    done: list[int]
    marks: dict[int, Mark]


@dataclass(slots=True)
class Line:
    """An account's messages, the oldest first."""

    entries: deque[Entry] = field(default_factory=deque)
    is_failing: bool = False
    is_under_way: bool = False


class Lines:
    """Everything of one endpoint that is not delivered.

    Attributes:
        count: how many messages that are.
        has_news: whether there is more to write than marks that moved over what is not wanted.
    """

    def __init__(self, marks: dict[int, Mark], waiting: Iterable[Waiting] = ()) -> None:
        self._resume = {number: mark.resume for number, mark in marks.items()}
        self._given = {(n, lane): at for n, mark in marks.items() for lane, at in enumerate(mark.given)}
        self._steps: dict[int, deque[Step]] = {number: deque() for number in marks}
        self._lines: OrderedDict[str, Line] = OrderedDict()
        self._ready: deque[str] = deque()
        self._later: list[tuple[float, str]] = []
        self._done_seqs: list[int] = []
        self._to_store: dict[int, Entry] = {}
        self._seq = 0
        self.count = 0
        self.has_news = False
        for each in waiting:
            self._seq = max(self._seq, each.seq + 1)
            self._join(Entry(each, is_stored=True))
        for account, line in self._lines.items():
            line.is_failing = True
            heapq.heappush(self._later, (line.entries[0].waiting.due, account))
        self._ready.clear()

    # What comes in.

    @property
    def marks(self) -> dict[int, Mark]:
        """How far each partition is taken in."""
        return {number: self._mark(number, resume) for number, resume in self._resume.items()}

    def take(self, items: Iterable[Item], choose: Callable[[Item], Waiting | None]) -> None:
        """Take items in, in order; what was taken in before is passed over, and what is not chosen only moves the mark."""
        given, passed = self._given, {}
        for item in items:
            place = (item.number, item.lane)
            if item.offset <= given[place]:
                continue
            given[place] = item.offset
            waiting = choose(item)
            if waiting is None:
                passed[item.number] = item.resume
                continue
            passed.pop(item.number, None)
            self._resume[item.number] = item.resume
            step = Step(self._mark(item.number, item.resume))
            self._steps[item.number].append(step)
            waiting.seq = self._seq
            self._seq += 1
            self._join(Entry(waiting, step))
        for number, resume in passed.items():
            self._pass(number, resume)

    def _pass(self, number: int, resume: tuple[Committed, ...]) -> None:
        self._resume[number] = resume
        steps, mark = self._steps[number], self._mark(number, resume)
        if steps and steps[-1].is_done:
            steps[-1].mark = mark
        else:
            steps.append(Step(mark, is_done=True))

    def _mark(self, number: int, resume: tuple[Committed, ...]) -> Mark:
        return Mark(resume, tuple(self._given[number, lane] for lane in range(len(resume))))

    def redrive(self, waiting: Waiting) -> None:
        """Take in what was given up; it stands at the end of its account's line, and is stored at once."""
        waiting.seq, waiting.attempts, waiting.since = self._seq, 0, 0.0
        self._seq += 1
        entry = Entry(waiting)
        self._join(entry)
        self._to_store[waiting.seq] = entry
        self.has_news = True

    def _join(self, entry: Entry) -> None:
        account = entry.waiting.account_id
        line = self._lines.get(account)
        if line is None:
            line = self._lines[account] = Line()
            self._ready.append(account)
        line.entries.append(entry)
        self.count += 1
        if line.is_failing and not entry.is_stored:
            self._to_store[entry.waiting.seq] = entry
            self.has_news = True

    # What goes out.

    def next(self, now: float) -> Waiting | None:
        """Return the next message to send, which is then under way; None where none is due."""
        while self._later and self._later[0][0] <= now:
            self._ready.append(heapq.heappop(self._later)[1])
        while self._ready:
            line = self._lines.get(self._ready.popleft())
            if line is not None and not line.is_under_way:
                line.is_under_way = True
                return line.entries[0].waiting
        return None

    def next_due(self) -> float | None:
        """Return when the next message is due that is not now; None where none is."""
        return self._later[0][0] if self._later else None

    def delivered(self, account_id: str) -> None:
        """Take the first of an account out: it was delivered, or given up."""
        self.has_news = True
        line = self._lines[account_id]
        entry = line.entries.popleft()
        self.count -= 1
        line.is_under_way = line.is_failing = False
        self._to_store.pop(entry.waiting.seq, None)
        if entry.is_stored:
            self._done_seqs.append(entry.waiting.seq)
        if entry.step is not None:
            entry.step.is_done = True
        if line.entries:
            self._ready.append(account_id)
        else:
            del self._lines[account_id]

    def failed(self, account_id: str, due: float, since: float, why: str) -> None:
        """Let an account wait until `due`: its first message was not taken. All of its line goes to Redis."""
        self.has_news = True
        line = self._lines[account_id]
        line.is_under_way = False
        first = line.entries[0]
        first.waiting.attempts += 1
        first.waiting.since = first.waiting.since or since
        first.waiting.due, first.waiting.why = due, why
        stored = [first] if line.is_failing else [each for each in line.entries if each is first or not each.is_stored]
        line.is_failing = True
        self._to_store |= {each.waiting.seq: each for each in stored}
        heapq.heappush(self._later, (due, account_id))

    # What is written.

    def written(self) -> Written:
        """Return what is to be written now; it counts as written, so that a failed write is repeated by the caller."""
        self.has_news = False
        waiting = [entry.waiting for entry in self._to_store.values()]
        for entry in self._to_store.values():
            entry.is_stored = True
            if entry.step is not None:
                entry.step.is_done = True
                entry.step = None
        moved = {number: mark for number in self._steps if (mark := self._advance(number)) is not None}
        done, self._done_seqs, self._to_store = self._done_seqs, [], {}
        return Written(waiting, done, moved)

    def _advance(self, number: int) -> Mark | None:
        steps, mark = self._steps[number], None
        while steps and steps[0].is_done:
            mark = steps.popleft().mark
        return mark
