"""The consumer as the engine sees it: what a partition asks of whoever fetches for it."""

from collections.abc import Mapping
from typing import Protocol

from faust.types import TP


class Intake(Protocol):
    """What is asked of the consumer."""

    def rewind(self, positions: Mapping[TP, int], generation: int) -> None:
        """Fetch from these offsets on, under a new generation."""

    def pause_fetching(self, tps: set[TP]) -> None:
        """Stop fetching."""

    def resume_fetching(self, tps: set[TP]) -> None:
        """Fetch again."""

    def acknowledge(self, offsets: Mapping[TP, int]) -> None:
        """Let the group's offsets follow."""

    async def acknowledged(self, *tps: TP) -> Mapping[TP, int]:
        """Return the group's offsets of those partitions that have one; none where the brokers do not say."""

    async def ends(self, *tps: TP) -> Mapping[TP, int]:
        """Return the offset that each partition's next record will have, and at once."""

    async def earliest_offsets(self, *tps: TP) -> Mapping[TP, int]:
        """Return the first offset that each partition still has."""

    async def highwaters(self, *tps: TP) -> Mapping[TP, int]:
        """Return the offset that each partition's next record will have."""
