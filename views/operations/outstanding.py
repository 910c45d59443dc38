"""What the workers still have to do with no further event: timers that are due, and records to be sent."""

from datetime import UTC, datetime

from msgspec import Struct

from relationship.contract.times import micros
from streams.config.settings import Settings
from streams.health.table import read_outstanding
from views.errors import server_errors


class OutstandingView(Struct, frozen=True):
    """What is still to be done at a moment.

    Attributes:
        as_of: the moment.
        due: accounts whose timer has come by then.
        outbox: records that Redis holds to be sent; one that Kafka has confirmed leaves with a later write.
    """

    as_of: datetime
    due: int
    outbox: int


async def outstanding(settings: Settings) -> OutstandingView:
    """Return what is still to be done now. Raises ServerError."""
    now = datetime.now(UTC)
    with server_errors(settings):
        found = await read_outstanding(settings, micros(now))
    return OutstandingView(now, found.due, found.outbox)
