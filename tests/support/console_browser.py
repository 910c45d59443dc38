"""The console as people see it: a real `clientward console`, Chromium in front of it, axe on each page, and pictures."""

import asyncio
import base64
import os
import shutil
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from live import ROOT, Live, plain_environment
from playwright.async_api import Page, Playwright

from streams.embedded.ports import free_ports

CHROMIUM: Final = shutil.which("chromium") or shutil.which("chromium-browser")
NO_CHROMIUM: Final = "no chromium on this machine: the console is not tried in a browser (apt-get install chromium)"
WITHIN_MS: Final = 60_000
SECRET: Final = "correct horse battery"
AXE: Final = ROOT / "tests" / "support" / "vendor" / "axe.min.js"
#: Where the pictures of docs/console.md are put, if somebody asks for them; else a test keeps what it saw in its folder.
PICTURES: Final = os.environ.get("CLIENTWARD_TEST_PICTURES")
QUALITIES: Final = (62, 50, 40, 30)  # of a picture, in per cent; the first that makes it small enough
MOST_BYTES: Final = 60_000  # of a picture


@asynccontextmanager
async def serving(deployment: Live, folder: Path, *more: str | Path) -> AsyncIterator[tuple[str, list[str]]]:
    """Run the console of a deployment; give its address and its command line."""
    port = free_ports(1)[0]
    users = ["--users", str(folder / "users.json")]
    assert (
        await deployment.run("console", "user", "add", "ann", "--role", "admin", *users, stdin=SECRET.encode())
    ).code == 0
    environment = plain_environment(CLIENTWARD_CONFIG=str(deployment.stage.config))
    arguments = ("console", "--port", str(port), *users, *more)
    async with program(*arguments, environment=environment, log=folder / "console.log"):
        yield f"http://127.0.0.1:{port}", users


@asynccontextmanager
async def program(*arguments: str | Path, environment: dict[str, str], log: Path) -> AsyncIterator[Process]:
    """Run a command that goes on until it is told to stop, and see that it stops well."""
    argv = ["-m", "cli.main", *map(str, arguments)]
    with log.open("ab") as file:
        process = await asyncio.create_subprocess_exec(
            sys.executable, *argv, env=environment | {"PYTHONPATH": str(ROOT)}, stdout=DEVNULL, stderr=file
        )
    try:
        yield process
    finally:
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 30) == 0


class Looking:
    """A page, and what went wrong in it."""

    def __init__(self, page: Page, url: str, folder: Path) -> None:
        self.page, self.url, self.folder = page, url, folder
        self.wrong: list[str] = []
        page.on("pageerror", lambda error: self.wrong.append(f"script: {error}"))
        page.on("console", lambda said: self.wrong.append(said.text) if said.type == "error" else None)
        page.on("request", lambda asked: None if asked.url.startswith(url) else self.wrong.append(f"asked {asked.url}"))

    async def look(self, path: str, name: str) -> list[str]:
        """Open a page, keep a picture of it, and return what axe finds serious."""
        answer = await self.page.goto(self.url + path)
        assert answer is not None
        assert answer.status == 200, (path, answer.status)
        await self.page.wait_for_load_state("load")
        await self.page.screenshot(path=self.folder / f"{name}.png", full_page=True)
        return await self.serious(name)

    async def picture(self, name: str) -> None:
        """Keep a picture of what the window shows; where pictures are asked for, as one of the docs."""
        await self.page.screenshot(path=self.folder / f"{name}.png")
        if PICTURES:
            browser = await self.page.context.new_cdp_session(self.page)
            for quality in QUALITIES:
                taken = await browser.send("Page.captureScreenshot", {"format": "webp", "quality": quality})
                content = base64.b64decode(taken["data"])
                if len(content) <= MOST_BYTES:
                    break
            (Path(PICTURES) / f"{name}.webp").write_bytes(content)

    async def serious(self, name: str) -> list[str]:
        """Return what axe finds serious or critical on the page as it is."""
        await self.page.evaluate(AXE.read_text(encoding="utf-8"))  # as the debugger does, past the page's policy
        found: Any = await self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{name}: {each['id']} {[node['target'] for node in each['nodes'][:3]]}"
            for each in found["violations"]
            if each["impact"] in {"serious", "critical"}
        ]


async def ready(page: Page, url: str) -> None:
    """Return when the console answers."""
    async with asyncio.timeout(60):
        while True:
            try:
                await page.goto(f"{url}/login")
            except Exception:  # noqa: BLE001 - it refuses until it is there
                await asyncio.sleep(0.1)
            else:
                return


async def entered(player: Playwright, url: str, folder: Path) -> tuple[Looking, list[str]]:
    """Log ann in; return the browser's page, and what axe finds serious on the login."""
    browser = await player.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
    page = await browser.new_page()
    await ready(page, url)
    looking = Looking(page, url, folder)
    serious = await looking.serious("login")
    await page.fill("[name=name]", "ann")
    await page.fill("[name=password]", SECRET)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/now")
    return looking, serious


async def until_shown(page: Page, address: str, text: str) -> None:
    """Open a page until it shows a text: the read model follows a topic."""
    async with asyncio.timeout(WITHIN_MS / 1000):
        while True:
            await page.goto(address)
            if text in await page.inner_text("main"):
                return
            await asyncio.sleep(0.2)
