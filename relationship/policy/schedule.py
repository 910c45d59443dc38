"""Which policy is in force when: a first one, and switches to others, each from an event time on.

A fact is folded under the policy in force at its own event time, whenever it arrives, so a replay switches at the same place
as the live stream did. Between two facts each policy applies for its own time: masses decay by the half-lives of the policy
then in force, and a lapse comes at the first time at which the policy then in force allows no more silence.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple

from relationship.policy.compiled import DIGEST_BYTES, Policy, Rules

__all__ = ["Rules", "Schedule", "Switch"]


class Switch(NamedTuple):
    """From event time `effective_at` (µs) on, this policy is in force."""

    effective_at: int
    policy: Policy


class Schedule(Rules):
    """The policies by the time from which they are in force. Immutable; of switches at the same time the last applies."""

    def __init__(self, first: Policy, switches: Iterable[Switch] = ()) -> None:
        self.switches = tuple(sorted(switches, key=lambda switch: switch.effective_at))
        self._times = [switch.effective_at for switch in self.switches]
        self._policies = [first, *(switch.policy for switch in self.switches)]
        self._marks = ["", *(f"{s.policy.id}/{s.policy.version}@{s.effective_at}" for s in self.switches)]
        self._digests = [first.digest(0)]
        for switch in self.switches:
            parts = (self._digests[-1], str(switch.effective_at).encode(), switch.policy.digest(0))
            self._digests.append(hashlib.blake2b(b" ".join(parts), digest_size=DIGEST_BYTES).digest())

    def at(self, t: int) -> Policy:
        """Return the policy in force at event time `t` (µs)."""
        return self._policies[bisect_right(self._times, t)]

    def until(self, t: int) -> int | None:
        """Return the event time (µs) at which the policy in force at `t` is replaced by the next, or None."""
        following = bisect_right(self._times, t)
        return self._times[following] if following < len(self._times) else None

    def mark(self, t: int) -> str:
        """Return the name of the switch in force at `t`; empty before the first."""
        return self._marks[bisect_right(self._times, t)]

    def digest(self, t: int) -> bytes:
        """Return a digest of what is in the policies in force up to `t`, and of when each replaced the one before."""
        return self._digests[bisect_right(self._times, t)]
