"""What committed steps owe is sent in order: states, then decisions, then acknowledged, and only then the next step's."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from relationship.contract.outcome import RECLASSIFIED, Outgoing
from streams.engine.dispatch import CONFIRMED_SECONDS, MOST_WAITING, Dispatch, PendingSends
from streams.engine.ports import SystemClock
from streams.engine.set_aside import SetAside
from streams.engine.step import OutboxEntry

CHANGELOG = ("changelog", 3)


class Kafka:
    """A publisher that stores what it is given when it is told to, and notes the order."""

    def __init__(self) -> None:
        self.story: list[str] = []
        self.may_store = asyncio.Event()
        self.may_store.set()
        self.wrong: Exception | None = None

    async def publish_changes(self, place: tuple[str, int], changes: Mapping[bytes, bytes | None]) -> int:
        """Store states."""
        assert place == CHANGELOG
        await self._store("states", changes)
        return len(self.story)

    async def publish(self, sendings: Sequence[Any]) -> Mapping[tuple[str, int], int]:
        """Store decisions."""
        await self._store("decisions", [sending.key for sending in sendings])
        return {}

    async def _store(self, what: str, names: Any) -> None:
        await self.may_store.wait()
        if self.wrong is not None:
            raise self.wrong
        self.story.append(f"{what} {b' '.join(names).decode()}")


class Frozen(SystemClock):
    """A clock that shows what a test says."""

    def __init__(self, now: list[float]) -> None:
        self.now = now

    def monotonic(self) -> float:
        """Return the test's time."""
        return self.now[0]


class Owner:
    """A partition's owner, as the dispatch sees it."""

    def __init__(self, now: list[float] | None = None) -> None:
        self.kafka = Kafka()
        self.confirmed = 0
        self.nudges = 0
        clock = Frozen(now) if now else SystemClock()
        aside = SetAside(clock, lambda count: None)  # noqa: ARG005 - nothing is refused here
        self.dispatch = Dispatch(CHANGELOG, self.kafka, self._confirm, self._nudge, aside, clock)

    async def _confirm(self) -> None:
        self.confirmed += 1

    def _nudge(self) -> None:
        self.nudges += 1

    def owed(self, name: str, *, age: float = 0.0) -> PendingSends:
        """Return what a step of one account owes; `age` seconds ago Redis said that the partition is ours."""
        entry = OutboxEntry(name, Outgoing(RECLASSIFIED, name, b"{}", name, "2026-01-01T00:00:00Z"))
        done = lambda: self.kafka.story.append(f"done {name}")  # noqa: E731 - one line says it
        return PendingSends({name.encode(): b""}, {name.encode(): entry}, time.monotonic() - age, [done])


async def test_an_accounts_next_state_follows_the_decisions_of_the_one_before() -> None:
    """Only once all is out comes an account's next state, whose record no longer carries these decisions."""
    owner = Owner()
    await owner.dispatch.put(owner.owed("a"))
    await owner.dispatch.put(owner.owed("b"))
    await owner.dispatch.put(owner.owed("a"))
    await owner.dispatch.put(owner.owed("c"))
    await owner.dispatch.drained()
    first = ["states a b", "decisions a b", "done a", "done b"]
    assert owner.kafka.story == [*first, "states a c", "decisions a c", "done a", "done c"]


async def test_states_without_decisions_travel_together() -> None:
    """Of an account that has decided nothing the latest state is enough: it replaces the one before."""
    owner = Owner()
    await owner.dispatch.put(owner.owed("a")._replace(entries={}))
    await owner.dispatch.put(owner.owed("a"))
    await owner.dispatch.drained()
    assert owner.kafka.story == ["states a", "decisions a", "done a", "done a"]


async def test_what_was_sent_is_told_once() -> None:
    """The ids that left the outbox and the changelog's offset are handed over to be noted, and then forgotten."""
    owner = Owner()
    await owner.dispatch.put(owner.owed("a"))
    await owner.dispatch.drained()
    assert owner.dispatch.unnoted == 1
    assert owner.dispatch.take_sent() == ([b"a"], 1)
    assert owner.dispatch.take_sent() == ([], None)


async def test_whoever_folds_waits_while_too_much_is_unsent() -> None:
    """While Kafka does not answer, only so many committed steps may wait."""
    owner = Owner()
    owner.kafka.may_store.clear()
    for number in range(MOST_WAITING + 1):  # one is being sent
        await owner.dispatch.put(owner.owed(str(number)))
        await asyncio.sleep(0)
    one_more = asyncio.create_task(owner.dispatch.put(owner.owed("more")))
    await asyncio.sleep(0)
    assert not one_more.done()
    owner.kafka.may_store.set()
    await one_more
    await owner.dispatch.drained()
    assert owner.kafka.story[-1] == "done more"
    assert owner.kafka.story[0] == "states 0"


async def test_what_ends_the_sending_reaches_the_owner() -> None:
    """An error wakes the owner, who is told of it at the next call, and nothing is acknowledged."""
    owner = Owner()
    owner.kafka.wrong = RuntimeError("refused")
    await owner.dispatch.put(owner.owed("a"))
    with pytest.raises(RuntimeError, match="refused"):
        await owner.dispatch.drained()
    assert owner.nudges == 1
    for call in (owner.dispatch.put(owner.owed("b")), owner.dispatch.drained()):
        with pytest.raises(RuntimeError, match="refused"):
            await call
    assert owner.kafka.story == []


async def test_a_dispatch_that_was_dropped_begins_anew() -> None:
    """After a drop nothing of before is sent or told, and what comes later is."""
    owner = Owner()
    owner.kafka.may_store.clear()
    await owner.dispatch.put(owner.owed("a"))
    await owner.dispatch.put(owner.owed("b"))
    await asyncio.sleep(0)
    await owner.dispatch.drop()
    owner.kafka.may_store.set()
    await owner.dispatch.put(owner.owed("c"))
    await owner.dispatch.drained()
    assert owner.kafka.story == ["states c", "decisions c", "done c"]


async def test_a_confirmation_counts_from_when_it_was_asked_for() -> None:
    """Not from when Redis answered: what it said may have been true at the asking alone. It holds for one second."""
    now = [1000.0]
    owner = Owner(now)

    async def slow_confirm() -> None:
        owner.confirmed += 1
        now[0] += 0.75 * CONFIRMED_SECONDS

    owner.dispatch._confirm = slow_confirm
    for committed_at, confirmed, passes in (
        (1000.0 - 1.001 * CONFIRMED_SECONDS, 1, 0.5),  # old when it is sent: asked once, before the states
        (0.0, 2, 0.0),  # 1.25 seconds after that was asked for it is asked for again
        (0.0, 2, 0.25),  # 0.75 seconds later it still holds
        (0.0, 2, 0.0),  # a second later to the moment it holds
    ):
        await owner.dispatch.put(owner.owed("a")._replace(committed_at=committed_at))
        await owner.dispatch.drained()
        assert owner.confirmed == confirmed
        now[0] += passes * CONFIRMED_SECONDS


async def test_a_commit_confirms_as_well() -> None:
    """A commit that Redis took says that the partition was ours; an older one takes nothing back."""
    owner = Owner([1000.0])
    for committed_at in (1000.0 - CONFIRMED_SECONDS, 1000.0, 0.0):
        await owner.dispatch.put(owner.owed("a")._replace(committed_at=committed_at))
        await owner.dispatch.drained()
    assert owner.confirmed == 0
    assert len(owner.kafka.story) == 9


async def test_what_was_sent_before_a_drop_is_forgotten_with_it() -> None:
    """Ids and the changelog's offset belong to the ownership that ended: the next one reads the outbox again."""
    owner = Owner()
    await owner.dispatch.put(owner.owed("a"))
    await owner.dispatch.drained()
    assert owner.dispatch.unnoted == 1
    await owner.dispatch.drop()
    assert owner.dispatch.unnoted == 0
    assert owner.dispatch.take_sent() == ([], None)


async def test_steps_travel_together_only_until_one_that_an_earlier_one_decided_about() -> None:
    """Whether the first or a later one of those that travel has decided: the account's next state waits."""
    owner = Owner()
    for name in "abb":
        await owner.dispatch.put(owner.owed(name))
    await owner.dispatch.drained()
    first = ["states a b", "decisions a b", "done a", "done b"]
    assert owner.kafka.story == [*first, "states b", "decisions b", "done b"]


async def test_what_still_waited_at_a_drop_is_forgotten() -> None:
    """Not only what was being sent; nor what was sent and not noted."""
    owner = Owner()
    await owner.dispatch.put(owner.owed("z"))
    await owner.dispatch.drained()
    owner.kafka.may_store.clear()
    await owner.dispatch.put(owner.owed("a"))
    await asyncio.sleep(0)
    await owner.dispatch.put(owner.owed("b"))
    await owner.dispatch.drop()
    assert owner.dispatch.take_sent() == ([], None)
    owner.kafka.may_store.set()
    await owner.dispatch.put(owner.owed("c"))
    await owner.dispatch.drained()
    assert owner.kafka.story[3:] == ["states c", "decisions c", "done c"]


async def test_a_step_without_states_or_decisions_is_acknowledged_all_the_same() -> None:
    """Nothing is sent for it, and nothing is asked."""
    owner = Owner()
    await owner.dispatch.put(owner.owed("a", age=9.0)._replace(values={}, entries={}))
    await owner.dispatch.drained()
    assert owner.kafka.story == ["done a"]
    assert owner.confirmed == 0


async def test_the_age_of_what_waits_is_that_of_the_oldest_step() -> None:
    """Since when it is committed, however much comes behind it; nothing waits once Kafka has it, or after a drop."""
    now = [100.0]
    owner = Owner(now)
    owner.kafka.may_store.clear()
    await owner.dispatch.put(owner.owed("a")._replace(committed_at=now[0]))
    now[0] = 160.0
    await owner.dispatch.put(owner.owed("b")._replace(committed_at=now[0]))
    await asyncio.sleep(0)
    assert owner.dispatch.oldest_at == 100.0
    owner.kafka.may_store.set()
    await owner.dispatch.drained()
    assert owner.dispatch.oldest_at is None
    owner.kafka.may_store.clear()
    await owner.dispatch.put(owner.owed("c")._replace(committed_at=now[0]))
    await asyncio.sleep(0)
    assert owner.dispatch.oldest_at == 160.0
    await owner.dispatch.drop()
    assert owner.dispatch.oldest_at is None


@pytest.mark.parametrize(("steps", "waits"), [(8, False), (9, True)])
async def test_eight_steps_wait_behind_the_one_that_is_being_sent(steps: int, waits: bool) -> None:
    """The ninth waits with whoever has folded it."""
    owner = Owner()
    owner.kafka.may_store.clear()
    for number in range(steps):
        await owner.dispatch.put(owner.owed(str(number)))
        await asyncio.sleep(0)
    last = asyncio.create_task(owner.dispatch.put(owner.owed("last")))
    await asyncio.sleep(0)
    assert last.done() is not waits
    owner.kafka.may_store.set()
    await last
    await owner.dispatch.drained()


@pytest.mark.parametrize(("age", "asked"), [(0.99, 0), (1.0, 0), (1.01, 1)])
async def test_an_old_ownership_is_confirmed_before_anything_is_sent(age: float, asked: int) -> None:
    """A worker that was paused after its commit asks Redis before it writes; at the second the commit still holds."""
    owner = Owner([1000.0])
    await owner.dispatch.put(owner.owed("a")._replace(committed_at=1000.0 - age))
    await owner.dispatch.drained()
    assert owner.confirmed == asked


async def test_markers_of_states_that_are_stored_count_as_sent() -> None:
    """Before the decisions of their step, which follow them."""
    owner = Owner()
    for name in "ab":
        await owner.dispatch.put(owner.owed(name)._replace(markers=[b"m" + name.encode()]))
    await owner.dispatch.drained()
    assert owner.dispatch.take_sent() == ([b"ma", b"mb", b"a", b"b"], 1)


async def test_a_drop_tells_whose_decisions_were_under_way() -> None:
    """They may be stored behind those of the next owner; of states alone, or of what is stored, nothing is."""
    owner = Owner()
    owner.kafka.may_store.clear()
    await owner.dispatch.put(owner.owed("a")._replace(values={}))
    await owner.dispatch.put(owner.owed("b")._replace(values={b"a": b""}))
    await asyncio.sleep(0)
    assert await owner.dispatch.drop() == {b"a"}
    owner.kafka.may_store.set()
    assert await owner.dispatch.drop() == set()
