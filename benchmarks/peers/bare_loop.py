"""The limit: aiokafka's getmany, the codec, the core, a dictionary in memory. Nothing is kept, nothing is awaited.

It takes steps of up to 8,000 events in event-time order, as the worker does, so that the core does the same work in both. Of
what the core sends only the markers' answers are published, or nobody could tell how far it is.
"""

import asyncio
import gc
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

import agents  # noqa: F401 - which calms Python's collector, as the worker's is
from benchmarks.events import ANSWERS, MARKER
from relationship.contract.messages import MESSAGE_TYPES
from relationship.contract.outcome import Outgoing
from relationship.core import Core
from relationship.policy.compiled import load_policy
from streams.driver.aiokafka_private import unwrap
from streams.engine.merge import Merge
from streams.wire.arrivals import EPOCH, Arrival, step_input
from streams.wire.codecs import Codec, Limits
from streams.wire.records import FetchedRecord

STEP_RECORDS: Final = 8_000
WAIT_MS: Final = 50


class Partition:
    """One partition number: a merge of its topics, and its accounts."""

    def __init__(self, core: Core, codec: Codec) -> None:
        self._core = core
        self._codec = codec
        self._merge: Merge[Arrival] = Merge(list(MESSAGE_TYPES))
        self._records: dict[str, bytes | None] = {}

    def add(self, topic: str, records: Iterable[FetchedRecord], *, more: bool) -> None:
        """Decode what was fetched of a topic."""
        arrivals = self._codec.arrivals(topic, records, time.time_ns() // 1000, EPOCH)
        self._merge.add(topic, [each for each in arrivals if each.refused is None], more=more)

    def steps(self) -> Iterator[list[Outgoing]]:
        """Fold what can be folded; yield the markers' answers of every step."""
        while taken := self._merge.take(STEP_RECORDS):
            accounts = step_input(taken).accounts
            yield [answer for mine in accounts.values() for answer in self._step(mine[0].message.account_id, mine)]

    def _step(self, account: str, messages: Sequence[Arrival]) -> list[Outgoing]:
        outcome = self._core.step(account, self._records.get(account), messages, time.time_ns() // 1000)
        self._records[account] = outcome.record
        return [sent for sent in outcome.sends if sent.topic == ANSWERS and account.startswith(MARKER)]


async def main() -> None:
    """Run until killed."""
    env = os.environ
    consumer = AIOKafkaConsumer(
        bootstrap_servers=env["BENCH_KAFKA"], auto_offset_reset="earliest", fetch_max_wait_ms=WAIT_MS
    )
    producer = AIOKafkaProducer(bootstrap_servers=env["BENCH_KAFKA"])
    await consumer.start()
    unwrap(consumer)  # as the worker does
    await producer.start()
    numbers = range(int(env["BENCH_PARTITIONS"]))
    consumer.assign([TopicPartition(topic, number) for topic in MESSAGE_TYPES for number in numbers])
    core, codec = Core(load_policy()), Codec(Limits())
    partitions = [Partition(core, codec) for _ in numbers]
    while True:
        fetched = await consumer.getmany(timeout_ms=WAIT_MS, max_records=10_000)
        for tp in consumer.assignment():
            position, end = await consumer.position(tp), consumer.highwater(tp)
            more = end is None or position < end
            partitions[tp.partition].add(tp.topic, fetched.get(tp, ()), more=more)
        for partition in partitions:
            for answered in partition.steps():
                for answer in answered:
                    await producer.send(answer.topic, answer.value, key=answer.key.encode())
                await asyncio.sleep(0)  # or the answers of many steps would leave at once, and be seen late


if __name__ == "__main__":
    gc.freeze()
    uvloop.run(main())
