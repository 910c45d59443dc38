"""`clientward intake` as a process of its own, for the tests on real Kafka."""

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import ClientConnectionError, ClientSession
from intake_support import bearer, keys_file
from live import plain_environment

from streams.embedded.ports import free_ports

WITHIN_SECONDS = 60.0


class Served:
    """A running intake: where it is, and its process."""

    def __init__(self, process: Process, url: str, session: ClientSession) -> None:
        self.process, self.url, self.session = process, url, session

    async def post(self, body: Any, content_type: str = "application/cloudevents+json") -> tuple[int, Any]:
        """Send JSON; return the status and the answer."""
        headers = bearer(content_type=content_type)
        async with self.session.post(f"{self.url}/events", data=json.dumps(body), headers=headers) as answer:
            return answer.status, await answer.json()

    async def hook(self, name: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, Any]:
        """Send a webhook; return the status and the answer."""
        async with self.session.post(f"{self.url}/hooks/{name}", data=body, headers=headers) as answer:
            return answer.status, await answer.json()

    async def ready(self) -> bool:
        """Tell whether it takes events."""
        try:
            async with self.session.get(f"{self.url}/readyz") as answer:
                return answer.status == 200
        except ClientConnectionError:
            return False


@asynccontextmanager
async def serving(kafka: str, group: str, folder: Path, file: Path | None = None) -> AsyncIterator[Served]:
    """Run `clientward intake` from when it is ready until the block ends; by a file with two sources, unless told."""
    port = free_ports(1)[0]
    environment = plain_environment(CLIENTWARD_KAFKA_BOOTSTRAP=kafka, CLIENTWARD_GROUP=group)
    root = Path(__file__).parents[2]
    program = [sys.executable, "-m", "cli.main", "intake", str(file or keys_file(folder)), "--port", str(port)]
    with (folder / "log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *program, cwd=folder, env=environment | {"PYTHONPATH": str(root)}, stdout=DEVNULL, stderr=log
        )
    try:
        async with ClientSession() as session:
            served = Served(process, f"http://127.0.0.1:{port}", session)
            await until(served.ready)
            yield served
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        sys.stderr.write((folder / "log").read_text()[-2000:])


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Return when something is so."""
    async with asyncio.timeout(WITHIN_SECONDS):
        while not await condition():  # noqa: ASYNC110 - another process tells by its page
            await asyncio.sleep(0.1)
