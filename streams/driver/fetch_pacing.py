"""When to ask a broker for more: a distance between fetches that follows the load, and a longer wait where nothing comes.

Every fetch that brings something wakes a step for each partition of which it brings records, with its calls to Redis and to
Kafka. So what comes within a few milliseconds is fetched together. While the worker has the processor to spare, the distance
is short, for the latency; the more of a core it uses, the longer it gets, since then it is the work that makes events wait.
"""

import time
from collections.abc import Callable
from typing import Final

# Seconds from one request to a broker to the next at least, and at most. In a backlog a fetch takes longer anyway.
LEAST_SECONDS: Final = 0.005
MOST_SECONDS: Final = 0.015
# Seconds of distance for each core in use: at half a core the longest is reached, at a sixth the shortest is left.
SECONDS_A_CORE: Final = 0.03
# Seconds over which the use of the processor is looked at.
LOOK_SECONDS: Final = 0.5
# Fetches in a row that brought nothing, a second's worth with a setting of 50 ms, after which a broker may hold one for so
# long. It ends with the first record, so none waits for it; a partition that is sought or resumed meanwhile does.
IDLE_FETCHES: Final = 20
IDLE_WAIT_MS: Final = 250


class FetchPacing:
    """Tells how far fetches are to be apart. `cpu` and `clock` give seconds: of the process, and of the wall."""

    def __init__(
        self, cpu: Callable[[], float] = time.process_time, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._cpu = cpu
        self._clock = clock
        self._looked_at = clock()
        self._used = cpu()
        self._distance = LEAST_SECONDS
        self._empty = 0

    def distance(self) -> float:
        """Return the seconds from the beginning of one request to that of the next."""
        now = self._clock()
        if now - self._looked_at >= LOOK_SECONDS:
            used = self._cpu()
            cores = (used - self._used) / (now - self._looked_at)
            self._distance = min(max(cores * SECONDS_A_CORE, LEAST_SECONDS), MOST_SECONDS)
            self._looked_at, self._used = now, used
        return self._distance

    def longest_wait_ms(self, usual: int) -> int:
        """Return how many ms a broker may hold the next request, which is `usual` where something came lately."""
        return usual if self._empty < IDLE_FETCHES else max(usual, IDLE_WAIT_MS)

    def note(self, *, has_come: bool) -> None:
        """Hear whether a fetch brought something."""
        self._empty = 0 if has_come else self._empty + 1
