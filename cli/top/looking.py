"""What the screen looks at: the servers, or whatever a test puts in their place."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Final, Protocol

from msgspec.structs import asdict

from streams.config.settings import Settings
from views.base.decisions import DecisionRecord, follow_decisions
from views.errors import ServerError, TopicsError
from views.operations.flow import Flow, flow
from views.operations.refusals import Refusals, refusals
from views.operations.workers import Workers, workers

REFUSALS: Final = 20  # the newest, with their texts
#: What a look may meet, each with one line for a person.
UNREACHABLE: Final = (ServerError, TopicsError, OSError, TimeoutError)


class Look(Flow, frozen=True):
    """How the stream flows, and `workers`: who works."""

    workers: Workers


class Looking(Protocol):
    """What the screen asks. Each raises what `UNREACHABLE` names."""

    async def flow(self) -> Look:
        """Return how the stream flows now."""

    async def refusals(self) -> Refusals:
        """Return the dead letters that are open."""

    def decisions(self) -> AsyncGenerator[DecisionRecord, None]:
        """Give the decisions as they come, without end."""


class Servers:
    """The real ones."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def flow(self) -> Look:
        """Return how the stream flows now."""
        found, members = await asyncio.gather(flow(self._settings), workers(self._settings))
        return Look(**asdict(found), workers=members)

    async def refusals(self) -> Refusals:
        """Return the dead letters that are open."""
        return await refusals(self._settings, limit=REFUSALS)

    def decisions(self) -> AsyncGenerator[DecisionRecord, None]:
        """Give the decisions as they come, without end."""
        return follow_decisions(self._settings)
