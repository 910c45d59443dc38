"""All that is private of Faust and used here, seen in 0.15.3: nothing else of the project touches such a name.

Faust calls its own hooks by names that begin with an underscore. The classes here give them public names, under which the
rest of this room overrides them: after an upgrade there is one file to compare with Faust's.
"""

from abc import abstractmethod
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from time import monotonic
from typing import Any, Final

import faust
from aiokafka import AIOKafkaConsumer, TopicPartition
from faust.assignor.partition_assignor import ClientAssignmentMapping, PartitionAssignor
from faust.tables.manager import TableManager
from faust.tables.recovery import Recovery
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ChannelT
from faust.types.assignor import HostToPartitionMap
from mode import Service, ServiceT

from streams.driver.host import Host
from streams.wire.records import Batch, FetchedRecord

SEEN_IN: Final = "0.15.3"
#: The private names touched here, by the class that has them; a test names those that an upgrade has taken away.
NAMES: Final[Mapping[type, Sequence[str]]] = {
    driver.Consumer: (
        "_new_consumer_thread",
        "_drain_messages",
        "_getmany",
        "_get_active_partitions",
        "_filter_tps_with_pending_acks",
        "_new_offset",
    ),
    driver.AIOKafkaConsumerThread: (
        "_create_worker_consumer",
        "_ensure_consumer",
        "_fetch_records",
        "_seek_wait",
        "_commit",
    ),
    Recovery: ("_set_recovery_started", "_set_recovery_ended", "_slurp_changelogs", "_active_events_received_at"),
    TableManager: ("_recovery", "_update_channels"),
    PartitionAssignor: ("_get_changelog_distribution", "_get_external_topic_distribution"),
    faust.App: ("_on_agent_error",),
}


class FaustThread(driver.AIOKafkaConsumerThread):
    """Faust's consumer thread by public names. `serving` is in mode's module: there is no thread here."""

    app: Host

    @property
    def client(self) -> AIOKafkaConsumer:
        """Aiokafka's consumer. Raises Faust's ConsumerNotStarted before there is one."""
        return self._ensure_consumer()

    @abstractmethod
    def configure(self, consumer: AIOKafkaConsumer) -> None:
        """Change a consumer that was made and is not started."""

    @abstractmethod
    def batches(
        self, consumer: AIOKafkaConsumer, records: Mapping[TopicPartition, Sequence[FetchedRecord]]
    ) -> Iterator[Batch]:
        """Yield what a fetch brought, in the same turn of the loop."""

    @abstractmethod
    def on_seek(self, positions: Mapping[TP, int]) -> None:
        """Hear that Faust is about to seek, as recovery does."""

    @abstractmethod
    async def commit_offsets(self, offsets: Mapping[TP, int]) -> bool:
        """Commit the group's offsets; return whether that was done."""

    def _create_worker_consumer(self, transport: driver.Transport) -> AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        self.configure(consumer)
        return consumer

    async def _fetch_records(  # type: ignore[override]  # what this gives goes to the consumer's `fetch` alone
        self, consumer: AIOKafkaConsumer, *args: Any, **kwargs: Any
    ) -> dict[TP, Batch]:
        records = await super()._fetch_records(consumer, *args, **kwargs)
        return {batch.tp: batch for batch in self.batches(consumer, records)}

    async def _seek_wait(self, consumer: AIOKafkaConsumer, partitions: Mapping[TP, int]) -> None:
        self.on_seek(partitions)
        await super()._seek_wait(consumer, partitions)

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        return await self.commit_offsets(offsets)

    async def _gather_remaining_tasks(self) -> None:
        """Leave the loop's other tasks alone: a thread's loop would have none but the consumer's."""


class FaustConsumer(driver.Consumer):
    """Faust's consumer by public names."""

    app: Host

    @abstractmethod
    def new_thread(self) -> FaustThread:
        """Return what Faust takes for the consumer's thread."""

    @abstractmethod
    async def drain(self, fetcher: ServiceT) -> None:
        """Deliver what is fetched until the fetcher or the consumer stops."""

    @abstractmethod
    def acknowledged_partitions(self, topics: Any = None) -> Iterator[TP]:
        """Yield the partitions that have something to commit."""

    @abstractmethod
    def take_acknowledged(self, tp: TP) -> int | None:
        """Return the offset to commit of a partition, once."""

    @property
    def active_partitions(self) -> set[TP]:
        """The partitions that Faust has not paused."""
        return self._get_active_partitions()

    async def fetch(self, active: set[TP], seconds: float) -> Mapping[TP, Any]:
        """Return what was fetched of these partitions, waiting so many seconds at most."""
        return await self._getmany(active_partitions=active, timeout=seconds)

    def _new_consumer_thread(self) -> FaustThread:
        return self.new_thread()

    async def _drain_messages(self, fetcher: ServiceT) -> None:
        await self.drain(fetcher)

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterator[TP]:
        return self.acknowledged_partitions(topics)

    def _new_offset(self, tp: TP) -> int | None:
        return self.take_acknowledged(tp)


class FaustRecovery(Recovery):
    """Faust's recovery service by public names."""

    app: Host

    @abstractmethod
    async def read_changelogs(self) -> None:
        """Read the changelogs until the service stops."""

    def note_received(self, tp: TP) -> None:
        """Note that something of a changelog has just come."""
        self._active_events_received_at[tp] = monotonic()

    def end(self) -> None:
        """Let whoever waits for recovery go on."""
        self._set_recovery_ended()
        self.signal_recovery_end.set()

    def _set_recovery_started(self) -> None:
        super()._set_recovery_started()
        self.signal_recovery_end.clear()  # Faust sets it, and can clear it after the end

    @Service.task
    async def _slurp_changelogs(self) -> None:
        await self.read_changelogs()


class FaustTables(TableManager):
    """Faust's table manager by public names."""

    app: Host

    @abstractmethod
    def new_recovery(self) -> Recovery:
        """Return the recovery service."""

    @property
    def recovery(self) -> Recovery:
        """The recovery service, made when it is first asked for."""
        if self._recovery is None:
            self._recovery = self.new_recovery()
        return self._recovery

    async def register_changelogs(self) -> None:
        """Let the changelogs of the tables be consumed."""
        await self._update_channels()


class Assignor(PartitionAssignor):
    """Faust's assignor, without the maps that grow with members times partitions.

    Faust has every member send, at every rebalance, who owns which partition of which topic in the whole group, and the
    broker keeps all that in one record of at most `message.max.bytes`: at a thousand partitions twenty workers fill it, and
    one more ends the group with UNKNOWN_SERVER_ERROR. The maps serve Faust's router alone, which sends a web request for a
    key to the worker that has it. There is none here: accounts are read from Redis. What sticks, a member's own partitions,
    is kept.
    """

    def _get_changelog_distribution(self, assignments: ClientAssignmentMapping) -> HostToPartitionMap:  # noqa: ARG002 - Faust's
        return {}

    def _get_external_topic_distribution(self, assignments: ClientAssignmentMapping) -> HostToPartitionMap:  # noqa: ARG002 - Faust's
        return {}


def register_agent(
    app: faust.App, function: Callable[[Any], Awaitable[None]], channel: ChannelT[Any], name: str
) -> None:
    """Register an agent as Faust's decorator does, but for 26 ms of searching for its source, which is for discovery."""
    agent = faust.Agent(function, name=name, app=app, channel=channel, on_error=app._on_agent_error)  # noqa: SLF001
    app.agents[agent.name] = agent
    app.topics.beacon.add(agent)
