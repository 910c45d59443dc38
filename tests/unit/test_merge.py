"""The event-time merge: order, ties, and who holds back whom."""

from typing import Any, NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from streams.engine.merge import Merge


class Item(NamedTuple):
    """Something that happened."""

    at: float
    name: Any

    @property
    def topic(self) -> str:
        """The topic, which the name begins with."""
        return str(self.name)[0]


def taken(merge: Merge[Item], limit: int = 10) -> list[Any]:
    """Take items, and return their names."""
    return [item.name for item in merge.take(limit)]


def test_the_topic_whose_next_item_happened_first_comes_next() -> None:
    """Items of two topics come out in the order in which they happened, whatever the order of fetching."""
    merge: Merge[Item] = Merge(["a", "b"])
    merge.add("b", [Item(1.0, "b1"), Item(4.0, "b4")], more=False)
    merge.add("a", [Item(2.0, "a2"), Item(3.0, "a3"), Item(5.0, "a5")], more=False)
    assert taken(merge) == ["b1", "a2", "a3", "b4", "a5"]
    assert merge.is_empty()


def test_at_the_same_moment_the_topic_named_first_comes_first() -> None:
    """A tie is decided by the order of the topics, so that a replay folds as the first run did."""
    merge: Merge[Item] = Merge(["a", "b"])
    merge.add("b", [Item(1.0, "b")], more=False)
    merge.add("a", [Item(1.0, "a")], more=False)
    assert taken(merge) == ["a", "b"]


def test_within_a_topic_the_order_is_the_topics_own() -> None:
    """An item that is older than the one before it in its topic stays behind it."""
    merge: Merge[Item] = Merge(["a", "b"])
    merge.add("a", [Item(5.0, "new"), Item(1.0, "old")], more=False)
    merge.add("b", [Item(3.0, "b")], more=False)
    assert taken(merge) == ["b", "new", "old"]


def test_an_empty_topic_holds_the_others_back_only_while_it_has_more() -> None:
    """Nothing is taken while a topic with more to come has nothing here; at its end it holds back nothing."""
    merge: Merge[Item] = Merge(["a", "b"])
    merge.add("a", [Item(1.0, "a")], more=True)
    assert taken(merge) == []
    merge.add("b", [Item(2.0, "b")], more=True)
    assert taken(merge) == ["a"]
    assert merge.first("b") == Item(2.0, "b")
    merge.add("a", (), more=False)
    assert taken(merge) == ["b"]
    assert merge.first("b") is None


def test_the_limit_cuts_and_the_rest_waits() -> None:
    """No more than the limit is taken, and the next call goes on there."""
    merge: Merge[Item] = Merge(["a"])
    merge.add("a", [Item(float(n), n) for n in range(5)], more=False)
    assert taken(merge, 3) == [0, 1, 2]
    assert merge.buffered("a") == 2
    assert taken(merge, 3) == [3, 4]


@given(st.lists(st.lists(st.integers(0, 20)), min_size=1, max_size=4), st.integers(1, 7))
def test_ordered_topics_come_out_ordered_and_whole(topics: list[list[int]], limit: int) -> None:
    """Topics that are in order merge into one sequence in order, with every item once, however it is cut."""
    names = [str(number) for number in range(len(topics))]
    merge: Merge[Item] = Merge(names)
    for name, times in zip(names, topics, strict=True):
        merge.add(name, [Item(float(at), (at, name)) for at in sorted(times)], more=False)
    whole: list[Any] = []
    while part := taken(merge, limit):
        assert len(part) <= limit
        whole += part
    assert whole == sorted((at, name) for name, times in zip(names, topics, strict=True) for at in times)


def test_what_is_put_back_comes_next() -> None:
    """Items that were taken and put back come out again in the same order, before all others."""
    merge: Merge[Item] = Merge(["a", "b"])
    merge.add("a", [Item(1.0, "a1"), Item(3.0, "a3"), Item(5.0, "a5")], more=False)
    merge.add("b", [Item(2.0, "b2")], more=False)
    first = merge.take(3)
    merge.put_back(first[1:])
    assert taken(merge) == ["b2", "a3", "a5"]
