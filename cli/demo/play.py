"""The demo's play, in two acts, while the decisions come in as a subscriber sees them.

First the history: all but the last two weeks goes into the topics before there is a worker, as a firm that starts with
Clientward would do it, and the worker folds it by the stream's own clock. Then the last two weeks, live: at an even pace, by
the wall-clock time, with the latency of each decision from the publishing of the event that tipped it.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterable, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import msgspec

from cli.demo.stage import Seen, Stage
from simulator.faults import SimEvent
from streams.config.settings import Settings
from streams.health.server_errors import server_errors
from streams.kafka.sending import producer
from views.base.decisions import Decision, DecisionRecord, follow_decisions
from views.operations.outstanding import outstanding

LIVE_DAYS: Final = 14  # fewer than the days an event may be late, so that a pace of days a second refuses nothing
HISTORY_CHUNK: Final = 2_000  # events on their way at once
TICK_SECONDS: Final = 0.02  # events go out in ticks this long: short against the latencies that are measured
SETTLE_SECONDS: Final = 120.0  # to fold what is left once all is sent; seconds, unless the machine is very busy
CHECK_SECONDS: Final = 0.5

Show = Callable[[Decision], None]
Progress = Callable[["Tally", Seen | None], None]


@dataclass
class Tally:
    """What is counted on the way. Times are `time.monotonic()` seconds, latencies seconds."""

    events: int
    history: int = 0
    began: float = 0.0
    sent: int = 0
    first_decision: float | None = None
    history_seconds: float = 0.0
    sent_at: dict[str, float] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)
    decisions: Counter[str] = field(default_factory=Counter)
    ids: set[str] = field(default_factory=set)
    statuses: dict[str, str] = field(default_factory=dict)
    first_client: dict[str, datetime] = field(default_factory=dict)

    def take(self, decision: Decision) -> bool:
        """Count a decision; False for one that was published before, which a subscriber drops by its id."""
        if decision.event_id is None or decision.event_id in self.ids:
            return False
        now = time.monotonic()
        self.ids.add(decision.event_id)
        self.first_decision = self.first_decision or now
        self.decisions[str(decision.direction)] += 1
        self.statuses[decision.account_id] = decision.to
        if decision.to == "client":
            self.first_client.setdefault(decision.account_id, datetime.fromisoformat(decision.effective_at))
        sent = self.sent_at.get(str(decision.caused_by))
        if sent is not None:
            self.latencies.append(now - sent)
        return True


def acts(events: list[SimEvent], end: datetime) -> tuple[list[SimEvent], list[SimEvent]]:
    """Part the events, which are in the order of their arrival, into the history and what is played live."""
    start = end.timestamp() - LIVE_DAYS * 86_400
    return [e for e in events if e.arrival < start], [e for e in events if e.arrival >= start]


async def publish_history(settings: Settings, events: list[SimEvent], stored: Callable[[int, int], None]) -> None:
    """Publish events as fast as Kafka takes them, in order, and return when all are stored; `stored` hears how many are."""
    with server_errors(settings):
        async with producer(settings) as client:
            for start in range(0, len(events), HISTORY_CHUNK):
                chunk = events[start : start + HISTORY_CHUNK]
                await asyncio.gather(*[await client.send(e.topic, value=e.value, key=_key(e)) for e in chunk])
                stored(start + len(chunk), len(events))


def _key(event: SimEvent) -> bytes | None:
    return None if event.key is None else event.key.encode()


async def play(
    stage: Stage, history: int, events: list[SimEvent], seconds: float, show: Show, progress: Progress
) -> Tally:
    """Let `history` events be folded, publish the live ones over so many seconds, and return when all is folded.

    Every decision is shown as it comes.
    """
    tally = Tally(history + len(events), history, sent=history)
    watching = asyncio.create_task(_watch(follow_decisions(stage.settings, from_beginning=True), tally, show))
    reporting = asyncio.create_task(_report(stage, tally, progress))
    try:
        tally.began = time.monotonic()
        await _until(stage, lambda: _is_folded(stage, history))
        tally.history_seconds = time.monotonic() - tally.began
        await _publish(stage, events, seconds, tally)
        await _settle(stage, tally)
    finally:
        for task in (watching, reporting):
            task.cancel()
        await asyncio.gather(watching, reporting, return_exceptions=True)
    if not watching.cancelled() and watching.exception():
        raise watching.exception() or RuntimeError
    return tally


async def _publish(stage: Stage, events: list[SimEvent], seconds: float, tally: Tally) -> None:
    """Send the events in the order of their arrival, as many a tick as it takes, and wait until all are stored."""
    ids = msgspec.json.Decoder(_Id)
    began, sent = time.monotonic(), 0
    async with producer(stage.settings) as client:
        waiting = []
        while sent < len(events):
            due = min(len(events), int((time.monotonic() - began + TICK_SECONDS) / seconds * len(events)))
            for event in events[sent:due]:
                if event.fault is None:
                    tally.sent_at[ids.decode(event.value).event_id] = time.monotonic()
                waiting.append(await client.send(event.topic, value=event.value, key=_key(event)))
            tally.sent += due - sent
            sent = due
            await asyncio.sleep(TICK_SECONDS)
        await asyncio.gather(*waiting)


class _Id(msgspec.Struct):
    event_id: str


async def _watch(records: AsyncIterable[DecisionRecord], tally: Tally, show: Show) -> None:
    """Read the decisions as any subscriber would."""
    async for record in records:
        if record.decision is not None and tally.take(record.decision):
            show(record.decision)


async def _report(stage: Stage, tally: Tally, progress: Progress) -> None:
    while True:
        progress(tally, await asyncio.to_thread(stage.seen))
        await asyncio.sleep(CHECK_SECONDS)


async def _settle(stage: Stage, tally: Tally) -> None:
    """Return when all is folded, the timers due by now have run, and the decisions have stopped coming."""
    async with asyncio.timeout(SETTLE_SECONDS):
        await _until(stage, lambda: _is_folded(stage, tally.events))
        await _until(stage, lambda: _nothing_due(stage))
        before = -1
        while before != len(tally.ids):
            before = len(tally.ids)
            await asyncio.sleep(2 * CHECK_SECONDS)


async def _until(stage: Stage, check: Callable[[], Awaitable[bool]]) -> None:
    """Return when a check says so. Raises EmbeddedError where a worker has ended meanwhile."""
    while not await check():
        for worker in stage.workers:
            if not worker.running:
                raise worker.failure("ended")
        await asyncio.sleep(CHECK_SECONDS)


async def _is_folded(stage: Stage, events: int) -> bool:
    seen = await asyncio.to_thread(stage.seen)
    return seen.accounted >= events and seen.lag == 0


async def _nothing_due(stage: Stage) -> bool:
    """Tell whether no account is due by now, and no decision waits in the outbox."""
    left = await outstanding(stage.settings)
    return left.due == left.outbox == 0
