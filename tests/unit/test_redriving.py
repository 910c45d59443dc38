"""Dead letters sent again or given up: which, how often, with which headers; and what a note may say."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, NamedTuple

import msgspec
import pytest
from faust.types import TP
from pydantic import ValidationError
from story import NOW_US, POLICY, purchase

from actions.dead_letters import PORTION, portion_size, portions
from relationship.contract.messages import PURCHASES
from relationship.contract.outcome import Applied, Reason, Refused
from relationship.core import Core
from streams.config.settings import Settings
from streams.wire.arrivals import EPOCH, LATENESS_DAYS, MOST_LATENESS_DAYS, arrival_of
from streams.wire.dead_letters import dead_letter
from streams.wire.redriving import (
    MOST_REDRIVES,
    REDRIVEN,
    Letter,
    LetterFilter,
    Note,
    counted,
    note_headers,
    noted,
    places_of,
    read_letter,
    read_note,
    redriven_headers,
    times_redriven,
    why_not,
)

DAY_MS = 86_400_000


class Record(NamedTuple):
    """A record as consumed; by default a refused one, as it stood in its topic."""

    offset: int = 42
    timestamp: int = 10 * DAY_MS
    key: bytes | None = b"acme"
    value: bytes | None = b"{}"
    headers: Any = ()
    partition: int = 3


REFUSED = Record()


def letter(
    record: Record = REFUSED, topic: str = PURCHASES, reason: Reason = Reason.LATE, states: Any = None, at: int = 7
) -> Letter:
    """Return a record's dead letter, as it is read back from its topic at offset `at`."""
    found = dead_letter(TP(topic, 3), record, Refused(reason, "why"), now=0)
    read = read_letter(Record(at, 20 * DAY_MS, found.key, found.value, found.headers), states or {})
    assert read is not None
    return read


def test_headers_count_the_tries_and_keep_the_rest() -> None:
    """A record's own headers stay in order; the count goes up by one, and an earlier run's lateness is gone."""
    first = redriven_headers([("ce_id", b"e"), ("x", None)], 60)
    assert first == [("ce_id", b"e"), ("x", None), (REDRIVEN, b"1"), (LATENESS_DAYS, b"60")]
    again = letter(Record(headers=first)).content.headers
    assert times_redriven(again) == 1
    assert redriven_headers(again, None) == [("ce_id", b"e"), ("x", None), (REDRIVEN, b"2")]


@pytest.mark.parametrize(
    ("record", "topic", "why"),
    [
        (Record(), PURCHASES, None),
        (Record(headers=((REDRIVEN, b"2"),)), PURCHASES, None),
        (Record(headers=((REDRIVEN, b"3"),)), PURCHASES, "it was redriven 3 times"),
        (Record(headers=((REDRIVEN, b"forged"),)), PURCHASES, "it was redriven 3 times"),
        (Record(), "crm.audit.v1", "it stood in no topic of the intake"),
        (Record(value=None), PURCHASES, "a null value has no event_id: publish it again"),
        (Record(value=b"x" * 2_000_000), PURCHASES, "it did not fit into the dead letter: send the original again"),
        (Record(key=b"gone"), PURCHASES, "its account was erased since"),
        (Record(key=b"gone", timestamp=12 * DAY_MS), PURCHASES, None),
    ],
)
def test_what_is_not_sent_again(record: Record, topic: str, why: str | None) -> None:
    """Past the limit, where the bytes are not there, outside the intake, and of an account that was erased since."""
    assert MOST_REDRIVES == 3
    assert why_not(letter(record, topic), {b"gone": 11 * DAY_MS}) == why


def test_notes_settle_letters_and_only_earlier_ones_of_their_partition() -> None:
    """The last note on a letter counts; a note of letters after it, or of another partition, is none."""

    def stored(note: Any, partition: int = 3, offset: int = 100) -> Note | None:
        value = msgspec.json.encode(note)
        return read_note(Record(offset, 0, None, value, note_headers(), partition))

    redriven = Note("redriven", 3, [7, 8], "ops", "mended", "2026-01-01T00:00:00Z")
    discarded = msgspec.structs.replace(redriven, kind="discarded", offsets=[8])
    assert stored(redriven) == redriven
    assert (stored(redriven, partition=2), stored(redriven, offset=8), stored({"kind": "x"})) == (None, None, None)
    assert read_note(Record()) is None
    states = noted([redriven, discarded])
    assert [letter(states=states, at=at).state for at in (6, 7, 8)] == ["open", "redriven", "discarded"]
    assert read_letter(Record(headers=note_headers()), {}) is None


def test_a_filter_takes_what_fits_every_field() -> None:
    """By reason, topic, time of refusal and place; what is settled only where it is asked for."""
    open_one, settled = letter(), letter(states={(3, 7): "discarded"})
    assert LetterFilter().takes(open_one)
    assert not LetterFilter().takes(settled)
    assert LetterFilter(settled=True).takes(settled)
    since = [datetime.fromtimestamp(20 * 86_400 + s, UTC) for s in (0, 1)]
    assert [LetterFilter(since=each).takes(open_one) for each in since] == [True, False]
    assert [LetterFilter(reason=r).takes(open_one) for r in (Reason.LATE, Reason.FAULT)] == [True, False]
    assert [LetterFilter(topic=t).takes(open_one) for t in (PURCHASES, "other")] == [True, False]
    assert [LetterFilter(places=frozenset({(3, at)})).takes(open_one) for at in (7, 8)] == [True, False]


def test_portions_follow_the_rate_and_are_told_in_words() -> None:
    """A portion is a second's worth, one at the least; what a broker refused is not noted as sent."""
    assert [portion_size(rate) for rate in (None, 0.1, 20.9, 1e9)] == [PORTION, 1, 20, PORTION]
    letters = [letter(at=at) for at in (1, 2)] + [letter(reason=Reason.FAULT, at=3)]
    assert [len(each) for each in portions(letters, 2)] == [2, 1]
    assert counted(letters) == "1 FAULT, 2 LATE"
    assert places_of(letters, {1}) == {3: [1, 3]}


@pytest.mark.parametrize(
    ("header", "taken"),
    [(b"60", True), (b"38", False), (None, False), (b"", False), (b"-60", False), (b"99999", True), (b"9" * 99, False)],
)
def test_a_record_may_be_as_late_as_its_header_allows(header: bytes | None, taken: bool) -> None:
    """40 days behind the account's newest event: refused with the workers' 30, folded where its sender allows more."""
    core = Core(POLICY)
    headers = [] if header is None else [(LATENESS_DAYS, header)]

    def told(offset: int, days: float, headers: Any) -> Any:
        record = SimpleNamespace(offset=offset, timestamp=offset, key=b"a", headers=headers)
        return arrival_of(PURCHASES, record, purchase(days)[1], EPOCH)  # type: ignore[arg-type]

    outcome = core.step("a", None, [told(0, 40, []), told(1, 1, headers), told(2, 0.5, [])], NOW_US)
    assert [type(verdict) for verdict in outcome.verdicts] == [Applied, Applied if taken else Refused, Refused]


def test_a_header_allows_no_more_than_the_setting_may() -> None:
    """The most days that one record may be late are the most that `lateness_days` takes, to the day."""
    kept = dict.fromkeys(("intake_retention_days", "rejected_retention_days"), MOST_LATENESS_DAYS + 2)
    most = Settings.model_validate({"lateness_days": MOST_LATENESS_DAYS, **kept})
    assert most.lateness_days == MOST_LATENESS_DAYS
    with pytest.raises(ValidationError, match="lateness_days"):
        Settings.model_validate({"lateness_days": MOST_LATENESS_DAYS + 1, **kept})


@pytest.mark.parametrize(
    ("headers", "times"),
    [
        ((), 0),
        (((REDRIVEN, b"0"),), 0),
        (((REDRIVEN, b"2"),), 2),
        (((REDRIVEN, b"3"),), 3),
        (((REDRIVEN, b"4"),), 3),
        (((REDRIVEN, b""),), 3),
        (((REDRIVEN, None),), 3),
        (((REDRIVEN, b"-1"),), 3),
        (((REDRIVEN, b"1"), ("x", b"9"), (REDRIVEN, b"2")), 2),
    ],
)
def test_the_last_count_of_a_record_is_its_count(headers: Any, times: int) -> None:
    """Up to the most; what is no number counts as the most, so that it does not go round for ever."""
    assert times_redriven(headers) == times


@pytest.mark.parametrize(
    ("timestamp", "erased", "goes"), [(10, 9, True), (10, 10, False), (10, 11, False), (None, 9, False)]
)
def test_a_record_stored_up_to_its_erasure_is_not_sent_again(timestamp: int | None, erased: int, goes: bool) -> None:
    """In the same millisecond too; where it does not say when it was stored, it may have been before."""
    found = letter()
    content = found.content._replace(timestamp_ms=timestamp)
    why = why_not(msgspec.structs.replace(found, content=content), {b"acme": erased})
    assert why == (None if goes else "its account was erased since")
    assert why_not(found, {b"other": 99 * DAY_MS}) is None


def test_a_note_is_of_letters_before_it() -> None:
    """Each of them: not at its own offset, and not behind it."""
    note = Note("redriven", 3, [7, 8], "ops", "mended", "2026-01-01T00:00:00Z")
    value = msgspec.json.encode(note)
    read = [read_note(Record(offset, 0, None, value, note_headers(), 3)) for offset in (7, 8, 9)]
    assert read == [None, None, note]
    assert note_headers() == [("clientward_note", b"1.0")]
    assert read_note(Record(9, 0, None, None, note_headers(), 3)) is None
    assert read_note(Record(9, 0, None, b"\xff", note_headers(), 3)) is None
    assert read_note(Record(9, 0, None, value, [("other", b"1")], 3)) is None


def test_a_letter_is_read_with_where_it_stands() -> None:
    """And since when it is there, which is not when the record was stored that it is of."""
    found = letter(states={(3, 7): "redriven", (7, 3): "discarded"})
    assert (found.partition, found.offset, found.stored_ms, found.state) == (3, 7, 20 * DAY_MS, "redriven")
    assert found.content.timestamp_ms == 10 * DAY_MS


def test_a_filters_time_is_in_milliseconds() -> None:
    """A letter that was stored in the very millisecond is wanted, one stored before it is not."""
    since = datetime.fromtimestamp(20 * 86_400, UTC)
    early, late = (msgspec.structs.replace(letter(), stored_ms=20 * DAY_MS + ms) for ms in (-1, 0))
    assert [LetterFilter(since=since).takes(each) for each in (early, late)] == [False, True]
    assert LetterFilter(reason=Reason.FAULT).takes_any_reason(late)


def test_counts_are_by_reason_in_words() -> None:
    """In the order of their names; of none there is nothing to say."""
    assert counted([]) == ""
    assert (
        counted([letter(reason=Reason.TIME), letter(reason=Reason.KEY), letter(reason=Reason.TIME)]) == "1 KEY, 2 TIME"
    )


def test_places_are_by_partition_and_in_order() -> None:
    """Without those that are left out by their number, not by their offset."""
    letters = [letter(at=at) for at in (5, 1, 0)]
    other = msgspec.structs.replace(letters[0], partition=4)
    assert places_of([*letters, other]) == {3: [5, 1, 0], 4: [5]}
    assert places_of([*letters, other], {0, 3}) == {3: [1, 0]}
