"""What the demo's frame shows, as values: steps, rates, who came in, and one account from its first purchase on.

Times are seconds of one monotonic clock, handed in.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:  # they import the servers, and the first frame must not wait for them
    from cli.demo.play import Tally
    from cli.demo.stage import Seen
    from views.base.decisions import Decision

HOLD_SECONDS: Final = 1.5  # that a crossing is the newest one at least: in a backlog hundreds come in a second
RATE_SECONDS: Final = 3.0  # over which rates are taken: a worker is asked twice a second
MOST_CROSSINGS: Final = 20  # kept: more than any terminal shows
MOST_CHANGES: Final = 6  # of an account that is followed: what 24 lines hold
CLIENT: Final = "client"


class Step(NamedTuple):
    """One step of the demo, and when it began."""

    text: str
    began: float


class Sample(NamedTuple):
    """What was counted at a moment."""

    at: float
    accounted: int
    decisions: int


@dataclass
class Watched:
    """What is to be seen; told in the order in which it happens.

    Attributes:
        steps: those begun, the last one under way.
        done, of: how much of that step is done; `of` is 0 while nobody knows.
        tally, seen: as last heard; None before the play.
        crossings: accounts that became clients, the newest first; of those that came too fast to be read, a few.
        crossed: how many became one.
        followed: the account whose whole story is shown.
    """

    steps: list[Step] = field(default_factory=list)
    done: int = 0
    of: int = 0
    tally: "Tally | None" = None
    seen: "Seen | None" = None
    crossings: "deque[Decision]" = field(default_factory=lambda: deque(maxlen=MOST_CROSSINGS))
    crossed: int = 0
    followed: str | None = None
    _stories: "dict[str, list[Decision]]" = field(default_factory=dict)
    _samples: deque[Sample] = field(default_factory=deque)
    _next: "Decision | None" = None
    _shown_at: float = float("-inf")
    _is_live: bool = False
    _follows_live: bool = False

    def step(self, text: str, now: float) -> None:
        """Begin a step."""
        self.steps.append(Step(text, now))
        self.done = self.of = 0

    def stored(self, events: int, of: int) -> None:
        """Note how much of the step is done."""
        self.done, self.of = events, of

    def update(self, tally: "Tally", seen: "Seen | None", now: float) -> None:
        """Note where the play stands."""
        self.tally, self.seen = tally, seen or self.seen
        if tally.history_seconds and not self._is_live:
            self._is_live = True
            self.step("the last two weeks, live", now)
        if self._is_live:
            self.stored(tally.sent - tally.history, tally.events - tally.history)
        else:
            self.stored(min(self.seen.accounted, tally.history) if self.seen else 0, tally.history)
        self._samples.append(Sample(now, self.seen.accounted if self.seen else 0, len(tally.ids)))
        while now - self._samples[0].at > RATE_SECONDS:
            self._samples.popleft()

    def decided(self, decision: "Decision") -> None:
        """Note a reclassification."""
        story = self._stories.setdefault(decision.account_id, [])
        story.append(decision)
        if decision.to != CLIENT:
            return
        self.crossed += 1
        self._next = decision
        if (self.followed is None or (self._is_live and not self._follows_live)) and is_whole(story):
            self.followed, self._follows_live = decision.account_id, self._is_live

    def tick(self, now: float) -> None:
        """Let the newest crossing be seen, where the one before it was seen long enough."""
        if self._next is not None and now - self._shown_at >= HOLD_SECONDS:
            self.crossings.appendleft(self._next)
            self._next, self._shown_at = None, now

    @property
    def story(self) -> "list[Decision]":
        """The reclassifications of the account that is followed, from its first purchase on."""
        return self._stories.get(self.followed or "", [])

    def rates(self) -> tuple[float, float]:
        """Return events accounted for and decisions a second, of the last seconds."""
        if not self._samples:
            return 0.0, 0.0
        first, last = self._samples[0], self._samples[-1]
        seconds = max(last.at - first.at, 1e-9)
        return (last.accounted - first.accounted) / seconds, (last.decisions - first.decisions) / seconds


def is_whole(story: "list[Decision]") -> bool:
    """Tell whether a story goes from the first purchase to client, in few steps of which none was taken back."""
    is_straight = all(each.direction != "correction" for each in story)
    return story[0].from_ == "prospect" and is_straight and 1 < len(story) <= MOST_CHANGES
