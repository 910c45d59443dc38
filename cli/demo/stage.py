"""The demo's stage: real Kafka, real Redis, the topics and the workers, all of them gone at the end.

The workers stand under the same guardian as the servers, so a demo that is killed leaves none of them behind. They, and
whoever looks on from another terminal, read one settings file in the guardian's folder.
"""

import asyncio
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from prometheus_client.parser import text_string_to_metric_families

from actions.topics import apply_topics
from streams.config.load import load_settings
from streams.config.settings import Settings
from streams.embedded import RedisServer, kafka_server, redis_server
from streams.embedded.guard import Guard
from streams.embedded.ports import free_ports
from streams.embedded.server import Server

READY_SECONDS: Final = 60.0  # a worker is ready in 3 to 8 s; several on two busy cores take longer
PROBE_SECONDS: Final = 2.0


class Seen(NamedTuple):
    """What the workers say of themselves, added up."""

    applied: int
    repeats: int
    refused: int
    lag: int

    @property
    def accounted(self) -> int:
        """How many records of the intake are accounted for."""
        return self.applied + self.repeats + self.refused


class Stage(NamedTuple):
    """Everything that runs."""

    settings: Settings
    config: Path
    redis: RedisServer
    workers: list[Server]
    guard: Guard | None = None

    def seen(self) -> Seen:
        """Ask the workers what they have done. One that does not answer is asked again next time."""
        totals = dict.fromkeys(("applied", "repeat", "refused", "lag"), 0)
        for worker in self.workers:
            for family in text_string_to_metric_families(answers(f"http://127.0.0.1:{worker.port}/metrics") or ""):
                for sample in family.samples:
                    if sample.name == "clientward_events_total":
                        totals[sample.labels["verdict"]] += int(sample.value)
                    elif sample.name == "clientward_lag_events":
                        totals["lag"] += int(sample.value)
        return Seen(totals["applied"], totals["repeat"], totals["refused"], totals["lag"])


def answers(url: str) -> str | None:
    """Return what an address of our own answers; None where it does not."""
    try:
        with urllib.request.urlopen(url, timeout=PROBE_SECONDS) as answer:  # noqa: S310 - our own worker, on loopback
            return str(answer.read().decode())
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return None


def _is_ready(port: int) -> bool:
    return answers(f"http://127.0.0.1:{port}/readyz") is not None


@contextmanager
def stage(workers: int, partitions: int, before: Callable[[Settings], None]) -> Iterator[Stage]:
    """Set the stage, with so many workers, and clear it at the end. Raises EmbeddedError or TopicsError.

    `before` is called when the topics are there, and before the workers are.
    """
    with redis_server() as redis, kafka_server() as kafka, Guard() as guard:
        config = guard.folder / "clientward.toml"
        config.write_text(
            f'kafka_bootstrap = "{kafka.bootstrap}"\nredis_url = "{redis.url}"\npartitions = {partitions}\n'
            f'group = "demo"\ndata_dir = "{guard.folder / "data"}"\nlog_level = "WARNING"\n',
            encoding="utf-8",
        )
        _only_these_settings(config)
        settings = load_settings()
        asyncio.run(apply_topics(settings))
        before(settings)
        running = [start_worker(guard, number, config) for number in range(workers)]
        for worker in running:
            worker.wait_ready(READY_SECONDS)
        yield Stage(settings, config, redis, running, guard)
        for worker in running:
            worker.stop(grace=10.0)


def _only_these_settings(config: Path) -> None:
    """Leave the user's own settings out of it: the demo must not touch servers that it did not start."""
    for name in [name for name in os.environ if name.startswith("CLIENTWARD_")]:
        del os.environ[name]
    os.environ["CLIENTWARD_CONFIG"] = str(config)


def start_worker(guard: Guard, number: int, config: Path) -> Server:
    """Start a worker under the guardian; it is ready when its own probe says so."""
    port = free_ports(1)[0]
    variables = {"CLIENTWARD_CONFIG": str(config), "CLIENTWARD_WEB_PORT": str(port)}
    argv = ["/usr/bin/env", *(f"{name}={value}" for name, value in variables.items()), sys.executable]
    # -P keeps the folder that the demo was started in off the path: the worker is the installed one.
    name = f"worker-{number}"
    server = Server(guard, name, guard.folder / name, port, [*argv, "-P", "-m", "cli.main", "worker"], _is_ready)
    server.launch()
    return server
