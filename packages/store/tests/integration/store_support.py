"""What the tests of the Redis store share: apps that are never started, events to be "processed", and backups."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import faust
from faust.events import Event
from faust.streams import _current_event
from faust.types import TP, Message
from faust.types.tables import TableT
from redis import Redis

from clientward_store import Store

PARTITIONS = 4


def make_table(group: str, url: str, data: Path, **options: Any) -> TableT[Any, Any]:
    """Return a table of an app that is not started; strings to integers unless told otherwise."""
    app = faust.App(group, broker="kafka://127.0.0.1:9", store=url, datadir=str(data), web_enabled=False)
    kinds: dict[str, Any] = {"key_type": str, "value_type": int, "partitions": PARTITIONS}
    table: TableT[Any, Any] = app.Table("things", **{**kinds, **options})
    return table


def raw_store(group: str, url: str, data: Path, **options: Any) -> Store:
    """Return the Redis store of a table of bytes to bytes."""
    store = make_table(group, url, data, key_type=bytes, value_type=bytes, **options).data
    assert isinstance(store, Store)
    return store


def message(table: Any, partition: int, offset: int, key: bytes, value: bytes | None) -> Message:
    """Return a changelog record as the consumer hands it over."""
    topic = table.changelog_topic_name
    return Message(topic, partition, offset, 0.0, 0, [], key, value, None, tp=TP(topic, partition))


def changelog_event(table: Any, partition: int, offset: int, key: bytes, value: bytes | None) -> Event:
    """Return a changelog record as recovery hands it over: decoded key and value beside the raw message."""
    serializers = table.app.serializers
    decoded = serializers.loads_value(table.value_type, value, serializer=table.value_serializer)
    return Event(
        table.app,
        serializers.loads_key(table.key_type, key, serializer=table.key_serializer),
        decoded,
        {},
        message(table, partition, offset, key, value),
    )


@contextmanager
def processing(table: Any, partition: int) -> Iterator[None]:
    """Let Faust believe that an agent is processing an event of a partition."""
    event = changelog_event(table, partition, 0, b'"k"', b"1")
    token = _current_event.set(_reference(event))
    try:
        yield
    finally:
        _current_event.reset(token)


class _Strong:
    """A reference to an event that keeps it alive, called like Faust's weak one."""

    def __init__(self, event: Event) -> None:
        self.event = event

    def __call__(self) -> Event:
        return self.event


def _reference(event: Event) -> Any:
    return _Strong(event)


async def assign(table: Any, *partitions: int) -> None:
    """Tell the app's assignor and the table's store of a rebalance that leaves it these partitions."""
    tps = {TP(table.changelog_topic_name, partition) for partition in partitions}
    before = table.app.assignor.assigned_actives()
    table.app.assignor._assignment.actives = {table.changelog_topic_name: list(partitions)}
    await table.data.on_rebalance(tps, before - tps, tps - before, 1)


@asynccontextmanager
async def store_maker(group: str, url: str, data: Path) -> AsyncIterator[Callable[..., Store]]:
    """Make stores of one and the same table, as two workers or two lives of one would have them."""
    made: list[Store] = []

    def make(query: str = "", **options: Any) -> Store:
        made.append(raw_store(group, url + query, data, **options))
        return made[-1]

    yield make
    for store in made:
        await store.parts.clients.close()


def delete_keys(client: Redis, group: str) -> None:
    """Delete what a test has written, whichever table it belongs to."""
    for name in client.scan_iter(f"*{group}*"):
        client.delete(name)


def copy_of(client: Redis, names: Sequence[str]) -> dict[str, Any]:
    """Return a backup of a partition's keys."""
    return {name: client.dump(name) for name in names}


def restore(client: Redis, backup: dict[str, Any]) -> None:
    """Put a partition back to what a backup holds."""
    for name, dumped in backup.items():
        client.delete(name)
        if dumped is not None:
            client.restore(name, 0, dumped)
