"""How deliveries do: each endpoint with what it wants, whether it takes it, how far behind it is, and what was given up.

An endpoint is behind by what waits in Redis to be tried again, and by what its mark in the topic of decisions has before it:
that may be a decision that it does not want, for nobody has looked at it.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

import msgspec
from aiokafka import TopicPartition
from msgspec import Struct

from clientward_client import RECLASSIFIED
from delivering.file import Endpoint, read_deliveries, unknown_endpoint
from delivering.reading import Mark
from delivering.state import Status, Store, Waiting, Wishes, kept_in, store_of
from streams.config.settings import Settings
from streams.kafka.reading import Backlog, read_backlogs_of
from views.errors import InputError, server_errors

State = Literal["well", "slow", "failing", "paused", "new"]
#: Seconds beyond its settling after which a decision that was not delivered makes its endpoint slow.
SLOW_SECONDS: Final = 60.0
# Characters of an address's path from which on it may be a secret: `/` and `/a` stand in other texts too.
PATH_LENGTH: Final = 3


class EndpointStatus(Struct):
    """One endpoint. Times are RFC 3339; None where there was none, or where it was not asked.

    Attributes:
        host: where it is; the path may be a secret, and is told nowhere.
        wanted: what of decisions it wants, in words; empty where it wants all.
        state: paused, failing (its last request was not taken), slow (something is not delivered that should have been for
            a minute), new (nothing was ever read for it), or well.
        since: since when it is paused, failing or slow.
        waiting, dead: what was tried and waits to be tried again, and what was given up.
        behind: how much is not delivered, with what waits; `oldest_at` is when the oldest of that was decided.
        is_behind: whether it is fed from further back than the others.
        why: the last failure's reason.
        paused: why it is paused, and `paused_by` by whom: empty where it did so itself.
        replay_from: from when on it is to be replayed, until that has begun; `redriven` how much is to be tried again.
    """

    name: str
    host: str
    wanted: list[str]
    state: State
    since: str | None
    delivered: int
    waiting: int
    dead: int
    behind: int | None
    oldest_at: str | None
    is_behind: bool
    failures_in_a_row: int
    last_delivered_at: str | None
    last_failure_at: str | None
    why: str
    paused: str | None
    paused_by: str
    replay_from: str | None
    redriven: int


class Deliveries(Struct):
    """All endpoints of a file, and whether a process delivers to them."""

    is_running: bool
    endpoints: list[EndpointStatus]


class DeadMessage(Struct):
    """A message that was given up."""

    event_id: str
    account_id: str
    attempts: int
    first_failure_at: str | None
    given_up_at: str | None
    why: str


async def deliveries(settings: Settings, file: Path, *, ask_kafka: bool = True) -> Deliveries:
    """Return how each endpoint of a file does. Raises DeliveriesError, ServerError, TopicsError.

    Without `ask_kafka` nobody knows how far it is behind, nor that it is slow.
    """
    wanted = read_deliveries(file)
    names = [each.name for each in wanted]
    with server_errors(kept_in(settings)):
        async with store_of(settings) as store:
            is_running, wishes, counts = (
                await store.is_delivered_to(),
                await store.wishes(names),
                await store.counts(names),
            )
            statuses = {name: await store.status(name) for name in names}
            oldest = await _oldest(settings, store, names) if ask_kafka else {}
    now = datetime.now(UTC).timestamp()
    found = [
        _status(each, statuses[each.name], wishes[each.name], counts[each.name], oldest.get(each.name), now)
        for each in wanted
    ]
    return Deliveries(is_running, found)


async def dead_messages(settings: Settings, file: Path, name: str, most: int | None = None) -> list[DeadMessage]:
    """Return what was given up of an endpoint, in order: all, or the newest.

    Raises InputError, DeliveriesError, ServerError.
    """
    unknown = unknown_endpoint(file, name)
    if unknown:
        raise InputError(unknown)
    url = next(each.file.url for each in read_deliveries(file) if each.name == name)
    with server_errors(kept_in(settings)):
        async with store_of(settings) as store:
            dead = await store.dead(name) if most is None else await store.newest_dead(name, most)
    return [
        DeadMessage(
            each.event_id,
            each.account_id,
            each.attempts,
            _time(each.since),
            _time(each.due),
            without_path(each.why, url),
        )
        for each in dead
    ]


def without_path(text: str, url: str) -> str:
    """Return what a receiver said without its address's path and query: they may be what lets one in, and are told back."""
    parts = urlsplit(url)
    for piece in (f"{parts.path}?{parts.query}" if parts.query else "", parts.path, parts.query):
        if len(piece) >= PATH_LENGTH:
            text = text.replace(piece, "/…")
    return text


class _Behind(Struct):
    """What Kafka has before an endpoint's marks, None where it has none; and when the oldest that is due was decided."""

    records: int | None
    oldest: float | None


async def _oldest(settings: Settings, store: Store, names: Sequence[str]) -> dict[str, _Behind]:
    marks = {name: await store.marks(name) for name in names}
    waiting = await store.oldest_waiting(names)
    begun = [name for name in names if marks[name]]
    backlogs = await read_backlogs_of(settings, (RECLASSIFIED,), [_positions(marks[name]) for name in begun])
    by_name = dict(zip(begun, backlogs, strict=True))
    return {name: _behind(by_name.get(name), waiting.get(name)) for name in names}


def _positions(marks: Mapping[int, Mark]) -> dict[TopicPartition, int]:
    return {TopicPartition(RECLASSIFIED, number): mark.resume[0].offset for number, mark in marks.items()}


def _behind(backlog: Mapping[TopicPartition, Backlog] | None, waiting: Waiting | None) -> _Behind:
    parts = [] if backlog is None else [*backlog.values()]
    times = [each.oldest_ms / 1000 for each in parts if each.oldest_ms is not None]
    if waiting is not None:
        times.append(_decided(waiting))
    records = None if backlog is None else sum(each.end - each.start for each in parts)
    return _Behind(records, min(times, default=None))


class _Event(Struct):
    """What is read of a message's body: when it was decided."""

    time: datetime | None = None


def _decided(waiting: Waiting) -> float:
    event = msgspec.json.decode(waiting.body, type=_Event)
    return waiting.since if event.time is None else event.time.timestamp()


def _status(
    endpoint: Endpoint, status: Status, wishes: Wishes, counts: tuple[int, int], behind: _Behind | None, now: float
) -> EndpointStatus:
    waiting, dead = counts
    state, since = _state(endpoint, status, wishes, behind, now)
    records = None if behind is None or behind.records is None else behind.records + waiting
    return EndpointStatus(
        name=endpoint.name,
        host=urlsplit(endpoint.file.url).hostname or "",
        wanted=wanted_words(endpoint),
        state=state,
        since=_time(since),
        delivered=status.delivered,
        waiting=waiting,
        dead=dead,
        behind=records,
        oldest_at=None if behind is None else _time(behind.oldest),
        is_behind=status.is_behind,
        failures_in_a_row=status.failures_in_a_row,
        last_delivered_at=_time(status.last_ok),
        last_failure_at=_time(status.last_failure),
        why=without_path(status.why, endpoint.file.url),
        paused=None if wishes.paused is None else without_path(wishes.paused, endpoint.file.url),
        paused_by=wishes.paused_by,
        replay_from=_time(None if wishes.replay_ms is None else wishes.replay_ms / 1000),
        redriven=len(wishes.redrive),
    )


def _state(
    endpoint: Endpoint, status: Status, wishes: Wishes, behind: _Behind | None, now: float
) -> tuple[State, float | None]:
    if wishes.paused is not None:
        return "paused", wishes.paused_at
    if status.failures_in_a_row:
        return "failing", status.failing_since or status.last_failure
    if behind is not None and behind.records is None:
        return "new", None
    settling = (endpoint.settle_ms or 0) / 1000
    if behind is not None and behind.oldest is not None and now - behind.oldest > settling + SLOW_SECONDS:
        return "slow", behind.oldest + settling
    return "well", None


def wanted_words(endpoint: Endpoint) -> list[str]:
    """Return which decisions an endpoint wants, a part a piece; none where it wants all as they come."""
    file = endpoint.file
    lists = {"from": file.from_, "to": file.to, "direction": file.direction, "industry": file.industry}
    words = [f"{name} {', '.join(values)}" for name, values in lists.items() if values]
    words += [] if file.settle_minutes is None else [f"what stands for {file.settle_minutes:g} min"]
    return [*words, *(["erasures too"] if file.erasures else [])]


def _time(seconds: float | None) -> str | None:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds") if seconds else None
