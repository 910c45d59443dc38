"""A plain Faust app on the store, ended, killed and robbed of its Redis: what it reads again, and that nothing is lost."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from redis import Redis
from store_support import delete_keys

from clientward_store.keys import keys_of

PARTITIONS = 2
ACCOUNTS = 50
LIMIT_SECONDS = 90
#: Keeps the last number of each account, which an event handled again leaves as it is; notes what recovery reads.
PROGRAM = """
import faust

app = faust.App("{group}", broker="kafka://{kafka}", store="{redis}", topic_partitions={partitions},
                consumer_auto_offset_reset="earliest", broker_session_timeout=6, broker_heartbeat_interval=1,
                table_standby_replicas=0)
numbers = app.topic("{group}-numbers", key_type=str, value_type=int)


async def note(event):
    with open("recovered", "ab") as file:
        file.write(b".")


last = app.Table("last", key_type=str, value_type=int, default=int, on_changelog_event=note)


@app.agent(numbers)
async def keep(stream):
    async for account, number in stream.items():
        last[account] = max(last[account], number)
"""


class Stand:
    """The program in a folder, its topics, and what is expected of it."""

    def __init__(self, folder: Path, group: str, kafka: str, redis: str) -> None:
        self.folder, self.group, self.kafka = folder, group, kafka
        self.redis = Redis.from_url(redis)
        self.expected: dict[str, int] = {}
        self.published = 0
        self.lives = 0
        self.seen = 0
        text = PROGRAM.format(group=group, kafka=kafka, redis=redis, partitions=PARTITIONS)
        (folder / "keeper.py").write_text(text)
        (folder / "recovered").touch()

    @contextmanager
    def worker(self) -> Iterator["subprocess.Popen[bytes]"]:
        """Run a stock Faust worker; it is asked to end, unless the test has killed it."""
        argv = [sys.executable, "-m", "faust", "-A", "keeper", "worker", "--without-web", "-l", "info"]
        with (
            (self.folder / "log").open("ab") as log,
            subprocess.Popen(argv, cwd=self.folder, stdout=log, stderr=log) as process,
        ):
            self.lives += 1
            try:
                yield process
            finally:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:
                    process.kill()

    async def ready(self) -> int:
        """Wait until the worker is ready; return how many changelog records its recovery has read."""
        async with asyncio.timeout(LIMIT_SECONDS):
            while self.log().count("Worker ready") < self.lives:  # noqa: ASYNC110 - a log file
                await asyncio.sleep(0.1)
        before, self.seen = self.seen, (self.folder / "recovered").stat().st_size
        return self.seen - before

    async def says(self, text: str) -> None:
        """Wait until a worker has said something."""
        async with asyncio.timeout(LIMIT_SECONDS):
            while text not in self.log():  # noqa: ASYNC110 - a log file
                await asyncio.sleep(0.05)

    def log(self) -> str:
        """Return what the workers have said."""
        return (self.folder / "log").read_text()

    def stored(self) -> dict[str, int]:
        """Return what Redis holds of the table."""
        hashes = [self.redis.hgetall(keys_of(f"{self.group}-last", number).values) for number in range(PARTITIONS)]
        return {key.decode().strip('"'): int(value) for found in hashes for key, value in found.items()}

    async def publish(self, count: int, who: str = "a") -> None:
        """Publish this many numbers, each higher than the one before, for one group of accounts."""
        async with AIOKafkaProducer(bootstrap_servers=self.kafka) as producer:
            for number in range(self.published + 1, self.published + count + 1):
                account = f"{who}{number % ACCOUNTS}"
                await producer.send(f"{self.group}-numbers", key=account.encode(), value=b"%d" % number)
                self.expected[account] = number
        self.published += count

    async def reached(self, expected: dict[str, int]) -> None:
        """Wait until Redis holds this."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LIMIT_SECONDS):
                while self.stored() != expected:  # noqa: ASYNC110 - Redis tells nobody
                    await asyncio.sleep(0.1)
        assert self.stored() == expected

    async def changelog_records(self) -> int:
        """Return how many records the changelog has."""
        topics = [TopicPartition(f"{self.group}-last-changelog", number) for number in range(PARTITIONS)]
        async with AIOKafkaConsumer(bootstrap_servers=self.kafka) as consumer:
            ends = await consumer.end_offsets(topics)
        return sum(ends.values())


async def make_topic(kafka: str, group: str) -> None:
    """Make the source topic."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(f"{group}-numbers", PARTITIONS, 1)])
    finally:
        await admin.close()


async def test_recovery_goes_on_where_redis_stands(
    kafka_bootstrap: str, redis_url: str, group: str, tmp_path: Path
) -> None:
    """Restarted, a worker reads none of its changelog; killed, what had not been written; with Redis emptied, all of it."""
    await make_topic(kafka_bootstrap, group)
    stand = Stand(tmp_path, group, kafka_bootstrap, redis_url)
    with stand.worker():
        await stand.ready()
        await stand.publish(1_000)
        await stand.reached(stand.expected)
    records = await stand.changelog_records()
    assert records >= 1_000
    with stand.worker() as process:
        assert await stand.ready() == 0  # ended as asked: everything had been written, offset included
        await stand.publish(1_000)
        while max(stand.stored().values()) < 1_200:  # noqa: ASYNC110 - Redis tells nobody
            await asyncio.sleep(0.01)
        process.kill()
    with stand.worker():
        again = await stand.ready()
        await stand.reached(stand.expected)
    records = await stand.changelog_records()
    print(f"killed: {again} of {records} changelog records read again")
    assert again < records - 1_000
    delete_keys(stand.redis, group)
    with stand.worker():
        assert await stand.ready() == records
        await stand.reached(stand.expected)


async def test_killed_again_and_again_a_worker_loses_nothing(
    kafka_bootstrap: str, redis_url: str, group: str, tmp_path: Path
) -> None:
    """With SIGKILL in the middle of the work, four times, each account ends at its last number."""
    await make_topic(kafka_bootstrap, group)
    stand = Stand(tmp_path, group, kafka_bootstrap, redis_url)
    for life in range(4):
        with stand.worker() as process:
            await stand.ready()
            await stand.publish(500)
            while max(stand.stored().values(), default=0) <= stand.published - 500 + life * 50:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
            process.kill()
    with stand.worker():
        await stand.ready()
        await stand.reached(stand.expected)


async def test_redis_dies_under_a_worker(kafka_bootstrap: str, group: str, tmp_path: Path) -> None:
    """What is set while Redis is away is written once it is back; a read that fails ends the worker, and nothing is lost."""
    embedded = pytest.importorskip("streams.embedded", reason="it kills Redis: run it in the project's checkout")
    await make_topic(kafka_bootstrap, group)
    with embedded.redis_server(appendonly="always") as redis:
        stand = Stand(tmp_path, group, kafka_bootstrap, redis.url)
        with stand.worker() as process:
            await stand.ready()
            await stand.publish(200)
            await stand.reached(stand.expected)
            redis.kill()
            await stand.publish(200)
            await stand.says("cannot be reached")
            assert process.poll() is None
            redis.start()
            await stand.reached(stand.expected)
            assert process.poll() is None
            redis.kill()
            await stand.publish(200, who="new ")
            assert await asyncio.to_thread(process.wait, LIMIT_SECONDS) != 0
            redis.start()
        with stand.worker():
            await stand.reached(stand.expected)
