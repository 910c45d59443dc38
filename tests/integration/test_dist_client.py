"""The client's wheel in an empty environment: it needs what it declares, and reads a decision."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from contracts.make_golden import FOLDER
from relationship.contract.outcome import RECLASSIFIED
from streams.config.settings import Settings
from streams.kafka.admin import ensure_topics
from streams.kafka.publisher import ProducerRecord
from streams.kafka.sending import producer, send_batch

ROOT = Path(__file__).resolve().parents[2]
#: Follows until the first decision, and tells what the environment holds.
PROGRAM = """
import asyncio, importlib.metadata, json
import clientward_client

async def main():
    async for decision in clientward_client.subscribe("newcomer"):
        names = sorted(found.name for found in importlib.metadata.distributions())
        print(json.dumps({"why": decision.why, "names": names, "from": clientward_client.__file__}))
        return

asyncio.run(main())
"""


def run(*argv: str) -> None:
    """Run a command in the checkout."""
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The Python of an environment that holds the client's wheel and what its lock names, and nothing else.

    The wheel is the one in the folder that DIST names, or else a new one, built from its sdist.
    """
    folder = Path(os.environ.get("DIST") or tmp_path_factory.mktemp("dist"))
    if "DIST" not in os.environ:
        run(sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), "packages/client")
    (wheel,) = folder.glob("clientward_client-*.whl")
    alone = tmp_path_factory.mktemp("alone") / "environment"
    run("bash", "requirements/environment.sh", str(alone), "requirements/client.lock", "--", str(wheel))
    return str(alone / "bin" / "python")


async def test_the_wheel_alone_reads_a_decision(kafka_bootstrap: str, python: str, tmp_path: Path) -> None:
    """Outside of the checkout, with aiokafka and msgspec and nothing of the product."""
    settings = Settings(kafka_bootstrap=kafka_bootstrap)
    await ensure_topics(settings)
    golden = json.loads(min((FOLDER / "1.0" / RECLASSIFIED).glob("*.json")).read_bytes())
    async with producer(settings) as client:
        value, key = json.dumps(golden).encode(), golden["account_id"].encode()
        await send_batch(client, [ProducerRecord(RECLASSIFIED, None, key, value, [])])
    environment = {"CLIENTWARD_KAFKA_BOOTSTRAP": kafka_bootstrap}
    done = subprocess.run(  # noqa: ASYNC221 - nothing else waits here
        [python, "-c", PROGRAM], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["why"] == golden["why"]
    assert Path(found["from"]).is_relative_to(Path(python).parents[1])
    assert {"clientward-client", "aiokafka", "msgspec"} <= set(found["names"])
    assert not {"clientward", "clientward-store", "faust-streaming", "redis"} & set(found["names"])
