"""Markdown as a code host reads it, for Python-Markdown, which reads a few things otherwise.

A list may follow a paragraph without an empty line, and two spaces nest one: Python-Markdown wants the line, and four.
A bar within code in a table is escaped there, and not here. What stands in a fence is left alone.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

_FENCE: Final = re.compile(r"^ *(```+|~~~+)")
_ITEM: Final = re.compile(r"^( *)([-*] |\d+\. )")
#: A link or a picture: what is shown, and where it leads. A title is not used on these pages.
_LINK: Final = re.compile(r"(!?\[(?:[^\[\]]|\[[^\[\]]*\]|!\[[^\]]*\]\([^)]*\))*\])\(([^)\s]+)\)")
_CODE: Final = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)")
_STEP: Final = 4  # spaces that nest a list


class Line(NamedTuple):
    """One line, and whether it is part of a fenced block."""

    text: str
    fenced: bool


def lines(text: str) -> Iterator[Line]:
    """Yield every line of a page; the fences themselves count as fenced."""
    closing = ""
    for line in text.splitlines():
        fence = _FENCE.match(line)
        if closing:
            yield Line(line, fenced=True)
            if fence and line.strip() == closing:
                closing = ""
        else:
            closing = fence[1] if fence else ""
            yield Line(line, fenced=bool(fence))


def with_links(text: str, change: Callable[[str], str]) -> str:
    """Return the page with the target of every link and picture changed; in code nothing is a link."""

    def changed(link: re.Match[str]) -> str:
        shown = _LINK.sub(changed, link[1]) if "](" in link[1] else link[1]
        return f"{shown}({change(link[2])})"

    def outside_code(line: str) -> str:
        codes: list[str] = []

        def put_aside(code: re.Match[str]) -> str:
            codes.append(code[0])
            return f"\0{len(codes) - 1}\0"

        linked = _LINK.sub(changed, _CODE.sub(put_aside, line))
        return re.sub(r"\0(\d+)\0", lambda place: codes[int(place[1])], linked)

    return "\n".join(line.text if line.fenced else outside_code(line.text) for line in lines(text)) + "\n"


def targets(text: str) -> list[str]:
    """Return where the links and pictures of a page lead, in order."""
    found: list[str] = []

    def note(target: str) -> str:
        found.append(target)
        return target

    with_links(text, note)
    return found


def for_python_markdown(text: str) -> str:
    """Return a page that Python-Markdown renders as a code host does."""
    out: list[str] = []
    open_lists: list[tuple[int, int]] = []  # where the items of the lists around begin, and their text
    for written, fenced in lines(text):
        line = written if fenced or not written.startswith("|") else _CODE.sub(_bare_bars, written)
        item = None if fenced else _ITEM.match(line)
        if item:
            if not open_lists and out and out[-1].strip() and not out[-1].startswith("<!--"):
                out.append("")
            while open_lists and open_lists[-1][0] > len(item[1]):
                open_lists.pop()
            if not open_lists or open_lists[-1][0] < len(item[1]):
                open_lists.append((len(item[1]), len(item[0])))
            out.append(" " * _STEP * (len(open_lists) - 1) + line.lstrip())
            continue
        if line.strip() and not line.startswith(" ") and not (fenced and open_lists):
            open_lists = []
        own = min(open_lists[-1][1], len(line) - len(line.lstrip())) if open_lists else 0
        out.append(" " * _STEP * len(open_lists) + line[own:] if line.strip() else line)
    return "\n".join(out) + "\n"


def _bare_bars(code: re.Match[str]) -> str:
    """Return code in a table as it is meant: a bar in it ends no cell, and needs no stroke before it."""
    return code[0].replace("\\|", "|")


def title(text: str) -> str:
    """Return a page's first heading, without its marks of code."""
    heading = next((line.text for line in lines(text) if not line.fenced and line.text.startswith("# ")), "")
    return heading.removeprefix("# ").replace("`", "").strip()
