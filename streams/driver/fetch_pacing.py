"""When to ask a broker for more: a distance between fetches, and a longer wait where nothing comes.

Every fetch that brings something wakes a step for each partition of which it brings records, with its calls to Redis and to
Kafka: that is what an event costs where nothing waits. So what comes within a moment is fetched together, and waits for half
of it on average (the setting `fetch_distance_ms`; in a backlog a fetch takes longer anyway). Where a broker has nothing, it
holds the request, and its first record ends the wait: a record after a silence waits for no distance.
"""

from typing import Final

# Fetches in a row that brought nothing, a second's worth with a setting of 50 ms, after which a broker may hold one for so
# long. It ends with the first record, so none waits for it; a partition that is sought or resumed meanwhile does.
IDLE_FETCHES: Final = 20
IDLE_WAIT_MS: Final = 250


class FetchPacing:
    """Tells when a broker may be asked next, and how long it may hold the request by what its fetches have brought.

    Attributes:
        distance: seconds from the beginning of one request to that of the next at least.
    """

    def __init__(self, distance_ms: int) -> None:
        self.distance = distance_ms / 1000
        self._empty = 0

    def longest_wait_ms(self, usual: int) -> int:
        """Return how many ms a broker may hold the next request, which is `usual` where something came lately."""
        return usual if self._empty < IDLE_FETCHES else max(usual, IDLE_WAIT_MS)

    def note(self, *, has_come: bool) -> None:
        """Hear whether a fetch brought something."""
        self._empty = 0 if has_come else self._empty + 1
