"""How long a change of the group stops the partitions, measured on real workers: one joins, leaves, crashes, restarts.

Neighbours on all partitions are overridden and released in turn, a hundred records a second; each brings a decision. The
longest that one waited around a change is the pause: to catch up at that rate takes next to nothing. Partitions that keep
their owner are told apart from those that move, by what the brokers say of the group before and after.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from typing import Any, Final, NamedTuple

from aiohttp import ClientSession
from aiokafka.admin import AIOKafkaAdminClient

from benchmarks.programs import WORKER, Running, start
from benchmarks.scaling.hot import NEIGHBOURS_PER_SECOND
from benchmarks.soak.feed import Feed
from benchmarks.soak.running import Load, until_ready
from benchmarks.stand import Stand, producer, stand
from benchmarks.watching import START_SECONDS, answers
from relationship.contract.messages import PURCHASES
from streams.embedded.ports import LOOPBACK, free_ports
from streams.kafka.admin import admin_client, ensure_topics
from streams.kafka.groups import describe_group

GROUP: Final = "pauses"
# Seconds of load after a change: more than a session's timeout and a rebalance.
AFTER_SECONDS: Final = 10.0
FOREVER_SECONDS: Final = 3_600.0
LOOK_SECONDS: Final = 0.2
# Workers of the rolling restart.
ROLLING: Final = 4


class Wait(NamedTuple):
    """The longest wait around a change in ms, of partitions that kept their owner and of all; 0 where none kept it."""

    stays_ms: float
    all_ms: float


class Stage:
    """Places for workers in one group, and a load that watches them."""

    def __init__(
        self, on: Stand, session: ClientSession, load: Load, admin: AIOKafkaAdminClient, stack: AsyncExitStack
    ) -> None:
        self._on = on
        self._session = session
        self._load = load
        self._admin = admin
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

    async def restart(self, worker: Running, name: str = "") -> Running:
        """End a worker on request, and start another in its place."""
        await leave(worker)
        return await self.join(name)

    async def change(self, do: Callable[[], Awaitable[Any]]) -> Wait:
        """Change the group, and return how long was waited until well after it."""
        before = await self._owners()
        self._load.longest()
        await do()
        await asyncio.sleep(AFTER_SECONDS)
        after, longest = await self._owners(), self._load.longest()
        stays = [seconds for number, seconds in longest.items() if before.get(number) == after.get(number)]
        return Wait(max(stays, default=0.0) * 1000, max(longest.values()) * 1000)

    async def nothing(self) -> None:
        """Change nothing."""

    async def _owners(self) -> Mapping[int, str]:
        """Return who owns which partition, once the group has settled."""
        async with asyncio.timeout(START_SECONDS):
            while True:
                group = await describe_group(self._admin, GROUP)
                owners = {
                    number: each.member_id for each in group.members for number in each.partitions.get(PURCHASES, ())
                }
                if group.state == "Stable" and len(owners) == self._on.partitions:
                    return owners
                await asyncio.sleep(LOOK_SECONDS)


async def leave(worker: Running) -> None:
    """Let a worker end as a deployment ends it."""
    worker.process.terminate()
    await worker.process.wait()


async def measure(partitions: int) -> dict[str, float]:
    """Run it, and return the figures by name. Raises RunFailedError where a worker ends by itself."""
    with stand(partitions) as on:
        await ensure_topics(on.settings(GROUP))
        async with AsyncExitStack() as stack:
            consumer = await stack.enter_async_context(answers(on))
            sender = await stack.enter_async_context(producer(on))
            session = await stack.enter_async_context(ClientSession())
            admin = await stack.enter_async_context(admin_client(on.settings(GROUP)))
            load = Load(Neighbours(partitions), sender, consumer)
            stage = Stage(on, session, load, admin, stack)
            first = await stage.join()
            reading = asyncio.create_task(load.read())
            publishing = asyncio.create_task(load.publish(NEIGHBOURS_PER_SECOND, FOREVER_SECONDS))
            stack.callback(reading.cancel)
            stack.callback(publishing.cancel)
            await stage.change(stage.nothing)  # every neighbour has its first decision
            quiet = await _quiet(on, first, stage)
            waits = {**await _changes(stage), **await _rolling(stage, first)}
            return {"partitions": partitions, **quiet, **_named(waits)}


def _named(waits: Mapping[str, Wait]) -> dict[str, float]:
    return {
        **{f"{name}_ms": wait.all_ms for name, wait in waits.items()},
        **{f"{name}_stays_ms": wait.stays_ms for name, wait in waits.items()},
    }


async def _quiet(on: Stand, worker: Running, stage: Stage) -> dict[str, float]:
    """Return what nothing but the load costs the worker and the broker in cores, and the longest wait meanwhile."""
    before = on.cpu([worker.pid])
    wait = await stage.change(stage.nothing)
    program, broker, _ = (
        (after - then) / AFTER_SECONDS for then, after in zip(before, on.cpu([worker.pid]), strict=True)
    )
    return {"quiet_cores": program, "broker_cores": broker, "quiet_ms": wait.all_ms}


async def _changes(stage: Stage) -> dict[str, Wait]:
    """Let a second worker join, leave on request, and crash; and one with a name of its own crash and come back."""
    there: list[Running] = []

    async def join(name: str = "") -> None:
        there.append(await stage.join(name))

    async def come_back() -> None:
        await there[-1].kill()
        await join("named")

    waits = {"join": await stage.change(join), "leave": await stage.change(lambda: leave(there[-1]))}
    await stage.change(join)
    waits["crash"] = await stage.change(there[-1].kill)
    await stage.change(lambda: join("named"))
    waits["restart"] = await stage.change(come_back)
    await stage.change(lambda: leave(there[-1]))
    return waits


async def _rolling(stage: Stage, first: Running) -> dict[str, Wait]:
    """Restart four workers one after the other, without names and with."""
    await leave(first)
    waits = {}
    for kind, names in (("rolling", [""] * ROLLING), ("rolling_named", [f"w{number}" for number in range(ROLLING)])):
        workers = [await stage.join(name) for name in names]
        await stage.change(stage.nothing)

        async def restart_all(workers: list[Running] = workers, names: list[str] = names) -> None:
            for number, name in enumerate(names):
                workers[number] = await stage.restart(workers[number], name)

        waits[kind] = await stage.change(restart_all)
        for worker in workers:
            await leave(worker)
    return waits


class Neighbours:
    """Probes alone, on all partitions."""

    def __init__(self, partitions: int) -> None:
        self.next = Feed(1, partitions).probe
