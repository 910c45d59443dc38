"""How the stream flows: what the topics have taken and the workers have folded by a moment, and rates between moments."""

import asyncio
import time
from collections.abc import Callable, Sequence

from msgspec import Struct

from relationship.contract.outcome import RECLASSIFIED, REJECTED
from streams.config.settings import Settings
from views.operations.lag import Lag, lag
from views.operations.servers import topic_ends


class Flow(Struct, frozen=True):
    """One look.

    Attributes:
        at: when, in seconds of a clock that never goes back.
        taken: records that the intake ever took.
        folded: of these, records that the workers have folded.
        decided, refused: decisions and dead letters ever published.
        lag: what waits, by topic and partition.
    """

    at: float
    taken: int
    folded: int
    decided: int
    refused: int
    lag: Lag


class Rates(Struct, frozen=True):
    """Records a second: taken by the intake, folded, decided, refused."""

    taken: float = 0.0
    folded: float = 0.0
    decided: float = 0.0
    refused: float = 0.0


async def flow(settings: Settings, ticks: Callable[[], float] = time.monotonic) -> Flow:
    """Return how the stream flows now, by a clock in seconds. Raises ServerError, TopicsError."""
    found, ends = await asyncio.gather(lag(settings), topic_ends(settings, RECLASSIFIED, REJECTED))
    return Flow(
        at=ticks(),
        taken=sum(each.end for each in found.partitions),
        folded=sum(each.position for each in found.partitions),
        decided=ends[RECLASSIFIED],
        refused=ends[REJECTED],
        lag=found,
    )


def rates(looks: Sequence[Flow]) -> Rates:
    """Return the rates from the first of some looks to the last; zeros where there are fewer than two."""
    if not looks or (seconds := looks[-1].at - looks[0].at) <= 0:
        return Rates()
    first, last = looks[0], looks[-1]
    return Rates(
        taken=max(0, last.taken - first.taken) / seconds,
        folded=max(0, last.folded - first.folded) / seconds,
        decided=max(0, last.decided - first.decided) / seconds,
        refused=max(0, last.refused - first.refused) / seconds,
    )
