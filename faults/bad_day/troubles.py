"""The troubles of the day, each brought about, seen and mended as docs/runbook.md has it."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from faults.bad_day.stage import Day
from relationship.policy.compiled import default_text
from relationship.state.account import CANDIDATE
from views.operations.refusals import refusals

# A policy's slip of the hand: everybody who buys is a candidate at once.
SLIPS: Final = {"candidate_up": 0.5, "candidate_down": 0.1, "gate": 0.0, "customer": 0}
ROOM: Final = 32_768  # bytes that Redis has left: it fills up within seconds
LOG_WIDTH: Final = 160  # characters of a log line that the page shows
ENOUGH: Final = "1gb"


async def broken_producer(day: Day) -> None:
    """Records without an amount: refused, noticed, given up in favour of what the mended source sends once more."""
    day.done("one source's release forgets the amount: 10 records a second that are no purchase, beside 40 good ones")
    async with asyncio.TaskGroup() as beside:
        beside.create_task(day.traffic.run_broken())
        await day.until(lambda: day.browser.refused > 0, "Now: records are refused")
        await day.until_fires("ClientwardRefusalsJump")
        day.traffic.is_broken = False
    found = await refusals(day.settings)
    day.seen(f"`clientward dlq list`: {', '.join(f'{n:,} {reason.value}' for reason, n in found.reasons.items())}")
    day.done("the source is mended, and sends the same purchases once more, under their ids")
    await day.traffic.send_mended()
    notice = await day.browser.submit(
        *("/refused/do?what=discard&reason=SCHEMA", "/refused/do"),
        what="discard", reason="SCHEMA", place="", why="the source is mended and has sent them anew", understood="yes",
    )  # fmt: skip
    day.done(f"console, *Refused*, give up: {notice}")
    await day.until_quiet("ClientwardRefusalsJump")


async def full_redis(day: Day) -> None:
    """Redis has no memory left, and evicts nothing: every write fails until it is given more."""
    with day.redis() as client:
        client.config_set("maxmemory", int(client.info("memory")["used_memory"]) + ROOM)
        day.done("Redis has 32 kB left (maxmemory, noeviction)")
        await asyncio.gather(
            day.until_says("write"), day.until_says("memory"),
            day.until_fires("ClientwardRedisFails"), day.until_fires("ClientwardRedisNearlyFull"),
        )  # fmt: skip
        client.config_set("maxmemory", ENOUGH)
    day.done(f"`redis-cli config set maxmemory {ENOUGH}`")
    await day.until_quiet(
        "write", "memory", "lag", "ClientwardRedisFails", "ClientwardRedisNearlyFull", "ClientwardBehind"
    )


async def broker_gone(day: Day) -> None:
    """The broker is killed; what is sent waits at the producers, what is folded in the outbox."""
    await asyncio.to_thread(day.kafka.kill)
    day.done("the broker is killed (SIGKILL)")
    await asyncio.gather(day.until_says("kafka"), day.until_says("flow"), day.until_fires("ClientwardKafkaAway"))
    await asyncio.to_thread(day.kafka.start)
    day.done("the broker is started again")
    await day.until_quiet(
        "kafka", "flow", "workers", "workers and servers", "lag", "ClientwardKafkaAway", "ClientwardBehind"
    )


async def stuck_worker(day: Day) -> None:
    """A worker hangs: the other one has its partitions, and it is refused by Redis when it wakes up."""
    worker = day.stage.workers[0]
    await asyncio.to_thread(worker.pause)
    day.done(f"a worker hangs (SIGSTOP): 127.0.0.1:{worker.port}")
    await day.until_fires("ClientwardWorkerSilent")
    await day.until_folded()
    day.seen("all that Kafka has is folded: the other worker has the partitions")
    await asyncio.to_thread(worker.resume)
    day.done("it goes on (SIGCONT), as after a machine's pause")
    await day.until_quiet(
        "workers", "lag", "ClientwardWorkerSilent", "ClientwardPartitionsWithoutWorker", "ClientwardNotReady"
    )
    lines = (await asyncio.to_thread(worker.log.read_text, errors="replace")).split("\n")
    woke = [line for line in lines if "fenced" in line or "not committed" in line]
    day.seen(f"its log: {woke[-1][:LOG_WIDTH]}…" if woke else "its log says nothing")


async def bad_policy(day: Day) -> None:
    """A policy by which everybody is a candidate: published, noticed, rolled back."""
    text = re.sub(r"^version = .*$", 'version = "2"', default_text(), count=1, flags=re.MULTILINE)
    for name, value in SLIPS.items():
        text = re.sub(rf"^{name}(\s*)= [0-9.]+", rf"{name}\1= {value}", text, count=1, flags=re.MULTILINE)
    notice = await day.browser.submit("/policy", "/policy/change", what="publish", text=text, at="", understood="yes")
    day.done(
        f"console, *Policy*, publish, with {', '.join(f'{name} = {value}' for name, value in SLIPS.items())}: {notice}"
    )
    await day.until_fires("ClientwardDecisionsJump")
    day.seen(f"{candidates(day)} of {len(day.records())} accounts are candidates")
    notice = await day.browser.submit("/policy", "/policy/change", what="rollback", to="", understood="yes")
    day.done(f"console, *Policy*, back: {notice}")
    await day.until_quiet("ClientwardDecisionsJump")
    day.seen(
        f"{candidates(day)} accounts are candidates still: the policy of before lets none go within its `stays`, five days"
    )


def candidates(day: Day) -> int:
    """Return how many accounts are candidates by their records."""
    return sum(record.head.status == CANDIDATE for record in day.records().values())


Trouble = Callable[[Day], Awaitable[None]]
TROUBLES: Final[Mapping[str, tuple[str, Trouble]]] = {
    "a": ("A broken producer", broken_producer),
    "b": ("Redis is full", full_redis),
    "c": ("The broker is gone", broker_gone),
    "d": ("A worker hangs", stuck_worker),
    "e": ("A bad policy", bad_policy),
}
