"""Timers of a partition, and accounts on which the fold fails: all others go on."""

import asyncio

from counting import CountingFold, counted, decode
from memory_kafka import purchase
from partition_owner import Clock, Owner

from relationship.contract.messages import PURCHASES
from relationship.contract.outcome import RECLASSIFIED, REJECTED
from relationship.core import Core
from relationship.policy.compiled import load_policy
from streams.engine.timers import SILENT_SECONDS, TIMER_SECONDS


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
    assert counted(redis.held.values, "a") == 3
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
