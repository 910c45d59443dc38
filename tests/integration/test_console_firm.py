"""A firm's console in Chromium, with a worker and a delivering process behind it: the views that look at a whole base.

The firm is simulated; its policy was calibrated on meetings that say whether their outcome was met, and what it sends now
does not. One of its endpoints takes all, one refuses a decision for good, one is down. The pictures of docs/console.md are
taken here: `make console-pictures`.
"""

import asyncio
import io
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from aiohttp import web
from console_browser import CHROMIUM, NO_CHROMIUM, WITHIN_MS, Looking, entered, program, serving, until_shown
from delivery_support import SECRET
from live import ROOT, Live, live, plain_environment, run
from playwright.async_api import async_playwright
from receiver import Receivers, receivers

from relationship.contract.messages import MEETINGS
from streams.embedded import RedisServer
from streams.embedded.ports import free_ports

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=NO_CHROMIUM)

LATER = 250  # events that come while somebody looks at *Now*
LARGE, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 780}
WITHIN_SECONDS = 60.0
#: What of a page comes after it.
DRAWN = {
    "now": ".part-latest .status",
    "account": "#course canvas",
    "base": "#kept dd",
}


async def firm(deployment: Live) -> None:
    """Calibrate a policy on a firm's events, have the workers decide by it, and send the events without a field of them."""
    folder, plain = deployment.folder, plain_environment()
    for arguments in (
        ("simulate", "--accounts", "90", "--years", "1.5", "--out", "firm.jsonl"),
        ("policy", "calibrate", "firm.jsonl", "--out", "firm.toml"),
    ):
        ended = await run(*arguments, folder=folder, environment=plain)
        assert ended.code == 0, ended.err
    with deployment.stage.config.open("a") as config:
        config.write(f'policy_file = "{folder / "firm.toml"}"\n')
    story = (ROOT / "examples" / "stories" / "consulting-client.jsonl").read_bytes()
    lines = [*map(_poorer, (folder / "firm.jsonl").read_bytes().splitlines(keepends=True))]
    (folder / "later.jsonl").write_bytes(b"".join(lines[-LATER:]))
    # Some of its records are refused on the way, as a firm's are.
    await deployment.run("send", "-", stdin=story + b"".join(lines[:-LATER]))


def _poorer(line: bytes) -> bytes:
    """Return an event as a system sends it that has forgotten how to say whether a meeting's outcome was met."""
    try:
        event = json.loads(line)
    except ValueError:
        return line
    if event["topic"] != MEETINGS:
        return line
    event["value"] = {name: value for name, value in event["value"].items() if name != "outcome_met"}
    return json.dumps(event).encode() + b"\n"


class Delivering:
    """A delivering process, its file, and the receivers."""

    def __init__(self, there: Receivers, file: Path) -> None:
        self.there, self.file = there, file
        self.refused: str | None = None  # the id that is refused for good

    def answer(self, path: str, event: dict[str, Any]) -> web.Response | None:
        """Answer as the endpoints do: `billing` is down, and `letters` refuses the first decision that it sees."""
        if path == "hooks/billing/T0-SECRET":
            return web.Response(status=503, text='<script>document.title="owned"</script> at /hooks/billing/T0-SECRET')
        if path == "hooks/letters":
            self.refused = self.refused or event["id"]
            return web.Response(status=400, text="no such field: why") if event["id"] == self.refused else None
        return None


@asynccontextmanager
async def delivering(deployment: Live, folder: Path) -> AsyncIterator[Delivering]:
    """Run receivers and `clientward deliver` to them."""
    file = folder / "deliveries.toml"
    (folder / "secret").write_text(SECRET)
    async with receivers("/{path:.*}") as there:
        found = Delivering(there, file)
        there.refuse = found.answer
        common = f'secret_files = ["{folder}/secret"]\nallow_private = true\nstart = "earliest"\n'
        file.write_text(
            f'[endpoints.crm]\nurl = "{there.url}/hooks/crm"\n{common}to = ["client"]\nerasures = true\n'
            f'[endpoints.letters]\nurl = "{there.url}/hooks/letters"\n{common}give_up_days = 0.00001\n'
            f'[endpoints.billing]\nurl = "{there.url}/hooks/billing/T0-SECRET"\n{common}direction = ["lapse"]\n'
        )
        config, port = str(deployment.stage.config), str(free_ports(1)[0])
        environment = plain_environment(CLIENTWARD_CONFIG=config, CLIENTWARD_WEB_PORT=port)
        async with program("deliver", file, environment=environment, log=folder / "deliver.log"):
            yield found


async def until(condition: Callable[[], bool]) -> None:
    """Return when something is so."""
    async with asyncio.timeout(WITHIN_SECONDS):
        while not condition():  # noqa: ASYNC110 - another process makes it true, and tells nobody
            await asyncio.sleep(0.05)


async def test_every_view_of_a_firm_and_what_is_changed_by_it(
    kafka_bootstrap: str, redis: RedisServer, redis_url: str, group: str, tmp_path: Path
) -> None:
    """Deliveries, what the events say, a backtest, a policy's ways, a Parquet file; light, dark and on a phone, past axe."""
    assert redis_url
    async with live(kafka_bootstrap, redis, group, tmp_path, firm) as deployment, async_playwright() as player:
        metrics = f"http://127.0.0.1:{deployment.stage.workers[0].port}/metrics"
        async with (
            delivering(deployment, tmp_path) as to,
            serving(deployment, tmp_path, "--deliveries", to.file, "--metrics", metrics) as (url, _),
        ):
            await deployment.folded()
            looking, serious = await entered(player, url, tmp_path)
            await looking.page.set_viewport_size(LARGE)  # type: ignore[arg-type]
            await leads_to_what_fails(looking)
            await endpoints(looking, to)
            await the_base_says_what_has_moved(looking)
            await a_text_becomes_a_policy(looking, (tmp_path / "firm.toml").read_text())
            await decisions_leave_as_parquet(looking)
            serious += await while_events_come(looking, deployment)
            serious += await pictures(looking)
            assert serious == []
            assert [line for line in looking.wrong if "net::ERR_ABORTED" not in line] == []


async def leads_to_what_fails(looking: Looking) -> None:
    """*Now* names the endpoint that is down, without a word of its own, and leads to its page."""
    page = looking.page
    await page.wait_for_selector(".troubles >> text=billing (127.0.0.1) takes nothing", timeout=WITHIN_MS)
    assert "script" not in await page.inner_text(".troubles")
    await page.click(".troubles li:has-text('billing') >> text=look at it")
    await page.wait_for_selector("h1 >> text=billing")
    said = await page.inner_text(".pairs")
    assert '<script>document.title="owned"</script> at /…' in said
    assert "SECRET" not in await page.content()
    assert await page.title() == "billing · Clientward"
    assert await looking.serious("failing endpoint") == []


async def endpoints(looking: Looking, to: Delivering) -> None:
    """Each change is carried out by the process that delivers, and stands in the audit with who and why."""
    page, there, url = looking.page, to.there, looking.url
    crm, letters = (f"{url}/deliveries/endpoint?name={name}" for name in ("crm", "letters"))
    await until(lambda: to.refused is not None and len(there.ids("hooks/crm")) > 0)
    await until_shown(page, letters, "try again…")
    assert "no such field: why" in await page.inner_text("#dead")
    assert await looking.serious("dead letters") == []
    await looking.picture("endpoint")
    to.there.refuse = lambda path, event: None if path == "hooks/letters" else to.answer(path, event)
    await page.click("text=try again…")
    await page.wait_for_selector(f"text={to.refused}")
    await changed(looking, "Try again", "1 message is tried again.")
    await until(lambda: to.refused in there.ids("hooks/letters"))
    await until_shown(page, letters, "Nothing.")
    await page.goto(crm)
    await page.click("text=Pause…")
    await looking.picture("change")
    await changed(looking, "Pause", "It pauses.")
    await until_shown(page, crm, "by ann at")
    await page.click("text=Let it go on…")
    await changed(looking, "Let it go on", "It goes on.")
    had = there.ids("hooks/crm")
    await page.click("text=Replay…")
    await page.fill("[name=since]", f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%dT%H:%M}")
    await changed(looking, "Replay", "It is replayed. From")
    await until(lambda: len(there.ids("hooks/crm")) >= 2 * len(had))
    assert set(there.ids("hooks/crm")) == set(had)
    await until_shown(page, crm, "crm since")
    for action in ("delivery-pause", "delivery-resume", "delivery-replay", "delivery-redrive"):
        await until_shown(page, f"{url}/audit?action={action}&by=ann", "a tour of the console")
    await page.goto(f"{url}/deliveries")
    states = {name: await page.inner_text(f"tr:has-text('{name}') strong") for name in ("crm", "letters", "billing")}
    assert states == {"crm": "well", "letters": "well", "billing": "fails"}


async def changed(looking: Looking, button: str, notice: str) -> None:
    """Give the reason, tick, and send the form of an endpoint's change."""
    page = looking.page
    await page.fill("[name=why]", "a tour of the console")
    await page.check("[name=understood]")
    assert await looking.serious(button) == []
    await page.click(f"button >> text={button}")
    await page.wait_for_selector(f".notice >> text={notice}")


async def the_base_says_what_has_moved(looking: Looking) -> None:
    """The field that no meeting has any more is named with what to do, and what it costs in points."""
    page = looking.page
    await page.goto(f"{looking.url}/base?days=0")
    await page.wait_for_selector("#recorded >> text=What to do:", timeout=WITHIN_MS)
    said = await page.inner_text("#recorded")
    assert re.search(r"outcome_met is filled in \d % of the meetings, and it was in \d\d", said), said
    assert "of the 100 points" in said
    await page.wait_for_selector("text=clients kept over 365 days")
    assert await looking.serious("what the events say") == []
    await page.locator("#recorded").scroll_into_view_if_needed()
    await page.evaluate("document.getElementById('recorded').scrollIntoView()")
    await looking.picture("base-events")


async def a_text_becomes_a_policy(looking: Looking, text: str) -> None:
    """A text is checked, backtested, put on trial, published and rolled back, and each step shows by whom."""
    page = looking.page
    strict = text.replace("client_up = 52.0", "client_up = 75.0").replace('version = "1-firm', 'version = "2-firm', 1)
    assert strict.count("75.0") > text.count("75.0")
    await page.goto(f"{looking.url}/policy")
    await page.fill("#policy-text", strict)
    await page.click("button >> text=Check")
    await page.wait_for_selector("text=is a policy.")
    assert await looking.serious("checked policy") == []
    await page.click("button >> text=Backtest it")
    await page.wait_for_selector("text=The dearest differences", timeout=WITHIN_MS)
    assert "otherwise for a time" in await page.inner_text("#backtest")
    assert await page.locator("#backtest tbody .s-client").count() > 0, "nobody would have been classed otherwise"
    assert await looking.serious("backtest's result") == []
    await looking.picture("backtest")
    result = page.url
    for what, notice in (("shadow", "is on trial in shadow"), ("publish", "is published; in force from")):
        await page.goto(result)
        await page.check(f"[name=what][value={what}]")
        await looking.page.check("[name=understood]")
        await page.click("button >> text=Do it")
        await page.wait_for_selector(f".notice >> text={notice}")
    for what, notice in (("end", "The trial is over."), ("rollback", "")):
        await page.check(f"[name=what][value={what}]")
        await page.check("form:has([value=rollback]) [name=understood]")
        await page.click("form:has([value=rollback]) button")
        await page.wait_for_selector(f".notice >> text={notice}" if notice else "h1")
    await page.goto(f"{looking.url}/policy")
    way = await page.inner_text("tr:has(a:text('result'))")
    assert way.count("ann") >= 4, way  # checked, backtested, on trial, published


async def decisions_leave_as_parquet(looking: Looking) -> None:
    """The file has as many rows as the list says, filtered as the page is, and corrections after what they correct."""
    page = looking.page
    for query in ("", "?to=client"):
        # The workers decide anew by each policy of the steps before: what counts is a file that no decision came beside.
        before, after, rows = "", " ", b""
        async with asyncio.timeout(WITHIN_SECONDS):
            while before != after:
                before = await fitting(looking, query)
                answer = await page.request.get(f"{looking.url}/decisions.parquet{query}")
                assert answer.ok
                rows = await answer.body()
                after = await fitting(looking, query)
        found = pq.read_table(io.BytesIO(rows)).to_pylist()
        ids = {each["event_id"] for each in found}
        listed = [each for each in found if each["supersedes"] not in ids]
        assert f"{len(listed):,} fit" == after
        assert {each["direction"] for each in found if each["supersedes"] in ids} <= {"correction"}
        assert listed
        assert query == "" or {each["to"] for each in listed} == {"client"}


async def fitting(looking: Looking, query: str) -> str:
    """How many decisions the list says that there are, in its own words."""
    await looking.page.goto(f"{looking.url}/decisions{query}")
    said = re.search(r"[\d,]+ fit", await looking.page.inner_text("main"))
    assert said is not None
    return said[0]


async def while_events_come(looking: Looking, deployment: Live) -> list[str]:
    """*Now* tells how many come and how soon they are decided, as soon as there is something to tell."""
    page, sent = looking.page, deployment.folder / "later.jsonl"
    await page.goto(f"{looking.url}/now")
    await page.wait_for_selector(
        ".part-figures dd >> text=/^0.0/", timeout=WITHIN_MS
    )  # a second look: a rate is of two
    await deployment.run("send", sent)
    await page.wait_for_selector(".part-figures div:has-text('p99') dd >> text=/s$/", timeout=WITHIN_MS)
    await page.wait_for_selector(".part-latest .status")
    await page.wait_for_selector(".part-workers tbody td.id")
    await looking.picture("now")
    return await looking.serious("events come")


async def pictures(looking: Looking) -> list[str]:
    """Look at every view in light, some in dark and on a phone, and keep pictures; return what axe finds serious."""
    page, found = looking.page, []
    await page.goto(f"{looking.url}/account?status=client")
    account = await page.get_attribute("tbody a.id", "href")
    assert account is not None
    views = {
        "account": account, "accounts": "/account?status=client", "decisions": "/decisions?to=client",
        "base": "/base?days=0", "refused": "/refused", "deliveries": "/deliveries", "policy": "/policy", "audit": "/audit",
    }  # fmt: skip
    light = [(name, path, name, "light", LARGE) for name, path in views.items()]
    dark = [(name, views[name], f"{name}-dark", "dark", LARGE) for name in ("base", "account", "deliveries")]
    small = [(name, views[name], f"{name}-phone", "light", PHONE) for name in ("decisions", "deliveries", "account")]
    small += [
        ("now", "/now", "now-phone", "light", PHONE),
        ("endpoint", "/deliveries/endpoint?name=billing", "endpoint-phone", "light", PHONE),
    ]
    for name, path, picture, scheme, size in light + dark + small:
        await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        await page.set_viewport_size(size)  # type: ignore[arg-type]
        await page.goto(looking.url + path)
        if name in DRAWN:
            await page.wait_for_selector(DRAWN[name], timeout=WITHIN_MS)
        assert not await page.evaluate("document.documentElement.scrollWidth > innerWidth"), f"{picture} is too wide"
        await looking.picture(picture)
        found += await looking.serious(picture)
    return found
