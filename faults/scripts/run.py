"""One run: a stage, a workload, a fault's script beside the production, rest, and the comparison."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from random import Random
from typing import Final, NamedTuple

from faults.comparison.found import Found, Verdict
from faults.comparison.invariants import compare
from faults.comparison.oracle import expected
from faults.records.workload import Production, Workload, faults_of
from faults.servers.stage import PARTITIONS, Stage, stage
from faults.workers.group import WorkerProcess
from relationship.contract.messages import MESSAGE_TYPES, MOVES, REFERRALS
from relationship.contract.outcome import RECLASSIFIED, REJECTED, STATE
from relationship.state.record import decode
from streams.embedded import EmbeddedError
from streams.kafka.partitioning import partition_of
from streams.wire.dead_letters import read_dead_letter

# I4: seconds from a fault (a death, a pause, a server gone) until all is folded that Kafka had when it was over. A dead
# member leaves the group after 6 s; a start takes 3, and more on busy cores; a Redis is away for up to 2 in these runs.
BACK_SECONDS: Final = 30.0
CLOCK_SECONDS: Final = 3.0  # for the timers to run that are due by now
REST_SECONDS: Final = 60.0  # for lag 0 and no timer due at the end


class Run:
    """What a fault's script works with.

    Attributes:
        chance: of this seed, for moments and places.
        workers: the slots of the group.
        tried: how often each fault was really hit; a name with 0 was not.
        back: seconds until the group was back at work, after each fault.
        notes: what else was seen.
        wrong: what counts against I4.
        may_retell: set where Redis and the changelog are lost together, which is more than the promise covers.
    """

    def __init__(self, on: Stage, seed: int, production: Production, without: str | None) -> None:
        self.on = on
        self.chance = Random(f"faults-{seed}")
        self.production = production
        self.workers: list[WorkerProcess] = []
        self.tried: Counter[str] = Counter()
        self.back: list[float] = []
        self.notes: list[str] = []
        self.wrong: list[str] = []
        self.may_retell = False
        self.first_fault = 0
        self._without = without
        self._hit_at = time.monotonic()

    def add_worker(self) -> WorkerProcess:
        """Return a new slot; nothing runs in it."""
        worker = WorkerProcess(self.on.guard, len(self.workers), self.on.config, self._without)
        self.workers.append(worker)
        return worker

    async def start_workers(self, count: int) -> list[WorkerProcess]:
        """Start so many workers and return when all are ready."""
        started = [self.add_worker() for _ in range(count)]
        await asyncio.gather(*(worker.start() for worker in started))
        return started

    def hit(self, fault: str) -> None:
        """Note that a fault has really happened, now."""
        if not self.first_fault:
            self.first_fault = len(self.production.sent)
        self.tried[fault] += 1
        self._hit_at = time.monotonic()

    def check_exit(self, code: int | BaseException) -> None:
        """Note the exit code of a worker that was told to stop: a wrong one counts against I4."""
        if code:
            self.wrong.append(f"a worker told to stop ended with {code!r}")

    async def recovered(self) -> None:
        """Wait until all that Kafka has is folded, and note how long that is after the last fault. Raises TimeoutError."""
        await self.on.until_folded(REST_SECONDS)
        self.back.append(time.monotonic() - self._hit_at)


Script = Callable[[Run], Awaitable[None]]


class Result(NamedTuple):
    """How a run ended: the verdicts in order, what was tried, and what to print beside them; `back` is in seconds."""

    verdicts: list[Verdict]
    tried: Counter[str]
    notes: list[str]
    workload: str
    back: list[float]
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether every invariant held and every fault was hit."""
        return all(verdict.passed for verdict in self.verdicts) and all(self.tried.values())


async def carry_out(script: Script, seed: int, without: str | None = None, rest: float = REST_SECONDS) -> Result:
    """Run a fault's script and compare what it left. Raises EmbeddedError where the servers do not start."""
    begun = time.monotonic()
    async with stage() as on:
        production = Production(Workload(seed, PARTITIONS), on.producer)
        run = Run(on, seed, production, without)
        verdicts = await _played(run, script, rest)
        verdicts.sort(key=lambda verdict: verdict.name)
        told = faults_of(production.sent)
        poison = sum(count for fault, count in told.items() if fault.startswith("poison"))
        workload = (
            f"{len(production.sent):,} records, of them {told['repeat']} repeats, {told['late']} late, {poison} poison"
        )
        return Result(verdicts, run.tried, run.notes, workload, run.back, time.monotonic() - begun)


async def _played(run: Run, script: Script, rest: float) -> list[Verdict]:
    """Play the script, bring all to rest and compare; a run that never comes to rest is compared as it stands."""
    now_us = time.time_ns() // 1000
    try:
        await script(run)
        await run.on.until_folded(rest)
        now_us = await _at_rest(run, rest)
    except (TimeoutError, EmbeddedError) as error:
        run.wrong.append(str(error) or f"not at rest within {rest:.0f} s")
    await _ended(run)
    found = await _found(run)
    wanted = await asyncio.to_thread(expected, run.on.settings, run.production.sent, now_us)
    return [*compare(wanted, found), _back_at_work(run)]


async def _at_rest(run: Run, seconds: float) -> int:
    """Bring every partition's time to now, and return the wall's clock (µs) when nothing is left to do.

    An owner that comes after the records of this moment does not know of them: then they are produced again.
    """
    async with asyncio.timeout(seconds):
        while True:
            await run.production.clocks()
            with suppress(TimeoutError):
                return await run.on.at_rest(CLOCK_SECONDS)


async def _ended(run: Run) -> None:
    """Stop the workers, and note what is wrong with how they end or have ended."""
    for worker in run.workers:
        if worker.gave_up:
            run.wrong.append(f"a worker ended by itself: {worker.last_words}")
    running = [worker for worker in run.workers if worker.running]
    for ended in await asyncio.gather(*(worker.stop() for worker in running), return_exceptions=True):
        run.check_exit(ended)


def _back_at_work(run: Run) -> Verdict:
    slow = [f"back at work after {seconds:.1f} s" for seconds in run.back if seconds > BACK_SECONDS]
    if run.wrong or slow:
        return Verdict("I4", passed=False, what="; ".join([*run.wrong, *slow]))
    worst = f"worst of {len(run.back)}: {max(run.back):.1f} s" if run.back else "nothing to wait for"
    return Verdict("I4", passed=True, what=f"back at work, {worst} (limit {BACK_SECONDS:.0f} s)")


async def _found(run: Run) -> Found:
    """Read what the run left in Redis and in Kafka."""
    on, sent, values = run.on, run.production.sent, run.on.values()
    topics = (REJECTED, RECLASSIFIED, STATE, *MESSAGE_TYPES)
    rejected, told, states, *intake = await asyncio.gather(*map(on.read, topics))
    letters = [letter for record in rejected if (letter := read_dead_letter(record)) is not None]
    refused = {
        (letter.topic, letter.partition, letter.offset): (letter.topic, letter.key, letter.value or b"", letter.reason)
        for letter in letters
    }
    produced = [record for topic in intake for record in topic]
    taken = [record for record in produced if (record.topic, record.partition, record.offset) not in refused]
    own = Counter((r.key.decode(), dict(r.headers)["ce_id"]) for r in taken if r.topic in {REFERRALS, MOVES})
    since = {record.account_id for record in sent[run.first_fault :]} | {account for account, _ in own}
    return Found(
        records={account: decode(raw) for _, account, raw in values},
        twice=[account for number, account, _ in values if partition_of(account, PARTITIONS) != number],
        decisions=[record.value for record in told],
        states={record.key.decode(): record.value for record in states if record.value is not None},
        letters=refused,
        letters_published=len(rejected),
        produced=Counter((record.key or b"").decode() for record in taken),
        doubled=sum((Counter({account: times - 1}) for (account, _), times in own.items()), Counter()),
        quiet={record.account_id for record in sent[: run.first_fault]} - since,
        retold=run.may_retell,
    )
