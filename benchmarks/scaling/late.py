"""`python -m benchmarks.scaling.late`: what an event costs the core by how late it comes; under a minute on a quiet machine.

One account has a history of some length over twenty days; one more event comes, late by minutes to weeks, and is folded
behind the nearest snapshot, and for comparison from the start, as where the record has none. CPU time of one thread, the
median of several. Prints a table and keeps nothing.
"""

import time
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Final

from benchmarks.report import say
from benchmarks.scaling.hot import HISTORY_DAYS, HOT, delivered, hot, past
from relationship.core import Core
from relationship.policy.compiled import load_policy
from relationship.state.record import decode, encode
from relationship.timeline.history import MOST_KEPT
from streams.wire.codecs import Codec, Limits

KEPT: Final = (500, 2_000, MOST_KEPT - 100)
LATE: Final = {
    "not at all": timedelta(0),
    "10 minutes": timedelta(minutes=10),
    "1 hour": timedelta(hours=1),
    "6 hours": timedelta(hours=6),
    "1 day": timedelta(days=1),
    "3 days": timedelta(days=3),
    "10 days": timedelta(days=10),
    "before all": timedelta(days=HISTORY_DAYS + 1),
}
SAMPLES: Final = 15


def main() -> None:
    """Measure, and print."""
    core, codec, now = Core(load_policy(), lateness_days=HISTORY_DAYS * 2), Codec(Limits()), datetime.now(UTC)
    for kept in KEPT:
        raw: bytes | None = None
        for number, event in enumerate(past(kept, now)):
            raw = core.step(HOT, raw, [delivered(codec, event, number, now)], 0).record
        record = decode(raw or b"")
        size, found, record.snapshots = len(raw or b""), len(record.snapshots), []
        plain = encode(record)
        say(f"{kept:,} events kept: {size:,} bytes with {found} snapshots, {len(plain):,} without")
        for name, late in LATE.items():
            took = [_cost(core, codec, each, kept, now - late) * 1000 for each in (raw, plain)]
            say(f"  late {name}: {took[0]:.2f} ms, from the start {took[1]:.2f} ms")


def _cost(core: Core, codec: Codec, raw: bytes | None, kept: int, at: datetime) -> float:
    """Return the CPU seconds that one more event takes."""
    took = []
    for number in range(kept, kept + SAMPLES):
        message = delivered(codec, hot(number, at), number, datetime.now(UTC))
        started = time.thread_time()
        core.step(HOT, raw, [message], 0)
        took.append(time.thread_time() - started)
    return median(took)


if __name__ == "__main__":
    main()
