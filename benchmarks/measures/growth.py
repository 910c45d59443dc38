"""Ten times the accounts, and again: throughput, bytes in Redis for an account, and the worker's memory.

Redis is filled beforehand with accounts of twenty events each: the simulator's, folded by the core, moved in time so that
their newest events lie at one moment, and repeated under other ids. Then the worker folds purchases of accounts drawn
evenly, so that its cache helps as little as it can.
"""

import random
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Final, NamedTuple

import msgspec
from redis import Redis

from benchmarks.events import SEED, Event, marked, purchase
from benchmarks.plan import Plan
from benchmarks.programs import WORKER, running
from benchmarks.report import say
from benchmarks.results import Aim, Measure, Sample, at_least, at_most, medians
from benchmarks.simulation import simulated
from benchmarks.stand import Stand, memory_bytes, publish, stand
from benchmarks.watching import answers, settle, timed
from clientward_store.keys import keys_of
from relationship.contract.messages import PURCHASES
from relationship.contract.outcome import Delivered, Refused
from relationship.core import Core
from relationship.policy.compiled import load_policy
from relationship.state.record import decode, encode
from streams.config.settings import TABLE
from streams.kafka.partitioning import partition_of_key
from streams.wire.codecs import Codec, Limits

EACH: Final = 20  # events of an account
TEMPLATES: Final = 200
NEWEST: Final = datetime(2026, 6, 1, tzinfo=UTC)
NOW_US: Final = int(datetime(2026, 7, 1, tzinfo=UTC).timestamp() * 1e6)
CHUNK: Final = 1_000
# What says that Redis writes its files anew, how often this is looked at, and how long it may take: seconds.
REWRITES: Final = ("aof_rewrite_in_progress", "aof_rewrite_scheduled", "rdb_bgsave_in_progress")
LOOK_SECONDS: Final = 0.1
REWRITE_SECONDS: Final = 120.0
KIB: Final = 1024.0
COLUMNS: Final = {
    "events_per_second": "events/s",
    "cpu_program": "CPU s/M",
    "cpu_redis": "Redis s/M",
    "bytes_per_account": "Redis bytes/account",
    "worker_mib": "worker MiB",
}


class Template(NamedTuple):
    """An account of twenty events: its record, when it is due, and what its events' ids begin with."""

    record: bytes
    due_at: int | None
    stem: str


async def measure(plan: Plan) -> Measure:
    """Run it."""
    samples, templates = [], [*islice(_templates(), TEMPLATES)]
    for number in range(1, plan.rounds + 1):
        for accounts in plan.growth:
            values = await _once(plan, accounts, templates)
            samples.append(Sample(f"{accounts:,} accounts", number, values))
            say(f"growth, round {number}: {accounts:,} accounts: {values['events_per_second']:,.0f} events/s")
    title = f"Accounts of {EACH} events in Redis, {plan.growth_events:,} more events"
    return Measure("growth", title, COLUMNS, samples, _aims(samples, plan))


def _aims(samples: Sequence[Sample], plan: Plan) -> list[Aim]:
    found = medians(samples)
    least, between, most = (found[f"{accounts:,} accounts"] for accounts in plan.growth)
    return [
        at_least(f"of the speed at {plan.growth[0]:,}", most["events_per_second"] / least["events_per_second"], 0.7),
        at_most("KiB in Redis for an account", most["bytes_per_account"] / KIB, 1.35),
        at_most(f"times the worker's memory at {plan.growth[1]:,}", most["worker_mib"] / between["worker_mib"], 1.5),
    ]


async def _once(plan: Plan, accounts: int, templates: Sequence[Template]) -> dict[str, float]:
    """Fill a new Redis, and let the worker fold events of accounts drawn evenly."""
    with stand(plan.partitions) as on:
        group = on.next_group("growth")
        size = _fill(on, group, accounts, templates)
        events = _drawn(plan, accounts, templates)
        total = await publish(on, marked(events, plan.partitions))
        async with answers(on) as consumer, running(WORKER, on, group) as runs:
            values = await timed(on, runs, consumer, total, plan.limit)
            values["worker_mib"] = memory_bytes(runs[0].pid) / KIB**2
    await settle()
    return {**values, "bytes_per_account": size / accounts}


def _templates() -> Iterator[Template]:
    """Yield the simulator's accounts as they are after their first twenty events."""
    core, codec = Core(load_policy()), Codec(Limits())
    by_account: dict[bytes, list[Delivered]] = defaultdict(list)
    for event in simulated(TEMPLATES * 4 * EACH, 1):
        message = codec.decode_value(event.topic, event.value, NOW_US)
        if not isinstance(message, Refused):
            by_account[event.key].append(Delivered(event.topic, len(by_account[event.key]), message))
    for messages in by_account.values():
        if len(messages) >= EACH:
            yield _template(core, _moved(messages[:EACH]))


def _moved(messages: Sequence[Delivered]) -> list[Delivered]:
    """Return messages moved in time, so that the newest is the day before `NEWEST`."""
    shift = NEWEST - timedelta(days=1) - max(each.message.occurred_at for each in messages)
    moved = []
    for each in messages:
        message = msgspec.structs.replace(each.message, occurred_at=each.message.occurred_at + shift)
        moved.append(msgspec.structs.replace(each, message=message))
    return moved


def _template(core: Core, messages: Sequence[Delivered]) -> Template:
    """Fold messages one by one, as they would come; the offsets are forgotten, since the topics begin anew."""
    raw: bytes | None = None
    due_at = None
    for each in messages:
        outcome = core.step("template", raw, [each], NOW_US)
        raw, due_at = outcome.record, outcome.due_at
    record = decode(raw or b"")
    record.offsets.clear()
    return Template(encode(record), due_at, record.id_prefix)


def _fill(on: Stand, group: str, accounts: int, templates: Sequence[Template]) -> int:
    """Write accounts and their timers as the store lays them out; return the bytes that Redis needs for them."""
    with Redis.from_url(on.redis) as client:
        before = _used(client)
        for start in range(0, accounts, CHUNK):
            pipe = client.pipeline(transaction=False)
            for number in range(start, min(start + CHUNK, accounts)):
                key, template = _account(number), templates[number % len(templates)]
                names = keys_of(f"{group}-{TABLE}", partition_of_key(key, on.partitions))
                pipe.hset(names.values, key, template.record)
                if template.due_at is not None:
                    pipe.zadd(names.due, {key: template.due_at})
            pipe.execute()
        _await_rewrite(client)
        return _used(client) - before


def _await_rewrite(client: Redis) -> None:
    """Return when Redis has written its files anew, which so many new values make it do: that is of the filling."""
    deadline = time.monotonic() + REWRITE_SECONDS
    while any(client.info("persistence")[name] for name in REWRITES) and time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)


def _used(client: Redis) -> int:
    """Return the bytes that Redis holds, without what waits for the disk or for clients."""
    memory = client.info("memory")
    return int(memory["used_memory"] - memory["mem_aof_buffer"] - memory["mem_clients_normal"])


def _account(number: int) -> bytes:
    return b"s7-%07d" % number


def _drawn(plan: Plan, accounts: int, templates: Sequence[Template]) -> Iterator[Event]:
    """Yield purchases of accounts drawn evenly, a tenth of a second apart, with ids like those of the account's others."""
    chance = random.Random(SEED)  # noqa: S311 - for repeatable figures
    for number in range(plan.growth_events):
        drawn = chance.randrange(accounts)
        key, stem = _account(drawn), templates[drawn % len(templates)].stem
        at = (NEWEST + timedelta(seconds=number // 10)).strftime("%Y-%m-%dT%H:%M:%SZ")
        value = purchase(number, key.decode(), at, stem=stem)
        yield Event(PURCHASES, partition_of_key(key, plan.partitions), key, value, at)
