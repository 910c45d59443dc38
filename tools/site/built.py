"""Whether the built site is whole: every link and anchor leads somewhere, and no page fetches from another server."""

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import unquote, urlsplit

#: What a browser fetches by itself, and by which attribute; a link that a person follows may lead anywhere.
FETCHED: Final = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src", "video": "src"}
#: Relations of `link` that nothing is fetched for.
NAMED: Final = {"canonical", "next", "prev", "alternate"}


class Fault(NamedTuple):
    """What is wrong, and on which page."""

    page: str
    what: str


class _Page(HTMLParser):
    """The ids of a page, where it leads, and what it fetches."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.ids |= {found[name] for name in ("id", "name") if name in found and (name == "id" or tag == "a")}
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        if tag in FETCHED and FETCHED[tag] in found and found.get("rel") not in NAMED:
            self.fetched.append(found[FETCHED[tag]])


def faults(site: Path) -> list[Fault]:
    """Return every fault of a site, in order of its pages."""
    pages = {path: _read(path) for path in sorted(site.rglob("*.html")) if path.name != "404.html"}
    found = [Fault("the site", "has no page")] if not pages else []
    for path, page in pages.items():
        name = path.relative_to(site).as_posix()
        found += [Fault(name, what) for what in _of_page(site, pages, path, page)]
    return found


def _read(path: Path) -> _Page:
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def _of_page(site: Path, pages: dict[Path, _Page], path: Path, page: _Page) -> Iterator[str]:
    for target in page.fetched:
        if urlsplit(target).netloc:
            yield f"fetches {target} from another server"
        elif not _file(path, site, target).is_file():
            yield f"fetches {target}, which is not there"
    for target in page.links:
        if urlsplit(target).scheme or urlsplit(target).netloc:
            continue
        file, anchor = _file(path, site, target), unquote(urlsplit(target).fragment)
        if not file.is_file():
            yield f"leads to {target}, which is not there"
        elif anchor and file in pages and anchor not in pages[file].ids:
            yield f"leads to {target}, where there is no such heading"


def _file(page: Path, site: Path, target: str) -> Path:
    """Return the file that a browser is given for a link on a page."""
    path = unquote(urlsplit(target).path)
    file = site / path.lstrip("/") if path.startswith("/") else page.parent / path
    file = file.resolve() if path else page
    return file / "index.html" if file.is_dir() else file
