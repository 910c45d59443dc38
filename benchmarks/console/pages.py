"""The real `clientward console` over large tables: each page by HTTP and in a browser, its CPU and its memory.

The tables were written before; the console's follower is told that it has read all that the stand's Kafka holds, so that it
leaves them as they are. One account is real too, folded by a worker from a story, since an account's page is made of Redis.
"""

import asyncio
import random
import re
import shutil
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from aiohttp import ClientSession, CookieJar
from playwright.async_api import Page, async_playwright

from benchmarks.console.records import SEED
from benchmarks.programs import ROOT, WORKER, Program, RunFailedError, running
from benchmarks.report import say
from benchmarks.results import Sample
from benchmarks.soak.running import until_ready
from benchmarks.stand import Stand, cpu_seconds
from console.access.users import Users
from readmodel.database import ReadModel
from readmodel.writing.positions import Place, Position, write_facts, write_positions
from readmodel.writing.writer import TOPICS
from relationship.contract.enums import INDUSTRIES, STATUSES
from relationship.contract.outcome import Reason
from streams.embedded.ports import free_ports
from streams.kafka.admin import admin_client, ensure_topics
from views.accounts.stored import account_now
from views.errors import NoAccountError

STORY: Final = ROOT / "examples" / "stories" / "consulting-client.jsonl"
REAL: Final = "harbour-works"  # the account of the story
PASSWORD: Final = "a password of a measure"  # noqa: S105 - of a console that ends with the measure
TOKEN: Final = re.compile(r'name="csrf" value="([^"]+)"')
WITHIN_SECONDS: Final = 120.0
WATCHED_SECONDS: Final = 20.0
TIMES: Final = 60  # that each page is asked for
LOADS: Final = 20  # of each page in the browser
MILLIS: Final = 1e3
MEGA: Final = 1e6
#: Made of the tables, but for an account's page and *Now*; what is drawn changes with every request.
PAGES: Final[dict[str, Callable[[random.Random, int], str]]] = {
    "Now": lambda _, __: "/now",
    "Account, a list": lambda draw, _: f"/account?status={draw.choice(STATUSES)}&industry={draw.choice(INDUSTRIES)}",
    "Account, by prefix": lambda draw, count: f"/account?prefix={_name(draw, count)[: draw.randrange(9, 14)]}",
    "Account": lambda _, __: f"/account?id={REAL}",
    "Decisions": lambda _, __: "/decisions",
    "Decisions, filtered": lambda draw, _: (
        f"/decisions?industry={draw.choice(INDUSTRIES)}&to={draw.choice(STATUSES)}&confidence={draw.choice((50, 90, 99))}"
    ),
    "Base": lambda draw, _: f"/base?days={draw.choice((30, 90, 365, 0))}",
    "Base, one industry": lambda draw, _: f"/base?industry={draw.choice(INDUSTRIES)}",
    "Refused": lambda draw, _: f"/refused?reason={draw.choice([*Reason]).value}",
    "Deliveries": lambda _, __: "/deliveries",
    "Policy": lambda _, __: "/policy",
    "Audit": lambda draw, _: f"/audit?by=user-{draw.randrange(40)}",
}


def _name(draw: random.Random, count: int) -> str:
    return f"account-{draw.randrange(count) * 7_919 % 10_000_000:07}"


async def ask_pages(on: Stand, url: str, count: int) -> list[Sample]:
    """Run a console over the tables of a URL with so many accounts, and ask for its pages."""
    group = on.next_group("console")
    await ensure_topics(on.settings(group))
    await _fold_one(on, group)
    await _place_at_the_beginning(on, group, url)
    async with _console(on, group, url) as (address, pid), _logged_in(address) as session:
        samples = [Sample("console, at the start", 1, _memory(pid))]
        draw = random.Random(SEED)  # noqa: S311 - a seeded generator is what a measure wants
        for name, path in PAGES.items():
            values = await _by_http(session, [address + path(draw, count) for _ in range(TIMES)], pid)
            samples.append(Sample(f"{name}, by HTTP", 1, values))
            say(f"{name}: {values}")
        samples.append(Sample("console, after these pages", 1, _memory(pid)))
        samples.append(Sample("console, Now watched", 1, await _watched(session, address, pid)))
        values = await _by_http(session, [f"{address}/decisions.csv"], pid)
        samples.append(Sample("decisions.csv, 100,000 rows", 1, values | _memory(pid)))
        samples += await _in_browser(address)
    return samples


async def _fold_one(on: Stand, group: str) -> None:
    """Send a story, and let a worker fold it."""
    settings = on.settings(group)
    sending = Program("clientward send", (*WORKER.command[:-1], "send", str(STORY)), ours=True)
    async with running(sending, on, group) as (sender,):
        if await sender.process.wait():
            raise sender.failure("sent nothing")
    async with running(WORKER, on, group) as (worker,), asyncio.timeout(WITHIN_SECONDS):
        while True:
            worker.check()
            try:
                if (await account_now(settings, REAL)).state.status == "client":
                    return
            except NoAccountError:
                pass
            await asyncio.sleep(0.5)  # nobody tells when the last event is folded


async def _place_at_the_beginning(on: Stand, group: str, url: str) -> None:
    """Have the tables say that they are of this Kafka, and that nothing of it is read yet."""
    async with admin_client(on.settings(group)) as client:
        cluster = str((await client.describe_cluster()).get("cluster_id"))
    model = ReadModel.open(url)
    with model.writing() as connection:
        places = {Place(topic, number): Position(0) for topic in TOPICS for number in range(on.partitions)}
        write_positions(connection, places)
        write_facts(connection, cluster=cluster)
    model.close()


@asynccontextmanager
async def _console(on: Stand, group: str, url: str) -> AsyncIterator[tuple[str, int]]:
    """Run the console; give its address and its process id."""
    port, users, file = free_ports(1)[0], on.folder / "users.json", on.folder / "deliveries.toml"
    Users(users).add("ann", "admin", PASSWORD)
    file.write_text('[endpoints.crm]\nurl = "https://crm.example/x"\nsecret_variables = ["CRM"]\n')
    more = ("--port", str(port), "--users", str(users), "--deliveries", str(file))
    # What is in the tables stays there, however old it says that it is.
    kept = {"CLIENTWARD_READMODEL_URL": url, "CLIENTWARD_REJECTED_RETENTION_DAYS": "3650"}
    program = Program("clientward console", (*WORKER.command[:-1], "console", *more), kept, ours=True)
    async with running(program, on, group) as (console,):
        address = f"http://127.0.0.1:{port}"
        async with ClientSession() as session:
            await until_ready(console, session, address, "livez")
        yield address, console.pid


@asynccontextmanager
async def _logged_in(address: str) -> AsyncIterator[ClientSession]:
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:
        async with session.get(f"{address}/login") as answer:
            found = TOKEN.search(await answer.text())
        form = {"csrf": found.group(1) if found else "", "name": "ann", "password": PASSWORD}
        async with session.post(f"{address}/login", data=form, headers={"Origin": address}) as answer:
            if not answer.ok:
                raise RunFailedError(f"the console lets nobody in: {answer.status}")
        yield session


async def _by_http(session: ClientSession, addresses: Sequence[str], pid: int) -> dict[str, float]:
    """Ask for pages one after the other; return their times, and the console's CPU time for each."""
    spent, used = [], cpu_seconds(pid)
    for address in addresses:
        started = time.perf_counter()
        async with session.get(address) as answer:
            async for _ in answer.content.iter_any():
                pass
        spent.append((time.perf_counter() - started) * MILLIS)
        if not answer.ok:
            raise RunFailedError(f"{address} was answered by {answer.status}")
    return quantiles(spent) | {"cpu": (cpu_seconds(pid) - used) * MILLIS / len(addresses)}


async def _watched(session: ClientSession, address: str, pid: int) -> dict[str, float]:
    """Watch *Now* for a while; return the share of a core that the console takes."""
    async with session.get(f"{address}/now/stream") as answer:
        await answer.content.readany()
        used, started = cpu_seconds(pid), time.perf_counter()
        while time.perf_counter() - started < WATCHED_SECONDS:
            await answer.content.readany()
        return {"busy": (cpu_seconds(pid) - used) / (time.perf_counter() - started) * 100, **_memory(pid)}


async def _in_browser(address: str) -> list[Sample]:
    """Load each page in Chromium, with its scripts and styles; return the times of its load event."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        say("no Chromium on this machine: pages are not loaded in a browser")
        return []
    samples = []
    async with async_playwright() as player:
        browser = await player.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = await browser.new_page()
        await page.goto(f"{address}/login")
        await page.fill("[name=name]", "ann")
        await page.fill("[name=password]", PASSWORD)
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/now")
        draw = random.Random(SEED)  # noqa: S311 - a seeded generator is what a measure wants
        for name, path in PAGES.items():
            spent = [await _load(page, address + path(draw, 1_000)) for _ in range(LOADS)]
            samples.append(Sample(f"{name}, in Chromium", 1, quantiles(spent)))
            say(f"{samples[-1].program}: {samples[-1].values}")
        await browser.close()
    return samples


async def _load(page: Page, address: str) -> float:
    await page.goto(address, wait_until="load")
    await page.wait_for_function("performance.getEntriesByType('navigation')[0].loadEventEnd > 0")
    return float(await page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd"))


def quantiles(spent: Sequence[float]) -> dict[str, float]:
    """Return the median, the 95th percentile and the most of times."""
    times = sorted(spent)
    return {"p50": times[len(times) // 2], "p95": times[int(len(times) * 0.95)], "most": times[-1]}


def _memory(pid: int) -> dict[str, float]:
    """Return what a process has resident in MB: of its own, and of files that it maps, which the system may take back."""
    found = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line)
    return {name: int(found[key].split()[0]) * 1024 / MEGA for name, key in (("own", "RssAnon"), ("mapped", "RssFile"))}
