"""Endpoints that want the same kind of decisions (as they come, or settled after so long) are fed by one reader.

An endpoint that has no room, or stands further back, is fed by a reader of its own until it has caught up with the common
one: so a slow or dead endpoint holds up no other, and what it has not had waits in Kafka. The change-over is one step
between two batches: both readers give the same items in the same order, and what an endpoint had before it passes over.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

import structlog
from aiokafka.errors import KafkaError

from clientward_client.lanes import Committed
from delivering.endpoint import Runner
from delivering.reading import Mark, Reader

log = structlog.get_logger(__name__)

# Records that an endpoint may stand behind the furthest one for both to be fed by the common reader from the start.
NEAR: Final = 2_000
# Readers of endpoints that are behind, at once: each is a consumer with its buffers.
MOST_BEHIND: Final = 8
# Batches of a reader of one's own, after which another endpoint that is behind has its turn.
TURN_BATCHES: Final = 200
# Seconds until Kafka is asked again.
RETRY_SECONDS: Final = 1.0


class Feed:
    """One kind of decisions, and who is fed."""

    def __init__(self, options: Mapping[str, Any], settle_ms: int | None, turns: asyncio.Semaphore) -> None:
        self._options = options
        self._settle_ms = settle_ms
        self._turns = turns
        self._fed: dict[str, Runner] = {}
        self._catching: dict[str, asyncio.Task[None]] = {}
        self._common: Reader | None = None

    async def run(self, runners: Sequence[Runner]) -> None:
        """Feed until cancelled."""
        start, near = common_start({each.name: each.lines.marks for each in runners})
        for runner in runners:
            if runner.name in near:
                self._fed[runner.name] = runner
            else:
                self.catch_up(runner)
        try:
            while True:
                start = await self._read(start)
        finally:
            for task in self._catching.values():
                task.cancel()
            await asyncio.gather(*self._catching.values(), return_exceptions=True)

    async def _read(self, start: dict[int, Mark]) -> dict[int, Mark]:
        """Read until Kafka fails; return where to begin again."""
        try:
            async with Reader(self._options, self._settle_ms, start) as self._common:
                while True:
                    items = await self._common.batch()
                    self._check()
                    for runner in [*self._fed.values()]:
                        if runner.has_room:
                            runner.feed(items)
                        else:
                            log.info("falls behind", endpoint=runner.name)
                            self.catch_up(runner)
                    for item in items:
                        start[item.number] = Mark(item.resume, start[item.number].given)
        except KafkaError as error:
            log.warning("Kafka does not answer, trying again", error=str(error) or type(error).__name__)
            self._common = None
            await asyncio.sleep(RETRY_SECONDS)
            return start

    def _check(self) -> None:
        """Raise what ended the feeding of an endpoint that is behind."""
        for task in self._catching.values():
            if task.done() and not task.cancelled():
                task.result()

    def catch_up(self, runner: Runner) -> None:
        """Feed an endpoint from where it stands, by a reader of its own."""
        self._fed.pop(runner.name, None)
        runner.is_behind = True
        self._catching[runner.name] = asyncio.create_task(self._catch_up(runner))

    async def drop(self, name: str) -> None:
        """Feed an endpoint no more."""
        self._fed.pop(name, None)
        task = self._catching.pop(name, None)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _catch_up(self, runner: Runner) -> None:
        while runner.is_behind:
            await runner.until_room()
            async with self._turns:
                try:
                    await self._turn(runner)
                except KafkaError as error:
                    log.warning("Kafka does not answer", endpoint=runner.name, error=str(error) or type(error).__name__)
                    await asyncio.sleep(RETRY_SECONDS)
        self._catching.pop(runner.name, None)

    async def _turn(self, runner: Runner) -> None:
        """Feed an endpoint while it has room, for so many batches, or until it has caught up."""
        async with Reader(self._options, self._settle_ms, runner.lines.marks) as own:
            for _ in range(TURN_BATCHES):
                runner.feed(await own.batch())
                if not runner.has_room:
                    return
                if self._common is not None and own.reached(self._common):
                    runner.is_behind = False
                    self._fed[runner.name] = runner
                    log.info("has caught up", endpoint=runner.name)
                    return


def common_start(marks: Mapping[str, Mapping[int, Mark]]) -> tuple[dict[int, Mark], set[str]]:
    """Return from where the common reader begins, and who is fed by it from the start: all that stand near the furthest."""
    numbers = sorted(next(iter(marks.values())))
    furthest = {number: max(each[number].resume[0].offset for each in marks.values()) for number in numbers}
    near = {
        name for name, each in marks.items() if all(furthest[n] - each[n].resume[0].offset <= NEAR for n in numbers)
    } or {max(marks, key=lambda name: sum(mark.resume[0].offset for mark in marks[name].values()))}
    return {number: _earliest([marks[name][number] for name in sorted(near)]) for number in numbers}, near


def _earliest(marks: list[Mark]) -> Mark:
    """Return the mark that leaves nothing out for any of them."""
    resume: list[Committed] = [
        min(each, key=lambda at: at.offset) for each in zip(*(m.resume for m in marks), strict=True)
    ]
    return Mark(tuple(resume), tuple(min(each) for each in zip(*(m.given for m in marks), strict=True)))
