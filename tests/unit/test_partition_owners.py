"""One owner of a partition after another: what the next one finds, and what a former one may not do any more."""

import asyncio
from collections import Counter

import msgspec
import pytest
from counting import CountingFold, counted
from faust.types import TP
from memory_kafka import Kafka, purchase
from memory_store import NUMBER, Redis
from partition_owner import Clock, Owner

from clientward_store import Fenced
from relationship.contract.messages import COMMANDS, PURCHASES, REFERRALS
from relationship.contract.outcome import RECLASSIFIED
from relationship.core import Core
from relationship.policy.compiled import load_policy
from relationship.state.record import decode as decode_record
from streams.engine.dispatch import CONFIRMED_SECONDS
from streams.engine.partition import RESTATE_SECONDS
from streams.kafka.publisher import ProducerRecord


async def test_the_next_owner_sends_what_the_last_one_left(redis, kafka) -> None:
    """A crash between the commit and the sending leaves the outbox; the state goes first there too, under the same id."""
    first = Owner(redis, kafka, CountingFold(every=1))
    await first.start()
    kafka.may_store.clear()
    kafka.add(PURCHASES, b"a", purchase("a", 1))
    first.deliver()
    await first.until(redis.messages)
    await first.crash()
    kafka.may_store.set()
    assert kafka.output == []
    second = Owner(redis, kafka, CountingFold(every=1))
    await second.start()
    assert kafka.story == ["changelog", RECLASSIFIED]
    assert kafka.ids(RECLASSIFIED) == ["a:1"]
    await second.work()
    await second.stop()
    assert kafka.ids(RECLASSIFIED) == ["a:1"]
    assert counted(redis.held.values, "a") == 1


async def test_a_state_without_a_decision_reaches_the_changelog_too(redis, kafka) -> None:
    """After a crash between commit and changelog nothing else would bring it there: the account may never change again."""
    first = Owner(redis, kafka, CountingFold(every=100))
    await first.start()
    kafka.may_store.clear()
    kafka.add(PURCHASES, b"a", purchase("a", 1))
    first.deliver()
    await first.until(lambda: counted(redis.held.values, "a") == 1)
    await first.crash()
    kafka.may_store.set()
    assert kafka.changelog == []
    second = Owner(redis, kafka, CountingFold(every=100))
    await second.start()
    assert dict(kafka.changelog) == redis.held.values
    await second.stop()
    assert redis.held.outbox == {}


async def test_an_owner_that_was_fenced_off_takes_over_anew(redis, kafka, monkeypatch) -> None:
    """Where the partition is still its own by the group, it reads the positions again and goes on; nothing counts twice."""
    monkeypatch.setattr("streams.engine.partition.FENCED_SECONDS", 0.0)
    owner = Owner(redis, kafka, CountingFold())
    await owner.start()
    redis.held.epoch += 1
    kafka.add(PURCHASES, b"a", purchase("a", 1))
    owner.deliver()
    await owner.until(lambda: redis.calls.count("take_over") == 2)
    await owner.until(lambda: owner.consumer.generation == 2)
    await owner.work()
    assert counted(redis.held.values, "a") == 1
    assert owner.store.epoch == redis.held.epoch
    await owner.crash()


async def test_a_redis_that_went_back_ends_the_owner(redis, kafka) -> None:
    """The changelog has to be read before the intake: that is for the worker to do."""
    owner = Owner(redis, kafka, CountingFold())
    await owner.start()
    redis.held.epoch -= 1
    kafka.add(PURCHASES, b"a", purchase("a", 1))
    owner.deliver()
    with pytest.raises(Fenced, match="another owner"):
        await owner.until(owner.is_idle)


async def test_a_decision_is_not_sent_in_the_name_of_a_partition_that_is_lost(redis, kafka, monkeypatch) -> None:
    """An owner that waited long for Kafka asks again before the changelog, and again before the decisions."""
    monkeypatch.setattr("streams.engine.partition.FENCED_SECONDS", 0.0)
    clock = Clock()
    owner = Owner(redis, kafka, CountingFold(every=1), clock)
    await owner.start()
    kafka.may_store.clear()
    kafka.add(PURCHASES, b"a", purchase("a", 1))
    owner.deliver()
    await owner.until(redis.messages)
    for _ in range(20):
        await asyncio.sleep(0)
    clock.move(5.0)  # paused, while it waits for the changelog to be stored
    redis.held.epoch += 1
    kafka.may_store.set()
    await owner.until(lambda: redis.calls.count("take_over") == 2)
    assert kafka.output == [], "nothing in the old name"
    await owner.until(lambda: owner.consumer.generation == 2)
    assert kafka.ids(RECLASSIFIED) == ["a:1"]
    await owner.crash()


async def test_ids_that_were_sent_before_a_loss_are_not_noted_after_it(redis, kafka, monkeypatch) -> None:
    """Another owner may have put the same id into the outbox again: dropping it would lose a decision."""
    monkeypatch.setattr("streams.engine.partition.FENCED_SECONDS", 0.0)
    owner = Owner(redis, kafka, CountingFold(every=1))
    await owner.start()
    kafka.add(PURCHASES, b"a", purchase("a", 1))
    await owner.work()
    left = redis.messages()
    assert left, "sent, and not noted yet"
    redis.held.epoch += 1
    kafka.add(PURCHASES, b"b", purchase("b", 1))
    kafka.may_store.clear()
    owner.deliver()
    await owner.until(lambda: redis.calls.count("take_over") == 2)
    assert redis.messages().keys() >= left.keys()
    kafka.may_store.set()
    await owner.until(lambda: owner.consumer.generation == 2)
    await owner.work()
    assert Counter(kafka.ids(RECLASSIFIED)) == {"a:1": 2, "b:1": 1}
    await owner.crash()


async def test_restored_accounts_have_their_decisions_and_timers_again(redis, kafka) -> None:
    """The changelog brings states alone: outbox and timers are derived from them before the intake is read."""
    first = Owner(redis, kafka, CountingFold(every=1))
    await first.start()
    kafka.add(PURCHASES, b"a", purchase("a", 1))
    await first.work()
    await first.stop()
    rebuilt = Redis()
    rebuilt.held.values = dict(redis.held.values)
    rebuilt.held.restored = {b"a"}
    rebuilt.held.positions = dict(redis.held.positions)
    kafka.output.clear()
    second = Owner(rebuilt, kafka, CountingFold(every=1))
    kafka.may_store.clear()
    second.task = asyncio.create_task(second.partition.run())
    await second.until(rebuilt.messages)
    assert (rebuilt.held.restored, kafka.output) == (set(), [])
    kafka.may_store.set()
    await second.until(lambda: second.partition.is_open)
    assert kafka.ids(RECLASSIFIED) == ["a:1"]
    assert rebuilt.held.due == redis.held.due
    assert (rebuilt.held.restored, "commit" in rebuilt.calls) == (set(), True)
    assert second.metrics.decisions._metrics == {}, "published before: not counted again"
    await second.stop()
    assert rebuilt.held.outbox == {}


class Slow(Kafka):
    """Brokers that store a former owner's messages when they are told to."""

    def __init__(self) -> None:
        super().__init__()
        self.may_decide = asyncio.Event()

    async def publish(self, records):
        """Wait, and store messages."""
        listed, late = [*records], not self.output
        if late:
            self.output.append(ProducerRecord("late", NUMBER, b"", b""))
            await self.may_decide.wait()
        return await super().publish(listed)


async def test_what_a_former_owner_published_late_is_published_anew(redis) -> None:
    """Paused while its messages were under way, it stores them behind newer ones; the owner is asked for the latest."""
    kafka, clock = Slow(), Clock()
    former = Owner(redis, kafka, CountingFold(every=1))
    await former.start()
    kafka.add(PURCHASES, b"a", purchase("a", 1))
    former.deliver()
    await former.until(lambda: kafka.output)
    owner = Owner(redis, kafka, CountingFold(every=1), clock)
    await owner.start()
    kafka.add(PURCHASES, b"a", purchase("a", 2))
    await owner.work()
    assert kafka.ids(RECLASSIFIED) == ["a:1", "a:2"]
    former.clock.move(CONFIRMED_SECONDS + 1)
    kafka.may_decide.set()
    await owner.until(lambda: kafka.ids(RECLASSIFIED)[-1] == "a:1")
    await former.crash()
    assert redis.held.restored == {b"a"}
    clock.move(RESTATE_SECONDS)
    owner.partition.inbox.nudge()
    await owner.until(lambda: kafka.ids(RECLASSIFIED)[-1] == "a:2")
    await owner.work()
    assert redis.held.restored == set()
    await owner.stop()


def erase(account: str) -> bytes:
    """Return the bytes of an erasure."""
    return msgspec.json.encode(
        {"event_id": "e", "account_id": account, "occurred_at": "2026-01-01T00:00:00Z", "command": "erase", "by": "ops"}
    )


@pytest.mark.parametrize("begun_anew", [False, True])
async def test_an_account_that_a_paused_owner_wrote_behind_its_tombstone_is_erased_again(
    redis, kafka, begun_anew
) -> None:
    """A rebuild finds it as it was before; one that began anew after its erasure stays, though the intake forgets."""
    owner = Owner(redis, kafka, Core(load_policy()))
    await owner.start()
    kafka.add(PURCHASES, b"a", purchase("a", 1))
    await owner.work()
    late = redis.held.values[b"a"]
    kafka.add(COMMANDS, b"a", erase("a"))
    await owner.work()
    assert b"a" not in redis.held.values
    kafka.add(PURCHASES, b"a", purchase("a", 2))
    await owner.work()
    new = redis.held.values[b"a"]
    await owner.stop()
    rebuilt = Redis()
    rebuilt.held.values, rebuilt.held.restored = {b"a": new if begun_anew else late}, {b"a"}
    kafka.earliest[PURCHASES] = 2 if begun_anew else 0
    again = Owner(rebuilt, kafka, Core(load_policy()))
    again.consumer.acknowledged_offsets[TP(COMMANDS, NUMBER)] = 1
    await again.start()
    await again.work()
    await again.stop()
    facts = decode_record(rebuilt.held.values[b"a"]).facts()
    assert [fact.id for fact in facts] == [fact.id for fact in decode_record(new).facts()] == ["a-2"]


@pytest.mark.parametrize(("is_behind", "actions"), [(False, [None, "forgotten"]), (True, [])])
async def test_an_owner_that_hears_of_an_erasure_first_credits_nobody_for_its_purchases(
    redis, kafka, is_behind, actions
) -> None:
    """One that had folded the purchase has credited its referrer, who keeps that and forgets the buyer's id."""
    owner = Owner(redis, kafka, Core(load_policy()))
    await owner.start()
    bought = msgspec.json.decode(purchase("a", 1)) | {"referred_by": "b"}
    kafka.add(PURCHASES, b"a", msgspec.json.encode(bought))
    if not is_behind:
        await owner.work()
    kafka.add(COMMANDS, b"a", erase("a"))
    await owner.work()
    await owner.stop()
    told = [msgspec.json.decode(record.value) for record in kafka.output if record.topic == REFERRALS]
    assert [(each["account_id"], each.get("action")) for each in told] == [("b", action) for action in actions]
