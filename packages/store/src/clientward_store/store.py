"""The store that Faust makes for `store="redis://…"`: ownership, recovery and life cycle; the rest is inherited.

Rules:
- Nothing connects when a store is made.
- When a partition is assigned, the store takes it over before Faust reads its changelog, so a former owner that was
  only paused can write nothing more. Global tables and tables with `use_partitioner` have no single owner and are not
  fenced.
- What agents set is written behind (`clientward_store.write_behind`); calls of the batch interface flush it first.
- In recovery no write is guessed: changelog records of partitions that are not assigned here (standbys: the values are in
  the shared Redis already) are left out, and a refused write stops the worker, since Faust itself only logs errors in
  recovery and would wait for ever.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from faust.types import TP, AppT, CollectionT, EventT
from mode import Service
from yarl import URL

from clientward_store.batch import BatchApi, Write
from clientward_store.cache import Cache
from clientward_store.client import Clients
from clientward_store.errors import Fenced, StoreRefused, StoreUnavailable
from clientward_store.faust_private import barrier_of
from clientward_store.keys import target_of
from clientward_store.mapping import MappingApi
from clientward_store.partitions import NONE_YET, Partitions
from clientward_store.preload import preload
from clientward_store.recovering import Change, RecoveryRules
from clientward_store.write_behind import FLUSH_SECONDS

#: Seconds between two writes of confirmed changelog offsets of partitions that nothing else writes to.
OFFSETS_SECONDS: Final = 1.0
#: Seconds between two tries to reach Redis in a rebalance.
RETRY_SECONDS: Final = 1.0
INPUT_AGAIN: Final = (
    "Redis is back from before it was rebuilt; its positions are forgotten, and the input is read again"
)


class Store(BatchApi, MappingApi):
    """A Faust table's storage in Redis.

    Options of the table (`options={…}`):
        newer: `(old, new) -> bool`: whether a changelog record may replace the value there; by default it always may.
        covers: `(old, new) -> bool`: whether a record that replaces a value reflects all the input that the value does; by
            default it does. Where one does not, the partition's positions are forgotten.
        note_restored: True to note the keys that recovery rewrites, for `restored`.
        redis: Further arguments of redis-py's client, e.g. `{"password": …, "ssl_ca_certs": …}`.
    """

    def __init__(
        self,
        url: str | URL,
        app: AppT,
        table: CollectionT,
        *,
        options: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(url, app, table, options=options, **kwargs)
        chosen = dict(options or {})
        self.target = target_of(self.url, chosen)
        note = bool(chosen.get("note_restored"))
        self.recovery_rules = RecoveryRules(chosen.get("newer"), chosen.get("covers"), note)
        self.shared = bool(table.is_global or table.use_partitioner)
        self.confirmed = {}
        self.buffered = asyncio.Event()
        clients = Clients(self.target)
        self.parts = Partitions(f"{app.conf.id}-{self.table_name}", clients, Cache(self.target.cache))

    @property
    def label(self) -> str:
        """The store's name in Faust's logs, without a password."""
        return f"{type(self).__name__}: {self.target.masked}"

    def description(self) -> str:
        """Return the store's table and URL for logs, without a password."""
        return f"table_name={self.table_name} url={self.target.masked}"

    def persisted_offset(self, tp: TP) -> int | None:
        """Return the changelog offset that Redis's values reflect, read from Redis; None where there is none.

        A confirmed offset is written first, under the fence, so that it is lost where Redis has lost writes.
        """
        self.flush_blocking(tp.partition)
        if tp.partition in self.confirmed:
            self.write_now(tp.partition, {})
        offset = self.parts.offset(tp.partition)
        return None if offset == NONE_YET else offset

    def set_persisted_offset(self, tp: TP, offset: int) -> None:
        """Note that Kafka has a changelog record: its offset is written to Redis with the partition's next write.

        At the latest after OFFSETS_SECONDS; if the worker dies before, recovery reads these records once more.
        """
        self.confirmed[tp.partition] = max(offset, self.confirmed.get(tp.partition, NONE_YET))

    async def need_active_standby_for(self, tp: TP) -> bool:  # noqa: ARG002 - Faust's signature
        """Return False: all workers share Redis, so no other worker needs a copy."""
        return False

    def apply_changelog_batch(
        self,
        batch: Iterable[EventT[Any]],
        to_key: Callable[[Any], Any],  # noqa: ARG002 - the store keeps what the changelog holds, encoded
        to_value: Callable[[Any], Any],  # noqa: ARG002
    ) -> None:
        """Bring Redis up to the changelog: values and offset of a partition in one atomic write.

        Raises:
            StoreUnavailable: Redis cannot serve; Faust calls again with the same events.
            Fenced: The partition is not this worker's, or Redis has lost writes; the worker is stopped as well.
        """
        changes: defaultdict[int, list[Change]] = defaultdict(list)
        for event in batch:
            message = event.message
            if self._is_mine(message.partition):
                changes[message.partition].append(Change(message.offset, key_of(event), message.value))
        try:
            for partition, records in changes.items():
                if self.parts.recover(partition, records, self.recovery_rules):
                    self.log.warning("partition %s of %s: %s", partition, self.table_name, INPUT_AGAIN)
        except Fenced as error:
            self.stop_worker(error)
            raise

    def _is_mine(self, partition: int) -> bool:
        return self.shared or not self.parts.owners_only or partition in self.parts.assigned

    async def on_rebalance(
        self,
        assigned: set[TP],
        revoked: set[TP],  # noqa: ARG002 - all that is not assigned is revoked, and a standby may become active
        newly_assigned: set[TP],  # noqa: ARG002
        generation_id: int = 0,  # noqa: ARG002 - a paused worker is fenced by the owner's token in Redis
    ) -> None:
        """Release the partitions that are gone and take over those that are new."""
        topics = self.table.changelog_topic.topics
        standbys = set() if self.table.is_global else self.app.assignor.assigned_standbys()
        mine = {tp.partition for tp in assigned if tp.topic in topics and tp not in standbys}
        for partition in (self.parts.assigned | self.parts.owned.keys()) - mine:
            self.confirmed.pop(partition, None)
            self.release(partition)
        self.parts.assigned = mine
        self.parts.owners_only = not self.shared
        await self._retried(self.ping)
        if not self.shared:
            for partition in sorted(mine - self.parts.owned.keys()):
                await self._retried(partial(self.take_over, partition))

    async def _retried(self, call: Callable[[], Awaitable[object]]) -> None:
        """Repeat a call while Redis is away: in a rebalance no caller could, and Kafka waits for minutes."""
        while True:
            try:
                await call()
            except StoreRefused:
                raise
            except StoreUnavailable as error:
                if self.should_stop:
                    raise
                self.log.warning("%s; trying again in %s s", error, RETRY_SECONDS)
                await self.sleep(RETRY_SECONDS)
            else:
                return

    async def on_recovery_completed(self, active_tps: set[TP], standby_tps: set[TP]) -> None:  # noqa: ARG002
        """Read what is owned into the cache, where the URL says `?warm=1`: no agent has been given an event yet."""
        if self.target.preload:
            for partition in sorted(self.parts.owned):
                await self._retried(partial(preload, self.parts, partition))

    async def on_start(self) -> None:
        """Let Faust wait for Redis before it commits its input and before it hands partitions over."""
        barrier_of(self.app.producer).store_flushes.add(self._flush_before_commit)

    async def _flush_before_commit(self) -> None:
        if self.failure is not None:
            raise self.failure
        await self._retried(self._flush_all)

    async def _flush_all(self) -> None:
        for partition, ownership in list(self.parts.owned.items()):
            if ownership.buffer:
                await self.flush(partition)

    @Service.task
    async def _flush_regularly(self) -> None:
        while not self.should_stop:
            await self.wait(self.buffered.wait())
            self.buffered.clear()
            await self.sleep(FLUSH_SECONDS)
            try:
                await self._retried(self._flush_all)
            except (Fenced, StoreUnavailable) as error:
                self.stop_worker(error)
                return

    @Service.task
    async def _write_offsets(self) -> None:
        async for _ in self.itertimer(OFFSETS_SECONDS, name="clientward_store.offsets"):
            await self._flush_offsets()

    async def _flush_offsets(self) -> None:
        """Write what is buffered and the confirmed offsets; where Redis is away they stay for the next time."""
        try:
            await self._flush_all()
            for partition in list(self.confirmed):
                if partition in self.parts.owned:
                    await self.flush(partition)
                else:
                    self.write_now(partition, {})
        except StoreUnavailable as error:
            self.log.warning("%s", error)

    async def on_stop(self) -> None:
        """Write what is buffered and close the connections. After a failure Faust may commit nothing more."""
        try:
            await self._flush_offsets()
        except Fenced as error:
            self.log.warning("%s", error)
        if self.failure is None:
            barrier_of(self.app.producer).store_flushes.discard(self._flush_before_commit)
        self.stop_writing()
        await self.parts.clients.close()

    async def take_over(self, partition: int) -> int:
        """Become a partition's owner and return the new epoch; what was cached of it is forgotten."""
        await self._flush_mapping(partition)
        return await super().take_over(partition)

    async def load(self, partition: int, keys: Iterable[bytes]) -> dict[bytes, bytes | None]:
        """Return the keys' values, None where there is none: from the cache, the others in one round trip."""
        await self._flush_mapping(partition)
        return await super().load(partition, keys)

    async def commit(self, partition: int, write: Write) -> None:
        """Write a batch's results atomically; nothing at all where the partition is not this owner's any more.

        Raises:
            Fenced: The partition has a newer owner, Redis has lost writes, or it was never taken over.
        """
        await self._flush_mapping(partition)
        await super().commit(partition, write)

    async def sent(self, partition: int, ids: Sequence[bytes], changelog_offset: int | None) -> None:
        """Drop published records from the outbox, and note the last changelog offset that the values reflect.

        Raises:
            Fenced: As for `commit`.
        """
        await self._flush_mapping(partition)
        await super().sent(partition, ids, changelog_offset)

    async def _flush_mapping(self, partition: int) -> None:
        ownership = self.parts.owned.get(partition)
        if ownership is not None and ownership.buffer:
            await self.flush(partition)

    async def backup_partition(self, tp: TP | int, flush: bool = True, purge: bool = False, keep: int = 1) -> None:
        """Refuse: Redis's own files and replicas are the backup.

        Raises:
            NotImplementedError: Always.
        """
        raise NotImplementedError("a Redis table is backed up with Redis itself (RDB, AOF, replicas)")

    def restore_backup(self, tp: TP | int, latest: bool = True, backup_id: int = 0) -> None:
        """Refuse: Redis's own files and replicas are the backup.

        Raises:
            NotImplementedError: Always.
        """
        raise NotImplementedError("a Redis table is restored with Redis itself (RDB, AOF, replicas)")


def key_of(event: EventT[Any]) -> bytes:
    """Return a changelog record's key.

    Raises:
        TypeError: It has none.
    """
    key = event.message.key
    if not isinstance(key, bytes):
        raise TypeError(f"changelog record {event.message.tp} offset {event.message.offset} has no key")
    return key
