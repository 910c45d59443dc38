"""What became of dead letters: the notes of their topic in the tables, and on the page."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from console_support import Place, users_file
from readmodel_support import START_MS, Log, Rec, begun, filled, held, opened, write

from readmodel.answers import Settled
from readmodel.database import ReadModel
from readmodel.filters import RefusalFilter
from readmodel.queries.refusals import open_counts, refusal, refusal_counts, refusals
from readmodel.writing.upkeep import take_old_away
from relationship.contract.outcome import AUDIT, RECLASSIFIED, REJECTED, Reason
from streams.wire.redriving import REDRIVEN

DAY_MS = 86_400_000


def letters(log: Log, count: int = 4) -> None:
    """Add dead letters: of every second the reason is LATE."""
    for at in range(count):
        log.refusal(f"k{at}", b"{", Reason.LATE if at % 2 else Reason.SCHEMA, hour=at)


def story() -> Log:
    """Letters of which one is sent again, comes back, and is given up; one note is overtaken by a later one."""
    log = Log()
    letters(log)
    log.note(0, 1, by="bob")
    back = log.refusal("k0", b"{", Reason.SCHEMA, hour=9)
    back.headers = [*back.headers, (REDRIVEN, b"1")]
    log.note(1, 5, kind="discarded", by="cleo")
    return log


def states(model: ReadModel) -> dict[int, tuple[str, str]]:
    """What became of each letter, and by whom."""
    return {
        each.dead_letter_offset: (each.state, each.settled.by if each.settled else "") for each in refusals(model).items
    }


def test_a_letter_says_who_sent_it_again_or_gave_it_up(tmp_path: Path) -> None:
    """With when and why; of several notes the last counts, and what nobody did anything about is open."""
    model = filled(tmp_path, story())
    assert states(model) == {
        0: ("redriven", "bob"),
        1: ("discarded", "cleo"),
        2: ("open", ""),
        3: ("open", ""),
        5: ("discarded", "cleo"),
    }
    found = refusal(model, 0, 0)
    assert found is not None
    assert found.settled is not None
    assert found.settled == Settled("bob", "mended", found.settled.at)
    assert f"{found.settled.at:%Y-%m-%d}" == "2026-01-06"


def test_open_ones_are_found_and_counted(tmp_path: Path) -> None:
    """By state and reason, in a list, in the total of a list, by hour, and over all."""
    model = filled(tmp_path, story())
    left = refusals(model, RefusalFilter(state="open"))
    assert ([each.dead_letter_offset for each in left.items], left.total) == ([3, 2], 2)
    late = refusals(model, RefusalFilter(state="open", reason=Reason.LATE))
    assert ([each.dead_letter_offset for each in late.items], late.total) == ([3], 1)
    gone = refusals(model, RefusalFilter(state="discarded"))
    assert ([each.dead_letter_offset for each in gone.items], gone.total) == ([5, 1], None)
    assert open_counts(model) == {Reason.LATE: 1, Reason.SCHEMA: 1}
    assert [(each.refusals, each.open) for each in refusal_counts(model)] == [(1, 0), (1, 0), (1, 1), (1, 1), (1, 0)]


def parts(records: list[Rec], length: int) -> Iterator[list[Rec]]:
    """Cut records into batches."""
    for start in range(0, len(records), length):
        yield records[start : start + length]


@pytest.mark.parametrize("length", [1, 2, 5, 100])
def test_a_rebuild_gives_the_same_rows(tmp_path: Path, length: int) -> None:
    """Whatever the batches are, and with what comes twice."""
    log = story()
    log.note(0, kind="discarded", by="dora", day=7)
    whole = held(filled(tmp_path / "whole", log))
    model = opened(tmp_path)
    writer = begun(model)
    for batch in parts(log.records, length):
        write(writer, batch)
    assert held(model) == whole
    write(writer, log.records)
    assert held(model) == whole


def test_a_note_is_of_its_own_partition_and_of_what_stands_before_it(tmp_path: Path) -> None:
    """A record that only looks like a note, or speaks of what was not there yet, settles nothing."""
    log = Log()
    letters(log, 2)
    log.note(0, partition=1)
    log.note(99)
    log.add(REJECTED, None, b"{", [("clientward_note", b"1.0")])
    log.note(5)
    log.refusal("late", b"{", Reason.LATE)
    model = filled(tmp_path, log)
    assert {state for state, _ in states(model).values()} == {"open"}
    assert sum(open_counts(model).values()) == 3


def test_what_is_erased_or_past_its_time_is_counted_no_more(tmp_path: Path) -> None:
    """Settled or open: neither is left in what is counted."""
    log = Log()
    letters(log)
    log.note(0)
    log.gone("k0")
    log.gone("k1")
    model = filled(tmp_path, log)
    assert set(states(model)) == {2, 3}
    assert open_counts(model) == {Reason.LATE: 1, Reason.SCHEMA: 1}
    take_old_away(model, dict.fromkeys((RECLASSIFIED, REJECTED, AUDIT), 1), START_MS + 3 * DAY_MS)
    assert (states(model), open_counts(model), refusal_counts(model)) == ({}, {}, [])


def test_the_page_shows_what_became_of_a_letter_and_finds_the_open_ones(tmp_path: Path) -> None:
    """Sent again by whom, at what time and why; what is settled is not to be sent again by a link."""
    place = Place(users_file(tmp_path))
    write(begun(place.house.model), story().records)
    page = " ".join(place.browser("operator").get("/refused").text.split())
    assert "<strong>sent again</strong> by bob at <time" in page
    assert "2026-01-06 00:00:00</time>: mended" in page
    assert "<strong>given up</strong> by cleo" in page
    assert "It came back: it had been sent again once before." in page
    assert page.count("send again…") == 2
    left = place.browser("viewer").get("/refused?state=open").text
    assert "by bob" not in left
    assert left.count("<details>") == 2
    assert place.browser("viewer").get("/refused?state=lost").status_code == 422


def test_a_viewer_to_whom_accounts_are_masked_sees_no_reason(tmp_path: Path) -> None:
    """It is written by a person, and may name an account; who and when are seen."""
    place = Place(users_file(tmp_path), masks=True)
    write(begun(place.house.model), story().records)
    page = place.browser("viewer").get("/refused").text
    assert "by bob" in page
    assert "mended" not in page.split("The newest")[1]
