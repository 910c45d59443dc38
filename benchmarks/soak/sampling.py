"""What the soak looks at every few seconds, from outside: the processes' memory and CPU, Redis, the worker's metrics."""

import time
from collections.abc import Mapping, Sequence
from statistics import quantiles
from typing import Any, Final, NamedTuple

from aiohttp import ClientSession
from prometheus_client.parser import text_string_to_metric_families
from redis.asyncio import Redis

from benchmarks.stand import Cpu, Stand

MIB: Final = 2.0**20
PERCENT: Final = 100


class Sample(NamedTuple):
    """One look. CPU is in cores, of the time since the look before; the latencies are of the answers in that time.

    `seconds` counts from the first record; `redis_mib` leaves out what waits for the disk or for clients; the verdicts
    are the worker's own counts since its start.
    """

    seconds: float
    published: int
    applied: int
    repeats: int
    refused: int
    lag_events: int
    worker_mib: float
    broker_mib: float
    redis_mib: float
    worker_cpu: float
    broker_cpu: float
    redis_cpu: float
    answers: int
    p50_ms: float | None
    p99_ms: float | None

    @property
    def folded(self) -> int:
        """How many records are accounted for."""
        return self.applied + self.repeats + self.refused


class Sampler:
    """Takes samples of one worker; `page` is the address of its metrics."""

    def __init__(self, on: Stand, pid: int, page: str, session: ClientSession, redis: Redis) -> None:
        self._on = on
        self._pid = pid
        self._page = page
        self._session = session
        self._redis = redis
        self._started = time.monotonic()
        self._at = self._started
        self._cpu = on.cpu([pid])

    async def sample(self, published: int, took: Sequence[float]) -> Sample:
        """Look once; `took` are the seconds that the answers since the last look took."""
        verdicts, lag = counts(await self._metrics())
        memory = self._on.memory([self._pid])
        return Sample(
            time.monotonic() - self._started,
            published,
            verdicts.get("applied", 0),
            verdicts.get("repeat", 0),
            verdicts.get("refused", 0),
            lag,
            memory.program / MIB,
            memory.broker / MIB,
            used(await self._redis.info("memory")) / MIB,
            *self._cores(),
            len(took),
            *percentiles(took),
        )

    async def _metrics(self) -> str:
        async with self._session.get(self._page) as answer:
            return await answer.text()

    def _cores(self) -> Cpu:
        now, cpu = time.monotonic(), self._on.cpu([self._pid])
        elapsed = max(now - self._at, 1e-3)
        cores = Cpu(*((after - before) / elapsed for before, after in zip(self._cpu, cpu, strict=True)))
        self._at, self._cpu = now, cpu
        return cores


def counts(metrics: str) -> tuple[dict[str, int], int]:
    """Return the records by verdict, and the lag in records, of a page of the worker's metrics."""
    verdicts: dict[str, int] = {}
    lag = 0
    for family in text_string_to_metric_families(metrics):
        for each in family.samples:
            if each.name == "clientward_events_total":
                verdicts[each.labels["verdict"]] = verdicts.get(each.labels["verdict"], 0) + int(each.value)
            elif each.name == "clientward_lag_events":
                lag += int(each.value)
    return verdicts, lag


def used(memory: Mapping[str, Any]) -> int:
    """Return the bytes that Redis holds, of its `INFO memory`, without what waits for the disk or for clients."""
    return int(memory["used_memory"] - memory["mem_aof_buffer"] - memory["mem_clients_normal"])


def percentiles(took: Sequence[float]) -> tuple[float | None, float | None]:
    """Return median and 99th percentile in ms, or nothing where there are too few answers to speak of."""
    if len(took) < 2:  # noqa: PLR2004 - what `quantiles` needs
        return None, None
    cuts = quantiles(took, n=PERCENT, method="inclusive")
    return cuts[49] * 1000, cuts[98] * 1000
