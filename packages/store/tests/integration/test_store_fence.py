"""One owner a partition, on a real Redis: who lost it writes nothing, and a Redis that lost writes is noticed."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from store_support import copy_of, restore, store_maker

from clientward_store import Fenced, Store, StoreUnavailable, Write
from clientward_store.keys import Keys, keys_of
from clientward_store.scripts import Reply


@pytest.fixture
async def new_store(redis_url: str, group: str, tmp_path: Path) -> AsyncIterator[Callable[..., Store]]:
    """Makes stores of one table, as two workers or two lives of one would have them."""
    async with store_maker(group, redis_url, tmp_path) as make:
        yield make


@pytest.fixture
def redis_client(redis_url: str) -> Redis:
    """A client of the test's own, to look and to meddle."""
    return Redis.from_url(redis_url)


@pytest.fixture
def names(group: str) -> Keys:
    """The names of partition 0's keys."""
    return keys_of(f"{group}-things", 0)


async def test_taking_over_counts_the_owners(new_store: Callable[..., Store]) -> None:
    """Each owner has a higher epoch than the one before."""
    first, second = new_store(), new_store()
    epochs = [await first.take_over(0), await second.take_over(0), await first.take_over(0)]
    assert epochs == sorted(set(epochs))


async def test_a_former_owner_is_refused_and_nothing_is_written(
    new_store: Callable[..., Store], redis_client: Redis, names: Keys
) -> None:
    """A worker that lost its partition changes nothing, neither by commit nor by sent nor through the mapping."""
    stale, owner = new_store(), new_store()
    await stale.take_over(0)
    await stale.commit(0, Write({b"a": b"1"}, outbox=[(b"i", b"r")]))
    await owner.take_over(0)
    before = copy_of(redis_client, names)
    ownership = stale.parts.owned[0]
    with pytest.raises(Fenced, match="newer owner"):
        await stale.commit(0, Write({b"a": b"2"}, {"x": 1}, {b"a": 1}, [(b"j", b"s")]))
    stale.parts.owned[0] = ownership
    with pytest.raises(Fenced, match="newer owner"):
        await stale.sent(0, [b"i"], 5)
    stale.parts.owned[0] = ownership
    with pytest.raises(Fenced, match="newer owner"):
        stale.parts.write(0, {b"a": b"3"})
    assert copy_of(redis_client, names) == before


async def test_a_refused_owner_may_take_over_anew(new_store: Callable[..., Store]) -> None:
    """After Fenced nothing of the partition is remembered; a new take-over reads what the other one wrote."""
    first, second = new_store(), new_store()
    await first.take_over(0)
    await first.commit(0, Write({b"a": b"1"}))
    await second.take_over(0)
    await second.commit(0, Write({b"a": b"2"}))
    with pytest.raises(Fenced):
        await first.commit(0, Write({b"a": b"3"}))
    with pytest.raises(Fenced, match="not owned"):
        await first.commit(0, Write({b"a": b"3"}))
    await first.take_over(0)
    assert await first.load(0, [b"a"]) == {b"a": b"2"}
    await first.commit(0, Write({b"a": b"3"}))


async def test_a_redis_that_lost_writes_is_noticed(
    new_store: Callable[..., Store], redis_client: Redis, names: Keys
) -> None:
    """A commit onto a Redis that lost the last commit (failed over, restored) is refused, or it would hide the gap."""
    store = new_store()
    await store.take_over(0)
    await store.commit(0, Write({b"a": b"1"}, {"x": 1}))
    backup = copy_of(redis_client, names)
    await store.commit(0, Write({b"b": b"2"}, {"x": 2}))
    restore(redis_client, backup)
    with pytest.raises(Fenced, match="has lost writes") as refused:
        await store.commit(0, Write({b"c": b"3"}, {"x": 3}))
    assert refused.value.lost_writes
    await store.take_over(0)
    assert await store.positions(0) == {"x": 1}
    assert await store.load(0, [b"b"]) == {b"b": None}


async def test_a_redis_that_comes_back_from_before_a_wipe_has_lost_writes(
    new_store: Callable[..., Store], redis_client: Redis, names: Keys
) -> None:
    """However many owners it had counted by then: the present one counts anew since the wipe, and none has followed it."""
    store = new_store()
    for _ in range(3):
        await new_store().take_over(0)
    backup = copy_of(redis_client, names)
    redis_client.delete(*names)
    assert await store.take_over(0) == 1
    await store.commit(0, Write({b"a": b"1"}))
    restore(redis_client, backup)
    with pytest.raises(Fenced, match="has lost writes") as refused:
        await store.commit(0, Write({b"a": b"2"}))
    assert refused.value.lost_writes
    assert await store.take_over(0) == 4
    await new_store().take_over(0)
    with pytest.raises(Fenced, match="newer owner") as refused:
        await store.commit(0, Write({b"a": b"2"}))
    assert not refused.value.lost_writes


async def test_an_equal_epoch_after_a_wipe_is_no_licence(
    new_store: Callable[..., Store], redis_client: Redis, names: Keys
) -> None:
    """When Redis was emptied and another owner counts to the same epoch, the former owner is refused all the same."""
    stale, owner = new_store(), new_store()
    epoch = await stale.take_over(0)
    redis_client.delete(*names)
    assert await owner.take_over(0) == epoch
    with pytest.raises(Fenced):
        await stale.commit(0, Write({b"a": b"1"}))


@pytest.fixture
def lose_answers(monkeypatch: pytest.MonkeyPatch) -> Callable[[Store], Callable[[], None]]:
    """Cuts a store off after its commands have reached Redis, as a broken connection does; call the result to mend."""

    def cut(store: Store) -> Callable[[], None]:
        whole = store.parts.clients.arun

        async def half(*args: Any) -> Reply:
            await whole(*args)
            raise StoreUnavailable("the answer was lost")

        monkeypatch.setattr(store.parts.clients, "arun", half)
        return lambda: monkeypatch.setattr(store.parts.clients, "arun", whole)

    return cut


async def test_a_commit_whose_answer_was_lost_is_written_once(
    new_store: Callable[..., Store], lose_answers: Any
) -> None:
    """Repeating the same Write after a lost answer neither fails nor writes twice."""
    store = new_store()
    await store.take_over(0)
    write = Write({b"a": b"1"}, {"x": 1}, outbox=[(b"i", b"r")])
    mend = lose_answers(store)
    with pytest.raises(StoreUnavailable):
        await store.commit(0, write)
    mend()
    await store.commit(0, write)
    assert await store.outbox(0) == [(b"i", b"r")]
    await store.commit(0, Write({b"a": b"2"}))
    assert await new_store().load(0, [b"a"]) == {b"a": b"2"}


async def test_another_write_after_a_lost_answer_is_refused(new_store: Callable[..., Store], lose_answers: Any) -> None:
    """A different Write built on what was there before a commit of unknown fate cannot overwrite it."""
    store = new_store()
    await store.take_over(0)
    mend = lose_answers(store)
    with pytest.raises(StoreUnavailable):
        await store.commit(0, Write({b"a": b"1"}))
    mend()
    with pytest.raises(Fenced):
        await store.commit(0, Write({b"a": b"other"}))
    assert await new_store().load(0, [b"a"]) == {b"a": b"1"}


async def test_a_refused_commit_leaves_no_trace_in_the_cache(new_store: Callable[..., Store]) -> None:
    """Values that Redis refused are not served afterwards."""
    stale, owner = new_store(), new_store()
    await stale.take_over(0)
    await stale.commit(0, Write({b"a": b"1"}))
    await owner.take_over(0)
    with pytest.raises(Fenced):
        await stale.commit(0, Write({b"a": b"2"}))
    assert await stale.load(0, [b"a"]) == {b"a": b"1"}
