"""Lines put in the order in which they happened: stable, in parts where they are many, and never past an erasure."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relationship.contract.messages import COMMANDS, PURCHASES, TICKETS
from streams.wire.ordering import in_event_order


def line(day: int, account: str = "a", topic: str = PURCHASES, **more: object) -> bytes:
    """Return a line of an event of a day of 2026, counted from January 1."""
    at = f"2026-{1 + day // 28:02}-{1 + day % 28:02}T00:00:00Z"
    value = {"event_id": f"e{day}", "account_id": account, "occurred_at": at, **more}
    return json.dumps({"topic": topic, "value": value}).encode()


def order(*lines: bytes, most: int = 1_000) -> list[int]:
    """Return the numbers of lines as they come out; each with its own text."""
    found = list(in_event_order(enumerate(lines, 1), most))
    assert all(text == lines[number - 1] for number, text in found)
    return [number for number, _ in found]


def test_newest_first_becomes_oldest_first() -> None:
    """Whatever the file's order is, an earlier event comes earlier; equal times and ids keep the file's order."""
    assert order(line(3), line(2), line(1)) == [3, 2, 1]
    assert order(line(2, "b"), line(1), line(2, "a"), line(1, topic=TICKETS)) == [2, 4, 1, 3]
    assert order() == []


def test_events_of_one_moment_come_as_they_are_folded() -> None:
    """By topic and id, so that a basket's lines are appended one after the other; what is no event stays where it was."""
    lines = [
        line(1, event_id="c"),
        line(1, event_id="a"),
        b"{",
        line(1, topic=TICKETS, event_id="0"),
        line(1, event_id="b"),
    ]
    assert order(*lines) == [2, 3, 5, 1, 4]
    assert order(line(1, topic=COMMANDS, command="release"), line(1, event_id="z")) == [2, 1]


def test_offsets_of_zones_count() -> None:
    """Times are compared as moments, not as text."""
    early = line(0).replace(b"T00:00:00Z", b"T00:30:00+01:00")
    assert order(line(0), early) == [2, 1]


def test_what_does_not_say_when_stays_behind_the_line_before_it() -> None:
    """Nonsense, a blank line, a time without an offset: told of at the place where they stood."""
    nonsense, naive = b"{oops", line(0).replace(b"Z", b"")
    assert order(line(2), nonsense, line(1), b"\n", naive) == [3, 4, 5, 1, 2]
    assert order(nonsense, line(1)) == [1, 2]


def test_nothing_moves_past_an_erasure() -> None:
    """What stood before it is covered, whenever it is dated; what stands after it of the account is a new account."""
    erase = line(1, topic=COMMANDS, command="erase")
    assert order(line(5), erase) == [1, 2]
    assert order(line(5), erase, line(3)) == [1, 2, 3]
    assert order(line(5), erase, line(3), line(7), line(4, "b")) == [5, 1, 2, 3, 4]
    late = line(9, topic=COMMANDS, command="erase")
    assert order(line(5), late, line(6)) == [1, 2, 3]
    assert order(line(5), line(1, topic=COMMANDS, command="release", by="kim")) == [2, 1]


@given(
    st.lists(st.tuples(st.integers(0, 60), st.sampled_from("ab"), st.sampled_from([False, False, False, True]))),
    st.integers(1, 7),
)
def test_sorting_in_parts_is_sorting(events: list[tuple[int, str, bool]], most: int) -> None:
    """A file that is merged from parts comes out as one that is sorted at once, and every line once."""
    lines = [line(day, who, COMMANDS, command="erase") if erase else line(day, who) for day, who, erase in events]
    whole = order(*lines)
    assert order(*lines, most=most) == whole
    assert sorted(whole) == list(range(1, len(lines) + 1))
    place = {number: at for at, number in enumerate(whole)}
    erasures = [number for number, (_, _, erase) in enumerate(events, 1) if erase]
    for number in erasures:
        assert all(place[before] < place[number] for before in range(1, number))
        own = [after for after in range(number + 1, len(events) + 1) if events[after - 1][1] == events[number - 1][1]]
        assert all(place[after] > place[number] for after in own)
    if not erasures:
        assert all(events[a - 1][0] <= events[b - 1][0] for a, b in pairwise(whole))


def test_what_stands_behind_an_erasure_keeps_its_own_time_where_that_is_later() -> None:
    """Only what is dated before it is moved to it, of its account alone, and commands that erase nothing move nothing."""
    erase = line(1, topic=COMMANDS, command="erase")
    assert order(erase, line(5), line(3, "b")) == [1, 3, 2]
    assert order(line(2, "b"), erase, line(5), line(0), line(3, "b")) == [1, 2, 4, 5, 3]
    assert order(line(5, topic=TICKETS, command="erase"), line(1)) == [2, 1]


def test_an_erasure_comes_before_what_happened_at_its_moment() -> None:
    """And two of one moment in the order of the file, each before what stands behind it."""
    erase = line(2, topic=COMMANDS, command="erase")
    assert order(line(2), erase, line(2, event_id="0")) == [1, 2, 3]
    other = line(2, "b", topic=COMMANDS, command="erase")
    assert order(erase, other, line(2, "b"), line(2, event_id="e1")) == [1, 2, 4, 3]


def test_a_second_erasure_moves_what_stands_behind_it_to_itself() -> None:
    """The later one of the two counts, whichever is dated later."""
    first, second = (line(day, topic=COMMANDS, command="erase") for day in (9, 1))
    assert order(first, second, line(3), line(9, "b", event_id="z")) == [1, 2, 3, 4]


def test_a_line_without_an_id_comes_first_of_its_moment() -> None:
    """Of its topic; topics have their order before ids have theirs."""
    nameless = json.dumps({"topic": PURCHASES, "value": {"account_id": "a", "occurred_at": "2026-01-02T00:00:00Z"}})
    assert order(line(1, event_id="0"), nameless.encode(), line(1, topic=TICKETS, event_id="")) == [2, 1, 3]


@pytest.mark.parametrize("count", [2, 3, 4, 6, 7])
def test_a_file_of_as_many_lines_as_are_held_is_whole(count: int) -> None:
    """One line fewer or more is too, and parts that come out even."""
    lines = [line(day) for day in range(count, 0, -1)]
    assert order(*lines, most=3) == [*range(count, 0, -1)]


@pytest.mark.parametrize("at", ["2026-01-01", "soon", "", 5, None])
def test_a_time_that_cannot_be_read_is_none(at: object) -> None:
    """Its line stays behind the one before it."""
    assert order(line(2), line(0, occurred_at=at), line(1)) == [3, 1, 2]
