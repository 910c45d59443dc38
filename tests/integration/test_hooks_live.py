"""Webhooks at a `clientward intake` of its own process, on real Kafka: stored once by id, whatever happens to the broker."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Awaitable
from pathlib import Path

from hook_support import CHARGE, SAYING, SIGN, hooks_file, raw, stripe
from intake_serving import WITHIN_SECONDS, serving, until

from relationship.contract.messages import MEETINGS, PURCHASES, TICKETS
from relationship.contract.outcome import REJECTED
from streams.config.settings import Settings
from streams.embedded import kafka_server
from streams.kafka.admin import ensure_topics
from streams.kafka.reading import read_to_end


async def ids(kafka: str, *topics: str) -> Counter[str]:
    """Return how often which id is in topics."""
    found: Counter[str] = Counter()
    for topic in topics:
        async for record in read_to_end(Settings(kafka_bootstrap=kafka), topic):
            found[dict(record.headers)["ce_id"].decode()] += 1
    return found


async def test_every_sender_s_webhook_is_stored_and_its_repeat_has_the_same_id(
    kafka_bootstrap: str, group: str, tmp_path: Path
) -> None:
    """Each sent twice, as senders do, and once with a body that was changed; one that cannot be mapped is a dead letter."""
    await ensure_topics(Settings(kafka_bootstrap=kafka_bootstrap, group=group, partitions=4, data_dir=tmp_path))
    now = int(time.time())
    async with serving(kafka_bootstrap, group, tmp_path, hooks_file(tmp_path)) as served:
        for sender, (body, event_id) in SAYING.items():
            content = raw(body)
            headers = SIGN[sender](content, at=now)
            for _ in range(2):
                assert await served.hook(sender, content, headers) == (202, {"status": 202, "ids": [event_id]})
            assert (await served.hook(sender, content + b" ", headers))[0] == 401
        assert (await served.hook("stripe", b"{", stripe(b"{", at=now))) == (202, {"status": 202, "dead_letters": 1})
        found = await ids(kafka_bootstrap, PURCHASES, TICKETS, MEETINGS)
        letters = [each async for each in read_to_end(Settings(kafka_bootstrap=kafka_bootstrap), REJECTED)]
    assert found == {event_id: 2 for _, event_id in SAYING.values()}
    assert [letter.value for letter in letters] == [b"{"]


async def test_a_kafka_that_is_killed_loses_no_webhook_that_was_answered(group: str, tmp_path: Path) -> None:
    """SIGKILL under load: the sender is told 503 and tries again, and each id that got 202 is in Kafka in the end."""
    with kafka_server() as kafka:
        await ensure_topics(Settings(kafka_bootstrap=kafka.bootstrap, group=group, partitions=4, data_dir=tmp_path))
        async with serving(kafka.bootstrap, group, tmp_path, hooks_file(tmp_path)) as served:
            answered: set[str] = set()
            statuses: set[int] = set()
            enough, restarted = asyncio.Event(), asyncio.Event()

            async def sender(number: int) -> None:
                """Send one charge after another, each until it is taken, until some were taken after the restart."""
                after = count = 0
                while after < 5:
                    count += 1
                    name = f"ch_{number}_{count}"
                    charge = CHARGE | {"data": {"object": CHARGE["data"]["object"] | {"id": name}}}
                    body = json.dumps(charge).encode()
                    while (status := (await served.hook("stripe", body, stripe(body, at=int(time.time()))))[0]) != 202:
                        statuses.add(status)
                        await asyncio.sleep(0.2)  # Retry-After says five; a sender may be ruder
                    answered.add(f"stripe:{name}")
                    after += restarted.is_set()
                    if len(answered) > 60:
                        enough.set()

            async with asyncio.timeout(WITHIN_SECONDS * 2), asyncio.TaskGroup() as tasks:
                for number in range(4):
                    tasks.create_task(sender(number))
                await enough.wait()
                await asyncio.to_thread(kafka.kill)
                await until(lambda: _away(served.ready()))
                await asyncio.to_thread(kafka.start)
                await until(served.ready)
                restarted.set()
            found = await ids(kafka.bootstrap, PURCHASES)
    assert statuses == {503}
    assert answered - found.keys() == set()
    assert len(answered) > 80


async def _away(ready: Awaitable[bool]) -> bool:
    return not await ready
