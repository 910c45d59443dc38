"""Which line names the columns, and what they are called: titles above it, two lines of names, names that come twice.

A header is the first line that is nearly as wide as the table and has no number or date in it. Above it stand titles, blank
lines, the time of the export. Where names above and below belong together (`Amount` over `net` and `gross`), a column
has both.
"""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

#: Lines looked through for the header.
LOOKED_AT: Final = 30
#: A header names at least so much of the width that most lines have.
WIDE: Final = 0.6
VALUE: Final = re.compile(r"[-+($€£]*\d[\d.,:/' Ee+-]*[)%€£]?|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}\b.*")

Cells = Sequence[str | None]


class Header(NamedTuple):
    """Names of columns and where the rows begin.

    Attributes:
        names: as the table has them, each once.
        twice: those that several columns had.
        first: index of the first line below, among those looked at.
    """

    names: list[str]
    twice: set[str]
    first: int


def find_header(lines: Sequence[Cells]) -> Header | None:
    """Return the header among a file's first lines, or None where nothing is there."""
    widths = [sum(_filled(cell) for cell in line) for line in lines]
    if not any(widths):
        return None
    usual = Counter(len(_trimmed(line)) for line, width in zip(lines, widths, strict=True) if width > 1)
    width = max(usual, key=lambda each: (usual[each], each)) if usual else 1
    wide = [at for at, line in enumerate(lines) if widths[at] and widths[at] >= WIDE * width and _names(line)]
    at = next(iter(wide), next(at for at, each in enumerate(widths) if each))
    names = list(_trimmed(lines[at]))
    first = at + 1
    if first < len(lines) and _continues(names, lines[first]):
        names = _joined(names, lines[first])
        first += 1
    once, twice = name_once(names)
    return Header(once, twice, first)


def _filled(cell: str | None) -> bool:
    return bool(cell and cell.strip())


def _trimmed(line: Cells) -> Cells:
    """Return a line without the empty cells at its end."""
    size = len(line)
    while size and not _filled(line[size - 1]):
        size -= 1
    return line[:size]


def _names(line: Cells) -> bool:
    return not any(cell and VALUE.fullmatch(cell.strip()) for cell in line)


def _continues(names: Cells, below: Cells) -> bool:
    """Tell whether the next line holds names too: where the first has gaps, and nowhere a value."""
    gaps = [at for at, name in enumerate(names) if not _filled(name) and at > 0]
    filled = [at for at, cell in enumerate(below) if _filled(cell)]
    beyond = [at for at in filled if at >= len(names)]
    if not filled or not _names(below) or not (gaps or beyond):
        return False
    return all(at in filled for at in gaps) and len(filled) < max(len(names), len(below)) + 1 and len(filled) > 1


def _joined(names: Cells, below: Cells) -> list[str | None]:
    joined: list[str | None] = []
    above: str | None = None
    for at in range(max(len(names), len(below))):
        top = names[at] if at < len(names) else None
        low = below[at] if at < len(below) else None
        above = top if _filled(top) else above
        joined.append(f"{above} {low}" if _filled(low) and _filled(above) else (low if _filled(low) else top))
    return joined


def name_once(names: Cells) -> tuple[list[str], set[str]]:
    """Return names of which each is there once, whatever its capitals, and those that came several times."""
    once: list[str] = []
    seen: Counter[str] = Counter()
    twice = set()
    for at, cell in enumerate(names, 1):
        name = " ".join((cell or "").split()) or f"column {at}"
        if name.casefold() in {"_file", "_line"}:
            name = f"{name} "
        seen[name.casefold()] += 1
        if seen[name.casefold()] > 1:
            twice.update({name, *(each for each in once if each.casefold() == name.casefold())})
            name = f"{name} ({seen[name.casefold()]})"
        once.append(name)
    return once, twice
