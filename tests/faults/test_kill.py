"""A worker that is killed, stopped or paused at any moment: every event's effect exactly once, every decision told."""

import asyncio
import os
import random
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from counting import CountingFold
from engine_support import expected, folded, make_settings, published, purchase, running, send, settled, ticket

from agents.worker import Worker
from relationship.contract.outcome import RECLASSIFIED
from streams.config.settings import Settings

SEED = int(os.environ.get("CLIENTWARD_TEST_SEED", "20261123"))
PROGRAM = Path(__file__).parents[1] / "support" / "counting_worker.py"
ACCOUNTS = 50
EXIT_SECONDS = 10.0


@asynccontextmanager
async def worker_process(settings: Settings, program: Path = PROGRAM) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a worker as a process of its own, from when it is ready; what is left of it is killed."""
    environment = {
        "CLIENTWARD_KAFKA_BOOTSTRAP": settings.kafka_bootstrap,
        "CLIENTWARD_REDIS_URL": settings.redis_url.get_secret_value(),
        "CLIENTWARD_GROUP": settings.group,
        "CLIENTWARD_PARTITIONS": str(settings.partitions),
        "CLIENTWARD_WEB_PORT": "0",
        "CLIENTWARD_DATA_DIR": str(settings.data_dir),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(program), env=os.environ | environment, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(60):
            assert await process.stdout.readline() == b"ready\n"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.fixture
async def settings(kafka_bootstrap: str, redis_url: str, group: str, tmp_path: Path) -> Settings:
    """A deployment of this test alone."""
    return await make_settings(kafka_bootstrap, redis_url, group, tmp_path)


def a_workload(count: int) -> list[tuple[str, str, bytes | None]]:
    """Return purchases and tickets of some accounts, the same for the same seed."""
    chance = random.Random(SEED)
    return [chance.choice((purchase, ticket))(n, f"account {chance.randrange(ACCOUNTS)}") for n in range(count)]


def owned(worker: Worker) -> int:
    """Return how many partitions a worker owns."""
    return len(worker.app.owners) if worker.app else 0


async def decisions(settings: Settings) -> set[str]:
    """Return the ids of the decisions published, each once."""
    return {dict(record.headers)["ce_id"].decode() for record in await published(settings, RECLASSIFIED)}


def expected_decisions(settings: Settings) -> set[str]:
    """Return the ids of the decisions that the states in Redis stand for."""
    totals = {account: sum(events.values()) for account, events in folded(settings).items()}
    return {f"{account}:{n}" for account, total in totals.items() for n in range(10, total + 1, 10)}


async def test_a_worker_killed_at_any_moment_loses_and_repeats_nothing(settings: Settings) -> None:
    """SIGKILL four times under load, at random moments; the states and the decisions are as if nothing had happened."""
    events, chance = a_workload(8_000), random.Random(SEED)
    print(f"seed {SEED}")
    for number in range(4):
        async with worker_process(settings) as process:
            sending = asyncio.create_task(send(settings, events[number * 2000 : (number + 1) * 2000]))
            await asyncio.sleep(chance.uniform(0, 0.5))  # the moment of death, not a wait for something
            process.send_signal(signal.SIGKILL)
            await process.wait()
            await sending
    async with running(settings, CountingFold()) as worker:
        await settled(worker)
    assert folded(settings) == expected(events)
    assert await decisions(settings) == expected_decisions(settings)


async def test_a_worker_ends_although_its_faust_does_not(settings: Settings) -> None:
    """After a crash Faust may neither stop nor be cancelled: the process leaves without it, and nothing is lost."""
    async with worker_process(settings, PROGRAM.with_name("clinging_worker.py")) as process:
        await send(settings, a_workload(100))
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(EXIT_SECONDS):
            assert await process.wait() == 0
    async with running(settings, CountingFold()) as worker:
        await settled(worker)
    assert folded(settings) == expected(a_workload(100))


async def test_a_worker_told_to_stop_exits_with_zero(settings: Settings) -> None:
    """SIGTERM under load: the exit code is 0 within seconds, and the next worker goes on."""
    events = a_workload(4000)
    async with worker_process(settings) as process:
        sending = asyncio.create_task(send(settings, events))
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(EXIT_SECONDS):
            assert await process.wait() == 0
        await sending
    async with running(settings, CountingFold()) as worker:
        await settled(worker)
        assert worker.metrics.total("repeat") == 0
    assert folded(settings) == expected(events)


async def test_a_paused_worker_that_lost_its_partitions_writes_nothing(settings: Settings) -> None:
    """SIGSTOP beyond the session, another worker goes on, SIGCONT: the states stay exact."""
    events = a_workload(6000)
    async with worker_process(settings) as paused:
        sending = asyncio.create_task(send(settings, events[:3000]))
        paused.send_signal(signal.SIGSTOP)
        await sending
        async with running(settings, CountingFold()) as worker:
            await settled(worker)
            paused.send_signal(signal.SIGCONT)
            await send(settings, events[3000:])
            async with asyncio.timeout(60):
                await worker.until(lambda: owned(worker) < settings.partitions)  # the other is back in the group
            paused.send_signal(signal.SIGTERM)
            assert await paused.wait() == 0
            await worker.until(lambda: owned(worker) == settings.partitions)
            await settled(worker)
    assert folded(settings) == expected(events)
    assert await decisions(settings) == expected_decisions(settings)
