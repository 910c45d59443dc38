"""The Redis store alone: what a key costs in a batch of 2,000, written, read from Redis, and read from the cache.

No worker runs and no Kafka: a store is made as Faust makes it, and its batch interface is called. Redis runs on the same
machine. Each figure is the quickest of some repetitions, so that a machine with other things to do shows the same.
"""

import time
from collections.abc import Awaitable, Callable
from tempfile import TemporaryDirectory
from typing import Final, cast

import faust

from benchmarks.plan import Plan
from benchmarks.results import Measure, Sample, at_least, at_most, medians
from clientward_store import Store, Write
from streams.embedded import redis_server

KEYS: Final = 2_000
VALUE: Final = b"v" * 1_000
REPETITIONS: Final = 20
MICROS: Final = 1e6
COLUMNS: Final = {"micros": "µs a key"}
COMMIT: Final = "commit"
REDIS: Final = "load from Redis"
CACHE: Final = "load from the cache"


async def measure(plan: Plan) -> Measure:
    """Run it."""
    samples: list[Sample] = []
    with redis_server() as server, TemporaryDirectory() as folder:
        app = faust.App(
            "store-bench", broker="kafka://127.0.0.1:9", store=server.url, datadir=folder, web_enabled=False
        )
        store = cast("Store", app.Table("values", key_type=bytes, value_type=bytes, partitions=1).data)
        await store.take_over(0)
        for number in range(1, plan.rounds + 1):
            costs = await _costs(store)
            samples += [Sample(call, number, {"micros": micros}) for call, micros in costs.items()]
        await store.parts.clients.close()
    found = {call: values["micros"] for call, values in medians(samples).items()}
    aims = [
        at_most("µs a key from the cache", found[CACHE], 5.0),
        at_least("times cheaper from the cache than from Redis", found[REDIS] / found[CACHE], 3.0),
    ]
    return Measure("store", f"The Redis store alone, {KEYS:,} keys of 1 kB at a time", COLUMNS, samples, aims)


async def _costs(store: Store) -> dict[str, float]:
    """Return µs a key, by call."""
    keys = [b"account-%06d" % number for number in range(KEYS)]
    values = dict.fromkeys(keys, VALUE)

    async def commit() -> None:
        await store.commit(0, Write(values))

    async def from_redis() -> None:
        store.parts.cache.clear()
        await store.load(0, keys)

    async def from_cache() -> None:
        await store.load(0, keys)

    return {COMMIT: await _best(commit), REDIS: await _best(from_redis), CACHE: await _best(from_cache)}


async def _best(call: Callable[[], Awaitable[None]]) -> float:
    """Return µs a key of the quickest of some repetitions."""
    times = []
    for _ in range(REPETITIONS):
        started = time.perf_counter()
        await call()
        times.append(time.perf_counter() - started)
    return min(times) / KEYS * MICROS
