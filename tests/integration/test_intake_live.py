"""`clientward intake` as a process of its own, on real Kafka: 202 means stored, whatever happens to the broker."""

import asyncio
import signal
from collections.abc import Awaitable
from contextlib import suppress
from pathlib import Path
from typing import Any

from aiohttp import ClientConnectionError
from intake_serving import WITHIN_SECONDS, serving, until
from intake_support import event

from intake.formats import BATCH
from relationship.contract.messages import PURCHASES
from streams.config.settings import Settings
from streams.embedded import kafka_server
from streams.kafka.admin import ensure_topics
from streams.kafka.partitioning import partition_of
from streams.kafka.reading import read_to_end


async def stored(kafka: str) -> list[Any]:
    """Return the purchases in Kafka."""
    return [record async for record in read_to_end(Settings(kafka_bootstrap=kafka), PURCHASES)]


async def test_what_is_answered_202_is_stored_with_its_id_and_in_its_accounts_partition(
    kafka_bootstrap: str, group: str, tmp_path: Path
) -> None:
    """Singly and in a batch; what is sent again has the same id; SIGTERM ends the process in peace."""
    settings = Settings(kafka_bootstrap=kafka_bootstrap, group=group, partitions=4, data_dir=tmp_path)
    await ensure_topics(settings)
    async with serving(kafka_bootstrap, group, tmp_path) as served:
        assert await served.post(event(1)) == (202, {"id": "e-1", "status": 202})
        assert await served.post(event(1)) == (202, {"id": "e-1", "status": 202})
        batch = [event(n, account_id=f"account {n % 7}") for n in range(2, 500)]
        status, answer = await served.post([*batch, event(500, amount="x")], BATCH)
        assert (status, [each["status"] for each in answer["results"]]) == (207, [202] * 498 + [422])
        records = await stored(kafka_bootstrap)
        served.process.send_signal(signal.SIGTERM)
        assert await served.process.wait() == 0
    ids = [dict(record.headers)["ce_id"].decode() for record in records]
    assert sorted(ids) == sorted(["e-1", "e-1", *(f"e-{n}" for n in range(2, 500))])
    assert all(record.partition == partition_of(record.key.decode(), 4) for record in records)
    assert {dict(record.headers)["ce_source"] for record in records} == {b"shop"}


async def test_a_kafka_that_is_killed_under_load_loses_nothing_that_was_answered_202(
    group: str, tmp_path: Path
) -> None:
    """SIGKILL while requests are under way: they get 503 and come again, and in the end each id that got 202 is in Kafka."""
    with kafka_server() as kafka:
        settings = Settings(kafka_bootstrap=kafka.bootstrap, group=group, partitions=4, data_dir=tmp_path)
        await ensure_topics(settings)
        async with serving(kafka.bootstrap, group, tmp_path) as served:
            answered: set[str] = set()
            statuses: set[int] = set()
            enough, restarted = asyncio.Event(), asyncio.Event()

            async def sender(number: int) -> None:
                """Send one event after another, each until it is taken, until some were taken after the restart."""
                after = count = 0
                while after < 20:
                    count += 1
                    while (status := (await served.post(event(f"{number}-{count}")))[0]) != 202:
                        statuses.add(status)
                        await asyncio.sleep(0.2)  # Retry-After says five; a sender may be ruder
                    answered.add(f"e-{number}-{count}")
                    after += restarted.is_set()
                    if len(answered) > 200:
                        enough.set()

            async with asyncio.timeout(WITHIN_SECONDS * 2), asyncio.TaskGroup() as group_of_tasks:
                for number in range(8):
                    group_of_tasks.create_task(sender(number))
                await enough.wait()
                await asyncio.to_thread(kafka.kill)
                await until(lambda: _not(served.ready()))
                await asyncio.to_thread(kafka.start)
                await until(served.ready)
                restarted.set()
            records = await stored(kafka.bootstrap)
        ids = {dict(record.headers)["ce_id"].decode() for record in records}
        assert statuses == {503}
        assert answered - ids == set()
        assert len(answered) > 360


async def test_an_intake_that_is_killed_loses_nothing_that_it_answered(
    kafka_bootstrap: str, group: str, tmp_path: Path
) -> None:
    """SIGKILL of the server while requests are under way: each id that got 202 is in Kafka."""
    settings = Settings(kafka_bootstrap=kafka_bootstrap, group=group, partitions=4, data_dir=tmp_path)
    await ensure_topics(settings)
    answered: set[str] = set()
    async with serving(kafka_bootstrap, group, tmp_path) as served:

        async def sender(number: int) -> None:
            """Send one event after another until nobody is there."""
            count = 0
            with suppress(ClientConnectionError):
                while True:
                    count += 1
                    assert (await served.post(event(f"{number}-{count}")))[0] == 202
                    answered.add(f"e-{number}-{count}")
                    if len(answered) == 200:
                        served.process.kill()

        async with asyncio.timeout(WITHIN_SECONDS):
            await asyncio.gather(*(sender(number) for number in range(8)))
        records = await stored(kafka_bootstrap)
    assert len(answered) >= 200
    assert answered - {dict(record.headers)["ce_id"].decode() for record in records} == set()


async def _not(condition: Awaitable[bool]) -> bool:
    return not await condition
