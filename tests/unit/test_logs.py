"""What a log line is, and which lines of the libraries are shown: warnings and errors that mean something, once they do."""

import ast
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from streams.config.logs import PASSING_SECONDS, OneLine, configure_logs
from streams.config.settings import Settings

ROOT = Path(__file__).parents[2]
LEVELS = {"debug", "info", "warning", "error", "exception"}
ALWAYS = {"timestamp", "level", "event"}

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


@pytest.fixture
def logs() -> Iterator[None]:
    """Leave logs as they were; a command that ran in another test has silenced the libraries."""
    root, library = logging.getLogger(), logging.getLogger("aiokafka")
    handlers, level, of_library = root.handlers[:], root.level, library.level
    library.setLevel(logging.NOTSET)
    yield
    library.setLevel(of_library)
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def fails(secret: str) -> None:
    """Meet a defect while a frame has something that is nobody's business."""
    try:
        int(f"{len(secret)} apples")
    except ValueError:
        structlog.get_logger("streams.engine.step").exception("set aside: the fold fails", account="acme", offset=7)


@pytest.mark.usefixtures("logs")
def test_an_event_is_one_json_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Ours with its fields, a library's with its text; a line break in a value ends no line."""
    configure_logs(Settings(log_format="json"))
    structlog.get_logger("streams.engine.partition").warning("fenced", partition=3, reason="two\nlines")
    logging.getLogger("aiokafka.consumer").error("Unable to connect\nto a broker")
    fails("mrs smith")
    ours, library, defect = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert {name: ours[name] for name in ours if name != "timestamp"} == {
        "event": "fenced",
        "level": "warning",
        "partition": 3,
        "reason": "two\nlines",
    }
    assert (library.keys(), library["event"]) == (ALWAYS, "Unable to connect to a broker")
    assert defect.keys() == ALWAYS | {"account", "offset", "exception"}
    assert defect["exception"].endswith("'9 apples'")


@pytest.mark.usefixtures("logs")
@pytest.mark.parametrize("form", ["json", "console"])
def test_a_stack_shows_no_variable(capsys: pytest.CaptureFixture[str], form: str) -> None:
    """The frames' variables are events of accounts, and passwords: a stack is code and the error's own words."""
    configure_logs(Settings(log_format=form))  # type: ignore[arg-type]
    fails("mrs " + "smith")
    written = capsys.readouterr().err
    assert "9 apples" in written
    assert "Traceback" in written
    assert "mrs smith" not in written


def fields_of(path: Path) -> set[str]:
    """Return the names of the fields of a module's log lines."""
    calls = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]
    return {
        word.arg
        for call in calls
        if isinstance(call.func, ast.Attribute) and call.func.attr in LEVELS and ast.unparse(call.func.value) == "log"
        for word in call.keywords
        if word.arg
    }


def test_every_field_stands_on_the_page_and_none_is_a_value_of_an_event() -> None:
    """docs/operations.md, "Logs", has those that the code writes, and no others."""
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    section = page.partition("\n## Logs\n")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    told = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    rooms = (
        "agents",
        "streams",
        "delivering",
        "intake",
        "adapting",
        "hooks",
        "console",
        "views",
        "actions",
        "readmodel",
    )
    used = {name for room in rooms for path in (ROOT / room).rglob("*.py") for name in fields_of(path)}
    assert told == used | ALWAYS | {"exception"}
