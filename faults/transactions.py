"""What a transactional producer per partition would cost: `python -m faults.transactions` measures it and prints a table.

A step as it is: the changelog's records, awaited, then the decisions, awaited, with one idempotent producer and
acks=all. The same step in one Kafka transaction: begin, both, the group's offsets, commit; each partition has a producer
of its own, whose transactional id shuts a former owner out. On the embedded broker, on loopback; both ways in turn, medians
and 99th percentiles in milliseconds. See docs/decisions/008-no-transactional-producer.md.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from itertools import product
from statistics import quantiles
from typing import Final

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from streams.embedded import kafka_server

CHANGELOG, DECISIONS, INTAKE, GROUP = "changelog", "decisions", "intake", "workers"
PARTITIONS: Final = 4
STATE_BYTES: Final = 1_500  # about what an account's record takes
DECISION_BYTES: Final = 3_000
SIZES: Final = ((1, 1), (20, 2), (500, 20))  # accounts and decisions of a step: at rest, under load, in a backfill
# Seconds from one step of a partition to the next: at once, as in a backfill (then a transaction waits for the one before to
# be through), and seldom enough that it never does.
PAUSES: Final = (0.0, 0.1)
STEPS: Final = 160
ROUNDS: Final = 3
BATCH_BYTES: Final = 2_000_000
Step = Callable[[int, int, int], Awaitable[None]]


async def _send(producer: AIOKafkaProducer, topic: str, partition: int, count: int, size: int) -> None:
    batch = producer.create_batch()
    for number in range(count):
        batch.append(timestamp=None, key=b"account-%d" % number, value=bytes(size))
    await (await producer.send_batch(batch, topic, partition=partition))


async def plain(producer: AIOKafkaProducer, partition: int, accounts: int, decisions: int) -> None:
    """Carry out a step as `streams/engine/partition.py` does."""
    await _send(producer, CHANGELOG, partition, accounts, STATE_BYTES)
    await _send(producer, DECISIONS, partition, decisions, DECISION_BYTES)


async def transactional(
    producer: AIOKafkaProducer, partition: int, accounts: int, decisions: int, position: int
) -> None:
    """Carry out the same step in one transaction."""
    async with producer.transaction():
        await asyncio.gather(
            _send(producer, CHANGELOG, partition, accounts, STATE_BYTES),
            _send(producer, DECISIONS, partition, decisions, DECISION_BYTES),
        )
        await producer.send_offsets_to_transaction({TopicPartition(INTAKE, partition): position}, GROUP)


async def timed(step: Step, accounts: int, decisions: int, pause: float) -> list[float]:
    """Carry steps out in all partitions at once, and return how long each took, in ms."""

    async def of_partition(partition: int) -> list[float]:
        found = []
        for number in range(STEPS // PARTITIONS):
            begun = time.perf_counter()
            await step(partition, accounts, decisions if number % 2 else 1)
            found.append((time.perf_counter() - begun) * 1000)
            await asyncio.sleep(pause)
        return found

    return [ms for each in await asyncio.gather(*map(of_partition, range(PARTITIONS))) for ms in each]


async def measure(bootstrap: str) -> None:
    """Measure and print."""
    async with AsyncExitStack() as stack:
        admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
        stack.push_async_callback(admin.close)
        await admin.start()
        await admin.create_topics([NewTopic(name, PARTITIONS, 1) for name in (CHANGELOG, DECISIONS, INTAKE)])
        options = {"bootstrap_servers": bootstrap, "acks": "all", "enable_idempotence": True}
        sizes = {"max_batch_size": BATCH_BYTES, "max_request_size": 2 * BATCH_BYTES}
        shared = await stack.enter_async_context(AIOKafkaProducer(**options, **sizes))
        own = [
            await stack.enter_async_context(AIOKafkaProducer(**options, **sizes, transactional_id=f"worker-{number}"))
            for number in range(PARTITIONS)
        ]
        positions = iter(range(1, 10**9))
        ways: dict[str, Step] = {
            "plain": lambda partition, a, d: plain(shared, partition, a, d),
            "transactional": lambda partition, a, d: transactional(own[partition], partition, a, d, next(positions)),
        }
        print(f"{'pause s':>7} {'accounts':>8} {'decisions':>9}  {'':14} {'p50 ms':>8} {'p99 ms':>8}")
        for pause, (accounts, decisions) in product(PAUSES, SIZES):
            found: dict[str, list[float]] = {name: [] for name in ways}
            for _ in range(ROUNDS):
                for name, step in ways.items():
                    found[name] += await timed(step, accounts, decisions, pause)
            for name, times in found.items():
                cut = quantiles(times, n=100)
                print(f"{pause:7} {accounts:8} {decisions:9}  {name:14} {cut[49]:8.1f} {cut[98]:8.1f}")


def main() -> None:
    """Measure on a broker of our own."""
    with kafka_server(fast=True) as kafka:
        asyncio.run(measure(kafka.bootstrap))


if __name__ == "__main__":
    main()
