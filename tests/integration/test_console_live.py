"""`clientward console` with a worker behind it, in Chromium: every page opened and looked over by axe, one command done.

The screenshots stay in the test's folder. Where there is no Chromium the test is skipped, and says so.
"""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest
from console_browser import CHROMIUM, NO_CHROMIUM, WITHIN_MS, Looking, entered, serving, until_shown
from live import ROOT, Live, live
from playwright.async_api import Page, async_playwright

from relationship.contract.messages import PURCHASES
from streams.embedded import RedisServer

HOSTILE = '"><script>document.title="owned"</script><img src=x onerror="document.title=1">'
MOVED, STAYS = "moved-account", "staying-account"
PAGES = ("now", "account", "decisions", "base", "refused", "deliveries", "policy", "audit", "keys", "runbook")

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=NO_CHROMIUM)


async def history(deployment: Live) -> None:
    """Send two accounts' stories, one whose id is script, and a record that is refused."""
    for story in ("consulting-client", "grocery-wholesale-who-never-talks"):
        assert (await deployment.run("send", ROOT / "examples" / "stories" / f"{story}.jsonl")).code == 0
    now = datetime.now(UTC).isoformat()
    value = {"event_id": HOSTILE, "account_id": HOSTILE, "occurred_at": now, "amount": "9.50", "currency": "EUR"}
    lines = [
        {"topic": PURCHASES, "value": value},
        {"topic": PURCHASES, "value": value | {"event_id": "x", "amount": HOSTILE}},
        {"topic": PURCHASES, "value": value | {"event_id": "moved-1", "account_id": MOVED}},
        {"topic": PURCHASES, "value": value | {"event_id": "moved-2", "account_id": MOVED}},
        {"topic": PURCHASES, "value": value | {"event_id": "stays-1", "account_id": STAYS}},
    ]
    assert (
        await deployment.run("send", "-", stdin=b"".join(json.dumps(line).encode() + b"\n" for line in lines))
    ).code == 0


async def test_every_page_opens_and_a_command_is_done(
    kafka_bootstrap: str, redis: RedisServer, redis_url: str, group: str, tmp_path: Path
) -> None:
    """Light, dark and on a phone nothing is serious to axe; no script of an account's id runs; an override is audited."""
    assert redis_url
    async with live(kafka_bootstrap, redis, group, tmp_path, history) as deployment, async_playwright() as player:
        await deployment.folded()
        async with serving(deployment, tmp_path) as (url, users):
            looking, serious = await entered(player, url, tmp_path)
            page = looking.page
            await moves_and_pauses(page)
            await page.goto(f"{url}/decisions")
            await page.reload()
            serious += [line for name in PAGES for line in await looking.look(f"/{name}", name)]
            await hostile_account(looking)
            await command_done(looking)
            await letter_given_up(looking)
            await account_changed(looking)
            assert (await looking.look("/audit?action=override&by=ann", "audited")) == []
            for name, scheme, size in (("dark", "dark", (1280, 800)), ("phone", "light", (390, 844))):
                await page.emulate_media(color_scheme=scheme)
                await page.set_viewport_size({"width": size[0], "height": size[1]})
                for path in ("now", "base", "policy"):
                    serious += await looking.look(f"/{path}", f"{path}-{name}")
                    wide = await page.evaluate("document.documentElement.scrollWidth > innerWidth")
                    assert not wide, f"{path} on a {name} is wider than its screen"
            assert serious == []
            assert [line for line in looking.wrong if "net::ERR_ABORTED" not in line] == []
            await page.goto(f"{url}/now")
            assert (await deployment.run("console", "user", "remove", "ann", *users)).code == 0
            await page.wait_for_selector("#ended >> text=Your session has ended", timeout=WITHIN_MS)


async def moves_and_pauses(page: Page) -> None:
    """The page of now fills by its stream; Space pauses it, and once more goes on."""
    await page.wait_for_selector(".part-workers tbody td.id", timeout=WITHIN_MS)
    await page.wait_for_selector(".part-servers >> text=append-only file", timeout=WITHIN_MS)
    await page.wait_for_selector(".part-servers >> text=SCHEMA", timeout=WITHIN_MS)
    await page.wait_for_selector(".part-latest .s-client", timeout=WITHIN_MS)
    await page.keyboard.press(" ")
    await page.wait_for_selector("#live-state >> text=paused")
    await page.keyboard.press(" ")
    await page.wait_for_selector("#live-state >> text=live")


async def hostile_account(looking: Looking) -> None:
    """An account whose id is script is found, opened and shown, and nothing of it runs."""
    await looking.page.goto(f"{looking.url}/account")
    await looking.page.click("a.id >> text=script")
    assert await looking.page.inner_text("h1") == HOSTILE
    assert await looking.page.title() == f"{HOSTILE} · Clientward"
    assert await looking.page.locator("main img, main script").count() == 0
    await looking.page.wait_for_selector("#course canvas")
    assert await looking.serious("hostile account") == []


async def command_done(looking: Looking) -> None:
    """An override is given by its form, and its trace comes to the page as soon as the worker has done it."""
    page = looking.page
    await page.click("text=Override the status…")
    await page.select_option("[name=status]", "client")
    await page.fill("[name=reason]", "a tour of the console")
    await page.check("[name=understood]")
    assert await looking.serious("command") == []
    await page.click("button >> text=Override the status")
    await page.wait_for_selector("text=override: done", timeout=WITHIN_MS)
    await page.reload()
    await page.wait_for_selector(".standing .s-client")
    await page.screenshot(path=looking.folder / "commanded.png", full_page=True)


async def letter_given_up(looking: Looking) -> None:
    """A refused record is counted, sent again in vain, and given up, each with a reason; the audit has both."""
    page = looking.page
    for link, button, notice in (
        ("send again…", "Send again", "1 of 1 records are sent again"),
        ("give up…", "Give up", "1 of 1 records are given up"),
    ):
        await page.goto(f"{looking.url}/refused")
        await page.click(f"text={link}")  # of the newest: what was sent again is refused again, in a letter of its own
        await page.wait_for_selector("text=1 of 1 would be")
        assert await looking.serious(button) == []
        await page.fill("[name=why]", "a tour of the console")
        await page.check("[name=understood]")
        await page.click(f"button >> text={button}")
        await page.wait_for_selector(f"text={notice}")
        await until_shown(
            page, f"{looking.url}/refused", "It came back" if link == "send again…" else "given up by ann"
        )
    assert "sent again by ann" in await page.inner_text("main")
    await page.goto(f"{looking.url}/refused?state=open")
    assert await looking.serious("open") == []
    assert "ann" not in await page.inner_text("main table >> nth=1")
    for action in ("dlq-redrive", "dlq-discard"):
        await page.goto(f"{looking.url}/audit?action={action}&by=ann")
        await page.wait_for_selector("text=1 dead letters (1 SCHEMA)")


async def account_changed(looking: Looking) -> None:
    """Every other change of an account is carried out by its form, and its trace comes to the page."""
    page = looking.page
    account = f"{looking.url}/account?id={quote(MOVED)}"
    changes: tuple[tuple[str, str, str, dict[str, str]], ...] = (
        ("override", "Override the status", "", {}),
        ("release", "Release the override", "", {}),
        ("correct", "Correct an event", "", {"corrects": "moved-1"}),
        ("merge", "Merge into another account", MOVED, {"into": STAYS}),
        ("unmerge", "Unmerge", "", {"into": STAYS}),
        ("erase", "Erase the account", MOVED, {}),
    )
    for command, title, again, fields in changes:
        await page.goto(f"{looking.url}/account/do?command={command}&id={quote(MOVED)}")
        for name, value in ({"reason": "a tour of the console"} | fields).items():
            await page.fill(f"[name={name}]", value)
        if again:
            await page.fill("[name=again]", again)
        await page.check("[name=understood]")
        assert await looking.serious(command) == []
        await page.click(f"button >> text={title}")
        await page.wait_for_url(f"{account}&awaits=*")
        await audited(looking, command)
    # An account that is merged or erased has no page of its own, and the browser says so too.
    looking.wrong = [line for line in looking.wrong if "status of 404" not in line]


async def audited(looking: Looking, command: str) -> None:
    """Return when the audit says that the account's command is done."""
    async with asyncio.timeout(WITHIN_MS / 1000):
        while True:
            await looking.page.goto(f"{looking.url}/audit?action={command}&by=ann")
            text = await looking.page.inner_text("main")
            # Of an account that is erased no entry names it.
            if any((MOVED in row or command == "erase") and "done" in row for row in text.splitlines()):
                return
            await asyncio.sleep(0.2)  # the audit is read by the console from a topic
