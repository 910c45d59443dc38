"""The named points of a partition's step (`streams/engine/partition.py`), each by what has just been done.

`hit` does nothing. The crash harness runs workers of its own (`faults/workers/worker.py`), which put a function in its place
that ends or pauses the process at the n-th time that a point is reached. No setting, variable or argument of `clientward
worker` leads there: in production a point is a call of an empty function, some 40 ns a point and step.
"""

from collections.abc import Callable
from typing import Final, Literal, get_args

Failpoint = Literal[
    "fetched",
    "folded",
    "dead_letters_sent",
    "committed",
    "changelog_sent",
    "decisions_sent",
    "acknowledged",
    "outbox_noted",
]
#: All points, in the order in which a step gets to them.
FAILPOINTS: Final[tuple[Failpoint, ...]] = get_args(Failpoint)


def _go_on(point: Failpoint) -> None:
    """Do nothing."""


#: Called as `points.reach("folded")`, so that whoever replaces it is heard.
hit: Callable[[Failpoint], None] = _go_on
