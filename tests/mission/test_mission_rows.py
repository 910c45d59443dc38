"""The list of rows is whole: every row has a test or a reason why it has none."""

import importlib
import re
from pathlib import Path

import pytest
from rows import NOT_BUILT, ROWS

MODULES = [path.stem for path in Path(__file__).parent.glob("test_mission_*.py")]
KEYS = [row.key for row in ROWS]


def marked() -> set[str]:
    """Return the rows that the tests of this folder name."""
    marks: set[str] = set()
    for module in map(importlib.import_module, MODULES):
        for thing in vars(module).values():
            marks |= {key for mark in getattr(thing, "pytestmark", []) if mark.name == "row" for key in mark.args}
    return marks


def test_every_row_has_a_test_or_a_reason() -> None:
    """No row is skipped silently, and none is both tested and called not built."""
    assert marked() == set(KEYS) - set(NOT_BUILT)
    assert set(NOT_BUILT) < set(KEYS)
    assert len(set(KEYS)) == len(KEYS)
    assert all(NOT_BUILT.values())


def test_every_dimension_has_its_row() -> None:
    """D1 to D14, in order."""
    assert [key for key in KEYS if re.fullmatch(r"D\d+", key)] == [f"D{i}" for i in range(1, 15)]


def test_the_quotes_are_the_page_s_words() -> None:
    """Where the mission's page lies beside the project, each quote of a sentence or a cell stands in it."""
    page = Path(__file__).parents[3] / "shared" / "mission.md"
    if not page.is_file():
        pytest.skip("the page is not part of the project")
    text = re.sub(r"[\s|*]+", " ", page.read_text(encoding="utf-8"))
    for row in ROWS:
        for part in re.split(r"[:|…]", row.quote):
            assert re.sub(r"[\s|*]+", " ", part).strip(" .,;") in text, row
