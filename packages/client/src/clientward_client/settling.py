"""Settled decisions: of each account the net change that stands after a while without another one. Pure.

An account's decisions that follow each other within `settle` are one change; it is told when nothing of the account has come
for that long, and not at all where the account ends where it began. Which decisions are one change follows from the
broker's timestamps in the partition's log, so another consumer, or the same after a restart, makes the same changes of it.

Changes are told in the order of their last decision, so that all of what is told and what waits is two numbers: the offset
of the oldest decision that waits, and the last offset of the newest change that was told. Both are committed to Kafka
together (the second as the commit's metadata), and Kafka's own log is the memory of what waits.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

import msgspec

from clientward_client.messages import Decision, Direction, Status

#: Of the statuses, which is more of a relationship.
RANK: Final[dict[Status, int]] = {"lapsed": 0, "prospect": 0, "customer": 1, "candidate": 2, "client": 3}
# How much the clocks of a broker and this machine may differ, in ms, for a backlog to be told without waiting once more.
CLOCKS_MS: Final = 60_000
# A record that was stored when a fetch had just been answered may be dated a little earlier than that answer, in ms.
SLACK_MS: Final = 1_000


@dataclass(slots=True)
class Change:
    """An account's decisions that are one change.

    Attributes:
        decision: the net change; None where nothing has changed in the end, or where it was told before.
        first, last: the offsets of its first and its last decision.
    """

    first: int
    last: int
    stored_ms: int
    received_ms: int
    decisions: list[Decision] = field(default_factory=list)
    decision: Decision | None = None


class Settling:
    """What waits in one partition.

    Args:
        settle_ms: how long a change has to stand.
        told: the last offset of the newest change that was told; -1 for none.
        newest_ms: the newest timestamp before the position.
    """

    def __init__(self, settle_ms: int, told: int = -1, newest_ms: int = 0) -> None:
        self.settle_ms = settle_ms
        self.told = told
        self.newest_ms = newest_ms
        self._open: OrderedDict[str, Change] = OrderedDict()  # in the order of the last decision
        self._firsts: OrderedDict[int, int] = OrderedDict()  # of all that is not done, with their timestamps
        self._next = 0

    def take(self, decision: Decision, offset: int, stored_ms: int, received_ms: int) -> list[Change]:
        """Take the next decision of the log; return the changes that were due before it."""
        due = self.move(offset, stored_ms)
        change = self._open.pop(decision.account_id, None)
        if change is None:
            change = Change(first=offset, last=offset, stored_ms=self.newest_ms, received_ms=received_ms)
            self._firsts[offset] = self.newest_ms
        change.last, change.stored_ms, change.received_ms = offset, self.newest_ms, received_ms
        change.decisions.append(decision)
        self._open[decision.account_id] = change
        return due

    def move(self, offset: int, stored_ms: int) -> list[Change]:
        """Move on to the next record of the log, whatever it is; return the changes that were due before it."""
        self.newest_ms = max(self.newest_ms, stored_ms)  # another leader's clock may be behind
        self._next = offset + 1
        return [*self._closed(lambda change: change.stored_ms + self.settle_ms < self.newest_ms)]

    def due(self, polled_ms: int) -> list[Change]:
        """Return the changes that are due, where the log had nothing more at `polled_ms`, by this machine's clock."""
        return [
            *self._closed(
                lambda change: (
                    change.received_ms + self.settle_ms + SLACK_MS <= polled_ms
                    or change.stored_ms + self.settle_ms + CLOCKS_MS <= polled_ms
                )
            )
        ]

    def done(self, change: Change) -> None:
        """Note that a change was told and handled; they are, in the order in which they were returned."""
        del self._firsts[change.first]
        self.told = max(self.told, change.last)

    def forget(self, account_id: str) -> None:
        """Let an account's decisions that wait never be told: it is erased. Their place in the log stays kept."""
        change = self._open.get(account_id)
        if change is not None:
            change.decisions.clear()

    @property
    def position(self) -> int:
        """The offset from which to read after a restart."""
        return next(iter(self._firsts), self._next)

    @property
    def waiting_since_ms(self) -> int | None:
        """When the oldest decision that waits was stored; None where none waits."""
        return next(iter(self._firsts.values()), None)

    def start(self, position: int) -> None:
        """Say from where the log is read."""
        self._next = position

    def _closed(self, is_due: Callable[[Change], bool]) -> Iterator[Change]:
        while self._open:
            account, change = next(iter(self._open.items()))
            if not is_due(change):
                return
            del self._open[account]
            if change.last > self.told:
                change.decision = net_change(change.decisions)
            yield change


def net_change(decisions: list[Decision]) -> Decision | None:
    """Return what an account's consecutive decisions come to: the last one, leading from where the first one began.

    None where it ends where it began. The direction is the last decision's where that alone makes the change; else
    `correction` where something told earlier was undone; else what the two statuses say.
    """
    if not decisions or decisions[0].from_ == decisions[-1].to:
        return None
    first, last = decisions[0], decisions[-1]
    if len(decisions) == 1:
        return last
    ids = [each.event_id for each in decisions]
    direction = last.direction if last.from_ == first.from_ else _direction(first.from_, last, decisions, ids)
    return msgspec.structs.replace(last, from_=first.from_, direction=direction, stands_for=tuple(ids[:-1]))


def _direction(start: Status, last: Decision, decisions: list[Decision], ids: list[str]) -> Direction:
    if any(each.supersedes is not None and each.supersedes not in ids for each in decisions):
        return "correction"
    if last.direction == "override":
        return "override"
    if last.to == "lapsed":
        return "lapse"
    if start == "lapsed":
        return "return"
    return "promotion" if RANK[last.to] > RANK[start] else "demotion"
