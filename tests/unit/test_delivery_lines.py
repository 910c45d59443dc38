"""What is on its way to an endpoint: in order by account, never lost, whenever the process dies."""

from collections import defaultdict

from delivery_support import item, start, waiting
from hypothesis import given
from hypothesis import strategies as st

from delivering.lines import Lines
from delivering.reading import Item, Mark
from delivering.state import Waiting

LONG = 10**9


class Redis:
    """What would stand in Redis: marks and what waits."""

    def __init__(self, *numbers: int) -> None:
        self.marks: dict[int, Mark] = start(*numbers)
        self.waiting: dict[int, Waiting] = {}

    def write(self, lines: Lines) -> None:
        """Write as the transaction does."""
        written = lines.written()
        self.marks |= written.marks
        self.waiting |= {each.seq: Waiting(**vars_of(each)) for each in written.waiting}
        for seq in written.done:
            self.waiting.pop(seq, None)

    def read(self) -> Lines:
        """Return what a new process begins with."""
        again = [Waiting(**vars_of(each)) for each in self.waiting.values()]
        return Lines(self.marks, sorted(again, key=lambda each: each.seq))


def take(lines: Lines, each: Item, wanted: Waiting | None) -> None:
    """Take one item in."""
    lines.take([each], lambda _: wanted)


def vars_of(each: Waiting) -> dict:
    """Return a message's fields."""
    return {name: getattr(each, name) for name in each.__struct_fields__}


def test_an_account_waits_for_its_first_and_others_do_not() -> None:
    """Of each account one message is under way; the next is due when that was taken."""
    lines = Lines(start())
    for offset, account in enumerate("aab"):
        take(lines, item(offset), waiting(account, offset))
    first, second = lines.next(0), lines.next(0)
    assert [each.event_id for each in (first, second) if each] == ["a-0", "b-2"]
    assert lines.next(0) is None
    lines.delivered("a")
    assert getattr(lines.next(0), "event_id", None) == "a-1"


def test_the_mark_moves_behind_what_is_done_without_a_gap() -> None:
    """What is not wanted moves it at once; what is under way holds it."""
    lines = Lines(start())
    take(lines, item(0), None)
    take(lines, item(1), waiting("a", 1))
    take(lines, item(2), None)
    take(lines, item(3), waiting("b", 3))
    assert lines.written().marks[0].resume[0].offset == 1
    lines.next(0)
    lines.next(0)
    lines.delivered("b")
    assert lines.written().marks == {}
    lines.delivered("a")
    assert lines.written().marks[0].resume[0].offset == 4


def test_what_fails_goes_to_redis_with_all_behind_it_and_holds_the_mark_no_longer() -> None:
    """So a decision that is tried for days costs no repeats of others."""
    lines = Lines(start())
    for offset, account in enumerate("aba"):
        take(lines, item(offset), waiting(account, offset))
    lines.next(0)
    lines.failed("a", due=7.0, since=1.0, why="500")
    lines.next(0)
    lines.delivered("b")
    written = lines.written()
    assert [(each.event_id, each.attempts, each.due, each.since) for each in written.waiting] == [
        ("a-0", 1, 7.0, 1.0),
        ("a-2", 0, 0.0, 0.0),
    ]
    assert written.marks[0].resume[0].offset == 3
    take(lines, item(3), waiting("a", 3))
    assert [each.event_id for each in lines.written().waiting] == ["a-3"], "what joins a line that fails goes there too"
    assert (lines.next(6.9), lines.next_due()) == (None, 7.0)
    assert getattr(lines.next(7.0), "event_id", None) == "a-0"
    lines.delivered("a")
    assert lines.written().done == [0]


def test_what_was_taken_in_before_is_known() -> None:
    """By partition and topic: a reader that begins further back gives it again."""
    lines = Lines(start())
    take(lines, item(4), waiting("a", 4))
    take(lines, item(4), waiting("a", 4))
    take(lines, item(3), waiting("a", 3))
    assert lines.count == 1
    take(lines, item(5), waiting("a", 5))
    assert lines.count == 2


steps = st.lists(
    st.one_of(
        st.tuples(st.just("take"), st.sampled_from("abc")),
        st.tuples(st.sampled_from(["next", "ok", "fail", "write", "crash"]), st.sampled_from("abc")),
    ),
    max_size=80,
)


@given(steps)
def test_killed_at_any_point_nothing_is_lost_and_each_account_stays_in_order(  # noqa: C901 - a small machine
    plan: list[tuple[str, str]],
) -> None:
    """Whatever is taken in, sent, failed, written and forgotten: in the end all are delivered, in order of first arrival."""
    log: list[str] = []
    redis = Redis(0, 1)
    lines = redis.read()
    at = dict.fromkeys((0, 1), 0)
    under_way: set[str] = set()
    delivered: list[str] = []
    clock = 0.0

    def feed() -> None:
        for number in (0, 1):
            while at[number] < len(log):
                offset = at[number]
                at[number] += 1
                account = log[offset]
                take(lines, item(offset, number), waiting(account, offset) if partition_of(account) == number else None)

    for what, account in [*plan, ("finish", "")]:
        clock += 1
        if what == "take":
            log.append(account)
            feed()
        elif what == "next" and (each := lines.next(clock)) is not None:
            under_way.add(each.account_id)
        elif what == "ok" and account in under_way:
            under_way.discard(account)
            delivered.append(first_of(lines, account))
            lines.delivered(account)
        elif what == "fail" and account in under_way:
            under_way.discard(account)
            lines.failed(account, clock + 3, clock, "500")
        elif what == "write":
            redis.write(lines)
        elif what in {"crash", "finish"}:
            if what == "finish":
                for each in sorted(under_way):
                    delivered.append(first_of(lines, each))
                    lines.delivered(each)
                redis.write(lines)
            lines, under_way = redis.read(), set()
            at = {number: mark.resume[0].offset for number, mark in redis.marks.items()}
            feed()
    while (each := lines.next(LONG)) is not None:
        delivered.append(each.event_id)
        lines.delivered(each.account_id)
    assert set(delivered) == {f"{account}-{offset}" for offset, account in enumerate(log)}
    firsts = defaultdict(list)
    for event_id in dict.fromkeys(delivered):
        account, _, offset = event_id.partition("-")
        firsts[account].append(int(offset))
    assert all(offsets == sorted(offsets) for offsets in firsts.values())
    assert lines.count == 0


def partition_of(account: str) -> int:
    """Return the partition of an account: a and b share one."""
    return 0 if account in "ab" else 1


def first_of(lines: Lines, account: str) -> str:
    """Return the id of an account's message that is under way."""
    return lines._lines[account].entries[0].waiting.event_id
