"""The process of `clientward adapt`: fetch, decode, map, publish, and only then commit, until told to stop.

Killed anywhere, it reads again what was not committed, and publishes it under the same ids. Brokers and registry that are
away are waited for: nothing is a dead letter for that. Run more of them with one file, and the group shares the partitions.
"""

import asyncio
import signal
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from adapting.changes import combine
from adapting.decoding import Decoded, decode, schema_id
from adapting.errors import AdapterError, RegistryAwayError, Unreadable
from adapting.file import Adapter, login_of, read_adapter
from adapting.mapping import Mapped, Mapper, Outcome, Row
from adapting.publishing import letter_of, records_of, refusal
from adapting.registry import Registry
from importing.mapping.mapping import TOPICS
from importing.reading.bench import open_bench
from relationship.contract.messages import COMMANDS
from relationship.contract.outcome import REJECTED, Reason, Refused
from streams.config.settings import Settings
from streams.kafka.admin import admin_client, read_topics
from streams.kafka.publisher import ProducerRecord
from streams.kafka.sending import producer, require_topics, send_batch
from streams.retry import until_it_passes
from streams.wire.codecs import Codec, Limits

log = structlog.get_logger(__name__)

MOST_RECORDS: Final = (
    2_000  # of a batch: were each at fault, DuckDB is asked 4,000 times, and that within a group's patience
)
STOP_SECONDS: Final = 15  # for the batch that is under way
POLL_MS: Final = 300  # how long a fetch waits for more, and a signal for the loop


class Runner:
    """One member of an adapter's group.

    Attributes:
        published: messages that Kafka has stored.
        refused: records that went to the dead letters.
    """

    def __init__(self, settings: Settings, adapter: Adapter, mapper: Mapper, registry: Registry | None) -> None:
        self._settings, self._adapter, self._mapper, self._registry = settings, adapter, mapper, registry
        self._codec = Codec(Limits(**settings.record_limits()))
        self._stopping = False
        self.published = self.refused = 0

    def stop(self) -> None:
        """End after the batch that is under way."""
        self._stopping = True

    async def run(self) -> None:
        """Work until `stop`. Raises AdapterError and TopicsError for what no patience mends."""
        while not self._stopping:
            await until_it_passes(
                self._session,
                lambda error: isinstance(error, KafkaError | OSError),
                lambda error, tries: log.warning("Kafka is away; reading again", reason=repr(error), tries=tries),
            )

    async def _session(self) -> None:
        """Work with one consumer and one producer; what goes wrong with either ends both."""
        await self._look_for_topics()
        async with AsyncExitStack() as stack:
            client = await stack.enter_async_context(producer(self._settings))
            consumer = await stack.enter_async_context(self._consumer())
            log.info("adapting", topic=self._adapter.topic, name=self._adapter.name)
            while not self._stopping:
                fetched = await consumer.getmany(timeout_ms=POLL_MS, max_records=MOST_RECORDS)
                if fetched:
                    await self._adapt([record for records in fetched.values() for record in records], client)
                    await _commit(consumer, {tp: records[-1].offset + 1 for tp, records in fetched.items()})

    async def _look_for_topics(self) -> None:
        async with admin_client(self._settings) as client:
            if not await read_topics(client, [self._adapter.topic]):
                raise AdapterError(f"there is no topic {self._adapter.topic}; see `topic` in the adapter's file")
        await require_topics(self._settings, [*TOPICS.values(), COMMANDS, REJECTED])

    def _consumer(self) -> AIOKafkaConsumer:
        return AIOKafkaConsumer(
            self._adapter.topic,
            **self._settings.kafka_client_options(),
            group_id=f"{self._settings.group}-adapt-{self._adapter.name}",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",  # what its producer took back is nothing that happened
        )

    async def _adapt(self, records: Sequence[ConsumerRecord], client: AIOKafkaProducer) -> None:
        await self._fetch_schemas(records)
        sent, letters = await asyncio.to_thread(self._translated, records)
        outcomes = await send_batch(client, [record for _, record in sent])
        for (foreign, _), refused in zip(sent, outcomes, strict=True):
            if refused is not None:
                letters.append(letter_of(foreign, refusal(Reason.SIZE, refused)))
        for text in await send_batch(client, letters):
            if text is not None:
                raise AdapterError(f"{REJECTED}: {text}; run `clientward topics apply`")
        self.published += len(sent)
        self.refused += len(letters)
        if letters:
            log.warning("records did not map; see `clientward dlq list`", records=len(letters))

    async def _fetch_schemas(self, records: Sequence[ConsumerRecord]) -> None:
        registry = self._registry
        if registry is not None:
            numbers = {number for each in records if (number := schema_id(each.value)) is not None}
            await until_it_passes(
                lambda: registry.fetch(numbers),
                lambda error: isinstance(error, RegistryAwayError),
                lambda error, tries: log.warning("the registry is away; asking again", reason=str(error), tries=tries),
            )

    def _translated(
        self, records: Sequence[ConsumerRecord]
    ) -> tuple[list[tuple[ConsumerRecord, ProducerRecord]], list[ProducerRecord]]:
        """Return the records to publish, each with where it came from, and the dead letters."""
        sent: list[tuple[ConsumerRecord, ProducerRecord]] = []
        letters = []
        for record, outcome in self._mapped(records):
            found = outcome if isinstance(outcome, Refused) else records_of(outcome, self._adapter.name, self._codec)
            if isinstance(found, Refused):
                letters.append(letter_of(record, found))
            else:
                sent += [(record, each) for each in found]
        return sent, letters

    def _mapped(self, records: Sequence[ConsumerRecord]) -> list[tuple[ConsumerRecord, list[Mapped] | Refused]]:
        """Return what each record says, or why that cannot be told."""
        found: list[tuple[ConsumerRecord, list[Mapped] | Refused]] = []
        decoded: list[Decoded] = []
        for record in records:
            try:
                read = decode(record, self._registry, debezium=self._adapter.envelope == "debezium")
            except Unreadable as error:
                found.append((record, refusal(Reason.DECODE, str(error))))
            else:
                decoded += [] if read is None else [read]
        rows = [Row(each.record, side) for each in decoded for side in (each.before, each.after) if side is not None]
        outcomes = iter(self._mapper.map(rows))
        for each in decoded:
            nothing: Outcome = []
            before, after = (next(outcomes) if side is not None else nothing for side in (each.before, each.after))
            outcome = combine(each, before, after)
            found.append((each.record, refusal(Reason.SCHEMA, outcome) if isinstance(outcome, str) else outcome))
        return found


def adapt(settings: Settings, path: Path) -> None:
    """Adapt until SIGTERM or SIGINT. Raises AdapterError, ImportingError, TopicsError, OSError."""
    adapter, mapping = read_adapter(path)
    registry = Registry(adapter.registry, login_of(path, adapter)) if adapter.registry else None
    with open_bench() as bench:
        mapper = Mapper(bench, mapping, named=adapter.envelope == "debezium")
        runner = Runner(settings, adapter, mapper, registry)
        asyncio.run(_run(runner))
    log.info("stopped", published=runner.published, refused=runner.refused)


async def _run(runner: Runner) -> None:
    task = asyncio.ensure_future(runner.run())
    loop = asyncio.get_running_loop()

    def stop() -> None:
        runner.stop()
        loop.call_later(
            STOP_SECONDS, task.cancel
        )  # it may be waiting for a server; what is not committed is read again

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    with suppress(asyncio.CancelledError):
        await task


async def _commit(consumer: AIOKafkaConsumer, offsets: dict[TopicPartition, int]) -> None:
    """Commit what is published; where the group has given the partitions to another, that one reads it again."""
    try:
        await consumer.commit(offsets)
    except (CommitFailedError, IllegalStateError) as error:
        log.info("another has these partitions now", reason=repr(error))
