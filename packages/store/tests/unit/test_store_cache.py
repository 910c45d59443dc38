"""The read cache: bounded, least recently used out first, and never wrong about a partition."""

from collections import OrderedDict
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clientward_store.cache import MISSING, Cache

STEP = st.tuples(st.sampled_from("gps"), st.integers(0, 2), st.sampled_from([b"a", b"b", b"c", b"d"]))


def test_absence_is_known_too() -> None:
    """None says that Redis has no such key; MISSING says that the cache knows nothing."""
    cache = Cache(10)
    cache.put(0, {b"a": None})
    assert cache.get(0, b"a") is None
    assert cache.get(0, b"b") is MISSING
    assert cache.get(1, b"a") is MISSING


def test_split_tells_hits_from_misses() -> None:
    """Keys that are there come back with their values, the others in the order asked."""
    cache = Cache(10)
    cache.put(0, {b"a": b"1", b"b": None})
    assert cache.split(0, [b"x", b"a", b"b", b"y"]) == ({b"a": b"1", b"b": None}, [b"x", b"y"])


def test_forgetting_a_partition_leaves_the_others() -> None:
    """Only the partition's own entries go."""
    cache = Cache(10)
    cache.put(0, {b"a": b"1"})
    cache.put(1, {b"a": b"2"})
    cache.forget(0)
    assert cache.get(0, b"a") is MISSING
    assert cache.get(1, b"a") == b"2"


def test_what_is_cleared_knows_nothing_any_more() -> None:
    """Neither what was there nor that anything was all that there is."""
    cache = Cache(10)
    cache.put(0, {b"a": b"1"})
    cache.complete.add(0)
    cache.clear()
    assert cache.get(0, b"a") is MISSING
    assert cache.split(0, [b"a", b"x"]) == ({}, [b"a", b"x"])


def test_what_a_complete_partition_does_not_have_does_not_exist() -> None:
    """Of a complete partition absence is known, until an entry of it is evicted or it is forgotten; of others never."""
    cache = Cache(2)
    cache.put(0, {b"a": b"1"})
    cache.complete.add(0)
    assert cache.get(0, b"x") is None
    assert cache.split(0, [b"a", b"x"]) == ({b"a": b"1", b"x": None}, [])
    assert cache.get(1, b"x") is MISSING
    cache.put(1, {b"a": b"2", b"b": b"3"})
    assert cache.get(0, b"x") is MISSING
    cache.complete.add(1)
    cache.forget(1)
    assert cache.get(1, b"a") is MISSING


@pytest.mark.parametrize("read", [lambda cache: cache.get(0, b"a"), lambda cache: cache.split(0, [b"a"])])
def test_what_was_read_last_is_evicted_last(read: Callable[[Cache], object]) -> None:
    """A read by either way makes an entry the most recent one: the next to go is the other."""
    cache = Cache(2)
    cache.put(0, {b"a": b"1", b"b": b"2"})
    read(cache)
    cache.put(0, {b"c": b"3"})
    assert cache.split(0, [b"a", b"b", b"c"]) == ({b"a": b"1", b"c": b"3"}, [b"b"])


def test_no_limit_means_no_entries() -> None:
    """A cache of 0 keeps nothing."""
    cache = Cache(0)
    cache.put(0, {b"a": b"1"})
    assert len(cache) == 0
    assert cache.get(0, b"a") is MISSING


@given(st.lists(STEP, max_size=60), st.integers(0, 5))
def test_it_is_an_lru(steps: list[tuple[str, int, bytes]], limit: int) -> None:
    """Over any use it holds what a plain model of a least-recently-used cache holds, and never more than its limit."""
    cache = Cache(limit)
    model: OrderedDict[tuple[int, bytes], bytes] = OrderedDict()
    for number, (what, partition, key) in enumerate(steps):
        entry, value = (partition, key), b"%d" % number
        if what == "p":
            cache.put(partition, {key: value})
            model[entry] = value
            model.move_to_end(entry)
            while len(model) > limit:
                model.popitem(last=False)
        else:
            expected = model.get(entry, MISSING)
            if entry in model:
                model.move_to_end(entry)
            got = cache.get(partition, key) if what == "g" else cache.split(partition, [key])[0].get(key, MISSING)
            assert got == expected
        assert len(cache) == len(model) <= limit


def test_an_entry_at_the_limit_stays_and_one_beyond_it_ends_what_was_complete() -> None:
    """Of the partition that lost it alone."""
    cache = Cache(2)
    cache.put(0, {b"a": b"1"})
    cache.put(1, {b"a": b"2"})
    cache.complete |= {0, 1}
    assert (len(cache), cache.complete) == (2, {0, 1})
    cache.put(1, {b"b": b"3"})
    assert (len(cache), cache.complete) == (2, {1})
    assert cache.get(0, b"a") is MISSING


def test_what_is_put_again_is_the_most_recent_one() -> None:
    """With its new value; the other one is next to go."""
    cache = Cache(2)
    cache.put(0, {b"a": b"1", b"b": b"2"})
    cache.put(0, {b"a": b"3"})
    cache.put(0, {b"c": b"4"})
    assert cache.split(0, [b"a", b"b", b"c"]) == ({b"a": b"3", b"c": b"4"}, [b"b"])


def test_forgetting_a_partition_leaves_the_others_complete() -> None:
    """And forgets of its own that it was."""
    cache = Cache(9)
    cache.complete |= {0, 1}
    cache.forget(0)
    assert cache.complete == {1}
