"""The example subscribers, as programs of their own, behind a real worker on real Kafka and Redis."""

import ast
import asyncio
import json
import sqlite3
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from engine_support import make_settings, running, send, settled
from live import plain_environment
from mail_stand_in import AUDIENCE, KEY, Platform, platform
from story import Told, command, courtship, purchase

from agents.worker import Worker
from relationship.core import Core
from relationship.policy.compiled import load_policy
from streams.config.settings import Settings

SUBSCRIBERS = Path(__file__).parents[2] / "examples" / "subscribers"
EMAILS = (
    "account_id,email\nacme,Ada@Acme.example\nshop,sam@shop.example\ngone,gus@gone.example\ntwin,tia@twin.example\n"
)
NOW = datetime.now(UTC).replace(microsecond=0)


class Firm:
    """A deployment with a worker, and the subscribers beside it."""

    def __init__(self, settings: Settings, worker: Worker, folder: Path) -> None:
        self.settings, self.worker, self.folder = settings, worker, folder

    async def tell(self, *told: Told) -> None:
        """Publish messages, dated so that day 170 of the story is now, and wait until they are folded."""
        shift = NOW - courtship()[0][1].occurred_at - timedelta(days=170)
        moved = [(topic, msgspec.structs.replace(each, occurred_at=each.occurred_at + shift)) for topic, each in told]
        await send(self.settings, [(topic, each.account_id, msgspec.json.encode(each)) for topic, each in moved])
        await settled(self.worker)

    async def run(self, program: str, *arguments: str, **environment: str) -> tuple[int, list[Any], str]:
        """Run a subscriber to the end of what there is; return its exit code, the JSON that it prints, and its errors."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(SUBSCRIBERS / f"{program}.py"),
            *arguments,
            "--once",
            cwd=self.folder,
            env=plain_environment(CLIENTWARD_KAFKA_BOOTSTRAP=self.settings.kafka_bootstrap, **environment),
            stdout=PIPE,
            stderr=PIPE,
        )
        async with asyncio.timeout(60):
            out, err = await process.communicate()
        assert process.returncode is not None
        return process.returncode, [json.loads(line) for line in out.splitlines()], err.decode()


@pytest.fixture
async def firm(kafka_bootstrap: str, redis_url: str, group: str, tmp_path: Path) -> AsyncIterator[Firm]:
    """A firm whose worker folds."""
    settings = await make_settings(kafka_bootstrap, redis_url, group, tmp_path)
    async with running(settings, Core(load_policy())) as worker:
        yield Firm(settings, worker, tmp_path)


def of(account: str, told: list[Told]) -> list[Told]:
    """Return messages as another account's."""
    return [
        (topic, msgspec.structs.replace(m, account_id=account, event_id=f"{account}-{m.event_id}")) for topic, m in told
    ]


@asynccontextmanager
async def marketing(firm: Firm, **environment: str) -> AsyncIterator[tuple[Platform, Any]]:
    """Give the platform, and what brings it in step."""
    (firm.folder / "emails.csv").write_text(EMAILS, encoding="utf-8")
    async with platform() as there:
        names = {"MAILCHIMP_API_KEY": KEY, "MAILCHIMP_LIST": AUDIENCE, "MAILCHIMP_URL": there.url, **environment}

        async def step() -> str:
            code, _, err = await firm.run("email_platform", "emails.csv", **names)
            assert code == 0, err
            return err

        yield there, step


@pytest.mark.row("system: communication")
async def test_an_e_mail_platform_is_kept_in_step(firm: Firm) -> None:
    """Tags follow each change of standing, the list's own are left alone, and nobody is subscribed."""
    async with marketing(firm) as (there, step):
        await firm.tell(*of("acme", courtship()[:10]), *of("shop", [purchase(1)]), *of("unknown", [purchase(1)]))
        await step()
        assert there.tags("ada@acme.example") == {"status: candidate", "play: court"}
        assert there.tags("sam@shop.example") == {"status: customer", "play: serve_at_scale"}
        assert {each["status"] for each in there.members.values()} == {"transactional"}
        assert len(there.members) == 2, "whose address is not known is not there"
        there.segments[7]["members"].add("ada@acme.example")

        await firm.tell(*of("acme", courtship()[10:]))
        there.order(429, {"title": "Too Many Requests", "status": 429})
        there.order(500, {"title": "Internal Server Error", "status": 500})
        err = await step()
        assert err.count("again in") == 2, "a platform that is busy is asked again"
        assert there.tags("ada@acme.example") == {"status: client", "play: keep", "of our own"}


@pytest.mark.row("system: communication")
async def test_an_e_mail_platform_forgets_whom_we_forget(firm: Firm) -> None:
    """The erased contact is deleted for good, there and in the address file; the merged one only loses its tags."""
    async with marketing(firm) as (there, step):
        await firm.tell(*of("gone", courtship()), *of("twin", [purchase(1)]), *of("acme", [purchase(1)]))
        await step()
        assert len(there.members) == 3
        await firm.tell(command(169, "erase", account="gone"), command(169, "merge", account="twin", into="acme"))
        await step()
        assert there.deleted == ["gus@gone.example"]
        assert there.tags("tia@twin.example") == set()
        assert "gone" not in (firm.folder / "emails.csv").read_text(encoding="utf-8")
        calls = len(there.calls)
        await step()
        assert there.calls[calls:] == [f"GET /3.0/lists/{AUDIENCE}/segments"], "what was handled is not handled again"


@pytest.mark.row("system: communication")
async def test_what_a_platform_refuses_is_told_and_done_again(firm: Firm) -> None:
    """With a wrong key the subscriber ends with the platform's words; with the right one it does what it owes."""
    await firm.tell(*of("acme", [purchase(1)]))
    async with marketing(firm) as (there, step):
        names = {"MAILCHIMP_LIST": AUDIENCE, "MAILCHIMP_URL": there.url}
        code, _, err = await firm.run("email_platform", "emails.csv", MAILCHIMP_API_KEY="wrong-us6", **names)
        assert code == 1
        assert "API Key Invalid" in err
        await step()
        assert there.tags("ada@acme.example") == {"status: customer", "play: serve_at_scale"}


@pytest.mark.row("system: rewards, subscriber")
async def test_rewards_follow_tenure_and_use(firm: Firm) -> None:
    """A buyer's grow with use; a client is shown appreciation, and more with the years; nothing is given twice."""
    buys = [purchase(day, f"b{day}", list_price="10.00") for day in range(-230, 171, 10)]
    await firm.tell(*of("acme", courtship()[:3]))
    await firm.tell(*of("acme", courtship()[3:]), *of("shop", buys[-1:]), *of("fan", buys))
    code, given, err = await firm.run("rewards", "rewards.sqlite")
    assert code == 0, err
    assert rewards(given, "shop") == ["welcome"]
    assert rewards(given, "fan") == ["welcome", "member", "gold"]
    assert rewards(given, "acme") == ["welcome", "a letter of thanks from the person in charge"]
    assert await firm.run("rewards", "rewards.sqlite") == (0, [], "")

    later = (NOW + timedelta(days=2 * 366)).date().isoformat()
    _, given, _ = await firm.run("rewards", "rewards.sqlite", "--today", later)
    assert rewards(given, "acme") == ["year 1", "year 2"]
    assert rewards(given, "shop") == rewards(given, "fan") == []


@pytest.mark.row("system: rewards, subscriber")
async def test_rewards_stop_with_a_lapse_and_leave_with_an_erasure(firm: Firm) -> None:
    """Who has lapsed earns nothing with the years, and of who is erased the book keeps no byte."""
    held = command(169, "override", account="acme", status="lapsed", until=NOW + timedelta(days=9000))
    await firm.tell(*of("acme", courtship()), *of("gone", courtship()), held)
    # Today's rewards first: whether the worker told of the client before it heard of the override is a matter of chance.
    assert (await firm.run("rewards", "rewards.sqlite"))[0] == 0
    later = (NOW + timedelta(days=3 * 366)).date().isoformat()
    _, given, _ = await firm.run("rewards", "rewards.sqlite", "--today", later)
    assert "year 3" in rewards(given, "gone")
    assert not any(each.startswith("year") for each in rewards(given, "acme"))
    await firm.tell(command(169.5, "erase", account="gone"))
    assert (await firm.run("rewards", "rewards.sqlite"))[0] == 0
    book = firm.folder / "rewards.sqlite"
    assert b"acme" in book.read_bytes()
    assert b"gone" not in book.read_bytes()
    with sqlite3.connect(book) as rows:
        assert rows.execute("SELECT status FROM accounts").fetchall() == [("lapsed",)]


def rewards(given: list[dict[str, str]], account: str) -> list[str]:
    """Return the first words of an account's rewards, in order, each once."""
    found = [each["reward"].partition(":")[0] for each in given if each["account_id"] == account]
    return list(dict.fromkeys(found))


@pytest.mark.row("system: communication", "system: rewards, subscriber")
def test_the_examples_need_nothing_of_ours() -> None:
    """They import no module of the product, only its client: so they can be copied as they are."""
    ours = {path.name for path in SUBSCRIBERS.parents[1].iterdir() if (path / "__init__.py").is_file()}
    assert {"streams", "agents", "relationship"} <= ours
    for file in SUBSCRIBERS.glob("*.py"):
        tree = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        names = {node.module for node in tree if isinstance(node, ast.ImportFrom)}
        assert not {name.partition(".")[0] for name in names if name} & ours
