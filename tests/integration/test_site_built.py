"""`make docs` makes a whole site: built strictly by its locked builder, and read in a browser with no other server."""

import asyncio
import shutil
from collections import Counter
from collections.abc import Iterator
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from markdown_it import MarkdownIt
from other_languages import python_tool
from playwright.async_api import Page, async_playwright

from tools.site.__main__ import build
from tools.site.layout import everything

ROOT = Path(__file__).parents[2]
AXE = ROOT / "tests" / "support" / "vendor" / "axe.min.js"
MARKDOWN = MarkdownIt("commonmark").enable("table")
MADE_OF = {
    "ul",
    "ol",
    "li",
    "table",
    "tr",
    "td",
    "th",
    "pre",
    "h1",
    "h2",
    "h3",
    "h4",
    "blockquote",
    "strong",
    "em",
    "img",
}
PAGES = [path for path in everything(ROOT)[0] if path.endswith(".md")]
WITHIN_MS = 60_000  # of one step in the browser, on a busy machine
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the site, built as `make docs` does; every link, anchor and file that a page fetches has been tried."""
    work = tmp_path_factory.mktemp("site")
    environment = python_tool(ROOT / "requirements" / "docs.lock", "zensical").parents[1]
    assert build(work, environment) == []
    return work / "site"


@pytest.fixture
def address(site: Path) -> Iterator[str]:
    """Return where the site is served."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site)))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Say nothing."""


def test_every_page_is_built(site: Path) -> None:
    """The home page, one of each kind, and the picture of the rooms' code are there."""
    for page in ("", "docs/operations", "docs/decisions/008-no-transactional-producer", "source/relationship/core.py"):
        assert (site / page / "index.html").is_file()


class Shape(HTMLParser):
    """Counts what a page is made of, within its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.counted: Counter[str] = Counter()
        self.inside = "<article" not in html
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the parser's
        """Count a tag."""
        self.inside |= tag == "article"
        if self.inside and tag in MADE_OF:
            self.counted[tag] += 1

    def handle_endtag(self, tag: str) -> None:
        """See whether the text ends."""
        self.inside &= tag != "article"


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_the_shape_that_a_code_host_shows(page: str, site: Path) -> None:
    """Lists, items, tables, cells, headings and blocks are as many as CommonMark makes of the same file."""
    built = site / page.removesuffix(".md").removesuffix("README") / "index.html"
    wanted = MARKDOWN.render((ROOT / page).read_text(encoding="utf-8"))
    assert Shape(built.read_text(encoding="utf-8")).counted == Shape(wanted).counted


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine (apt-get install chromium)")
async def test_it_reads_in_a_browser_and_asks_nobody_else(site: Path, address: str) -> None:
    """A diagram is drawn, the search finds a page, nothing is serious to axe, and no other server is asked for anything."""
    assert site
    elsewhere: list[str] = []
    errors: list[str] = []
    async with async_playwright() as player, asyncio.timeout(240):
        browser = await player.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = await browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(WITHIN_MS)
        page.on("request", lambda asked: elsewhere.append(asked.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        await page.goto(f"{address}docs/statuses/")
        await page.locator("div.mermaid").wait_for()  # until it is drawn it is a `pre`
        await page.keyboard.press("Control+k")
        await page.keyboard.type("hysteresis")
        await shown(page, "Glossary")
        for scheme in ("light", "dark"):
            looked = await browser.new_page(color_scheme=scheme)
            await looked.goto(f"{address}docs/concepts/dimensions/")
            await looked.add_script_tag(path=AXE)
            found = await looked.evaluate("axe.run()")
            assert [each["id"] for each in found["violations"] if each["impact"] in {"serious", "critical"}] == []
        await browser.close()
    assert [url for url in elsewhere if not url.startswith((address, "data:", "blob:"))] == []
    assert errors == []


async def shown(page: Page, text: str) -> None:
    """Return when a reader can see a text; the search is a part of the page that its scripts cannot look into."""
    reader = await page.context.new_cdp_session(page)
    while True:
        tree = await reader.send("Accessibility.getFullAXTree")
        if any(node.get("name", {}).get("value") == text for node in tree["nodes"]):
            return
        await asyncio.sleep(0.1)
