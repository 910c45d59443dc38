"""Writes docs/reference/: `python -m tools.reference`, or `--check`."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from relationship.generated import Files, Generator
from relationship.generated import main as generate
from tools.reference.commands import commands
from tools.reference.http import http
from tools.reference.metrics import metrics
from tools.reference.settings import settings
from tools.reference.topics import topics

FOLDER: Final = Path(__file__).parents[2] / "docs" / "reference"
PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "settings.md": settings,
    "commands.md": commands,
    "metrics.md": metrics,
    "topics.md": topics,
    "http.md": http,
}


def files(folder: Path) -> Files:
    """Return the pages as they have to be."""
    return {folder / name: make().encode() for name, make in PAGES.items()}


GENERATOR: Final = Generator("tools.reference", "the code and the contract", FOLDER, files)

if __name__ == "__main__":
    raise SystemExit(generate(GENERATOR))
