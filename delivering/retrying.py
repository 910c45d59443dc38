"""When something is tried again, and what becomes of an answer. Pure: time and chance are arguments."""

from email.utils import parsedate_to_datetime
from typing import Final, NamedTuple

# Seconds to the second attempt; each further wait is twice the one before, up to the longest.
FIRST_WAIT: Final = 5.0
LONGEST_WAIT: Final = 3_600.0
# The most that a receiver's Retry-After is waited for: a mistake there must not silence it for a month.
LONGEST_RETRY_AFTER: Final = 86_400.0
# Failures in a row after which an endpoint counts as down, and is only probed.
DOWN_AFTER: Final = 10
# Seconds between two probes of an endpoint that is down, at most.
LONGEST_PROBE: Final = 60.0
GONE: Final = 410


class Answer(NamedTuple):
    """What came of one attempt.

    Attributes:
        ok: whether the receiver took it.
        why: of a failure, in a few words.
        status: the HTTP status; None where there was no answer.
        retry_after: seconds that the receiver asks for; None where it says nothing.
    """

    ok: bool
    why: str = ""
    status: int | None = None
    retry_after: float | None = None


def wait_of(attempts: int, retry_after: float | None, chance: float) -> float:
    """Return the seconds to wait after so many failed attempts (1 or more); `chance` is uniform in [0, 1).

    Half of the wait is left to chance, so that what failed together does not come back together.
    """
    wait: float = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(attempts - 1, 16))
    wait *= 0.5 + 0.5 * chance
    return wait if retry_after is None else max(wait, min(retry_after, LONGEST_RETRY_AFTER))


def probe_wait(failures: int) -> float:
    """Return the seconds to leave an endpoint alone after so many failures in a row: none until it counts as down."""
    return 0.0 if failures < DOWN_AFTER else min(LONGEST_PROBE, 2.0 ** min(failures - DOWN_AFTER, 6))


def retry_after_of(text: str | None, now: float) -> float | None:
    """Return the seconds that a Retry-After header asks for: a number, or a date."""
    if not text:
        return None
    if text.isdecimal():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except ValueError:
        return None
