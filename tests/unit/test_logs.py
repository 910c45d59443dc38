"""Which lines of the libraries a person sees: warnings and errors that mean something, once they do."""

import logging

import pytest

from streams.config.logs import PASSING_SECONDS, OneLine

NO_COORDINATOR = "Group Coordinator Request failed: [Error 15] GroupCoordinatorNotAvailableError"


def record(
    text: str, at: float = 0.0, level: int = logging.ERROR, name: str = "aiokafka.consumer"
) -> logging.LogRecord:
    """Return a library's record of a moment (seconds)."""
    made = logging.LogRecord(name, level, __file__, 1, text, None, None)
    made.created = at
    return made


@pytest.mark.parametrize(
    ("text", "level", "is_shown"),
    [
        ("Unable to connect to a broker", logging.ERROR, True),
        ("Unable to connect to a broker", logging.WARNING, True),
        ("Joined group", logging.INFO, False),
        ("Timer livelock is overlapping (interval=300)", logging.WARNING, False),
        ("Crashed reason=X", logging.ERROR, False),
        (NO_COORDINATOR, logging.ERROR, False),
        ("Failed fetch offsets from 1: [Error 6] NotLeaderForPartitionError: x", logging.ERROR, False),
    ],
)
def test_a_line_that_tells_something_is_shown(text: str, level: int, is_shown: bool) -> None:
    """What tells nothing here is not, nor what passes by itself."""
    assert OneLine().filter(record(text, level=level)) is is_shown


def test_our_own_lines_are_shown_whatever_they_say() -> None:
    """The filter is for the libraries."""
    assert OneLine().filter(record(NO_COORDINATOR, name="streams.engine.app", level=logging.DEBUG))


def test_what_does_not_pass_is_told() -> None:
    """After half a minute it is shown, each time; once gone for as long, it may pass again."""
    lines = OneLine()
    half = PASSING_SECONDS / 2
    shown = [lines.filter(record(NO_COORDINATOR, at)) for at in (0.0, half, PASSING_SECONDS - 0.1)]
    assert shown == [False] * 3
    assert lines.filter(record(NO_COORDINATOR, PASSING_SECONDS))
    assert lines.filter(record(NO_COORDINATOR, 2 * PASSING_SECONDS))
    assert not lines.filter(record(NO_COORDINATOR, 3 * PASSING_SECONDS + 0.1))


def test_one_thing_that_lasts_says_nothing_of_another() -> None:
    """Each is looked at for itself."""
    lines = OneLine()
    lines.filter(record(NO_COORDINATOR, 0.0))
    assert lines.filter(record(NO_COORDINATOR, PASSING_SECONDS))
    assert not lines.filter(record("NotLeaderForPartitionError", PASSING_SECONDS))


def test_a_library_s_traceback_becomes_a_reason() -> None:
    """One line, with the error at its end."""
    made = record("Failed to fetch\n  the metadata")
    made.exc_info = (ValueError, ValueError("no broker"), None)
    assert OneLine().filter(made)
    assert made.getMessage() == "Failed to fetch the metadata: ValueError('no broker')"
    assert made.exc_info is None
