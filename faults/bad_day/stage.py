"""What the day is played on: real servers, two workers, the console with a person at it, a Prometheus with the alarms."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from redis import Redis

from actions.topics import apply_topics
from cli.demo.console import start_console
from cli.demo.stage import READY_SECONDS, Stage, start_worker
from clientward_store.keys import keys_of
from faults.bad_day.browser import Browser, browsing
from faults.bad_day.diary import Diary
from faults.bad_day.rules import write_faster
from faults.bad_day.traffic import Traffic
from faults.servers.prometheus import Prometheus, start_prometheus
from relationship.contract.messages import MESSAGE_TYPES
from relationship.contract.outcome import REJECTED
from relationship.state.record import AccountRecord, decode
from streams.config.load import load_settings
from streams.config.settings import Settings
from streams.embedded import KafkaServer, RedisServer, kafka_server, redis_server
from streams.embedded.guard import Guard
from streams.health.table import read_positions
from streams.kafka.reading import read_backlogs, read_to_end
from streams.wire.dead_letters import Rejected, read_dead_letter

RULES: Final = Path("deploy/prometheus")
PARTITIONS: Final = 8
WORKERS: Final = 2
LOOK_SECONDS: Final = 0.5
WITHIN_SECONDS: Final = 150.0  # for what must be seen; the doctor looks every half minute


class Day:
    """What a trouble's script works with."""

    def __init__(
        self, stage: Stage, kafka: KafkaServer, prometheus: Prometheus, diary: Diary, traffic: Traffic
    ) -> None:
        self.stage, self.kafka, self.prometheus, self.diary, self.traffic = stage, kafka, prometheus, diary, traffic
        self.settings: Settings = stage.settings
        self.browser: Browser
        self.firing: dict[str, str] = {}  # alerts by name, and their state

    def done(self, text: str) -> None:
        """Note what was done."""
        self.diary.note("done", text)

    def seen(self, text: str) -> None:
        """Note what was seen otherwise."""
        self.diary.note("seen", text)

    async def until(self, condition: Callable[[], bool], what: str) -> bool:
        """Wait for what must come to be seen; where it does not come, that is noted."""
        with suppress(TimeoutError):
            async with asyncio.timeout(WITHIN_SECONDS):
                while not condition():  # noqa: ASYNC110 - pages and alarms tell nobody
                    await asyncio.sleep(LOOK_SECONDS)
                return True
        self.seen(f"not within {WITHIN_SECONDS:.0f} s: {what}")
        return False

    async def until_fires(self, alert: str) -> bool:
        """Wait for an alarm."""
        return await self.until(lambda: self.firing.get(alert) == "firing", f"the alarm {alert}")

    async def until_says(self, check: str, level: str = "Fails") -> bool:
        """Wait for what *Now* says is wrong."""
        return await self.until(lambda: self.browser.says(check, level), f"Now: {level}: {check}")

    async def until_quiet(self, *what: str) -> bool:
        """Wait until none of these is told any more: alarms by their names, and what *Now* says by its checks."""

        def quiet() -> bool:
            return not any(each in self.firing or self.browser.says(each) for each in what)

        return await self.until(quiet, f"quiet: {', '.join(what)}")

    async def watch_alarms(self) -> None:
        """Note each alarm as it comes, fires and goes, until cancelled."""
        while True:
            with suppress(OSError, TimeoutError):
                found = await asyncio.to_thread(self.prometheus.alerts)
                now = {each.name: each for each in sorted(found, key=lambda each: each.state == "firing")}
                for name in self.firing.keys() - now.keys():
                    self.diary.note("alarm", f"{name} is over")
                for name, alert in now.items():
                    if self.firing.get(name) != alert.state:
                        true = "is true, and waits for its duration" if alert.state == "pending" else "fires"
                        self.diary.note("alarm", f"{name} {true}: {alert.summary}")
                self.firing = {name: alert.state for name, alert in now.items()}
            await asyncio.sleep(LOOK_SECONDS)

    async def until_folded(self) -> None:
        """Wait until all that Kafka has now is folded. Raises TimeoutError."""
        async with asyncio.timeout(WITHIN_SECONDS):
            wanted = {
                place: each.end for place, each in (await read_backlogs(self.settings, MESSAGE_TYPES, {})).items()
            }
            while True:
                positions = await read_positions(self.settings)
                if all(positions.get(place, 0) >= end for place, end in wanted.items()):
                    return
                await asyncio.sleep(LOOK_SECONDS)

    def redis(self) -> Any:
        """Return a client of the Redis."""
        return Redis.from_url(self.stage.redis.url)

    def records(self) -> dict[str, AccountRecord]:
        """Return every account's record."""
        with self.redis() as client:
            tables = [keys_of(self.settings.table, number).values for number in range(PARTITIONS)]
            return {account.decode(): decode(raw) for table in tables for account, raw in client.hgetall(table).items()}

    async def dead_letters(self) -> list[Rejected]:
        """Return all dead letters."""
        return [each async for record in read_to_end(self.settings, REJECTED) if (each := read_dead_letter(record))]


@asynccontextmanager
async def staged(diary: Diary) -> AsyncIterator[Day]:
    """Set the stage, with customers who buy, and clear it at the end. Raises EmbeddedError."""
    with redis_server(options={"maxmemory-policy": "noeviction"}) as redis, kafka_server() as kafka, Guard() as guard:
        config = _config(kafka, redis, guard.folder)
        os.environ["CLIENTWARD_CONFIG"] = str(config)  # the user's own settings are taken away by who calls
        settings = load_settings()
        await apply_topics(settings)
        workers = [start_worker(guard, number, config) for number in range(WORKERS)]
        for each in workers:
            await asyncio.to_thread(each.wait_ready, READY_SECONDS)
        stage = Stage(settings, config, redis, workers, guard)
        rules = write_faster([RULES / "alerts.yml", RULES / "rules.yml"], guard.folder / "alerts.json")
        prometheus = await asyncio.to_thread(start_prometheus, guard, [each.port for each in workers], [rules])
        console = await asyncio.to_thread(start_console, stage)
        if console is None:
            raise RuntimeError("the console's libraries are not installed: `make setup` has them")
        options = settings.kafka_client_options()
        async with (
            AIOKafkaProducer(**options, acks="all", enable_idempotence=True) as producer,
            browsing(console.url, console.code, diary) as browser,
        ):
            day = Day(stage, kafka, prometheus, diary, Traffic(producer, PARTITIONS))
            day.browser = browser
            watching = asyncio.create_task(day.watch_alarms())
            try:
                yield day
            finally:
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)
        for each in workers:
            await asyncio.to_thread(each.stop, 10.0)


def _config(kafka: KafkaServer, redis: RedisServer, folder: Path) -> Path:
    file = folder / "clientward.toml"
    file.write_text(
        f'kafka_bootstrap = "{kafka.bootstrap}"\nredis_url = "{redis.url}"\npartitions = {PARTITIONS}\n'
        f'group = "shop"\ndata_dir = "{folder / "data"}"\nlog_level = "WARNING"\n',
        encoding="utf-8",
    )
    return file
