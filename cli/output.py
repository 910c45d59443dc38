"""Lines on stdout and stderr, with foreign text escaped. `terminal` has what needs colours and tables.

Whoever sends events chooses account ids, and a control character in one could move the cursor, recolour the screen or
reverse the text around it. So everything foreign goes through `printable` or `printable_json`.
"""

import re
import sys
from collections.abc import Iterable
from itertools import groupby
from typing import Final

# Control characters (C0, DEL, C1), line and paragraph separators, surrogates, and what changes the direction of text or
# is invisible: zero width space, marks, embeddings, overrides, isolates, soft hyphen, byte order mark, tags. The zero
# width joiners (200C, 200D) stay: scripts and emoji are spelt with them.
UNSAFE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)


def printable(text: str) -> str:
    """Return text with everything escaped that a terminal would act on."""
    return UNSAFE.sub(_python_escape, text)


def printable_json(text: str) -> str:
    r"""Return JSON with the same characters as `\uXXXX`: the same value, safe to print on one line."""
    return UNSAFE.sub(_json_escape, text)


def _python_escape(match: re.Match[str]) -> str:
    return match.group().encode("unicode_escape").decode()


def _json_escape(match: re.Match[str]) -> str:
    units = match.group().encode("utf-16-be", errors="surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


def print_line(line: str) -> None:
    """Write a line to stdout at once, so that a pipe sees it as it happens."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def print_error(line: str) -> None:
    """Write a line to stderr."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def columns(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    """Return lines of columns as wide as they need to be: a pipe has no width that anything would have to fit."""
    lines = [head, *(tuple(printable(cell) for cell in row) for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]


def ranges(numbers: Iterable[int]) -> str:
    """Return numbers in order, with runs of them as ranges: 0-3, 7; a dash where there are none."""
    runs = [[n for _, n in run] for _, run in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0])]
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs) or "-"
