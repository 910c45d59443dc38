"""How the stream flows: what the topics have taken and the workers have folded by a moment, and rates between moments."""

import asyncio
import time
from collections.abc import Sequence

from msgspec import Struct

from relationship.contract.messages import MESSAGE_TYPES
from relationship.contract.outcome import RECLASSIFIED, REJECTED
from streams.config.settings import Settings
from views.operations.lag import Lag, lag
from views.operations.servers import topic_ends
from views.operations.workers import Workers, workers


class Flow(Struct, frozen=True):
    """One look.

    Attributes:
        at: when, in seconds of the monotonic clock.
        taken: records that the intake ever took.
        folded: of these, records that the workers have folded.
        decided, refused: decisions and dead letters ever published.
        lag: what waits, by topic and partition.
        workers: who works.
    """

    at: float
    taken: int
    folded: int
    decided: int
    refused: int
    lag: Lag
    workers: Workers


class Rates(Struct, frozen=True):
    """Records a second: taken by the intake, folded, decided, refused."""

    taken: float = 0.0
    folded: float = 0.0
    decided: float = 0.0
    refused: float = 0.0


async def flow(settings: Settings) -> Flow:
    """Return how the stream flows now. Raises ServerError, TopicsError."""
    found, members, ends = await asyncio.gather(
        lag(settings), workers(settings), topic_ends(settings, *MESSAGE_TYPES, RECLASSIFIED, REJECTED)
    )
    return Flow(
        at=time.monotonic(),
        taken=sum(ends[topic] for topic in MESSAGE_TYPES),
        folded=sum(each.position for each in found.partitions),
        decided=ends[RECLASSIFIED],
        refused=ends[REJECTED],
        lag=found,
        workers=members,
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
