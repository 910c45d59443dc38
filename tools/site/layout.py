"""Which pages the site has, and what becomes of their links.

docs/README.md says it for the site as it does for a code host: its headings are the parts, its list the pages, a folder all
pages in it. Whatever else a page leads to comes along outside the navigation: a page as it is, a file of the code as a page
that shows it, a folder as a list. So every link leads somewhere, and nothing needs a code host's address.
"""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from tools.site.markdown import for_python_markdown, lines, targets, title, with_links

HOME: Final = "README.md"
CONTENTS: Final = "docs/README.md"
SHOWN: Final = 100_000  # bytes of a file that are a page still; a larger one is handed out as it is
DRAWS: Final = "assets/mermaid.js"
PICTURES: Final = (".png", ".svg", ".webp")
LANGUAGES: Final = {".py": "python", ".toml": "toml", ".yaml": "yaml", ".yml": "yaml", ".sql": "sql", ".json": "json"}
_ENTRY: Final = re.compile(r"^- \[([^\]]+)\]\(([^)]+)\)")
_EXTERNAL: Final = re.compile(r"^[a-z]+:")


class Entry(NamedTuple):
    """One page of the navigation: what it is called there, and its file."""

    name: str
    path: str


class Part(NamedTuple):
    """One part of the navigation, and its pages."""

    name: str
    pages: tuple[Entry, ...]


class Missing(NamedTuple):
    """A link that leads nowhere: the page it is on, and where it leads."""

    page: str
    target: str


def navigation(root: Path) -> list[Part]:
    """Return the parts of docs/README.md with their pages, those of a folder one by one."""
    parts: list[tuple[str, list[Entry]]] = []
    for line, fenced in lines((root / CONTENTS).read_text(encoding="utf-8")):
        entry = _ENTRY.match(line)
        if line.startswith("## ") and not fenced:
            parts.append((line.removeprefix("## "), []))
        elif entry:
            parts[-1][1].extend(_pages(root, entry[1].replace("`", ""), resolved(CONTENTS, entry[2])))
    return [Part(name, tuple(pages)) for name, pages in parts]


def _pages(root: Path, name: str, path: str) -> Iterator[Entry]:
    if not (root / path).is_dir():
        yield Entry(name, path)
        return
    for page in sorted((root / path).glob("*.md")):
        yield Entry(title(page.read_text(encoding="utf-8")), page.relative_to(root).as_posix())


def resolved(page: str, target: str) -> str:
    """Return the file that a link on a page means, from the repository's root, without its anchor."""
    return os.path.normpath(os.path.join(os.path.dirname(page), target.partition("#")[0]))  # noqa: PTH118, PTH120 - no file


def is_internal(target: str) -> bool:
    """Tell whether a link stays on the site, and is more than an anchor of its own page."""
    return not target.startswith("#") and not _EXTERNAL.match(target)


def place(root: Path, path: str) -> str:
    """Return where a file of the repository is among the site's sources."""
    file = root / path
    if file.suffix == ".md":
        return path
    if file.is_dir():
        return f"source/{path}/index.md"
    if file.suffix in PICTURES or file.stat().st_size > SHOWN:
        return path
    return f"source/{path}.md"


def everything(root: Path) -> tuple[list[str], list[Missing]]:
    """Return every file that the site shows, found by following links from the navigation, and the links that are broken."""
    todo = [HOME, CONTENTS, *(page.path for part in navigation(root) for page in part.pages)]
    found: dict[str, None] = {}
    missing: list[Missing] = []
    while todo:
        path = todo.pop(0)
        if path in found:
            continue
        found[path] = None
        for target in _leads_to(root, path):
            file = resolved(path, target) if not (root / path).is_dir() else target
            if (root / file).exists() and not file.startswith(".."):
                todo.append(file)
            else:
                missing.append(Missing(path, target))
    return list(found), missing


def _leads_to(root: Path, path: str) -> list[str]:
    file = root / path
    if file.is_dir():
        return _listed(root, path)
    if file.suffix == ".md":
        return [target for target in targets(file.read_text(encoding="utf-8")) if is_internal(target)]
    return []


def _listed(root: Path, folder: str) -> list[str]:
    """Return the files of a folder that a list of it names."""
    return [
        each.relative_to(root).as_posix()
        for each in sorted((root / folder).iterdir())
        if each.is_file() and not each.name.startswith(".")
    ]


def lay_out(root: Path, folder: Path) -> list[Missing]:
    """Write the site's sources into an empty folder; return the links that lead nowhere."""
    paths, missing = everything(root)
    for path in paths:
        target = folder / place(root, path)
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.suffix == ".md":
            target.write_text(_page(root, path), encoding="utf-8")
        else:
            shutil.copyfile(root / path, target)
    return missing


def _page(root: Path, path: str) -> str:
    """Return a page as the site's builder takes it."""
    file = root / path
    if file.is_dir():
        links = [f"- [{name}]({_relative(root, path, name)})" for name in _listed(root, path)]
        return "\n".join([_UNSEARCHED, f"# {path}/", "", *links, ""])
    text = file.read_text(encoding="utf-8")
    if file.suffix != ".md":
        fence = "`" * (max(map(len, re.findall("`+", text)), default=2) + 1)
        return f"{_UNSEARCHED}# {path}\n\n{fence}{LANGUAGES.get(file.suffix, '')}\n{text}\n{fence}\n"
    page = with_links(text, lambda target: _led(root, path, target))
    return for_python_markdown(page) + (_diagrams(path) if "```mermaid" in text else "")


_UNSEARCHED: Final = "---\nsearch:\n  exclude: true\nhide:\n  - navigation\n---\n"


def _led(root: Path, page: str, target: str) -> str:
    """Return a link of a page as it leads on the site."""
    if not is_internal(target) or not (root / resolved(page, target)).exists():
        return target
    anchor = target.partition("#")[1:]
    return _relative(root, page, resolved(page, target)) + "".join(anchor)


def _relative(root: Path, page: str, path: str) -> str:
    return os.path.relpath(place(root, path), os.path.dirname(place(root, page)))  # noqa: PTH120 - no file


def _diagrams(page: str) -> str:
    """Return what draws a page's diagrams: the library, from the site itself, and only where there is something to draw."""
    return f'\n<script src="{os.path.relpath(DRAWS, os.path.dirname(page))}"></script>\n'  # noqa: PTH120 - no file
