"""Figures in prose are those of the code: a constant that changes turns its sentence red."""

import re
from pathlib import Path

import pytest

from relationship.core import LATENESS_DAYS
from relationship.timeline.history import KEPT
from streams.engine.app import SESSION_SECONDS
from streams.engine.batch_sizing import STEP_RECORDS
from streams.engine.inbox import ACCOUNT_RECORDS

DOCS = Path(__file__).parents[2] / "docs"
FIGURES = [
    ("scaling.md", r"holds at most (\d+) records of one account", ACCOUNT_RECORDS),
    ("scaling.md", r"but not fewer than (\d+) in all", STEP_RECORDS[0]),
    ("operations.md", r"the\s+group misses it after (\d+) s", SESSION_SECONDS),
    ("operations.md", r"more events than its record keeps \(at least (\d+)\)", KEPT),
    ("operations.md", r"keep the (\d+) days that events may be late", LATENESS_DAYS),
]


@pytest.mark.parametrize(("page", "sentence", "figure"), FIGURES, ids=[each[1] for each in FIGURES])
def test_a_figure_in_prose_is_the_codes(page: str, sentence: str, figure: float) -> None:
    """Each sentence stands on its page, with the code's number in it."""
    found = re.findall(sentence, (DOCS / page).read_text(encoding="utf-8"))
    assert found, f"docs/{page} no longer says it"
    assert {float(each.replace(",", "")) for each in found} == {float(figure)}
