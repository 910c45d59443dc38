"""How much work a step takes on, and how it lets others have a turn meanwhile."""

import asyncio
import time
from collections.abc import Iterator
from typing import Final

# Records of one step at least and at most, where so many wait. A live step takes what has come; in a backlog, the more
# records share a step the fewer times an account is loaded, encoded and written.
STEP_RECORDS: Final = (50, 8_000)
# Records of the first step, of whose cost nothing is known yet.
FIRST_RECORDS: Final = 500
# Seconds of folding that a step should take at most: it bounds what a crash repeats, and how long a record waits for those
# before it. From what a record took in the last step follows how many the next one may have.
STEP_SECONDS: Final = 0.1
# Seconds of folding after which other partitions, the network and the group get a turn.
TURN_SECONDS: Final = 0.01


class BatchSizing:
    """Adapts the size of a partition's steps to what its records cost.

    Attributes:
        records: how many records the next step may have.
    """

    def __init__(self) -> None:
        self.records = FIRST_RECORDS

    def note(self, records: int, seconds: float) -> None:
        """Take in what a step of so many records took. A small one says little, and changes nothing."""
        least, most = STEP_RECORDS
        if records >= least:
            self.records = max(least, min(most, int(records * STEP_SECONDS / max(seconds, 1e-6))))


async def cooperatively(work: Iterator[None]) -> float:
    """Do work that pauses often, letting others have a turn of the event loop every now and then; return its own seconds."""
    seconds, turn = 0.0, time.monotonic()
    for _ in work:
        now = time.monotonic()
        if now - turn > TURN_SECONDS:
            seconds += now - turn
            await asyncio.sleep(0)
            turn = time.monotonic()
    return seconds + time.monotonic() - turn
