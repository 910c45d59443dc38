"""The example of docs/store.md, run as it stands by Faust's own worker on a real Kafka and a real Redis.

Purchases are published only once a worker is ready: after a recovery, stock Faust resumes its source topics before it
seeks them, and what arrives in between is delivered twice, whatever the store (`Recovery.on_recovery_completed`).
"""

import asyncio
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from redis import Redis

from clientward_store.keys import keys_of

LIMIT_SECONDS = 90
PARTITIONS = 8  # Faust's default for a table, which its source topic must match
DOCS = Path(__file__).parents[2] / "docs" / "store.md"


def example(group: str, kafka: str, redis: str) -> str:
    """Return the documented program with this test's servers in place of the documented ones."""
    found = re.search(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    changes = {"127.0.0.1:9092": kafka, "redis://127.0.0.1:6379/0": redis, '"shop"': f'"{group}"'}
    text = found[1]
    for documented, here in changes.items():
        assert documented in text
        text = text.replace(documented, here)
    return text


@contextmanager
def worker(folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a stock Faust worker of the program in a folder; it is asked to end, as a deployment would."""
    argv = [sys.executable, "-m", "faust", "-A", "shop", "--datadir", "data", "worker", "--without-web", "-l", "info"]
    with (folder / "log").open("ab") as log, subprocess.Popen(argv, cwd=folder, stdout=log, stderr=log) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


def totals(client: Redis, group: str) -> dict[str, int]:
    """Return what Redis holds of the table."""
    hashes = [client.hgetall(keys_of(f"{group}-totals", partition).values) for partition in range(PARTITIONS)]
    return {key.decode().strip('"'): int(value) for found in hashes for key, value in found.items()}


async def reach(client: Redis, group: str, expected: Counter[str], process: "subprocess.Popen[bytes]") -> None:
    """Wait until Redis holds these totals, or the worker has ended."""
    with suppress(TimeoutError):
        async with asyncio.timeout(LIMIT_SECONDS):
            while process.poll() is None and totals(client, group) != expected:  # noqa: ASYNC110 - Redis tells nobody
                await asyncio.sleep(0.1)
    assert totals(client, group) == expected


async def ready(log: Path, lives: int) -> None:
    """Wait until the worker, in the given one of its lives, says that it is ready."""
    async with asyncio.timeout(LIMIT_SECONDS):
        while (await asyncio.to_thread(log.read_text)).count("Worker ready") < lives:  # noqa: ASYNC110 - a log file
            await asyncio.sleep(0.1)


async def buy(kafka: str, expected: Counter[str], first: int) -> None:
    """Publish 200 purchases by 20 accounts."""
    async with AIOKafkaProducer(bootstrap_servers=kafka) as producer:
        for number in range(first, first + 200):
            account = f"a{number % 20}"
            await producer.send("purchases", key=account.encode(), value=b"%d" % number)
            expected[account] += number


async def make_topic(kafka: str) -> None:
    """Make the example's source topic."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        await admin.create_topics([NewTopic("purchases", PARTITIONS, 1)])
    finally:
        await admin.close()


async def test_the_documented_example_keeps_its_totals(
    kafka_bootstrap: str, redis_url: str, group: str, tmp_path: Path
) -> None:
    """Totals are right after a run, after a restart, and after Redis was emptied and rebuilt from the changelog."""
    await asyncio.to_thread((tmp_path / "shop.py").write_text, example(group, f"{kafka_bootstrap}", redis_url))
    await make_topic(kafka_bootstrap)
    expected: Counter[str] = Counter()
    client = Redis.from_url(redis_url)
    for number, empty in enumerate((False, False, True)):
        if empty:
            client.flushall()
        with worker(tmp_path) as process:
            await ready(tmp_path / "log", number + 1)
            assert totals(client, group) == expected
            await buy(kafka_bootstrap, expected, number * 200)
            await reach(client, group, expected, process)
    assert len(expected) == 20
