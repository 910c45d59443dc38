"""How fast a worker reads accounts back from the changelog where Redis has lost everything, measured on a real one."""

import asyncio
import time
from contextlib import AsyncExitStack
from typing import Final

from aiohttp import ClientSession
from redis.asyncio import Redis

from benchmarks.events import one_each
from benchmarks.programs import WORKER, Running, start
from benchmarks.soak.running import until_ready
from benchmarks.soak.sampling import counts
from benchmarks.stand import Stand, publish, stand
from streams.embedded.ports import LOOPBACK, free_ports

GROUP: Final = "restoring"
ACCOUNTS: Final = 50_000
PARTITIONS: Final = 12
POLL_SECONDS: Final = 0.2
LIMIT_SECONDS: Final = 120.0


async def measure() -> dict[str, float]:
    """Return the seconds from starting a worker until it is ready, with Redis as it was and with Redis empty."""
    with stand(PARTITIONS) as on:
        await publish(on, one_each(ACCOUNTS, PARTITIONS))
        async with AsyncExitStack() as stack, ClientSession() as session, Redis.from_url(on.redis) as redis:
            first, _, port = await _start(on, session, stack)
            await _all_folded(session, first, port)
            await _stop(first)
            second, kept, _ = await _start(on, session, stack)
            await _stop(second)
            await redis.flushall()
            _, emptied, _ = await _start(on, session, stack)
    return {"accounts": ACCOUNTS, "kept_seconds": kept, "emptied_seconds": emptied}


async def _start(on: Stand, session: ClientSession, stack: AsyncExitStack) -> tuple[Running, float, int]:
    """Start a worker; return it when it is ready, with how long that took."""
    port, begun = free_ports(1)[0], time.monotonic()
    program = WORKER._replace(environment={"CLIENTWARD_WEB_PORT": str(port)})
    worker = await start(program, on, GROUP, on.folder / GROUP)
    stack.push_async_callback(worker.kill)
    await until_ready(worker, session, f"http://{LOOPBACK}:{port}")
    return worker, time.monotonic() - begun, port


async def _all_folded(session: ClientSession, worker: Running, port: int) -> None:
    deadline = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < deadline:
        worker.check()
        async with session.get(f"http://{LOOPBACK}:{port}/metrics") as answer:
            verdicts, lag = counts(await answer.text())
        if sum(verdicts.values()) >= ACCOUNTS and not lag:
            return
        await asyncio.sleep(POLL_SECONDS)
    raise worker.failure(f"has not folded {ACCOUNTS:,} events in {LIMIT_SECONDS:g} s")


async def _stop(worker: Running) -> None:
    """Stop a worker on request, and wait until it has left."""
    worker.process.terminate()
    await worker.process.wait()
