"""One look at the servers for all who watch: each part is asked in its own time, and only while somebody watches.

A part that cannot be asked keeps what it had, and its error stands among the troubles with the time since when. Nothing
that a page does reaches the servers more often, however many pages are open.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from msgspec.structs import asdict

from console.troubles import Trouble, delivery_troubles
from console.worker_metrics import Told, ask_workers, quantile
from delivering.file import DeliveriesError
from readmodel.answers import RefusalCount, Standing
from readmodel.database import ReadModel
from readmodel.errors import ReadModelError
from readmodel.queries.decisions import decisions as read_decisions
from readmodel.queries.refusals import refusal_counts
from readmodel.queries.standing import standing
from relationship.contract.decisions import Reclassification
from relationship.policy.file import PolicyError
from streams.config.settings import Settings
from streams.health.finding import Finding
from streams.kafka.admin import TopicsError
from streams.rights.parts import CONSOLE
from views.base.decisions import Decision, follow_decisions
from views.errors import ServerError
from views.operations.deliveries import Deliveries, deliveries
from views.operations.doctor import findings
from views.operations.flow import Flow, Rates, flow, rates
from views.operations.servers import KafkaCluster, RedisServer, kafka_cluster, redis_server
from views.operations.workers import Workers, workers

FLOW_SECONDS: Final = (
    2.0  # between two looks at the topics' ends and the lag: a page that moves, and some 20 ms of a core
)
SERVERS_SECONDS: Final = 10.0
DOCTOR_SECONDS: Final = 30.0  # it reads samples of topics
RETRY_SECONDS: Final = 5.0
KEPT: Final = 150  # looks kept for the trend: five minutes
DECISIONS_KEPT: Final = 30
LATENCY_LOOKS: Final = 30  # latency is that of the last minute: a quiet one has none

#: What a look may meet, each with one line for a person.
UNREACHABLE: Final = (
    ServerError,
    TopicsError,
    PolicyError,
    ReadModelError,
    DeliveriesError,
    OSError,
    TimeoutError,
)


class Look(Flow, frozen=True):
    """How the stream flows, and what the workers have told."""

    told: Told


class Live:
    """The look. `ticks` is a clock in seconds that never goes back; `metrics` are the workers' /metrics addresses."""

    def __init__(
        self,
        settings: Settings,
        ticks: Callable[[], float],
        model: ReadModel,
        metrics: Sequence[str] = (),
        deliveries_file: Path | None = None,
    ) -> None:
        self.flows: deque[Look] = deque(maxlen=KEPT)
        self.decisions: deque[Decision | Reclassification] = deque(maxlen=DECISIONS_KEPT)
        self.workers: Workers | None = None
        self.redis: RedisServer | None = None
        self.kafka: KafkaCluster | None = None
        self.refused: list[RefusalCount] = []
        self.standing: Standing | None = None
        self.checked_at: datetime | None = None
        self.number = 0
        self.metrics = metrics
        self.deliveries: Deliveries | None = None
        self._deliveries_file, self._deliveries_since = deliveries_file, datetime.now(UTC)
        self._settings, self._ticks, self._model = settings, ticks, model
        self._findings: dict[str, tuple[datetime, Finding]] = {}
        self._errors: dict[str, tuple[datetime, str]] = {}
        self._watchers, self._wanted, self._changed = 0, asyncio.Event(), asyncio.Condition()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Look while the block lasts."""
        parts = [
            self._again("flow", FLOW_SECONDS, self._look_at_flow),
            self._again("workers and servers", SERVERS_SECONDS, self._look_at_servers),
            self._again("read model", SERVERS_SECONDS, self._look_at_model),
            self._again("doctor", DOCTOR_SECONDS, self._look_at_findings),
            self._again("decisions", RETRY_SECONDS, self._follow_decisions),
        ]
        if self._deliveries_file is not None:
            parts.append(self._again("deliveries", SERVERS_SECONDS, self._look_at_deliveries))
        tasks = [asyncio.create_task(each) for each in parts]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Have it look while the block lasts."""
        self._watchers += 1
        self._wanted.set()
        try:
            yield
        finally:
            self._watchers -= 1
            if not self._watchers:
                self._wanted.clear()

    async def changed(self, seen: int, within: float) -> int:
        """Return the number of a look other than the one seen, or that one again after so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within), self._changed:
                await self._changed.wait_for(lambda: self.number != seen)
        return self.number

    def rates(self) -> Rates | None:
        """Return what came and went a second; None before the second look."""
        if len(self.flows) < 2:  # noqa: PLR2004 - a rate is of two looks
            return None
        return rates([self.flows[max(-4, -len(self.flows))], self.flows[-1]])

    def latencies(self) -> tuple[float | None, float | None]:
        """Return the median and the 99th percentile from publishing to decision over the last minute, in seconds."""
        if not self.flows:
            return None, None
        now, then = self.flows[-1].told.buckets, self.flows[max(-LATENCY_LOOKS, -len(self.flows))].told.buckets
        return quantile(now, then, 0.5), quantile(now, then, 0.99)

    def troubles(self) -> list[Trouble]:
        """Return what is wrong, the worst first, then what lasts the longest."""
        found = [
            Trouble(since, each.level, each.check, each.text, each.advice) for since, each in self._findings.values()
        ]
        found += [Trouble(since, "fail", name, text, "") for name, (since, text) in self._errors.items()]
        if self.deliveries is not None:
            found += delivery_troubles(self.deliveries, self._deliveries_since)
        return sorted(found, key=lambda each: (each.level != "fail", each.since))

    async def _again(self, name: str, pause: float, look: Callable[[], Awaitable[None]]) -> None:
        while True:
            await self._wanted.wait()
            try:
                await look()
                self._errors.pop(name, None)
            except UNREACHABLE as error:
                since, _ = self._errors.get(name, (datetime.now(UTC), ""))
                self._errors[name] = since, str(error) or type(error).__name__
            await self._tell()
            await asyncio.sleep(pause)

    async def _tell(self) -> None:
        self.number += 1
        async with self._changed:
            self._changed.notify_all()

    async def _look_at_flow(self) -> None:
        found, told = await asyncio.gather(flow(self._settings, self._ticks), ask_workers(self.metrics))
        self.flows.append(Look(**asdict(found), told=told))

    async def _look_at_servers(self) -> None:
        self.workers, self.redis, self.kafka = await asyncio.gather(
            workers(self._settings), redis_server(self._settings), kafka_cluster(self._settings)
        )

    async def _look_at_model(self) -> None:
        since = datetime.now(UTC) - timedelta(days=1)
        self.refused = await asyncio.to_thread(refusal_counts, self._model, since=since, until=None, by="hour")
        self.standing = await asyncio.to_thread(standing, self._model)

    async def _look_at_deliveries(self) -> None:
        if self._deliveries_file is not None:
            found = await deliveries(self._settings, self._deliveries_file, ask_kafka=False)
            if self.deliveries is None or found.is_running != self.deliveries.is_running:
                self._deliveries_since = datetime.now(UTC)
            self.deliveries = found

    async def _look_at_findings(self) -> None:
        found: dict[str, tuple[datetime, Finding]] = {}
        now = datetime.now(UTC)
        async for each in findings(self._settings, CONSOLE):
            if each.level != "ok":
                key = f"{each.level} {each.check}"
                found[key] = self._findings.get(key, (now, each))[0], each
        self._findings, self.checked_at = found, now

    async def _follow_decisions(self) -> None:
        """Follow what is decided while somebody watches, from what the read model has on."""
        past = await asyncio.to_thread(read_decisions, self._model, limit=DECISIONS_KEPT)
        self.decisions.clear()
        self.decisions.extend(each.decision for each in past.items)
        coming = follow_decisions(self._settings)
        try:
            async for record in coming:
                known = {each.event_id for each in self.decisions}
                if record.decision is not None and record.decision.event_id not in known:
                    self.decisions.appendleft(record.decision)
                    await self._tell()
                if not self._wanted.is_set():
                    return
        finally:
            await coming.aclose()
