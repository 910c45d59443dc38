"""How deliveries do: each endpoint, what waits, what was given up."""

from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct

from delivering.file import read_deliveries, unknown_endpoint
from delivering.state import Store
from streams.config.redis import redis_client
from streams.config.settings import Settings
from views.errors import InputError, server_errors


class EndpointStatus(Struct):
    """One endpoint. Times are RFC 3339; `why` is the last failure's reason, and `paused` why it is paused."""

    name: str
    host: str
    delivered: int
    waiting: int
    dead: int
    is_behind: bool
    failures_in_a_row: int
    last_delivered_at: str | None
    last_failure_at: str | None
    why: str
    paused: str | None


class DeadMessage(Struct):
    """A message that was given up."""

    event_id: str
    account_id: str
    attempts: int
    first_failure_at: str | None
    given_up_at: str | None
    why: str


async def endpoints(settings: Settings, file: Path) -> list[EndpointStatus]:
    """Return how each endpoint of a file does. Raises DeliveriesError, ServerError."""
    wanted = read_deliveries(file)
    found = []
    with server_errors(settings):
        async with redis_client(settings) as redis:
            store = Store(redis, settings.group)
            wishes = await store.wishes([each.name for each in wanted])
            counts = await store.counts([each.name for each in wanted])
            for each in wanted:
                status, (waiting, dead) = await store.status(each.name), counts[each.name]
                found.append(
                    EndpointStatus(
                        each.name,
                        urlsplit(each.file.url).hostname or "",
                        status.delivered,
                        waiting,
                        dead,
                        status.is_behind,
                        status.failures_in_a_row,
                        _time(status.last_ok),
                        _time(status.last_failure),
                        status.why,
                        wishes[each.name].paused,
                    )
                )
    return found


async def dead_messages(settings: Settings, file: Path, name: str) -> list[DeadMessage]:
    """Return what was given up of an endpoint, in order. Raises InputError, DeliveriesError, ServerError."""
    unknown = unknown_endpoint(file, name)
    if unknown:
        raise InputError(unknown)
    with server_errors(settings):
        async with redis_client(settings) as redis:
            dead = await Store(redis, settings.group).dead(name)
    return [
        DeadMessage(each.event_id, each.account_id, each.attempts, _time(each.since), _time(each.due), each.why)
        for each in dead
    ]


def _time(seconds: float | None) -> str | None:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds") if seconds else None
