"""What was done and what was told, line by line, with the time."""

from datetime import UTC, datetime
from typing import NamedTuple


class Line(NamedTuple):
    """One line: seconds since the trouble began, who says it (`done`, `Now`, `alarm`, `seen`), and what."""

    seconds: float
    who: str
    text: str


class Chapter:
    """One trouble, from when it begins."""

    def __init__(self, title: str, began: datetime) -> None:
        self.title, self.began = title, began
        self.lines: list[Line] = []


class Diary:
    """The day: chapters in turn; the current one takes what is noted."""

    def __init__(self) -> None:
        self.began = datetime.now(UTC)
        self.chapters: list[Chapter] = []

    def chapter(self, title: str) -> None:
        """Begin a chapter."""
        self.chapters.append(Chapter(title, datetime.now(UTC)))
        print(f"\n{title}", flush=True)

    def note(self, who: str, text: str) -> None:
        """Note a line, and print it."""
        if not self.chapters:
            self.chapter("Before")
        chapter = self.chapters[-1]
        line = Line((datetime.now(UTC) - chapter.began).total_seconds(), who, text)
        chapter.lines.append(line)
        print(f"  {line.seconds:5.0f} s  {who:<6} {text}", flush=True)
