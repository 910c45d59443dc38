"""What the driver asks of the app that it runs in; `streams/engine/app.py` answers."""

from abc import abstractmethod

import faust
from faust.types import TP


class Host(faust.App):
    """A Faust app whose consumer, tables and recovery are this room's.

    Attributes:
        intake: the names of the intake topics, whose partitions are fetched for their owners alone.
        fetch_max_wait_ms: how long a broker may hold a fetch back for want of records.
        fetch_distance_ms: from one request to a broker to the next at least.
    """

    intake: frozenset[str]
    fetch_max_wait_ms: int
    fetch_distance_ms: int

    @abstractmethod
    async def on_positions_void(self, revoked: set[TP]) -> None:
        """Let go of partitions before the group gives them to others."""

    @abstractmethod
    async def until_redis_answers(self) -> None:
        """Return once Redis answers, or the app stops. Raises StoreRefused where it never will."""
