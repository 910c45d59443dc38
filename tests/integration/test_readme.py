"""What the README and docs/subscribing.md show is what the code does: the decision printed, the subscriber, the links."""

import asyncio
import json
import os
import re
import subprocess
import sys
from pathlib import Path

from relationship.contract.outcome import RECLASSIFIED
from streams.config.settings import Settings
from streams.kafka.admin import apply, plan_topics
from streams.kafka.publisher import ProducerRecord
from streams.kafka.sending import producer, send_batch

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SUBSCRIBING = (ROOT / "docs" / "subscribing.md").read_text(encoding="utf-8")
STORY = "examples/stories/insurance-household-growing.jsonl"


def block(language: str, page: str) -> str:
    """Return a page's only code block of a language."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)
    return found


def replayed() -> dict:
    """Return the last decision that the command of the page prints."""
    command = [Path(sys.executable).with_name("clientward"), "replay", STORY]
    out = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return json.loads(out.splitlines()[-1])


def test_the_reclassification_shown_is_the_one_printed():
    """Every value of the page's example stands in the replay's last line; only `decided_at` is the day's."""
    shown, printed = json.loads(block("json", SUBSCRIBING)), replayed()
    assert shown["dimensions"] == printed["dimensions"][: len(shown["dimensions"])]
    same = set(printed) - {"dimensions", "decided_at"}
    assert {name: shown[name] for name in same} == {name: printed[name] for name in same}


def test_every_link_leads_somewhere():
    """No file that the README names is missing."""
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


async def test_the_subscriber_reads_the_topic(kafka_bootstrap):
    """The README's subscriber, run as it stands, prints a decision that is in the topic."""
    settings = Settings(kafka_bootstrap=kafka_bootstrap)
    await apply(settings, await plan_topics(settings))
    decision = replayed()
    async with producer(settings) as client:
        value = json.dumps(decision).encode()
        assert await send_batch(
            client, [ProducerRecord(RECLASSIFIED, None, decision["account_id"].encode(), value, [])]
        ) == [None]
    variables = {**os.environ, "CLIENTWARD_KAFKA_BOOTSTRAP": kafka_bootstrap}
    subscriber = await asyncio.create_subprocess_exec(
        sys.executable, "-c", block("python", README), env=variables, stdout=asyncio.subprocess.PIPE
    )
    assert subscriber.stdout is not None
    line = await subscriber.stdout.readline()
    subscriber.kill()
    await subscriber.wait()
    assert line.decode().startswith("household-lindqvist candidate -> client From candidate to client: ")
