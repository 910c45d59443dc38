"""What a step takes, account by account, and what it counts of it; the fold is a hand-written one."""

from collections.abc import Sequence
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from story import purchase

from relationship.contract.messages import COMMANDS, PURCHASES, TICKETS
from relationship.contract.outcome import Applied, Delivered, Outcome, Reason, Refused, Repeat, Verdict
from streams.engine.step import StepBuilder
from streams.wire.arrivals import EPOCH, Arrival, arrival_of, first_step_input, positions_after, step_input

BROKEN = Refused(Reason.DECODE, "broken")
LATE = Refused(Reason.LATE, "late")


def arrival(offset: int, key: bytes = b"a", *, topic: str = PURCHASES, refused: Refused | None = None) -> Arrival:
    """Return a record of an account that happened `offset` seconds after the epoch."""
    record = SimpleNamespace(offset=offset, timestamp=9_000, key=key, headers=())
    return arrival_of(topic, record, refused or purchase(0)[1], EPOCH + timedelta(seconds=offset))  # type: ignore[arg-type]


def test_a_share_holds_every_account_and_what_is_refused() -> None:
    """In order, each under its key; a refused record's key says nothing."""
    taken = [arrival(0), arrival(1, b"b"), arrival(2), arrival(3, b"a", refused=BROKEN)]
    share = step_input(taken)
    assert share.arrivals == taken
    assert share.accounts == {b"a": [taken[0], taken[2]], b"b": [taken[1]]}
    assert share.refused == [taken[3]]
    assert positions_after(taken) == {PURCHASES: 4}


@pytest.mark.parametrize(
    ("keys", "most", "count"),
    [
        ("", 1, 0),
        ("aba", 2, 3),
        ("aba", 1, 2),
        ("abab", 1, 2),
        ("aaa", 2, 2),
        ("aAa", 2, 2),
        ("AAb", 2, 3),
        ("AAA", 2, 2),
    ],
)
def test_a_share_ends_before_the_first_record_too_many_of_its_key(keys: str, most: int, count: int) -> None:
    """Refused records (capitals here) count with the key that they bear."""
    taken = [arrival(n, k.lower().encode(), refused=BROKEN if k.isupper() else None) for n, k in enumerate(keys)]
    share = first_step_input(taken, most)
    assert share == step_input(taken[:count])


def test_lines_of_one_moment_are_folded_by_their_ids() -> None:
    """Within a topic; another moment or topic between them keeps them apart, and a single one is left as it is."""

    def at(offset: int, name: str, minute: int = 0, topic: str = PURCHASES) -> Arrival:
        record = SimpleNamespace(offset=offset, timestamp=9_000, key=b"a", headers=())
        return arrival_of(topic, record, purchase(0, name)[1], EPOCH + timedelta(minutes=minute))  # type: ignore[arg-type]

    arrivals = [at(0, "c"), at(1, "a"), at(2, "b"), at(3, "0", 1), at(4, "9", 1, TICKETS), at(5, "8", 1)]
    (found,) = step_input(arrivals).accounts.values()
    assert [each.offset for each in found] == [1, 2, 0, 3, 4, 5]
    assert step_input(arrivals).arrivals == arrivals


class Judge:
    """A fold that gives verdicts as it is told to, by offset."""

    def __init__(self, verdicts: dict[int, Verdict], *, short: bool = False) -> None:
        self._verdicts = verdicts
        self._short = short

    def step(self, account_id: str, record: bytes | None, delivered: Sequence[Delivered], decided_at: int) -> Outcome:
        """Judge."""
        assert (account_id, record, decided_at) == ("a", None, 5)
        verdicts = [self._verdicts.get(each.offset, Applied()) for each in delivered]
        return Outcome(b"new", True, verdicts[1:] if self._short else verdicts, [], None)  # noqa: FBT003


def folded(fold: Any, arrivals: Sequence[Arrival]) -> StepBuilder:
    """Fold arrivals of accounts that are not there yet."""
    share = step_input(arrivals)
    folding = StepBuilder(fold, dict.fromkeys(share.accounts), 5)
    assert len([*folding.arrivals(share.accounts, share.refused)]) == len(share.accounts)
    return folding


def test_verdicts_are_counted_by_topic_and_refusals_kept_with_their_records() -> None:
    """What the codec refused comes first, then what the fold refused, account after account; the rest moves the clock."""
    a, other, broken = arrival(7), arrival(8, topic=TICKETS), arrival(99, refused=BROKEN)
    late, again = arrival(10, b"b"), arrival(9, b"b")
    step = folded(Judge({10: LATE, 9: Repeat()}), [broken, a, other, again, late]).step({})
    assert step.counts == {
        (PURCHASES, "refused"): 2,
        (PURCHASES, "applied"): 1,
        (TICKETS, "applied"): 1,
        (PURCHASES, "repeat"): 1,
    }
    assert step.refused == [(broken, BROKEN), (late, LATE)]
    assert step.newest == 10
    assert step.write.values == {b"a": b"new", b"b": b"new"}


def test_a_step_of_refused_records_alone_moves_no_clock() -> None:
    """There is nothing to fold."""
    step = folded(Judge({}), [arrival(99, refused=BROKEN)]).step({})
    assert (step.newest, dict(step.counts)) == (0.0, {(PURCHASES, "refused"): 1})


def test_a_fold_that_leaves_a_message_without_a_verdict_is_an_error() -> None:
    """No record may go uncounted."""
    with pytest.raises(ValueError, match="1 verdicts on 2 messages"):
        folded(Judge({}, short=True), [arrival(0), arrival(1)])


def with_headers(*headers: tuple[str, bytes | None]) -> Arrival:
    """Return an arrival with headers."""
    record = SimpleNamespace(offset=3, timestamp=9_000.7, key=b"a", headers=headers)
    return arrival_of(PURCHASES, record, purchase(0)[1], EPOCH)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("told", "days"),
    [
        (b"0", 0),
        (b"1", 1),
        (b"3649", 3_649),
        (b"3650", 3_650),
        (b"3651", 3_650),
        (b"99999", 3_650),
        (b"100000", 0),
        (b"00001", 1),
        (b"000001", 0),
        (b"", 0),
        (b"-1", 0),
        (b"1.5", 0),
        (b"soon", 0),
        (None, 0),
    ],
)
def test_a_record_may_be_as_late_as_its_header_says(told: bytes | None, days: int) -> None:
    """In whole days of five digits at most, ten years at most; what is no such number counts for nothing."""
    assert with_headers(("clientward_lateness_days", told)).lateness_us == days * 86_400_000_000
    assert with_headers(("other", b"7")).lateness_us == 0


def test_a_record_without_headers_is_no_later_than_any() -> None:
    """And has no trace; Kafka's time of it is in whole milliseconds."""
    plain = with_headers()
    assert (plain.lateness_us, plain.traceparent, plain.arrived_ms) == (0, None, 9_000)
    assert (plain.offset, plain.covered, plain.refused) == (3, False, None)


def test_a_trace_is_the_first_that_is_told() -> None:
    """Bytes that are no text are replaced, and do not hold up the record."""
    assert (
        with_headers(("traceparent", None), ("x", b"1"), ("traceparent", b"00-a"), ("traceparent", b"2")).traceparent
        == "00-a"
    )
    assert with_headers(("traceparent", b"\xff")).traceparent == "\ufffd"


def test_lines_are_put_in_order_of_their_ids_by_moment_topic_and_account() -> None:
    """The same ids of another account stay with it; commands of one moment stay as they came."""

    def at(offset: int, name: str, key: bytes, topic: str) -> Arrival:
        record = SimpleNamespace(offset=offset, timestamp=9_000, key=key, headers=())
        return arrival_of(topic, record, purchase(0, name)[1], EPOCH)  # type: ignore[arg-type]

    mixed = [at(0, "b", b"x", PURCHASES), at(1, "a", b"y", PURCHASES), at(2, "a", b"x", PURCHASES)]
    assert {key: [each.offset for each in found] for key, found in step_input(mixed).accounts.items()} == {
        b"x": [2, 0],
        b"y": [1],
    }
    told = [at(0, "b", b"x", COMMANDS), at(1, "a", b"x", COMMANDS)]
    assert [each.offset for each in step_input(told).accounts[b"x"]] == [0, 1]
