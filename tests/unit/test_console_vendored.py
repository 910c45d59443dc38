"""What others wrote and we serve is what they published: each file by its SHA-256, and each with its licence."""

import hashlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = (ROOT / "console" / "static" / "vendor", ROOT / "tests" / "support" / "vendor")
ROW = re.compile(
    r"^\| (\S+) \| (\S+) \| ([\d.]+) \| (\S+) \| (0BSD|MIT|MPL-2\.0) \| `([0-9a-f]{64})` \|$", re.MULTILINE
)
SERVED = re.compile(r'(?:src|href)="(/static/[^"]+)"')


@pytest.mark.parametrize("folder", FOLDERS, ids=["served", "tests"])
def test_each_file_is_the_one_that_was_published(folder: Path) -> None:
    """A changed byte is seen, and so is a file that nobody wrote down."""
    rows = {row[0]: row[5] for row in ROW.findall((folder / "README.md").read_text(encoding="utf-8"))}
    files = {path.name for path in folder.iterdir() if path.suffix in {".js", ".css"}}
    assert files == set(rows)
    assert {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in files} == rows


def test_mit_is_shipped_with_its_text() -> None:
    """MIT asks that its notice goes along; 0BSD does not."""
    assert "Leon Sorokin" in (FOLDERS[0] / "uPlot.LICENSE").read_text(encoding="utf-8")


def test_a_page_asks_for_no_file_that_is_not_there() -> None:
    """And for none from elsewhere."""
    layout = (ROOT / "console" / "templates" / "layout.html").read_text(encoding="utf-8")
    asked = SERVED.findall(layout)
    assert len(asked) == 7
    assert [path for path in asked if not (ROOT / "console" / path[1:]).is_file()] == []
    everything = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "console" / "templates").glob("*.html"))
    assert re.findall(r"https?://", everything) == []
    assert "|safe" not in everything
