"""Harm done to Redis and to the changelog: killed, failed over, wiped, cut short, compacted, emptied."""

import asyncio
import os
import shutil
from typing import Final

from redis import Redis

from faults.scripts.on_workers import killed_at
from faults.scripts.pacing import BACKLOG, FIRST, HIT_SECONDS, begun, producing
from faults.scripts.run import Run
from faults.workers.arms import CHANGELOG_CLEARED, Arm
from faults.workers.group import until
from relationship.contract.messages import MEETINGS, TICKETS
from relationship.state.record import decode
from streams.embedded import RedisServer
from streams.embedded.ports import LOOPBACK

SILENT_WAVES: Final = 4  # each makes a step or two of each partition, of which eight may wait
SILENT_WAVE: Final = 100  # records
SILENT_SECONDS: Final = 0.5  # for a wave's steps: nobody tells what a silent worker commits
HELD: Final = 250  # records of which the tickets and meetings are kept back: some days of all accounts


async def redis_killed(run: Run) -> None:
    """Redis SIGKILLed three times under load, its append-only file flushed once a second."""
    await begun(run, 2)
    async with producing(run):
        for _ in range(3):
            await asyncio.sleep(run.chance.uniform(0.5, 2.0))
            await asyncio.to_thread(run.on.redis.kill)
            run.hit("Redis SIGKILLed")
            await asyncio.sleep(run.chance.uniform(0.0, 1.0))
            await asyncio.to_thread(run.on.redis.start)
            await run.recovered()


async def failed_over(run: Run) -> None:
    """A replica stops following, the primary goes on for a while and is killed, the stale replica takes its place."""
    await begun(run, 2)
    replica = await run.on.replica()
    async with producing(run):
        await asyncio.sleep(run.chance.uniform(0.5, 1.5))
        with Redis(host=LOOPBACK, port=replica.port) as client:
            client.replicaof("NO", "ONE")
        await asyncio.sleep(run.chance.uniform(1.0, 3.0))  # how stale the replica gets
        before = run.on.read_records()
        await asyncio.to_thread(run.on.redis.kill)
        run.on.proxy.switch(replica.port)
        run.hit("failover to a stale replica")
        run.notes.append(f"the replica was {before - run.on.read_records()} records behind")
        await run.recovered()


async def redis_lost(run: Run) -> None:
    """FLUSHALL under load; then a SIGKILL and an append-only file of which the end is cut off."""
    await begun(run, 2)
    async with producing(run):
        await flushed(run)
        await run.recovered()
        await asyncio.sleep(run.chance.uniform(1.0, 2.0))
        before = run.on.read_records()
        await asyncio.to_thread(run.on.redis.kill)
        share = run.chance.uniform(0.3, 0.95)
        kept = cut_off(run.on.redis, share)
        await asyncio.to_thread(run.on.redis.start)
        run.hit("append-only file cut short")
        run.notes.append(
            f"{kept / 1e6:.1f} MB of the file were left, {before - run.on.read_records()} records further back"
        )
        await run.recovered()


async def flushed(run: Run) -> None:
    """Wipe Redis."""
    with run.on.client() as client:
        client.flushall()
    run.hit("FLUSHALL")


def cut_off(redis: RedisServer, share: float) -> int:
    """Leave this share of a Redis's append-only file, and return how many bytes that are."""
    file = max(redis.folder.rglob("*.aof"), key=lambda each: each.stat().st_size)
    kept = int(file.stat().st_size * share)
    os.truncate(file, kept)
    return kept


async def changelog_compacted(run: Run) -> None:
    """The changelog compacted all the while and Redis wiped; then emptied by force, and every worker killed."""
    workers = await begun(run, 2)
    await run.on.compact_changelog()
    async with producing(run):
        await asyncio.sleep(4.0)  # some rounds of the cleaner
        kept, stored = await run.on.changelog_size()
        run.notes.append(f"compaction had left {kept} of {stored} records")
        if kept < stored:
            run.hit("changelog compacted")
        await flushed(run)
        await run.recovered()
        gone = await run.on.empty_changelog()
        run.hit("changelog emptied")
        run.notes.append(f"{gone} offsets of the changelog deleted")
        await asyncio.gather(*(worker.kill() for worker in workers))
        await asyncio.gather(*(worker.start() for worker in workers))
        await run.recovered()


async def all_lost(run: Run) -> None:
    """The changelog emptied and Redis wiped at once: what is left is the intake, and the group starts from its beginning."""
    run.may_retell = True
    await begun(run, 2)
    async with producing(run):
        await asyncio.sleep(1.0)
        await run.on.empty_changelog()
        run.hit("changelog emptied")
        await flushed(run)
        await run.recovered()


async def wiped(run: Run) -> None:
    """FLUSHALL under load."""
    await begun(run, 2)
    async with producing(run):
        await flushed(run)
        await run.recovered()


async def decided_and_lost(run: Run, place: str = "decisions_sent") -> None:
    """Killed right after a large step's decisions, Redis wiped, and then events come that belong before them."""
    workers = [run.add_worker() for _ in range(2)]
    await run.production.burst(BACKLOG)
    run.production.withhold((TICKETS, MEETINGS))
    await run.production.burst(HELD)
    await asyncio.gather(*(killed_at(run, worker, Arm(place)) for worker in workers))
    await flushed(run)
    await run.production.release()
    await asyncio.gather(*(worker.start() for worker in workers))
    await run.recovered()


async def old_file_returned(run: Run) -> None:
    """Killed with steps committed that Kafka knows nothing of, Redis wiped and rebuilt; then its file of before comes back.

    Events that belong before those steps come in between, so the rebuilt accounts have decided otherwise, and told so.
    """
    workers, redis = [run.add_worker() for _ in range(2)], run.on.redis
    await asyncio.gather(*(worker.start(Arm(may_fall_silent=True)) for worker in workers))
    await run.production.burst(FIRST)
    await run.on.until_folded(HIT_SECONDS)
    for worker in workers:
        worker.silence()
    run.production.withhold((TICKETS, MEETINGS))
    before = run.on.read_records()
    for _ in range(SILENT_WAVES):
        await run.production.burst(SILENT_WAVE)
        await asyncio.sleep(SILENT_SECONDS)
    run.notes.append(f"{run.on.read_records() - before} records folded in silence")
    await asyncio.gather(*(worker.kill() for worker in workers))
    run.hit("SIGKILL with steps that Kafka knows nothing of")
    await asyncio.to_thread(redis.kill)
    kept = await asyncio.to_thread(shutil.copytree, redis.folder, redis.folder.with_name("redis-before"))
    await asyncio.to_thread(redis.start)
    await flushed(run)
    await run.production.release()
    await asyncio.gather(*(worker.start() for worker in workers))
    if run.chance.random() < 0.5:  # noqa: PLR2004 - evens
        await run.recovered()
    else:
        half = sum((await run.on.ends()).values()) // 2
        await until(lambda: run.on.read_records() >= half, HIT_SECONDS)
        run.notes.append("half of it was rebuilt")
    await asyncio.to_thread(redis.kill)
    await asyncio.to_thread(shutil.rmtree, redis.folder)
    await asyncio.to_thread(shutil.move, kept, redis.folder)
    await asyncio.to_thread(redis.start)
    run.hit("Redis back with its file of before")
    async with producing(run):
        await run.recovered()


async def late_changelog(run: Run, *, compacted: bool = False) -> None:
    """An owner is paused between the fence's last yes and its changelog, and sends that behind its successor's newer one.

    Then Redis is wiped; with `compacted` only when Kafka has thrown the newer records away.
    """
    run.may_retell = compacted
    late, other = run.add_worker(), run.add_worker()
    await run.production.burst(BACKLOG)
    await late.start(Arm(CHANGELOG_CLEARED, run.chance.randint(1, 3), pause=True))
    if not await late.until_hit(HIT_SECONDS):
        return
    run.hit("SIGSTOP between fence and changelog")
    await other.start()
    await run.production.burst(BACKLOG)
    async with producing(
        run
    ):  # all the while: where the stream is silent for 10 s, lapses fall due by the wall's clock
        await run.recovered()
        await late.resume()
        behind, newest = await _behind(run)
        run.tried["old changelog record behind a newer one"] += len(behind)
        if compacted:
            await run.on.compact_changelog()
            lost = await _lost(run, behind, newest)
            run.tried["newer record gone by compaction"] += lost
        await flushed(run)
        await run.recovered()


async def _revisions(run: Run) -> dict[bytes, list[int]]:
    """Return the revisions of every account's records in the changelog, in order."""
    found: dict[bytes, list[int]] = {}
    for record in await run.on.read(run.on.settings.changelog_topic):
        if record.value is not None:
            found.setdefault(record.key, []).append(decode(record.value).revision)
    return found


async def _behind(run: Run) -> tuple[set[bytes], dict[bytes, int]]:
    """Return the accounts whose last record is not their newest, once there are some, and everybody's newest revision."""
    for _ in range(20):
        revisions = await _revisions(run)
        if behind := {key for key, found in revisions.items() if found[-1] < max(found)}:
            return behind, {key: max(found) for key, found in revisions.items()}
        await asyncio.sleep(0.5)  # Kafka tells nobody that a record has come
    return set(), {}


async def _lost(run: Run, behind: set[bytes], newest: dict[bytes, int]) -> int:
    """Wait for some rounds of compaction, and return of how many accounts the newest record is gone."""
    lost = 0
    for _ in range(8):
        await asyncio.sleep(1.0)
        revisions = await _revisions(run)
        lost = sum(max(revisions.get(key, [0])) < newest[key] for key in behind)
    return lost
