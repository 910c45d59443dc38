"""A deployment that is alive: real `clientward worker` processes on the tests' Kafka and Redis, and the command line.

    async with live(kafka_bootstrap, redis, group, tmp_path) as deployment:
        await deployment.run("send", "events.jsonl")
        await deployment.folded()

The workers stand under a guardian of their own, as the demo's do, so that a killed test leaves none behind. Everything
has one settings file, and no CLIENTWARD_* variable of the machine is seen by any of it. What a test compares is read
where the engine left it, in Redis and in Kafka, and not asked of the worker.
"""

import asyncio
import os
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from deleted import until_deleted
from redis import Redis

from cli.demo.stage import READY_SECONDS, Seen, Stage, start_worker
from clientward_store.keys import Keys, keys_of
from relationship.contract.messages import MESSAGE_TYPES
from relationship.contract.outcome import RECLASSIFIED, REJECTED
from relationship.state.record import AccountRecord, decode
from streams.config.settings import Settings
from streams.embedded import RedisServer
from streams.embedded.guard import Guard
from streams.kafka.admin import admin_client, ensure_topics
from streams.kafka.reading import read_to_end
from streams.kafka.topics import topics_for
from streams.wire.dead_letters import Rejected, read_dead_letter

ROOT: Final = Path(__file__).parents[2]
SHARED: Final = Path(os.environ.get("CLIENTWARD_SHARED") or ROOT.parent / "shared")
PARTITIONS: Final = 4
FOLDED_SECONDS: Final = 120.0  # to fold what was sent: seconds, unless the machine is very busy
COMMAND_SECONDS: Final = 120.0
LOOK_SECONDS: Final = 0.2  # between two looks at Redis; nobody tells when the last event is folded
STOP_SECONDS: Final = 20.0


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    out: bytes
    err: list[str]

    @property
    def lines(self) -> list[bytes]:
        """The lines of its standard output."""
        return self.out.splitlines()


def plain_environment(**more: str) -> dict[str, str]:
    """Return this process's environment without anybody's settings of Clientward."""
    return {name: text for name, text in os.environ.items() if not name.startswith("CLIENTWARD_")} | more


async def run(
    *arguments: str | Path, folder: Path, environment: Mapping[str, str] | None = None, stdin: bytes = b""
) -> Ended:
    """Run `clientward` with these arguments in a process of its own, as a person would, and wait for its end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "cli.main",
        *map(str, arguments),
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "COLUMNS": "200", **(environment or plain_environment())},
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
    )
    async with asyncio.timeout(COMMAND_SECONDS):
        out, err = await process.communicate(stdin)
    assert process.returncode is not None
    return Ended(process.returncode, out, err.decode().splitlines())


class Live:
    """One deployment with its workers.

    Attributes:
        stage: the workers, and what they say of themselves.
        folder: where commands run.
    """

    def __init__(self, stage: Stage, folder: Path, ends: AIOKafkaConsumer) -> None:
        self.stage = stage
        self._ends = ends
        self.folder = folder
        self.settings: Settings = stage.settings

    async def run(self, *arguments: str | Path, stdin: bytes = b"") -> Ended:
        """Run `clientward` with this deployment's settings."""
        environment = plain_environment(CLIENTWARD_CONFIG=str(self.stage.config))
        return await run(*arguments, folder=self.folder, environment=environment, stdin=stdin)

    async def seen(self) -> Seen:
        """Return what the workers say that they applied, recognised and refused."""
        return await asyncio.to_thread(self.stage.seen)

    async def folded(self) -> None:
        """Return when every record that the intake has is folded, and all that follows from it is sent.

        Lapses may still be due: the clock of an old stream stands at its newest event until it has been silent a while.
        """
        await self._until(0)

    async def settled(self) -> int:
        """Return, once all is folded and no timer is due by the wall's clock, that clock, in µs since the epoch."""
        return await self._until(None)

    async def _until(self, now_us: int | None) -> int:
        async with asyncio.timeout(FOLDED_SECONDS):
            while True:
                now = time.time_ns() // 1000 if now_us is None else now_us
                if await self._is_folded(now):
                    return now
                await asyncio.sleep(LOOK_SECONDS)

    async def _is_folded(self, now_us: int) -> bool:
        """Tell whether nothing was left to do: the positions, with empty outboxes, are the ends that Kafka tells after."""
        positions: dict[TopicPartition, int] = {}
        with self._redis() as client:
            for number, keys in enumerate(self._keys()):
                with client.pipeline(transaction=True) as whole:
                    whole.zcount(keys.due, 0, now_us).hlen(keys.outbox)
                    due, waiting, at = whole.hmget(keys.meta, [f"pos:{topic}" for topic in MESSAGE_TYPES]).execute()
                if due or waiting:
                    return False
                tps = [TopicPartition(topic, number) for topic in MESSAGE_TYPES]
                positions |= zip(tps, (int(offset or 0) for offset in at), strict=True)
        return positions == dict(await self._ends.end_offsets(list(positions)))

    async def at_rest(self) -> tuple[int, dict[str, bytes]]:
        """Return the wall's clock (µs since the epoch) and all records, at a moment when nothing at all was left to do."""
        while True:
            await self.settled()
            records = self.values()
            now_us = await self.settled()
            if records == self.values():
                return now_us, records

    def values(self) -> dict[str, bytes]:
        """Return every account's record as its bytes stand in Redis."""
        with self._redis() as client:
            pairs = [pair for keys in self._keys() for pair in client.hgetall(keys.values).items()]
        assert len(dict(pairs)) == len(pairs), "an account stands in two partitions"
        return {account.decode(): raw for account, raw in pairs}

    def records(self) -> dict[str, AccountRecord]:
        """Return every account's record."""
        return {account: decode(raw) for account, raw in self.values().items()}

    async def decisions(self) -> AsyncIterator[bytes]:
        """Yield everything that the topic of reclassifications holds; an account's are in order."""
        async for record in read_to_end(self.settings, RECLASSIFIED):
            yield record.value

    async def dead_letters(self) -> list[Rejected]:
        """Return everything that the dead-letter topic holds."""
        found = [read_dead_letter(record) async for record in read_to_end(self.settings, REJECTED)]
        dead_letters = [each for each in found if each is not None]
        assert len(dead_letters) == len(found), "the dead-letter topic holds something that is no dead letter"
        return dead_letters

    def _keys(self) -> list[Keys]:
        return [keys_of(self.settings.table, n) for n in range(self.settings.partitions)]

    @contextmanager
    def _redis(self) -> Iterator[Any]:
        with Redis.from_url(self.settings.redis_url.get_secret_value()) as client:
            yield client


@asynccontextmanager
async def live(
    kafka_bootstrap: str,
    redis: RedisServer,
    group: str,
    folder: Path,
    before: Callable[[Live], Awaitable[object]] | None = None,
) -> AsyncIterator[Live]:
    """Run a deployment with one worker, from when it is ready until the block ends. Its topics are made.

    `before` is awaited when the topics are there and the worker is not: what it sends is the worker's history. `redis` is
    expected to be empty.
    """
    settings = Settings(
        kafka_bootstrap=kafka_bootstrap,
        redis_url=redis.url,  # type: ignore[arg-type]  # pydantic makes a secret of it
        group=group,
        partitions=PARTITIONS,
        data_dir=folder / "data",
    )
    await _topics(settings)
    config = _write_config(settings, folder)
    with _plain_guard() as guard:
        async with _intake(settings) as ends:
            deployment = Live(Stage(settings, config, redis, []), folder, ends)
            if before is not None:
                await before(deployment)
            worker = await asyncio.to_thread(start_worker, guard, 0, config)
            await asyncio.to_thread(worker.wait_ready, READY_SECONDS)
            deployment.stage.workers.append(worker)
            yield deployment
        assert worker.running, worker.log.read_text()
        assert await asyncio.to_thread(worker.stop, STOP_SECONDS) == 0, worker.log.read_text()


@asynccontextmanager
async def _intake(settings: Settings) -> AsyncIterator[AIOKafkaConsumer]:
    """Give a consumer that knows the intake's partitions and fetches none of them."""
    consumer = AIOKafkaConsumer(**settings.kafka_client_options(), enable_auto_commit=False)
    async with consumer:
        consumer.assign([TopicPartition(topic, number) for topic in MESSAGE_TYPES for number in range(PARTITIONS)])
        consumer.pause(*consumer.assignment())
        yield consumer


async def _topics(settings: Settings) -> None:
    """Make the topics, once those of the test before are gone."""
    async with admin_client(settings) as client:
        await until_deleted(client, [spec.name for spec in topics_for(settings)])
    await ensure_topics(settings)


def _write_config(settings: Settings, folder: Path) -> Path:
    config = folder / "clientward.toml"
    config.write_text(
        f'kafka_bootstrap = "{settings.kafka_bootstrap}"\nredis_url = "{settings.redis_url.get_secret_value()}"\n'
        f'group = "{settings.group}"\npartitions = {settings.partitions}\ndata_dir = "{settings.data_dir}"\n'
        'log_level = "WARNING"\n',
        encoding="utf-8",
    )
    return config


@contextmanager
def _plain_guard() -> Iterator[Guard]:
    """Give a guardian whose children see no CLIENTWARD_* variable of the machine; they get its environment."""
    saved = dict(os.environ)
    try:
        for name in set(saved) - set(plain_environment()):
            del os.environ[name]
        guard = Guard()
    finally:
        os.environ.update(saved)
    with guard:
        yield guard
