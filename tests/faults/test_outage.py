"""Kafka or Redis away for a while, under load: the worker waits, says so, goes on, and ends up exact."""

import asyncio
from pathlib import Path

from counting import CountingFold
from engine_support import expected, folded, make_settings, published, purchase, running, send, settled

from relationship.contract.outcome import RECLASSIFIED
from streams.embedded import kafka_server, redis_server

EVENTS = [purchase(n, f"account {n % 50}") for n in range(4000)]
DECISIONS = {f"account {account}:{total}".encode() for account in range(50) for total in range(10, 81, 10)}
# Longer than the store's time limit for an answer, so that calls fail and are repeated.
PAUSE_SECONDS = 7.0


async def test_a_redis_that_is_killed_and_comes_back_is_waited_for(
    kafka_bootstrap: str, group: str, tmp_path: Path
) -> None:
    """SIGKILL under load with an append-only file written once a second: Redis may rewind, and the states are exact."""
    with redis_server(appendonly="everysec") as redis:
        settings = await make_settings(kafka_bootstrap, redis.url, group, tmp_path)
        async with running(settings, CountingFold()) as worker:
            sending = asyncio.create_task(send(settings, EVENTS[:2000]))
            await worker.until(lambda: worker.metrics.total("applied") > 0)
            await asyncio.to_thread(redis.kill)
            await sending
            await worker.until(lambda: not worker.is_ready)
            await asyncio.to_thread(redis.start)
            await send(settings, EVENTS[2000:])
            await settled(worker)
        assert folded(settings) == expected(EVENTS)
        assert {dict(record.headers)["ce_id"] for record in await published(settings, RECLASSIFIED)} == DECISIONS


async def test_a_redis_that_is_frozen_is_waited_for(kafka_bootstrap: str, group: str, tmp_path: Path) -> None:
    """SIGSTOP for longer than the time limit of a call: a write whose answer was lost is not written twice."""
    with redis_server() as redis:
        settings = await make_settings(kafka_bootstrap, redis.url, group, tmp_path)
        async with running(settings, CountingFold()) as worker:
            sending = asyncio.create_task(send(settings, EVENTS))
            await worker.until(lambda: worker.metrics.total("applied") > 0)
            await asyncio.to_thread(redis.pause)
            await asyncio.sleep(PAUSE_SECONDS)  # the length of the outage
            await asyncio.to_thread(redis.resume)
            await sending
            await settled(worker)
        assert folded(settings) == expected(EVENTS)


async def test_a_kafka_that_is_killed_and_comes_back_is_waited_for(redis_url: str, group: str, tmp_path: Path) -> None:
    """SIGKILL of the only broker: the worker waits for it, sends everything again, and the states are exact."""
    with kafka_server() as kafka:
        settings = await make_settings(kafka.bootstrap, redis_url, group, tmp_path)
        async with running(settings, CountingFold()) as worker:
            await send(settings, EVENTS[:2000])
            await worker.until(lambda: worker.metrics.total("applied") > 0)
            await asyncio.to_thread(kafka.kill)
            await asyncio.to_thread(kafka.start)
            await send(settings, EVENTS[2000:])
            await settled(worker)
        assert folded(settings) == expected(EVENTS)
        assert {dict(record.headers)["ce_id"] for record in await published(settings, RECLASSIFIED)} == DECISIONS
