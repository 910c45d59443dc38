"""How many of the clients of a while ago are clients still, once or followed."""

import asyncio
from collections.abc import AsyncIterable
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from msgspec import Struct

from relationship.analysis.retention import Base
from relationship.contract.decisions import Reclassification
from relationship.contract.outcome import RECLASSIFIED, STATE
from relationship.contract.times import DAY_US, micros
from streams.config.settings import Settings
from streams.kafka.reading import follow, read_to_end
from views.errors import server_errors

YEAR_DAYS: Final = 365


class RetentionView(Struct, frozen=True):
    """The retention over a window.

    Attributes:
        days: how long it is.
        then: clients at its beginning that are there still.
        kept: those of them that are clients at its end.
        now: clients at its end.
        rate: the share kept, 0-1; None where there were no clients then.
    """

    days: int
    then: int
    kept: int
    now: int
    rate: float | None


class Retentions:
    """The base as the two topics have it up to now; asked for the retention at any moment."""

    def __init__(self, days: int = YEAR_DAYS) -> None:
        self.days = days
        self._base = Base(days * DAY_US)

    def at(self, moment: datetime) -> RetentionView:
        """Return the retention over the window that ends at a moment."""
        found = self._base.at(micros(moment))
        return RetentionView(self.days, found.then, found.kept, found.now, found.rate)

    async def read(self, settings: Settings) -> None:
        """Read both topics to their ends. Raises ServerError, TopicsError."""
        with server_errors(settings):
            await self._take_decisions(read_to_end(settings, RECLASSIFIED))
            await self._take_states(read_to_end(settings, STATE))

    async def follow(self, settings: Settings) -> None:
        """Go on taking in what comes, from the topics' beginning, without end; what is known already changes nothing."""
        with server_errors(settings):
            await asyncio.gather(
                self._take_decisions(follow(settings, RECLASSIFIED, from_beginning=True)),
                self._take_states(follow(settings, STATE, from_beginning=True)),
            )

    async def _take_decisions(self, records: AsyncIterable[Any]) -> None:
        async for record in records:
            self._base.decided(_decode(record.value))

    async def _take_states(self, records: AsyncIterable[Any]) -> None:
        async for record in records:
            self._base.stated(record.key.decode(), there=record.value is not None)


_decode: Final = msgspec.json.Decoder(Reclassification).decode


async def retention(settings: Settings, days: int = YEAR_DAYS, at: datetime | None = None) -> RetentionView:
    """Return the retention over so many days up to `at`, by default now. Raises ServerError, TopicsError."""
    found = Retentions(days)
    await found.read(settings)
    return found.at(datetime.now(UTC) if at is None else at)
