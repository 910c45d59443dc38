"""What Kafka refuses for its own sake stays in the outbox with an alarm, and all others go on; on fakes in memory."""

import asyncio

import pytest
from counting import CountingFold, decode
from memory_kafka import CHANGELOG, Kafka, purchase
from partition_owner import Clock, Owner

from relationship.contract.messages import PURCHASES
from relationship.contract.outcome import RECLASSIFIED, REJECTED
from streams.engine import set_aside
from streams.engine.set_aside import AGAIN_SECONDS
from streams.kafka.refusals import PublishRefusedError


class LatestAlone(CountingFold):
    """A fold whose records keep the messages of their latest step alone, as the product's do."""

    def latest(self, account_id, record, decided_at):
        """Return the decision of the record's latest event, if it made one."""
        return [
            each
            for each in super().latest(account_id, record, decided_at)
            if each.event_id == f"{account_id}:{total(record)}"
        ]


def total(record: bytes) -> int:
    """Return how many events a record has."""
    return sum(decode(record).events.values())


def longest(kafka: Kafka, topic: str) -> int:
    """Return the bytes of a topic's longest value."""
    return max(len(record.value) for record in kafka.output if record.topic == topic)


async def tell(owner: Owner, kafka: Kafka, *told: tuple[str, int]) -> None:
    """Let purchases (account, number) be folded."""
    for account, number in told:
        kafka.add(PURCHASES, account.encode(), purchase(account, number))
    await owner.work()


async def again(owner: Owner, kafka: Kafka, clock: Clock) -> None:
    """Let what was set aside be tried again: its accounts' states are sent first."""
    tries = kafka.story.count("changelog")
    clock.move(AGAIN_SECONDS + 1)
    owner.partition.inbox.nudge()
    await owner.until(lambda: kafka.story.count("changelog") > tries)
    await owner.work()


async def test_a_decision_that_kafka_refuses_waits_and_all_others_go_on(redis, kafka) -> None:
    """It stays in the outbox, the account's next ones wait behind it, and all come in order once the limit is raised."""
    clock = Clock()
    owner = Owner(redis, kafka, CountingFold(every=1), clock)
    await owner.start()
    await tell(owner, kafka, *[("a", number) for number in range(9)])
    kafka.most_bytes[RECLASSIFIED] = longest(kafka, RECLASSIFIED)
    await tell(owner, kafka, ("a", 9), ("b", 1))  # the tenth total is a digit longer
    await tell(owner, kafka, ("a", 10), ("b", 2))
    assert kafka.ids(RECLASSIFIED)[9:] == ["b:1", "b:2"]
    assert b"clientward_set_aside_total 1.0" in owner.metrics.text()
    assert {decode(value).events[PURCHASES] for _, value in kafka.changelog[-2:]} == {11, 2}, "the states are there"
    for _ in range(2):
        await again(owner, kafka, clock)
        assert kafka.ids(RECLASSIFIED)[11:] == []
        assert b"clientward_set_aside_total 2.0" in owner.metrics.text(), (
            "each is counted once, however often it is tried"
        )
    kafka.most_bytes.clear()
    await again(owner, kafka, clock)
    assert kafka.ids(RECLASSIFIED)[11:] == ["a:10", "a:11"]
    await owner.stop()
    assert redis.held.outbox == {}


async def test_a_state_that_the_changelog_refuses_holds_up_its_accounts_decisions(redis, kafka) -> None:
    """Whoever reads a decision can rely on its state; the other accounts' states and decisions go out."""
    clock = Clock()
    owner = Owner(redis, kafka, CountingFold(every=1), clock)
    await owner.start()
    await tell(owner, kafka, ("b", 1))
    kafka.most_bytes[CHANGELOG] = len(redis.held.values[b"b"])
    # MessagePack takes a byte more from 128 on.
    await tell(owner, kafka, ("b", 2), *[("a", number) for number in range(128)])
    assert (b"a" in dict(kafka.changelog), kafka.ids(RECLASSIFIED)) == (False, ["b:1", "b:2"])
    assert sum(b"\0a:" in identity for identity in redis.messages()) == 128
    kafka.most_bytes.clear()
    await again(owner, kafka, clock)
    assert dict(kafka.changelog)[b"a"] == redis.held.values[b"a"]
    assert kafka.ids(RECLASSIFIED)[2:] == [f"a:{number}" for number in range(1, 129)]
    await owner.stop()
    assert redis.held.outbox == {}


async def test_the_next_owner_tries_what_was_set_aside(redis, kafka) -> None:
    """A restart forgets the refusal, not the message."""
    kafka.most_bytes[RECLASSIFIED] = 0
    first = Owner(redis, kafka, CountingFold(every=1))
    await first.start()
    await tell(first, kafka, ("a", 1))
    await first.stop()
    assert (kafka.ids(RECLASSIFIED), len(redis.messages())) == ([], 1)
    kafka.most_bytes.clear()
    second = Owner(redis, kafka, CountingFold(every=1))
    await second.start()
    assert kafka.ids(RECLASSIFIED) == ["a:1"]
    await second.stop()
    assert redis.held.outbox == {}


async def test_a_topic_that_takes_nothing_ends_the_worker(redis, kafka, monkeypatch) -> None:
    """That is no matter of single records: Redis would fill with what cannot go out."""
    monkeypatch.setattr(set_aside, "MOST_ASIDE", 4)
    kafka.most_bytes[RECLASSIFIED] = 0
    owner = Owner(redis, kafka, CountingFold(every=1))
    await owner.start()
    await tell(owner, kafka, *[(f"a{number}", 1) for number in range(4)])
    kafka.add(PURCHASES, b"a4", purchase("a4", 1))
    owner.deliver()
    with pytest.raises(PublishRefusedError, match=r"raise the topic's max\.message\.bytes"):
        await owner.task
    assert len(redis.messages()) == 5, "and nothing is lost"


async def test_a_dead_letter_that_is_too_long_goes_without_its_bytes(redis, kafka) -> None:
    """What stands in its place says where the original is; the other dead letters are as they were."""
    owner = Owner(redis, kafka, CountingFold())
    await owner.start()
    kafka.most_bytes[REJECTED] = 500
    kafka.add(PURCHASES, b"a", b"{" * 501)
    kafka.add(PURCHASES, b"a", b"[")
    await owner.work()
    letters = [each for each in kafka.output if each.topic == REJECTED]
    assert [dict(each.headers).get("clientward-omitted") for each in letters] == [None, b"value, headers, key"]
    assert letters[0].value == b"["
    assert redis.held.positions[PURCHASES] == 2
    await owner.stop()


async def test_an_outbox_that_went_back_in_time_speaks_for_no_account_with_a_newer_state(redis, kafka) -> None:
    """Redis restored from a copy: what it had not noted as sent was sent long ago, and would pass for the latest."""
    first = Owner(redis, kafka, LatestAlone(every=2))
    await first.start()
    await tell(first, kafka, ("a", 1), ("a", 2), ("b", 1), ("b", 2))
    copy = redis.snapshot()
    assert len(redis.messages()) == 2, "sent, and not noted yet"
    await tell(first, kafka, ("a", 3))
    await first.stop()
    newer = redis.held.values[b"a"]
    redis.held = copy
    redis.held.values[b"a"], redis.held.restored = newer, {b"a"}  # as recovery does from the changelog
    kafka.output.clear()
    second = Owner(redis, kafka, LatestAlone(every=2))
    second.task = asyncio.create_task(second.partition.run())
    await second.until(lambda: second.partition.is_open)
    assert kafka.ids(RECLASSIFIED) == ["b:2"], "of the other account nothing newer is known, so it is sent again"
    await second.work()
    await second.stop()
    assert redis.held.outbox == {}
