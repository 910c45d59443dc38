"""Whoever sits at the console: logged in, with *Now* open, sending its forms as a browser does."""

import asyncio
import html
import re
from collections.abc import AsyncIterable, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final, NamedTuple

from aiohttp import ClientError, ClientSession, ClientTimeout, CookieJar

from faults.bad_day.diary import Diary

TOKEN: Final = re.compile(r'name="csrf" value="([^"]+)"')
TROUBLE: Final = re.compile(r'<li class="(\w+)"><strong>(.*?)</strong>(.*?)</li>', re.DOTALL)
REFUSED: Final = re.compile(r"<dt>refused</dt><dd>([\d.,]+)")
TAG: Final = re.compile(r"<[^>]+>")
SINCE: Final = '<span class="dim">since'
FORM_SECONDS: Final = 60.0
AGAIN_SECONDS: Final = 0.5


class Trouble(NamedTuple):
    """What *Now* says is wrong: the heading with the check, and the rest with since when."""

    heading: str
    words: str


class Browser:
    """A person's browser.

    Attributes:
        troubles: what *Now* says at this moment, by heading; None before it was looked at.
        refused: the figure of refused records a second.
    """

    def __init__(self, session: ClientSession, url: str, diary: Diary) -> None:
        self.troubles: Mapping[str, Trouble] | None = None
        self.refused = 0.0
        self._session, self._url, self._diary = session, url, diary

    async def log_in(self, code: str) -> None:
        """Log in by a code that is good once."""
        await self.submit("/login", "/login", code=code)

    async def submit(self, page: str, action: str, **fields: str) -> str:
        """Open a page and send its form; return the notice that the next page shows, or its title."""
        async with self._session.get(self._url + page, timeout=ClientTimeout(total=FORM_SECONDS)) as shown:
            found = TOKEN.search(await shown.text())
        if found is None:
            raise RuntimeError(f"{page} has no form: {shown.status}")
        form, origin = {"csrf": found[1], **fields}, {"Origin": self._url}
        async with self._session.post(
            self._url + action, data=form, headers=origin, timeout=ClientTimeout(total=FORM_SECONDS)
        ) as done:
            text = await done.text()
        if done.status != 200:  # noqa: PLR2004 - HTTP's "OK"
            raise RuntimeError(f"{action} answers {done.status}: {_plain(text)[:300]}")
        notice = re.search(r'class="[^"]*notice[^"]*"[^>]*>(.*?)</', text, re.DOTALL)
        return _plain(notice[1]) if notice else ""

    async def watch(self) -> None:
        """Keep *Now* open until cancelled, and note what comes and goes of what it says is wrong."""
        while True:
            try:
                async with self._session.get(f"{self._url}/now/stream", timeout=ClientTimeout(total=None)) as stream:
                    async for name, text in events(stream.content):
                        self.take(name, text)
            except (ClientError, TimeoutError):
                await asyncio.sleep(AGAIN_SECONDS)

    def take(self, name: str, text: str) -> None:
        """Take an event of the page in, and note what is new in it."""
        if name == "figures" and (found := REFUSED.search(text)):
            rate = float(found[1].replace(",", ""))
            if rate > 0 and not self.refused:
                self._diary.note("Now", f"Flow: refused {rate:g}/s")
            elif not rate and self.refused:
                self._diary.note("Now", "Flow: refused 0/s")
            self.refused = rate
        if name != "troubles" or "Looking" in text:
            return
        found_now = [
            Trouble(_plain(head), _plain(words.replace(SINCE, f", {SINCE}")).replace(" ,", ","))
            for _, head, words in TROUBLE.findall(text)
        ]
        now = {each.heading: each for each in found_now}
        before = self.troubles if self.troubles is not None else {}
        for heading in now.keys() - before.keys():
            self._diary.note("Now", f"{heading}. {now[heading].words}")
        for heading in before.keys() - now.keys():
            self._diary.note("Now", f"no longer: {heading}")
        self.troubles = now

    def says(self, check: str, level: str = "Fails") -> bool:
        """Tell whether *Now* says that a check fails, or warns."""
        return f"{level}: {check}" in (self.troubles or {})


async def events(lines: AsyncIterable[bytes]) -> AsyncIterator[tuple[str, str]]:
    """Give the server-sent events of a stream: name and text."""
    name, data = "", list[str]()
    async for raw in lines:
        line = raw.decode().rstrip("\n")
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data:"):
            data.append(line.removeprefix("data:"))
        elif not line and name:
            yield name, "\n".join(data)
            name, data = "", []


def _plain(text: str) -> str:
    """Return HTML as text."""
    return " ".join(html.unescape(TAG.sub("", text)).split())


@asynccontextmanager
async def browsing(url: str, code: str, diary: Diary) -> AsyncIterator[Browser]:
    """Log in and keep *Now* open while the block lasts."""
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:  # its host is an IP address
        browser = Browser(session, url, diary)
        await browser.log_in(code)
        watching = asyncio.create_task(browser.watch())
        try:
            yield browser
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
