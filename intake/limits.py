"""How many events a source may send: a bucket of tokens for each, that fills by the second."""

from typing import Final

BURST_SECONDS: Final = 10  # what may come at once, in seconds' worth: a sender that was away for a moment catches up


class Rates:
    """The buckets of all sources. Times are seconds of a clock that never goes back."""

    def __init__(self) -> None:
        self._buckets: dict[str, tuple[float, float]] = {}

    def wait(self, source: str, per_second: float, events: int, now: float) -> float:
        """Take so many events from a source's bucket and return 0, or take none and return the seconds until they may come.

        A bucket that is full gives any number, and owes it afterwards: a batch larger than the bucket would else never come.
        """
        most = max(1.0, per_second * BURST_SECONDS)
        tokens, at = self._buckets.get(source, (most, now))
        tokens = min(most, tokens + (now - at) * per_second)
        needed = min(events, most)
        if tokens < needed:
            self._buckets[source] = tokens, now
            return (needed - tokens) / per_second
        self._buckets[source] = tokens - events, now
        return 0.0
