"""The example subscribers as programs of their own, on a real Kafka that a test writes decisions to."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer
from client_support import Topics, partitions_of, topics_on
from gate import Gate
from live import plain_environment

from clientward_client import RECLASSIFIED, STATE

SUBSCRIBERS = Path(__file__).parents[2] / "examples" / "subscribers"
WITHIN_SECONDS = 120


class Ended(NamedTuple):
    """How a program ended: its exit code, the JSON lines that it printed, and its errors."""

    code: int
    printed: list[Any]
    errors: str


class Bench:
    """Topics, and programs beside them; `environment` is given to each."""

    def __init__(self, topics: Topics, folder: Path) -> None:
        self.topics, self.folder = topics, folder
        self.environment: dict[str, str] = {}

    async def start(self, program: str, *arguments: str) -> Process:
        """Start a program; whoever starts it ends it."""
        return await asyncio.create_subprocess_exec(
            sys.executable,
            str(SUBSCRIBERS / f"{program}.py"),
            *arguments,
            cwd=self.folder,
            env=plain_environment(CLIENTWARD_KAFKA_BOOTSTRAP=self.topics.bootstrap, **self.environment),
            stdout=PIPE,
            stderr=PIPE,
        )

    async def run(self, program: str, *arguments: str) -> Ended:
        """Run a program to the end of what there is."""
        process = await self.start(program, *arguments, "--once")
        async with asyncio.timeout(WITHIN_SECONDS):
            out, errors = await process.communicate()
        assert process.returncode is not None
        return Ended(process.returncode, [json.loads(line) for line in out.splitlines()], errors.decode())

    async def done(self, program: str, *arguments: str) -> Ended:
        """Run a program that is to end well."""
        ended = await self.run(program, *arguments)
        assert ended.code == 0, ended.errors
        return ended

    async def killed(self, program: str, *arguments: str, gate: Gate, after: int = 0) -> None:
        """Start a program, and kill it while a call, after so many others, has been carried out and not been answered."""
        held = gate.hold(after)
        process = await self.start(program, *arguments)
        try:
            async with asyncio.timeout(WITHIN_SECONDS):
                await gate.reached.wait()
        finally:
            process.kill()
            _, errors = await process.communicate()
            sys.stderr.write(errors.decode())
            held.set()

    async def begin_anew(self, group: str) -> None:
        """Have a group forget where it stands, so that it is told everything once more."""
        places = [*partitions_of(RECLASSIFIED), *partitions_of(STATE)]
        consumer = AIOKafkaConsumer(bootstrap_servers=self.topics.bootstrap, group_id=group, enable_auto_commit=False)
        await consumer.start()
        try:
            consumer.assign(places)
            await consumer.commit(dict.fromkeys(places, 0))
        finally:
            await consumer.stop()

    def refused(self) -> list[dict[str, str]]:
        """Return what programs wrote down as refused."""
        file = self.folder / "refused.jsonl"
        return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []


@asynccontextmanager
async def benched(bootstrap: str, folder: Path) -> AsyncIterator[Bench]:
    """Give the output's topics on a broker, empty, and what runs programs beside them."""
    async with topics_on(bootstrap) as topics:
        yield Bench(topics, folder)
