"""The owner of a partition, step by step, on a Redis and a Kafka in memory: the order that the promise rests on."""

import asyncio

import pytest
from counting import CountingFold, counted
from memory_kafka import purchase
from memory_store import NUMBER
from partition_owner import Owner

from relationship.contract.messages import PURCHASES, TICKETS
from relationship.contract.outcome import RECLASSIFIED, REJECTED
from streams.engine import failpoints
from streams.engine.partition import PositionLostError


async def test_a_step_is_stored_then_its_state_then_its_decision_then_acknowledged(redis, kafka) -> None:
    """Redis holds state, position and outbox before Kafka has anything; the changelog comes before the decision."""
    owner = Owner(redis, kafka, CountingFold(every=1))
    await owner.start()
    kafka.add(PURCHASES, b"a", purchase("a", 1))
    kafka.may_store.clear()
    owner.deliver()
    await owner.until(lambda: counted(redis.held.values, "a") == 1)
    assert redis.held.positions[PURCHASES] == 1
    assert len(redis.messages()) == 1
    assert (kafka.changelog, kafka.output, owner.consumer.acknowledged_offsets) == ([], [], {})
    kafka.may_store.set()
    await owner.until(owner.is_idle)
    assert kafka.story == ["changelog", RECLASSIFIED]
    assert {tp.topic: offset for tp, offset in owner.consumer.acknowledged_offsets.items()} == {PURCHASES: 1}
    await owner.stop()
    assert redis.held.outbox == {}
    assert redis.held.changelog == 0


async def test_what_is_refused_is_a_dead_letter_before_its_offset_is_stored(redis, kafka) -> None:
    """While Kafka takes no dead letter, the position stays; then it is there once, and the rest is counted."""
    owner = Owner(redis, kafka, CountingFold())
    await owner.start()
    kafka.add(PURCHASES, b"a", b"{")
    kafka.add(PURCHASES, b"a", purchase("a", 1))
    kafka.may_store.clear()
    owner.deliver()
    for _ in range(50):
        await asyncio.sleep(0)
    assert PURCHASES not in redis.held.positions
    kafka.may_store.set()
    await owner.until(owner.is_idle)
    assert kafka.story[0] == REJECTED
    assert (redis.held.positions[PURCHASES], counted(redis.held.values, "a")) == (2, 1)
    assert owner.metrics.total("refused") == 1
    await owner.crash()


async def test_a_position_beyond_the_topics_end_stops_the_worker(redis, kafka) -> None:
    """A topic made anew would pass new records for folded ones; at its very end all is well."""
    kafka.add(PURCHASES, b"a", purchase("a", 1))
    redis.held.positions[PURCHASES] = 2
    lost = f"{PURCHASES} partition {NUMBER} ends at 1, but Redis has folded it up to 2"
    with pytest.raises(PositionLostError, match=lost):
        await Owner(redis, kafka, CountingFold()).start()
    redis.held.positions[PURCHASES] = 1
    owner = Owner(redis, kafka, CountingFold())
    await owner.start()
    assert owner.consumer.at[PURCHASES] == 1
    await owner.crash()


async def test_records_that_retention_took_unread_are_passed_over(redis, kafka) -> None:
    """What is gone is gone: the partition goes on with the first record that is still there."""
    for number in range(3):
        kafka.add(PURCHASES, b"a", purchase("a", number))
    kafka.earliest[PURCHASES] = 2
    redis.held.positions[PURCHASES] = 1
    owner = Owner(redis, kafka, CountingFold())
    await owner.start()
    assert owner.consumer.at[PURCHASES] == 2
    await owner.work()
    assert counted(redis.held.values, "a") == 1
    await owner.crash()


async def test_a_redis_that_is_away_is_asked_again_and_nothing_is_acknowledged(redis, kafka) -> None:
    """The same commit is repeated until it is through; the owner says meanwhile that it waits."""
    owner = Owner(redis, kafka, CountingFold(every=1))
    await owner.start()
    kafka.add(PURCHASES, b"a", purchase("a", 1))
    redis.away = 3
    owner.deliver()
    await owner.until(lambda: owner.partition.waiting_for_redis)
    assert owner.consumer.acknowledged_offsets == {}
    await owner.until(owner.is_idle)
    assert counted(redis.held.values, "a") == 1
    assert not owner.partition.waiting_for_redis
    assert owner.metrics.redis_failures._value.get() == 3
    await owner.crash()


async def test_an_outbox_is_counted_while_kafka_has_not_confirmed_it(redis, kafka) -> None:
    """The gauge goes up with the commit, and down once Redis has noted what Kafka has."""
    owner = Owner(redis, kafka, CountingFold(every=1))
    await owner.start()
    kafka.may_store.clear()
    for number in range(3):
        kafka.add(PURCHASES, b"a", purchase("a", number))
    owner.deliver()
    await owner.until(lambda: owner.partition.outbox_records == 3)
    assert len(redis.messages()) == 3
    kafka.may_store.set()
    await owner.until(owner.is_idle)
    await owner.partition._committer.note_sent()
    assert (owner.partition.outbox_records, redis.held.outbox) == (0, {})
    await owner.crash()


async def test_two_accounts_of_one_decision_id_keep_both(redis, kafka) -> None:
    """An id tells the messages of one account apart: the outbox is keyed by account too."""

    class Twins(CountingFold):
        def step(self, account_id, record, delivered, decided_at):
            outcome = super().step(account_id, record, delivered, decided_at)
            return outcome._replace(sends=[send._replace(event_id="same") for send in outcome.sends])

    owner = Owner(redis, kafka, Twins(every=1))
    await owner.start()
    for account in ("a", "b"):
        kafka.add(PURCHASES, account.encode(), purchase(account, 1))
    await owner.work()
    assert [record.key for record in kafka.output] == [b"a", b"b"]
    await owner.crash()


async def test_topics_of_one_moment_are_one_step(redis, kafka) -> None:
    """What two topics have at hand is folded by event time and committed together."""
    owner = Owner(redis, kafka, CountingFold(every=2))
    await owner.start()
    ticket = (
        b'{"event_id":"t","account_id":"a","occurred_at":"2026-01-01T00:00:01Z","ticket_id":"1","status":"opened",'
        b'"kind":"question"}'
    )
    kafka.add(TICKETS, b"a", ticket)
    kafka.add(PURCHASES, b"a", purchase("a", 1))
    before = redis.calls.count("commit")
    await owner.work()
    assert redis.calls.count("commit") == before + 1
    assert redis.held.positions == {PURCHASES: 1, TICKETS: 1}
    assert kafka.ids(RECLASSIFIED) == ["a:2"]
    await owner.crash()


async def test_every_failpoint_is_passed(redis, kafka, monkeypatch) -> None:
    """A step that has all there is to do passes each failpoint once, in the order in which the crash harness lists them."""
    passed: list[str] = []
    monkeypatch.setattr(failpoints, "hit", passed.append)
    owner = Owner(redis, kafka, CountingFold(every=1))
    await owner.start()
    kafka.add(PURCHASES, b"a", b"{")
    kafka.add(PURCHASES, b"a", purchase("a", 1))
    await owner.work()
    await owner.partition._committer.note_sent()
    assert passed == list(failpoints.FAILPOINTS)
    await owner.crash()
