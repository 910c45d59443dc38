"""What a change of the group stops, for how long, and how long it takes to catch up. Pure.

Who gets which partition is asked of Faust's own assignor. In Faust as it is, a rebalance is eager: every member gives up
all its partitions and begins anew on what it is given, moved or not. Beside it stands what would be if only the moved ones
stopped. Events are a fluid, in steps of time: a worker's core works off what its partitions have waiting, evenly. With a
steady inflow a partition's oldest event has waited for its backlog divided by its rate.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from faust.assignor.client_assignment import CopartitionedAssignment
from faust.assignor.copartitioned_assignor import CopartitionedAssignor

TOPIC: Final = "intake"
STEP_SECONDS: Final = 0.25
# Seconds for which a course is followed after its last change, at most.
FOLLOWED_SECONDS: Final = 3_600.0
# A backlog of less than this share of a second's events is none.
NOTHING: Final = 1e-6

Assignment = Mapping[str, frozenset[int]]


class Change(NamedTuple):
    """A change of the group: when (seconds), who is in it from then on, and who has crashed if that is why.

    Who crashes and is in it all the same has a name of its own and is started again at once: the group changes nothing.
    """

    at: float
    members: Sequence[str]
    crashed: str | None = None


class Pauses(NamedTuple):
    """Seconds that a rebalance stops what it stops, until a crashed member is given up, and of a named one's restart."""

    rebalance: float
    session: float
    restart: float


class Course(NamedTuple):
    """What a course of changes came to.

    Attributes:
        moved: partitions that got another owner, over all rebalances.
        stopped: seconds for which a partition stood still, mean over the partitions.
        late: the longest that an event waited, in seconds.
        recovered: seconds from the last change until nothing waits any more, or infinite.
    """

    moved: int
    stopped: float
    late: float
    recovered: float


def assign(before: Assignment, members: Sequence[str], partitions: int) -> Assignment:
    """Return what Faust's assignor gives the members; who was there before keeps what it can."""
    held = {name: CopartitionedAssignment(set(before.get(name, ())), set(), {TOPIC}) for name in members}
    assigned = CopartitionedAssignor({TOPIC}, held, partitions, replicas=0).get_assignment()
    return {name: frozenset(each.actives) for name, each in assigned.items()}


def moved(before: Assignment, after: Assignment) -> set[int]:
    """Return the partitions that have another owner than before."""
    owners = {number: name for name, mine in before.items() for number in mine}
    return {number for name, mine in after.items() for number in mine if owners.get(number) != name}


class Group:
    """A group at work: who owns what, what waits, and until when each partition stands still."""

    def __init__(self, rates: Sequence[float], speed: float, assignment: Assignment) -> None:
        self.now = 0.0
        self.moved = 0
        self.stopped = 0.0
        self.late = 0.0
        self._rates = rates
        self._speed = speed
        self._assignment = assignment
        self._backlog = [0.0] * len(rates)
        self._until = [0.0] * len(rates)

    def run(self, until: float) -> None:
        """Let time pass."""
        while self.now < until:
            self.step(min(STEP_SECONDS, until - self.now))

    def step(self, seconds: float) -> None:
        """Take events in, and let every worker work off what it may."""
        backlog, until = self._backlog, self._until
        for number, rate in enumerate(self._rates):
            backlog[number] += rate * seconds
            self.stopped += seconds * (until[number] > self.now)
        for mine in self._assignment.values():
            going = [number for number in mine if until[number] <= self.now]
            waiting = sum(backlog[number] for number in going)
            left = max(0.0, 1 - self._speed * seconds / waiting) if waiting else 0.0
            for number in going:
                backlog[number] *= left
        self.late = max(self.late, *(b / rate for b, rate in zip(backlog, self._rates, strict=True) if rate))
        self.now += seconds

    def stand_still(self, numbers: Sequence[int] | frozenset[int] | set[int], seconds: float) -> None:
        """Stop partitions from now on."""
        for number in numbers:
            self._until[number] = max(self._until[number], self.now + seconds)

    def change(self, change: Change, pauses: Pauses, *, eager: bool) -> None:
        """Carry a change of the group out."""
        if change.crashed is not None and change.crashed in change.members:
            self.stand_still(self._assignment[change.crashed], pauses.restart)
            return
        if change.crashed is not None:
            self.stand_still(self._assignment[change.crashed], pauses.session)
            self.run(self.now + pauses.session)
        after = assign(self._assignment, change.members, len(self._rates))
        changed = moved(self._assignment, after)
        self.moved += len(changed)
        self._assignment = after
        self.stand_still(range(len(self._rates)) if eager else changed, pauses.rebalance)

    def is_idle(self) -> bool:
        """Tell whether nothing waits and nothing stands still."""
        still = any(until > self.now for until in self._until)
        return not still and all(
            b <= NOTHING * max(rate, 1.0) for b, rate in zip(self._backlog, self._rates, strict=True)
        )


def play(
    rates: Sequence[float], speed: float, start: Assignment, changes: Sequence[Change], pauses: Pauses, *, eager: bool
) -> Course:
    """Let a group go through changes, in order; `rates` are events a second by partition, `speed` is a worker's."""
    group = Group(rates, speed, start)
    for change in changes:
        group.run(change.at)
        group.change(change, pauses, eager=eager)
    last = group.now
    while not group.is_idle() and group.now - last < FOLLOWED_SECONDS:
        group.step(STEP_SECONDS)
    recovered = group.now - last if group.is_idle() else float("inf")
    return Course(group.moved, group.stopped / len(rates), group.late, recovered)


def rolling(members: Sequence[str], gap: float, *, named: bool = False) -> list[Change]:
    """Return a rolling restart, one by one: each member leaves and joins after half the gap, or keeps its name instead."""
    if named:
        return [Change(number * gap, members, name) for number, name in enumerate(members)]
    changes = []
    for number, name in enumerate(members):
        others = [other for other in members if other != name]
        changes += [Change(number * gap, others), Change((number + 0.5) * gap, list(members))]
    return changes
