"""Whether Kafka answers, as a worker asks it."""

import asyncio

import pytest

from agents import kafka_watch
from agents.kafka_watch import follow_kafka
from streams.config.settings import Settings
from streams.embedded import kafka_server
from streams.engine.metrics import Metrics

WITHIN_SECONDS = 60.0


async def test_a_broker_that_is_away_is_told_and_so_is_one_that_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed while it is followed, and started again: nobody restarts what follows it."""
    monkeypatch.setattr(kafka_watch, "LOOK_SECONDS", 0.05)
    with kafka_server() as server:
        metrics = Metrics()

        async def until(value: int) -> None:
            async with asyncio.timeout(WITHIN_SECONDS):
                while metrics.registry.get_sample_value("clientward_kafka_up") != value:  # noqa: ASYNC110 - it tells nobody
                    await asyncio.sleep(0.05)

        following = asyncio.create_task(follow_kafka(Settings(kafka_bootstrap=server.bootstrap), metrics))
        try:
            await until(1)
            await asyncio.to_thread(server.kill)
            await until(0)
            await asyncio.to_thread(server.start)
            await until(1)
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
