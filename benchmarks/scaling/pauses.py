"""How long a change of the group stops the partitions, measured on real workers: one joins, leaves, crashes, restarts.

Neighbours on all partitions are overridden and released in turn, a hundred records a second; each brings a decision. The
longest that one waited around a change is the pause: to catch up at that rate takes next to nothing.
"""

import asyncio
from contextlib import AsyncExitStack
from typing import Final, NamedTuple

from aiohttp import ClientSession

from benchmarks.programs import WORKER, Running, start
from benchmarks.scaling.hot import NEIGHBOURS_PER_SECOND
from benchmarks.soak.feed import Feed
from benchmarks.soak.running import Load, until_ready
from benchmarks.stand import Stand, producer, stand
from benchmarks.watching import answers
from streams.embedded.ports import LOOPBACK, free_ports
from streams.kafka.admin import ensure_topics

GROUP: Final = "pauses"
# Seconds of load after a change: more than a session's timeout and a rebalance.
AFTER_SECONDS: Final = 10.0
FOREVER_SECONDS: Final = 600.0


class Pause(NamedTuple):
    """The longest wait in ms: with nothing going on, and while a second worker joins, leaves on request, and is killed.

    `restart_ms` is that of one with a name of its own (`CLIENTWARD_INSTANCE`), which is killed and started again at once.
    `quiet_cores` is the CPU of the one worker and of the broker with nothing going on but the load.
    """

    partitions: int
    quiet_cores: float
    broker_cores: float
    quiet_ms: float
    join_ms: float
    leave_ms: float
    crash_ms: float
    restart_ms: float


class Stage:
    """Two places for workers in one group, and a load that watches them."""

    def __init__(self, on: Stand, session: ClientSession, load: Load, stack: AsyncExitStack) -> None:
        self._on = on
        self._session = session
        self._load = load
        self._stack = stack
        self._numbers = 0

    async def join(self, name: str = "") -> Running:
        """Start a worker, with a name in the group or without, and return it when it folds its partitions."""
        self._numbers += 1
        port = free_ports(1)[0]
        program = WORKER._replace(environment={"CLIENTWARD_WEB_PORT": str(port), "CLIENTWARD_INSTANCE": name})
        worker = await start(program, self._on, GROUP, self._on.folder / f"worker-{self._numbers}")
        self._stack.push_async_callback(worker.kill)
        await until_ready(worker, self._session, f"http://{LOOPBACK}:{port}")
        return worker

    async def worst_ms(self) -> float:
        """Return the longest wait since this was last asked, after all that was sent is answered."""
        await asyncio.sleep(AFTER_SECONDS)
        return max(self._load.taken()) * 1000


async def measure(partitions: int) -> Pause:
    """Run it. Raises RunFailedError where a worker ends by itself."""
    with stand(partitions) as on:
        await ensure_topics(on.settings(GROUP))
        async with AsyncExitStack() as stack:
            consumer = await stack.enter_async_context(answers(on))
            sender = await stack.enter_async_context(producer(on))
            session = await stack.enter_async_context(ClientSession())
            load = Load(Neighbours(partitions), sender, consumer)
            stage = Stage(on, session, load, stack)
            first = await stage.join()
            reading = asyncio.create_task(load.read())
            publishing = asyncio.create_task(load.publish(NEIGHBOURS_PER_SECOND, FOREVER_SECONDS))
            stack.callback(reading.cancel)
            stack.callback(publishing.cancel)
            return await _changes(partitions, on, first, stage)


async def _changes(partitions: int, on: Stand, first: Running, stage: Stage) -> Pause:
    await stage.worst_ms()  # every neighbour has its first decision
    before = on.cpu([first.pid])
    quiet = await stage.worst_ms()
    program, broker, _ = (
        (after - then) / AFTER_SECONDS for then, after in zip(before, on.cpu([first.pid]), strict=True)
    )
    second = await stage.join()
    join = await stage.worst_ms()
    second.process.terminate()
    await second.process.wait()
    leave = await stage.worst_ms()
    third = await stage.join()
    await stage.worst_ms()
    await third.kill()
    crash = await stage.worst_ms()
    named = await stage.join("named")
    await stage.worst_ms()
    await named.kill()
    await stage.join("named")
    return Pause(partitions, program, broker, quiet, join, leave, crash, await stage.worst_ms())


class Neighbours:
    """Probes alone, on all partitions."""

    def __init__(self, partitions: int) -> None:
        self.next = Feed(1, partitions).probe
