"""The program of the README, run by a stock Faust worker: a folder for it, its topic, and what Redis holds of its table.

Purchases are published only once a worker is ready: after a recovery, stock Faust resumes its source topics before it
seeks them, and what arrives in between is delivered twice, whatever the store (`Recovery.on_recovery_completed`).
"""

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from redis import Redis

from clientward_store.keys import keys_of

LIMIT_SECONDS = 90
PARTITIONS = 8  # Faust's default for a table, which its source topic must match
PURCHASES = 200
#: Kafka misses a killed worker after this many seconds, instead of after Faust's 60; by Faust's own environment variables.
SESSION = {"BROKER_SESSION_TIMEOUT": "6", "BROKER_HEARTBEAT_INTERVAL": "1"}
README = Path(__file__).parents[2] / "README.md"


def program(group: str, kafka: str, redis: str) -> str:
    """Return the documented program with these servers, and names of this test's own, in place of the documented ones."""
    found = re.search(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    changes = {
        "127.0.0.1:9092": kafka,
        "redis://127.0.0.1:6379/0": redis,
        '"shop"': f'"{group}"',
        '"purchases"': f'"{group}-purchases"',
    }
    text = found[1]
    for documented, here in changes.items():
        assert documented in text
        text = text.replace(documented, here)
    return text


class Tutorial:
    """The program in a folder.

    Attributes:
        python: The Python whose environment the worker runs in.
        totals: What the table must hold.
    """

    def __init__(self, folder: Path, group: str, kafka: str, redis: str, python: str = sys.executable) -> None:
        self.folder, self.group, self.kafka, self.python = folder, group, kafka, python
        self.redis = Redis.from_url(redis)
        self.totals: Counter[str] = Counter()
        self.lives = 0
        self.topic = f"{group}-purchases"
        (folder / "shop.py").write_text(program(group, kafka, redis))

    @contextmanager
    def worker(self) -> Iterator["subprocess.Popen[bytes]"]:
        """Run a stock Faust worker; at the end of the block it is asked to end, unless it was killed."""
        argv = [self.python, "-m", "faust", "-A", "shop", "--datadir", "data", "worker", "--without-web", "-l", "info"]
        with (
            (self.folder / "log").open("ab") as log,
            subprocess.Popen(argv, cwd=self.folder, env=os.environ | SESSION, stdout=log, stderr=log) as process,
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

    def stored(self) -> dict[str, int]:
        """Return what Redis holds of the table."""
        hashes = [self.redis.hgetall(keys_of(f"{self.group}-totals", number).values) for number in range(PARTITIONS)]
        return {key.decode().strip('"'): int(value) for found in hashes for key, value in found.items()}

    async def ready(self) -> None:
        """Wait until the worker, in its present life, says that it is ready."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LIMIT_SECONDS):
                while self._log().count("Worker ready") < self.lives:  # noqa: ASYNC110 - a log file
                    await asyncio.sleep(0.1)
        assert self._log().count("Worker ready") == self.lives, self._log()[-2_000:]

    def _log(self) -> str:
        return (self.folder / "log").read_text()

    async def buy(self) -> None:
        """Publish purchases by 20 accounts."""
        async with AIOKafkaProducer(bootstrap_servers=self.kafka) as producer:
            for number in range(PURCHASES):
                account = f"a{number % 20}"
                await producer.send(self.topic, key=account.encode(), value=b"%d" % number)
                self.totals[account] += number

    async def counted(self, process: "subprocess.Popen[bytes]") -> None:
        """Wait until Redis holds the totals, or the worker has ended."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LIMIT_SECONDS):
                while process.poll() is None and self.stored() != self.totals:  # noqa: ASYNC110 - Redis tells nobody
                    await asyncio.sleep(0.1)
        assert self.stored() == self.totals

    async def committed(self) -> None:
        """Wait until the worker has committed all of its input."""
        places = [TopicPartition(self.topic, number) for number in range(PARTITIONS)]
        async with AIOKafkaConsumer(bootstrap_servers=self.kafka, group_id=None) as consumer:
            ends = await consumer.end_offsets(places)
        admin = AIOKafkaAdminClient(bootstrap_servers=self.kafka)
        await admin.start()
        try:
            async with asyncio.timeout(LIMIT_SECONDS):
                while any(ends[p] > at for p, at in (await self._offsets(admin)).items()):  # noqa: ASYNC110 - Kafka tells nobody
                    await asyncio.sleep(0.1)
        finally:
            await admin.close()

    async def _offsets(self, admin: AIOKafkaAdminClient) -> dict[TopicPartition, int]:
        found = await admin.list_consumer_group_offsets(self.group)
        places = [TopicPartition(self.topic, number) for number in range(PARTITIONS)]
        return {place: found[place].offset if place in found else 0 for place in places}

    async def make_topic(self) -> None:
        """Make the program's source topic."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.kafka)
        await admin.start()
        try:
            await admin.create_topics([NewTopic(self.topic, PARTITIONS, 1)])
        finally:
            await admin.close()


async def survives_a_kill(tutorial: Tutorial) -> None:
    """Let a worker count, kill it with SIGKILL once its input is committed, and see the next one go on from its table."""
    await tutorial.make_topic()
    with tutorial.worker() as process:
        await tutorial.ready()
        await tutorial.buy()
        await tutorial.counted(process)
        await tutorial.committed()
        process.kill()
    assert process.returncode == -signal.SIGKILL
    assert tutorial.stored() == tutorial.totals
    with tutorial.worker() as process:
        await tutorial.ready()
        await tutorial.buy()
        await tutorial.counted(process)
