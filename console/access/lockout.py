"""How often somebody may try a password: after some failures each further one must wait twice as long as the last.

Counted by name and by address apart: many names from one address, and one name from many addresses, are both slowed. A
name's owner waits too while others try theirs; a quarter of an hour at most.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final, NamedTuple

FREE: Final = 5  # failures before any wait: a person mistypes
FREE_OF_ADDRESS: Final = 20  # an office comes from one address
FIRST_SECONDS: Final = 1.0
LONGEST_SECONDS: Final = 900.0  # so that nobody can lock an owner out for long
FORGET_SECONDS: Final = 3_600.0  # after the last failure
MOST: Final = 10_000  # names and addresses remembered; the oldest goes first


class _Failures(NamedTuple):
    times: int
    last: float


class Lockout:
    """The failures of late. `ticks` is a clock in seconds that never goes back."""

    def __init__(self, ticks: Callable[[], float]) -> None:
        self._ticks = ticks
        self._failures: OrderedDict[tuple[str, str], _Failures] = OrderedDict()

    def wait(self, name: str, address: str) -> float:
        """Return the seconds until this name may be tried from this address; 0 where it may now."""
        return max(self._wait(("name", name), FREE), self._wait(("address", address), FREE_OF_ADDRESS))

    def failed(self, name: str, address: str) -> None:
        """Note a failure."""
        for key in (("name", name), ("address", address)):
            found = self._failures.pop(key, None)
            count = 0 if found is None or self._is_old(found) else found.times
            self._failures[key] = _Failures(count + 1, self._ticks())
            while len(self._failures) > MOST:
                self._failures.popitem(last=False)

    def succeeded(self, name: str) -> None:
        """Forget a name's failures. Its address's stay: else whoever has one login could go on trying others'."""
        self._failures.pop(("name", name), None)

    def _wait(self, key: tuple[str, str], free: int) -> float:
        found = self._failures.get(key)
        if found is None or found.times < free or self._is_old(found):
            return 0.0
        pause = min(FIRST_SECONDS * 2.0 ** min(found.times - free, 30), LONGEST_SECONDS)
        return max(0.0, found.last + pause - self._ticks())

    def _is_old(self, failures: _Failures) -> bool:
        return self._ticks() - failures.last > FORGET_SECONDS
