"""The owner of a partition, step by step, on a Redis and a Kafka in memory: the order that the promise rests on."""

import asyncio
from collections import Counter

import msgspec
import pytest
from counting import CountingFold, decode
from faust.types import TP
from partition_fakes import NUMBER, Clock, Kafka, Owner, Redis, purchase

from clientward_store import Fenced
from relationship.contract.messages import COMMANDS, PURCHASES, TICKETS
from relationship.contract.outcome import RECLASSIFIED, REJECTED
from relationship.core import Core
from relationship.policy.compiled import load_policy
from relationship.state.record import decode as decode_record
from streams.engine import failpoints
from streams.engine.dispatch import CONFIRMED_SECONDS
from streams.engine.partition import RESTATE_SECONDS, PositionLostError
from streams.engine.timers import SILENT_SECONDS, TIMER_SECONDS
from streams.kafka.publisher import ProducerRecord


@pytest.fixture
def redis() -> Redis:
    """A Redis that holds nothing."""
    return Redis()


@pytest.fixture
def kafka() -> Kafka:
    """Brokers without a record."""
    return Kafka()


def counted(redis: Redis, account: str) -> int:
    """Return how many purchases an account's record reflects."""
    value = redis.held.values.get(account.encode())
    return decode(value).events.get(PURCHASES, 0) if value else 0


async def test_a_step_is_stored_then_its_state_then_its_decision_then_acknowledged(redis, kafka) -> None:
    """Redis holds state, position and outbox before Kafka has anything; the changelog comes before the decision."""
    owner = Owner(redis, kafka, CountingFold(every=1))
    await owner.start()
    kafka.add(PURCHASES, b"a", purchase("a", 1))
    kafka.may_store.clear()
    owner.deliver()
    await owner.until(lambda: counted(redis, "a") == 1)
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
    assert (redis.held.positions[PURCHASES], counted(redis, "a")) == (2, 1)
    assert owner.metrics.total("refused") == 1
    await owner.crash()


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
    assert counted(redis, "a") == 1


async def test_a_state_without_a_decision_reaches_the_changelog_too(redis, kafka) -> None:
    """After a crash between commit and changelog nothing else would bring it there: the account may never change again."""
    first = Owner(redis, kafka, CountingFold(every=100))
    await first.start()
    kafka.may_store.clear()
    kafka.add(PURCHASES, b"a", purchase("a", 1))
    first.deliver()
    await first.until(lambda: counted(redis, "a") == 1)
    await first.crash()
    kafka.may_store.set()
    assert kafka.changelog == []
    second = Owner(redis, kafka, CountingFold(every=100))
    await second.start()
    assert dict(kafka.changelog) == redis.held.values
    await second.stop()
    assert redis.held.outbox == {}


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
    assert counted(redis, "a") == 1
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
    assert counted(redis, "a") == 1
    assert not owner.partition.waiting_for_redis
    assert owner.metrics.redis_failures._value.get() == 3
    await owner.crash()


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
    assert counted(redis, "a") == 1
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


async def test_a_timer_decides_and_is_counted(redis, kafka) -> None:
    """Once the partition is at its end and quiet, wall-clock time runs the timers; its decision is counted."""
    clock = Clock()
    owner = Owner(redis, kafka, CountingFold(every=100, rest_us=60_000_000), clock)
    await owner.start()
    kafka.add(PURCHASES, b"a", purchase("a", 1))
    await owner.work()
    assert kafka.ids(RECLASSIFIED) == []
    clock.move(61 + TIMER_SECONDS)
    owner.partition.inbox.nudge()
    await owner.until(lambda: kafka.ids(RECLASSIFIED) == ["a:-1"])
    await owner.until(lambda: owner.metrics.decisions._metrics)
    assert owner.metrics.decisions.labels("promotion", "client")._value.get() == 1
    assert redis.held.due == {}
    await owner.crash()


async def test_a_backlog_runs_no_timer_by_the_wall(redis, kafka) -> None:
    """Records of long ago that are still to come may be signs of life: their own time rules until the partition is quiet."""
    clock = Clock()
    owner = Owner(redis, kafka, CountingFold(every=100, rest_us=60_000_000), clock)
    await owner.start()
    kafka.add(PURCHASES, b"a", purchase("a", 1, at="2024-01-01T00:00:00Z"))
    await owner.work()
    clock.move(TIMER_SECONDS)
    owner.partition.inbox.nudge()
    for _ in range(50):
        await asyncio.sleep(0)
    assert kafka.ids(RECLASSIFIED) == []
    kafka.add(PURCHASES, b"b", purchase("b", 1, at="2024-01-01T00:01:01Z"))
    clock.move(TIMER_SECONDS)
    await owner.work()
    await owner.until(lambda: kafka.ids(RECLASSIFIED) == ["a:-1"])
    clock.move(SILENT_SECONDS)
    owner.partition.inbox.nudge()
    await owner.until(lambda: kafka.ids(RECLASSIFIED) == ["a:-1", "b:-1"])
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


class FailingFold(CountingFold):
    """Fails on every message of one account, and on its timers."""

    def step(self, account_id, record, delivered, decided_at):
        """Fail, or count."""
        if account_id == "broken":
            raise ZeroDivisionError("a defect")
        return super().step(account_id, record, delivered, decided_at)

    def run_timers(self, account_id, record, until, decided_at):
        """Fail, or wake."""
        if account_id == "worn":
            raise ZeroDivisionError("a defect")
        return super().run_timers(account_id, record, until, decided_at)


async def test_an_account_on_which_the_fold_fails_is_set_aside_and_all_others_go_on(redis, kafka) -> None:
    """Each of its messages is a dead letter with the reason FAULT, one by one, and the alarm's counter tells of them."""
    owner = Owner(redis, kafka, FailingFold())
    await owner.start()
    for number in range(3):
        kafka.add(PURCHASES, b"broken", purchase("broken", number))
        kafka.add(PURCHASES, b"a", purchase("a", number))
    owner.deliver()
    await owner.until(lambda: owner.consumer.generation > 1)  # the step was too large, and is fetched again
    await owner.work()
    await owner.stop()
    assert counted(redis, "a") == 3
    letters = [dict(each.headers)["clientward-reason"] for each in kafka.output if each.topic == REJECTED]
    assert letters == [b"FAULT"] * 3
    assert b"clientward_set_aside_total 3.0" in owner.metrics.text()
    assert redis.held.positions[PURCHASES] == 6


async def test_timers_that_fail_hold_up_no_others(redis, kafka) -> None:
    """They are not tried again; the other account's ran."""
    owner = Owner(redis, kafka, FailingFold())
    await owner.start()
    for account in ("worn", "a"):
        kafka.add(PURCHASES, account.encode(), purchase(account, 1))
    await owner.work()
    owner.clock.move(7_200)
    owner.partition.inbox.nudge()
    await owner.until(lambda: not redis.held.due)
    await owner.stop()
    assert decode(redis.held.values[b"a"]).woken == 1
    assert decode(redis.held.values[b"worn"]).woken == 0
    assert b"clientward_set_aside_total 1.0" in owner.metrics.text()


async def test_what_does_not_fit_is_refused_alone(redis, kafka) -> None:
    """Several messages of an account that do not fit together are folded one at a time, and the last ones are refused."""
    core = Core(load_policy(), most_bytes=900)
    owner = Owner(redis, kafka, core)
    await owner.start()
    kafka.add(PURCHASES, b"a", purchase("a", 1))
    kafka.add(PURCHASES, b"a", purchase("a", 2).replace(b'"EUR"', b'"USD"'))
    kafka.add(PURCHASES, b"b", purchase("b", 1))
    owner.deliver()
    await owner.until(lambda: b"b" in redis.held.values or owner.consumer.generation > 1)
    await owner.work()
    await owner.stop()
    reasons = [dict(each.headers)["clientward-reason"] for each in kafka.output if each.topic == REJECTED]
    assert set(reasons) == {b"SIZE"}
    assert redis.held.positions[PURCHASES] == 3


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
