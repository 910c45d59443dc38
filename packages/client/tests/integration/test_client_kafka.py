"""The client on a real Kafka: killed, rebalanced, cut off, late; nothing is missed, and what is repeated has the same id."""

import asyncio
import gc
import logging
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from client_support import KAFKA, PARTITIONS, Topics, collect, embedded, follower, state_of, written
from decisions_support import chain, decision

from clientward_client import (
    STATE,
    Decision,
    Gone,
    State,
    States,
    TopicMissingError,
    UnreachableError,
    UnreadableError,
    WrongUseError,
    subscribe,
    subscribe_states,
)

STATUSES = ("prospect", "customer", "candidate", "client", "lapsed", "customer")
own_broker = pytest.mark.skipif(bool(KAFKA), reason="kills a broker of its own, which the checkout alone can start")


def at(topics: Topics) -> dict[str, Any]:
    """Return where the topics are, as aiokafka wants it."""
    return {"bootstrap_servers": topics.bootstrap}


def decisions_of(count: int, statuses: tuple[str, ...] = STATUSES) -> list[Decision]:
    """Return the decisions of so many accounts, interleaved."""
    chains = [chain(f"account-{number}", *statuses) for number in range(count)]
    return [each for step in zip(*chains, strict=True) for each in step]


def in_order(ids: list[str]) -> bool:
    """Tell whether the first mention of each account's decisions is in their order."""
    seen = defaultdict(list)
    for each in dict.fromkeys(ids):
        account, _, seq = each.rpartition("-")
        seen[account].append(int(seq))
    return all(numbers == sorted(numbers) for numbers in seen.values())


async def test_decisions_come_typed_once_and_in_order(topics: Topics, group: str) -> None:
    """What is written twice comes once, an account's in order, and the position is the end when it is left."""
    wanted = decisions_of(20)
    await topics.decide(*wanted[:50], *wanted[:30], *wanted[40:])
    async with subscribe(group, kafka=at(topics)) as decisions:
        found = await collect(decisions, len(wanted))
    assert sorted(each.event_id for each in found) == sorted(each.event_id for each in wanted)
    assert in_order([each.event_id for each in found])
    assert found[0] in wanted
    async with subscribe(group, kafka=at(topics)) as decisions:
        await topics.decide(wanted[-1], decision("late"))
        assert [each.account_id for each in await collect(decisions, 1)] == ["late"], (
            "the memory is there after a restart"
        )


async def test_what_was_in_hand_comes_again_and_what_was_committed_does_not(topics: Topics, group: str) -> None:
    """An exception in the work leaves the decision unhandled; `commit` says that it is done."""
    await topics.decide(*chain("acme", *STATUSES))

    async def work() -> None:
        async with subscribe(group, kafka=at(topics)) as decisions:
            async for each in decisions:
                if each.transition_seq == 2:
                    raise RuntimeError("away")

    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    with pytest.raises(RuntimeError, match="away"):
        await work()
    gc.collect()
    assert complaints == [], "what is left is closed once"
    async with subscribe(group, kafka=at(topics)) as decisions:
        async for each in decisions:
            assert each.transition_seq == 2
            await decisions.commit()
            break
    async with subscribe(group, kafka=at(topics)) as decisions:
        assert [each.transition_seq for each in await collect(decisions, 3)] == [3, 4, 5]


async def test_killed_in_the_middle_of_its_work_it_goes_on(topics: Topics, group: str, tmp_path: Path) -> None:
    """SIGKILL, three times: every decision is handled, few of them again, and an account's in order."""
    wanted, book = decisions_of(60), tmp_path / "book"
    await topics.decide(*wanted)
    for part in (1, 2, 3):
        async with follower(topics.bootstrap, group, book, "4") as running:
            await running.until(part * len(wanted) // 4)
            running.kill()
    async with follower(topics.bootstrap, group, book) as running:
        found = await running.until(len(wanted))
        assert await running.stop() == 0
    assert set(found) == {each.event_id for each in wanted}
    assert in_order(found)
    assert len(found) <= len(wanted) + 3 * 500, "what a kill repeats is a second's work and what was in hand"
    assert await topics.committed(group) == len(wanted)


async def test_batches_are_full_in_order_and_handled_as_a_whole(topics: Topics, group: str) -> None:
    """A backlog comes in full batches; one that is left by an exception comes again whole, after it nothing does."""
    wanted = chain("acme", *STATUSES * 5)
    await topics.decide(*wanted[:20], *wanted[:3], *wanted[20:])

    async def work() -> None:
        async with subscribe(group, kafka=at(topics)) as decisions:
            async for batch in decisions.batches(10):
                if batch[0].transition_seq == 11:
                    raise RuntimeError("away")

    with pytest.raises(RuntimeError, match="away"):
        await work()
    async with subscribe(group, kafka=at(topics), once=True) as decisions:
        found = [[each.transition_seq for each in batch] async for batch in decisions.batches(10)]
    assert found == [[*range(11, 21)], [*range(21, 30)]]
    assert await topics.committed(group) == len(wanted) + 3
    with pytest.raises(WrongUseError, match="most=0"):
        subscribe(group, kafka=at(topics)).batches(0)


async def test_killed_in_a_batch_it_goes_on(topics: Topics, group: str, tmp_path: Path) -> None:
    """SIGKILL while batches are worked on: every decision is handled, and an account's in order."""
    wanted, book = decisions_of(60), tmp_path / "book"
    await topics.decide(*wanted)
    for part in (1, 2):
        async with follower(topics.bootstrap, group, book, "40", "", "15") as running:
            await running.until(part * len(wanted) // 4)
            running.kill()
    async with follower(topics.bootstrap, group, book, "0", "", "15") as running:
        found = await running.until(len(wanted))
        assert await running.stop() == 0
    assert set(found) == {each.event_id for each in wanted}
    assert in_order(found)
    assert await topics.committed(group) == len(wanted)


async def test_members_come_and_go_and_every_decision_is_handled(topics: Topics, group: str, tmp_path: Path) -> None:
    """A second member joins and is told to stop again, while they work: no decision is missed or repeated."""
    wanted, book = decisions_of(200), tmp_path / "book"
    async with follower(topics.bootstrap, group, book, "10") as first:
        await topics.decide(*wanted[:300])
        await first.until(50)
        async with follower(topics.bootstrap, group, tmp_path / "second", "10") as second:
            await topics.decide(*wanted[300:])
            await second.until(20)
            assert await second.stop() == 0
        await until_all(wanted, book, tmp_path / "second")
        assert await first.stop() == 0
    found = written(book) + written(tmp_path / "second")
    assert sorted(found) == sorted(each.event_id for each in wanted), "a member that leaves in peace repeats nothing"


async def until_all(wanted: list[Decision], *books: Path) -> None:
    """Return when the books have every decision together."""
    ids = {each.event_id for each in wanted}
    async with asyncio.timeout(60):
        while not ids <= {each for book in books for each in written(book)}:  # noqa: ASYNC110 - other processes write
            await asyncio.sleep(0.05)


async def test_settled_changes_survive_kills(topics: Topics, group: str, tmp_path: Path) -> None:
    """Each account's net change is told once, though whoever waits for it is killed again and again; repeats are few."""
    book = tmp_path / "book"
    ups = decisions_of(40, ("prospect", "customer", "candidate", "client"))
    undone = decisions_of(40, ("client", "candidate", "client"))
    for each in (ups[:60], ups[60:], undone[:0]):
        await topics.decide(*each)
        async with follower(topics.bootstrap, group, book, "0", "1500") as running:
            await asyncio.wait([asyncio.create_task(running.process.wait())], timeout=1)
            running.kill()
    async with follower(topics.bootstrap, group, book, "0", "1500") as running:
        found = await running.until(40)
        assert await running.stop() == 0
    assert {each.rpartition("-")[2] for each in found} == {"3"}, "only the net change of each"
    assert sorted(set(found)) == sorted(f"rc-account-{number}-3" for number in range(40))
    assert await topics.committed(group) == len(ups)


async def test_settled_ones_are_told_once_over_restarts_in_peace(topics: Topics, group: str) -> None:
    """What waits at a stop is told after the next start, and what was told is not."""
    settle = timedelta(seconds=1)
    await topics.decide(decision("early"))
    async with subscribe(group, settle=settle, kafka=at(topics)) as decisions:
        async for each in decisions:
            assert each.account_id == "early"
            await topics.decide(decision("later"), decision("later", "customer", "candidate", event_id="rc-later-2"))
            decisions.stop()
    async with subscribe(group, settle=settle, kafka=at(topics)) as decisions:
        (net,) = await collect(decisions, 1)
    assert (net.account_id, net.from_, net.to, net.stands_for) == (
        "later",
        "prospect",
        "candidate",
        ("rc-later-prospect-customer",),
    )


async def test_erasures_come_in_their_place(topics: Topics, group: str) -> None:
    """Between the account's decisions, as erased or merged, across the two topics."""
    first, second = chain("acme", "prospect", "customer", "lapsed")
    await topics.decide(first)
    await topics.state("acme", state_of("acme"))
    await topics.state("acme", None, "erase-c1")
    await topics.decide(second)
    await topics.state("twin", None, "merge-c2")
    async with subscribe(group, erasures=True, kafka=at(topics)) as messages:
        found = await collect(messages, 4)
    acme = [each for each in found if each.account_id == "acme"]
    assert [type(each) for each in acme] == [Decision, Gone, Decision]
    assert acme[1] == Gone(account_id="acme", reason="erased", event_id="erase-c1", at=datetime(2026, 1, 2, tzinfo=UTC))
    assert [each.reason for each in found if each.account_id == "twin"] == ["merged"]
    assert await topics.committed(group, STATE) == 3


async def test_each_of_three_members_has_an_account_s_decisions_and_its_end(topics: Topics, group: str) -> None:
    """Partitions of one number go to one member, for both topics: else each would wait for the other's for ever."""
    wanted = decisions_of(40, ("prospect", "customer"))
    told: list[list[Any]] = [[], [], []]

    async def follow(number: int) -> None:
        async with subscribe(group, erasures=True, kafka=at(topics)) as messages:
            async for each in messages:
                told[number].append(each)

    following = [asyncio.create_task(follow(number)) for number in range(3)]
    try:
        async with asyncio.timeout(60):
            for turn in count():  # until each has partitions; nothing of it is counted
                if all(told):
                    break
                await topics.decide(
                    *(decision(f"other-{number}", event_id=f"o{turn}-{number}") for number in range(20))
                )
                await topics.state("other-0", None, "merge-c0")
                await asyncio.sleep(0.5)
            await topics.decide(*wanted)
            for number in range(40):
                await topics.state(f"account-{number}", None, f"erase-{number}")
            while len(ends := told_of(told)) < 80:  # noqa: ASYNC110 - the members write
                await asyncio.sleep(0.05)
    finally:
        for task in following:
            task.cancel()
        await asyncio.gather(*following, return_exceptions=True)
    for number in range(40):
        assert ends.index(f"Decision account-{number}") < ends.index(f"Gone account-{number}")


def told_of(told: list[list[Any]]) -> list[str]:
    """Return what was told of the accounts that count, once each, with the kind of message."""
    words = [f"{type(each).__name__} {each.account_id}" for own in told for each in own]
    return list(dict.fromkeys(word for word in words if " account-" in word))


async def test_who_starts_late_has_everybody_and_misses_nothing(topics: Topics) -> None:
    """The snapshot holds the last state of each that is there; what changes after it is told, ends as erased or merged."""
    for number in range(30):
        await topics.state(f"account-{number}", state_of(f"account-{number}", "customer"))
    await topics.state("account-3", state_of("account-3", "client", 2))
    await topics.state("account-4", None, "merge-c1")
    async with States(kafka=at(topics)) as states:
        snapshot = await states.snapshot()
        assert len(snapshot) == 29
        assert (snapshot["account-3"].status, snapshot["account-3"].transition_seq) == ("client", 2)
        await topics.state("account-5", state_of("account-5", "lapsed", 2))
        await topics.state("account-6", None, "erase-c2")
        found = await collect(states, 2)
    assert {(each.account_id, type(each)) for each in found} == {("account-5", State), ("account-6", Gone)}
    assert [each.reason for each in found if isinstance(each, Gone)] == ["erased"]


async def test_an_empty_topic_has_an_empty_snapshot(topics: Topics) -> None:
    """Nobody is nobody, and is known at once."""
    async with States(kafka=at(topics)) as states:
        assert await states.snapshot() == {}


async def test_states_in_a_group_resume(topics: Topics, group: str) -> None:
    """All states first, then what changes; after a restart from where the work ended."""
    await topics.state("acme", state_of("acme"))
    async with subscribe_states(group, kafka=at(topics)) as states:
        assert [each.account_id for each in await collect(states, 1)] == ["acme"]
    await topics.state("acme", None, "erase-c1")
    async with subscribe_states(group, kafka=at(topics)) as states:
        assert [type(each) for each in await collect(states, 1)] == [Gone]


@pytest.mark.parametrize("start", ["latest", "time"])
async def test_a_new_group_begins_where_it_is_told_to(topics: Topics, group: str, start: str) -> None:
    """With the next decision, or with those since a time; a position that is there comes first."""
    await topics.decide(decision("old"))
    since: Any = datetime.now(UTC) + timedelta(milliseconds=1) if start == "time" else "latest"
    await asyncio.sleep(0.01)

    async def later() -> None:
        while await topics.committed(group) == 0 and start == "latest":  # noqa: ASYNC110 - Kafka tells nobody
            await asyncio.sleep(0.05)
        await topics.decide(decision("new"))

    telling = asyncio.create_task(later())
    async with subscribe(group, start=since, kafka=at(topics)) as decisions:
        assert [each.account_id for each in await collect(decisions, 1)] == ["new"]
    await telling
    async with subscribe(group, start="earliest", kafka=at(topics)) as decisions:
        await topics.decide(decision("newer"))
        assert [each.account_id for each in await collect(decisions, 1)] == ["newer"]


async def test_what_cannot_be_read_stops_or_is_passed_over(
    topics: Topics, group: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The error names the place, and comes again; with `skip_unreadable` it is a line in the log."""
    broken = decision("acme", event_id="x", to="partner")
    await topics.decide(decision("acme"), broken, decision("acme", "customer", "candidate"))
    with pytest.raises(UnreadableError, match=r"reclassified.v1 partition \d offset 1: .*partner"):
        async with subscribe(group, kafka=at(topics)) as decisions:
            await collect(decisions, 3)
    with caplog.at_level(logging.ERROR):
        async with subscribe(group, skip_unreadable=True, kafka=at(topics)) as decisions:
            assert [each.to for each in await collect(decisions, 1)] == ["candidate"]
    assert "passed over" in caplog.text


async def test_a_missing_topic_and_a_wrong_address_are_told(topics: Topics, group: str) -> None:
    """In one line each, which says what to do."""
    with pytest.raises(UnreachableError, match=r"no broker answers at 127\.0\.0\.1:9 "):
        await collect(subscribe(group, kafka={"bootstrap_servers": "127.0.0.1:9"}), 1)
    await topics.delete()
    try:
        with pytest.raises(TopicMissingError, match="run `clientward topics apply`"):
            await collect(subscribe(group, kafka=at(topics)), 1)
        with pytest.raises(TopicMissingError):
            async with States(kafka=at(topics)):
                pass
    finally:
        await topics.make()


@own_broker
async def test_a_broker_that_is_away_and_comes_back(group: str, tmp_path: Path) -> None:
    """Killed and started again under the follower: it waits, goes on, and has handled everything."""
    from aiokafka.admin import AIOKafkaAdminClient  # noqa: PLC0415 - for the broker of this test alone

    wanted, book = decisions_of(40), tmp_path / "book"
    with embedded().kafka_server() as server:
        admin = AIOKafkaAdminClient(bootstrap_servers=server.bootstrap)
        await admin.start()
        topics = Topics(server.bootstrap, admin)
        await topics.make()
        await admin.close()
        async with topics:
            await topics.decide(*wanted[:100])
        async with follower(server.bootstrap, group, book, "5") as running:
            await running.until(30)
            await asyncio.to_thread(server.kill)
            await asyncio.to_thread(server.start)
            async with topics:
                await topics.decide(*wanted[100:])
            await running.until(len(wanted))
            assert await running.stop() == 0
    assert set(written(book)) == {each.event_id for each in wanted}
    assert in_order(written(book))
    assert PARTITIONS > 1
