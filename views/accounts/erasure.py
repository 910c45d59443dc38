"""Where an account is still to be found after its erasure, and until when."""

from datetime import datetime

from msgspec import Struct

from streams.config.settings import Settings
from streams.health.traces import ErasureTrace, traces
from views.errors import server_errors


class ErasureReport(Struct, frozen=True):
    """What is left of an account.

    Attributes:
        account_id: whose traces these are.
        traces: by place, only those that hold something.
        live: the places where it is live: no erasure came, it came again, or another account still holds it.
        gone_by: when the last record has left the topics at the latest; None where nothing is left, or something is live.
    """

    account_id: str
    traces: list[ErasureTrace]
    live: list[str]
    gone_by: datetime | None


async def erasure_report(settings: Settings, account_id: str) -> ErasureReport:
    """Look for an account in Redis and in every topic; it reads all that they hold. Raises ServerError."""
    with server_errors(settings):
        found = [trace async for trace in traces(settings, account_id)]
    live = list(dict.fromkeys(trace.place for trace in found if trace.until is None))
    ends = [trace.until for trace in found if trace.until is not None]
    return ErasureReport(account_id, found, live, max(ends) if ends and not live else None)
