"""The Faust app: intake topics, the table in Redis, and one task for each partition number that is ours.

What of Faust is used: the group and its assignor (topics and changelog of a number stay together), the agents' streams,
the table with its changelog, and recovery. What is turned off or replaced, since it waits or forgets: the table
manager's second of sleep, recovery's delay of three, the leader topic, standbys (Redis is shared), creation of
topics (`clientward topics` does that, with the right settings), Faust's web server, acknowledgement by message.

The life of a partition number: recovered (Faust), opened and sought (`Partition`), stopped and dropped when it is
revoked. An owner that fails sets `failed`: the worker ends.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from itertools import count
from typing import Any, Final, NamedTuple

import structlog
from faust.types import TP, ChannelT
from yarl import URL

from clientward_store import Store, StoreUnavailable
from relationship.contract.messages import MESSAGE_TYPES
from relationship.contract.outcome import Fold
from streams.config.settings import TABLE, Settings
from streams.driver.faust_private import Assignor, register_agent
from streams.driver.host import Host
from streams.driver.recovery import Tables
from streams.driver.transport import Consumer
from streams.engine.commit import Ends
from streams.engine.metrics import Metrics
from streams.engine.partition import Partition, Parts
from streams.engine.ports import SystemClock
from streams.engine.redis_calls import Notifier, redis_is_away
from streams.kafka.erasures import first_after, read_erasures
from streams.kafka.publisher import Publisher
from streams.retry import until_it_passes
from streams.wire.codecs import Codec, Limits
from streams.wire.records import Batch

log = structlog.get_logger(__name__)

# Seconds within which the group must hear of a worker, or it gives the partitions to others (6 is the least that a
# broker allows unless told otherwise); and between two signs of life.
SESSION_SECONDS: Final = 6.0
HEARTBEAT_SECONDS: Final = 1.0
# Seconds between two commits of the group's offsets, which only show the lag.
COMMIT_SECONDS: Final = 1.0
# Seconds for a step to end when its partition is revoked, before it is cut off.
STOP_SECONDS: Final = 5.0


class Lag(NamedTuple):
    """How far behind one topic's partition is: records, and seconds since the oldest of them was stored."""

    events: int
    seconds: float


class App(Host):
    """A Faust app that hands batches to the owners of partition numbers. Made by `build_app`.

    Attributes:
        intake: the names of the intake topics.
        fetch_max_wait_ms: for the transport.
        fetch_distance_ms: for the transport.
        relationships: the table.
        failure: the error of the first owner that failed, or None; `failed` is set with it.
    """

    intake: frozenset[str] = frozenset(MESSAGE_TYPES)
    fetch_max_wait_ms: int
    fetch_distance_ms: int
    relationships: Any
    consumer: Consumer
    failure: BaseException | None = None

    def wire(self, settings: Settings, fold: Fold, publisher: Publisher, metrics: Metrics, notifier: Notifier) -> None:
        """Hand in what the owners of partitions need; `build_app` calls it once."""
        self.fetch_max_wait_ms = settings.fetch_max_wait_ms
        self.fetch_distance_ms = settings.fetch_distance_ms
        self._settings = settings
        self._fold = fold
        self._publisher = publisher
        self.metrics = metrics
        self.notifier = notifier
        self.failed = asyncio.Event()
        self._generations = count(1)
        self._owners: dict[int, Partition] = {}
        self._owning: dict[int, asyncio.Task[None]] = {}

    @property
    def store(self) -> Store:
        """The table's store."""
        store = self.relationships.data
        if not isinstance(store, Store):
            raise TypeError(f"the table {TABLE} lives in {store!r}, not in Redis")
        return store

    def add_agent(self, function: Callable[[Any], Awaitable[None]], channel: ChannelT[Any], name: str) -> None:
        """Register an agent of a topic."""
        register_agent(self, function, channel, name)

    @property
    def owners(self) -> Mapping[int, Partition]:
        """The partition numbers that are ours."""
        return self._owners

    def put(self, batch: Batch) -> None:
        """Hand a batch to its partition's owner. A batch of a partition that has left is void."""
        owner = self._owners.get(batch.tp.partition)
        if owner is not None:
            owner.put(batch)

    async def until_redis_answers(self) -> None:
        """Return once Redis answers, or the app stops. Raises StoreRefused where it will never."""

        def away(error: BaseException) -> bool:
            return redis_is_away(error) and not self.should_stop

        def waiting(error: BaseException, tries: int) -> None:
            if tries == 1:
                log.warning("waiting for Redis", reason=str(error))

        try:
            await until_it_passes(self.store.ping, away, waiting)
        except StoreUnavailable as error:
            if not (redis_is_away(error) and self.should_stop):
                raise

    def on_rebalance_end(self) -> None:
        """Start an owner for every number assigned: the table is recovered and the flow resumed. It seeks its topics."""
        super().on_rebalance_end()
        parts = self._parts()
        numbers = {tp.partition for tp in self.consumer.assignment() if tp.topic in self.intake}
        for number in sorted(numbers - self._owners.keys()):
            owner = self._owners[number] = Partition(number, parts)
            self._owning[number] = asyncio.create_task(self._own(owner), name=f"partition {number}")
        self.metrics.partitions.set(len(self._owners))
        self.notifier.notify()

    def _parts(self) -> Parts:
        settings = self._settings
        limits = Limits(**settings.record_limits())
        return Parts(
            ends=Ends(self.store, self._publisher, self.metrics, SystemClock(), settings.changelog_topic),
            fold=self._fold,
            codec=Codec(limits),
            intake=self.consumer,
            erasures=partial(read_erasures, settings),
            first_after=partial(first_after, settings),
            generations=self._generations,
            notifier=self.notifier,
        )

    async def _own(self, owner: Partition) -> None:
        try:
            await owner.run()
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001 - whatever it is, the worker ends unacknowledged
            self.failure = self.failure or error
            self.failed.set()
            self.notifier.notify()

    async def on_positions_void(self, revoked: set[TP]) -> None:
        """Stop the owners of revoked numbers: a step that has begun may end, and what is buffered is dropped."""
        await self._stop_owners({tp.partition for tp in revoked})

    async def _stop_owners(self, numbers: set[int]) -> None:
        tasks = [task for number in numbers if (task := self._owning.pop(number, None))]
        for owner in [owner for number in numbers if (owner := self._owners.pop(number, None))]:
            owner.stop()
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=STOP_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        self.metrics.partitions.set(len(self._owners))

    @property
    def outbox_records(self) -> int:
        """How many records of our partitions' outboxes Redis holds that Kafka has not confirmed."""
        return sum(owner.outbox_records for owner in self._owners.values())

    @property
    def outbox_seconds(self) -> float:
        """How long the oldest step of our partitions waits for Kafka to store it; 0 where none does."""
        return max((owner.outbox_seconds for owner in self._owners.values()), default=0.0)

    @property
    def is_ready(self) -> bool:
        """Tell whether every number that was assigned is open and can reach Redis."""
        owners = self._owners.values()
        assigned = self.tables.actives_ready and not self.rebalancing
        return assigned and all(owner.is_open and not owner.waiting_for_redis for owner in owners)

    def lags(self) -> dict[TP, Lag]:
        """Return the lag of every intake partition that is ours, as last heard from Kafka."""
        now = time.time()
        lags = {}
        for owner in self._owners.values():
            for topic, queue in owner.inbox.queues.items():
                oldest = owner.inbox.oldest_ms(topic)
                lags[queue.tp] = Lag(queue.lag(), max(0.0, now - oldest / 1000) if oldest else 0.0)
        return lags

    async def settled(self) -> bool:
        """Return True when all that Kafka has in our partitions is folded and sent, and what that brought in its turn.

        A record that is folded may send others into our own topics (a referral's credit, what a merge moves, the word to
        forget an erased account), so the ends are asked anew until they stand. False if the app fails first.
        """
        tps = [queue.tp for owner in self._owners.values() for queue in owner.inbox.queues.values()]
        while True:
            ends = await self.consumer.highwaters(*tps)
            while not all(self._is_folded(tp, end) for tp, end in ends.items()):
                if self.failed.is_set() or self.should_stop:
                    return False
                await self.notifier.wait()
            if ends == await self.consumer.highwaters(*tps):
                return True

    def _is_folded(self, tp: TP, end: int) -> bool:
        owner = self._owners.get(tp.partition)
        return owner is None or owner.inbox.queues[tp.topic].folded >= end

    async def on_stop(self) -> None:
        """Stop the owners, commit what they acknowledged, and stop Faust's part."""
        await self._stop_owners(set(self._owners))
        await super().on_stop()


def _covers(fold: Fold, old: bytes, new: bytes) -> bool:
    """Tell whether an account's record reflects all messages that another one does."""
    reflected = fold.reflects(new)
    return all(reflected.get(topic, -1) >= offset for topic, offset in fold.reflects(old).items())


def build_app(settings: Settings, fold: Fold, publisher: Publisher, metrics: Metrics, notifier: Notifier) -> App:
    """Return the app, wired and not started. Nothing connects here."""
    app = App(
        settings.group,
        broker="batch://" + ";".join(settings.bootstrap_servers),
        broker_credentials=settings.faust_credentials(),
        store=str(URL(settings.redis_url.get_secret_value()).update_query(cache=settings.cache_accounts)),
        datadir=str(settings.data_dir),
        processing_guarantee="at_least_once",
        broker_max_poll_records=settings.max_poll_records,
        consumer_group_instance_id=settings.instance,
        broker_session_timeout=SESSION_SECONDS,
        broker_heartbeat_interval=HEARTBEAT_SECONDS,
        broker_commit_interval=COMMIT_SECONDS,
        consumer_max_fetch_size=max(1_048_576, 4 * settings.max_record_bytes),
        consumer_auto_offset_reset="earliest",
        stream_recovery_delay=0.0,
        stream_wait_empty=False,
        table_standby_replicas=0,
        topic_partitions=settings.partitions,
        topic_replication_factor=settings.replication,
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
        web_tables_enabled=False,
        worker_redirect_stdouts=False,
        TableManager=Tables,
        PartitionAssignor=Assignor,
    )
    app.wire(settings, fold, publisher, metrics, notifier)
    app.relationships = app.Table(
        TABLE,
        key_type=bytes,
        value_type=bytes,
        partitions=settings.partitions,
        options={"note_restored": True, "newer": fold.newer, "covers": partial(_covers, fold)},
    )
    return app
