"""Which policy is in force when: a first one, and switches to others, each from a moment in event time on.

A fact folds under the policy in force at its own time, whenever it arrives, so a replay switches at the same place as
the live stream did. What runs between two facts does so piece by piece: masses decay by the half-lives of the policy of
each piece, and a lapse comes at the first moment at which the policy then in force says so.
"""

from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple, Protocol

from relationship.policy.compiled import Policy


class Rules(Protocol):
    """What the fold asks: a schedule, or one policy for all time."""

    def at(self, t: int) -> Policy:
        """Return the policy in force at event time `t` (µs)."""

    def until(self, t: int) -> int | None:
        """Return the moment (µs) at which the policy in force at `t` gives way to the next; None where none follows."""

    def mark(self, t: int) -> str:
        """Return a name of the switch that is in force at `t`; empty before the first."""


class Switch(NamedTuple):
    """From event time `effective_at` (µs) on, this policy is in force."""

    effective_at: int
    policy: Policy


class Schedule:
    """The policies by the time from which they are in force. Immutable; of switches at one moment the last counts."""

    def __init__(self, first: Policy, switches: Iterable[Switch] = ()) -> None:
        self.switches = tuple(sorted(switches, key=lambda switch: switch.effective_at))
        self._times = [switch.effective_at for switch in self.switches]
        self._policies = [first, *(switch.policy for switch in self.switches)]
        self._marks = ["", *(f"{s.policy.id}/{s.policy.version}@{s.effective_at}" for s in self.switches)]

    def at(self, t: int) -> Policy:
        """Return the policy in force at event time `t` (µs)."""
        return self._policies[bisect_right(self._times, t)]

    def until(self, t: int) -> int | None:
        """Return the moment (µs) at which the policy in force at `t` gives way to the next; None where none follows."""
        following = bisect_right(self._times, t)
        return self._times[following] if following < len(self._times) else None

    def mark(self, t: int) -> str:
        """Return a name of the switch that is in force at `t`; empty before the first."""
        return self._marks[bisect_right(self._times, t)]
