"""What docs/subscribing.md and the client's page show is what happens: their programs run, their file is read."""

import asyncio
import json
import re
import sys
from pathlib import Path

import pytest
from live import plain_environment

from contracts.make_golden import FOLDER
from delivering.file import read_deliveries
from relationship.contract.outcome import RECLASSIFIED
from streams.config.settings import Settings
from streams.kafka.admin import ensure_topics
from streams.kafka.publisher import ProducerRecord
from streams.kafka.sending import producer, send_batch

ROOT = Path(__file__).parents[2]
PAGES = ("docs/subscribing.md", "packages/client/README.md")


def blocks(page: str, language: str) -> list[str]:
    """Return a page's code blocks of a language."""
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("page", PAGES)
async def test_the_first_program_prints_the_first_decision(page: str, kafka_bootstrap: str) -> None:
    """Run as it stands, with the brokers in the variable that the page names."""
    await ensure_topics(Settings(kafka_bootstrap=kafka_bootstrap))
    golden = json.loads(min((FOLDER / "1.0" / RECLASSIFIED).glob("*.json")).read_bytes())
    async with producer(Settings(kafka_bootstrap=kafka_bootstrap)) as client:
        value, key = json.dumps(golden).encode(), golden["account_id"].encode()
        await send_batch(client, [ProducerRecord(RECLASSIFIED, None, key, value, [])])
    program = blocks(page, "python")[0]
    environment = plain_environment(CLIENTWARD_KAFKA_BOOTSTRAP=kafka_bootstrap)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, env=environment, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            line = (await process.stdout.readline()).decode()
    finally:
        process.kill()
        await process.wait()
    assert line == f"{golden['account_id']} {golden['from']} -> {golden['to']} {golden['why']}\n"


@pytest.mark.parametrize("page", PAGES)
def test_every_program_of_the_page_is_python(page: str) -> None:
    """No block has a slip of the pen; top-level awaits are pieces of a coroutine."""
    for block in blocks(page, "python"):
        compile(block, page, "exec", flags=0x2000)  # ast.PyCF_ALLOW_TOP_LEVEL_AWAIT


def test_the_file_of_deliveries_is_read(tmp_path: Path) -> None:
    """The page's DELIVERIES.toml has two endpoints, as its comments say."""
    (text,) = blocks("docs/subscribing.md", "toml")
    (tmp_path / "d.toml").write_text(text)
    crm, letters = read_deliveries(tmp_path / "d.toml")
    assert (crm.settle_ms, crm.file.erasures, crm.begin) == (900_000, True, "latest")
    assert (letters.wanted.from_, letters.wanted.to, letters.begin) == ({"candidate"}, {"client"}, "earliest")


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    """No file that the page names is missing."""
    links = re.findall(r"\]\(([^)#:]+)\)", (ROOT / page).read_text(encoding="utf-8"))
    assert [link for link in links if not ((ROOT / page).parent / link).exists()] == []
