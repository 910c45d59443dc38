"""Markdown's tables, and the words at the head of a page that is generated."""

from collections.abc import Iterable, Sequence
from typing import Final

MADE: Final = "Generated from {source} by `python -m tools.reference`: change that, not this page."


def page(heading: str, source: str, *parts: str) -> str:
    """Return a page: its heading, where it comes from, and its parts."""
    return (
        "\n\n".join([f"# {heading}", MADE.format(source=source), *(part.strip("\n") for part in parts if part)]) + "\n"
    )


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; an empty one where there is no row."""
    body = [f"| {' | '.join(map(cell, row))} |" for row in rows]
    return "\n".join([f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *body]) if body else ""


def cell(text: str) -> str:
    """Return a text as it may stand in a cell: on one line, with no bar that would end it, and no tag outside of code."""
    parts = " ".join(text.split()).replace("|", "\\|").split("`")
    return "`".join(part if i % 2 else part.replace("<", "&lt;") for i, part in enumerate(parts))


def code(text: object) -> str:
    """Return a text as code; nothing where there is none."""
    return f"`{text}`" if str(text) else ""
