"""A partition under crashes, fences and outages at any point: every record once in state, every decision out, none lost."""

import asyncio
from collections import Counter
from contextlib import suppress

from cases import cases
from counting import CountingFold, decode
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from memory_kafka import Kafka, purchase
from memory_store import Redis
from partition_owner import Owner

from relationship.contract.messages import PURCHASES
from relationship.contract.outcome import RECLASSIFIED, REJECTED
from streams.engine import partition as partition_module

EVERY = 2
ACCOUNTS = ("a", "b", "c")
# Turns of the event loop: a step takes some twenty.
TURNS = st.sampled_from((0, 2, 4, 6, 8, 10, 12, 15, 20, 30, 60))


class PartitionMachine(RuleBasedStateMachine):
    """Producers add records; owners come, work a little, crash, are fenced off; Redis and Kafka go away and come back."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.redis, self.kafka = Redis(), self._run(self._kafka())
        self.owner: Owner | None = None
        self.good: Counter[str] = Counter()
        self.bad = 0
        self.number = 0
        partition_module.FENCED_SECONDS = 0.0

    async def _kafka(self) -> Kafka:
        return Kafka()

    def _run(self, doing):
        return self.loop.run_until_complete(doing)

    def teardown(self) -> None:
        """Heal everything, let an owner finish, and compare with what was produced."""
        self.redis.away = 0
        self.kafka.may_store.set()
        self._run(self._finish())
        self.loop.close()
        records = {key.decode(): decode(value) for key, value in self.redis.held.values.items()}
        assert {account: record.events[PURCHASES] for account, record in records.items()} == dict(self.good)
        published = Counter(self.kafka.ids(RECLASSIFIED))
        expected = {f"{account}:{total}" for account, n in self.good.items() for total in range(EVERY, n + 1, EVERY)}
        assert set(published) == expected
        letters = [record for record in self.kafka.output if record.topic == REJECTED]
        assert len({dict(record.headers)["__streams.errors.offset"] for record in letters}) == self.bad
        assert self.redis.held.outbox == {}
        latest = dict(self.kafka.changelog)
        assert {key: latest.get(key) for key in self.redis.held.values} == self.redis.held.values

    async def _finish(self) -> None:
        if self.owner is None or self._is_over():
            self._new_owner()
            await self.owner.start()
        for _ in range(3):  # a fence that nobody has noticed yet shows at the next write
            await self._work()
        await self.owner.stop()
        self._new_owner()  # the last one may have been fenced off while it noted what it had sent
        await self.owner.start()
        await self.owner.stop()

    async def _work(self) -> None:
        owner = self.owner
        await owner.until(lambda: owner.partition.is_open and bool(owner.consumer.at))
        generation = owner.consumer.generation
        owner.deliver()
        with suppress(TimeoutError):
            await owner.until(lambda: owner.is_idle() or owner.consumer.generation != generation)

    def _is_over(self) -> bool:
        return self.owner is None or self.owner.task is None or self.owner.task.done()

    def _new_owner(self) -> None:
        self.owner = Owner(self.redis, self.kafka, CountingFold(every=EVERY))

    @initialize()
    def begin(self) -> None:
        """Have an owner."""
        self._new_owner()
        self._run(self.owner.start())

    @rule(account=st.sampled_from(ACCOUNTS), count=st.integers(1, 3))
    def produce(self, account: str, count: int) -> None:
        """Add records of an account."""
        for _ in range(count):
            self.number += 1
            self.good[account] += 1
            self.kafka.add(PURCHASES, account.encode(), purchase(account, self.number))

    @rule()
    def produce_what_cannot_be_read(self) -> None:
        """Add a record that is refused."""
        self.bad += 1
        self.kafka.add(PURCHASES, b"a", b"{")

    async def _turns(self, turns: int) -> None:
        if not self._is_over() and self.owner.partition.is_open:
            self.owner.deliver()
        for _ in range(turns):
            await asyncio.sleep(0)

    @rule(turns=TURNS)
    def let_it_work(self, turns: int) -> None:
        """Deliver what there is, and give the owner so many turns: it may stop in the middle of a step."""
        self._run(self._turns(turns))

    @rule(account=st.sampled_from(ACCOUNTS), turns=TURNS, stalled=st.booleans())
    def crash(self, account: str, turns: int, stalled: bool) -> None:
        """Kill the owner so many turns after a record came, while Kafka stores or does not; start another one."""
        self.produce(account, EVERY)
        if stalled:
            self.kafka.may_store.clear()
        self._run(self._turns(turns))
        self._run(self.owner.crash())
        self.redis.away = 0
        self.kafka.may_store.set()
        self._new_owner()
        self._run(self.owner.start())

    @precondition(lambda self: not self._is_over())
    @rule()
    def fence_off(self) -> None:
        """Let somebody else have taken the partition over, and lost it again."""
        self.redis.held.epoch += 1

    @rule(calls=st.integers(1, 2))
    def redis_goes_away(self, calls: int) -> None:
        """Let some calls fail."""
        self.redis.away = calls

    @rule()
    def kafka_stalls(self) -> None:
        """Let nothing be stored."""
        self.kafka.may_store.clear()

    @rule()
    def kafka_goes_on(self) -> None:
        """Let everything be stored."""
        self.kafka.may_store.set()

    @invariant()
    def nothing_counts_twice(self) -> None:
        """No record is in state more than once, at any moment; no decision is out that the state does not hold."""
        records = {key.decode(): decode(value) for key, value in self.redis.held.values.items()}
        for account, record in records.items():
            assert record.events.get(PURCHASES, 0) <= self.good[account]
        for decided in set(self.kafka.ids(RECLASSIFIED)):
            account, total = decided.split(":")
            assert records[account].events[PURCHASES] >= int(total)


TestPartition = PartitionMachine.TestCase
TestPartition.settings = settings(cases(50), stateful_step_count=20)
