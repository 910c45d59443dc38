"""What the simulation stands on: figures that were measured, and assumptions, each with its reason. Pure."""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any, Final, NamedTuple

MILLION: Final = 1e6
GIB: Final = 2.0**30
HOUR: Final = 3_600.0

PARTITIONS: Final = 1_000
ACCOUNTS: Final = 100_000_000
# The base load. A thousand times it is the hundred million accounts.
BASE_ACCOUNTS: Final = 100_000
BASE_RATE: Final = 50.0  # events a second in the busiest hour: at a tenth of it on average, 4 a day of every account
FACTORS: Final = (1, 10, 100, 1_000)
WORKERS: Final = 20  # of the simulated group: more than the cores ask for, so that each has partitions by the dozen
UTILISATION: Final = 0.6  # of a core in the busiest hour: what is left lets a worker catch up after a rebalance
MEMORY_GIB: Final = 24.0  # of one Redis: a larger one forks, fails over and loads for minutes
COPIES: Final = 2  # of Redis's memory: a replica each
BROKER_COPIES: Final = 3  # of what Kafka keeps on disk
EXPONENTS: Final = (0.6, 0.8, 0.999)  # of Zipf's law: even, as shops see it, as words and web pages have it
EXPONENT: Final = 0.8  # where one is taken
# Rented by the hour, without discount; prices differ by three between sellers, so read the cores and GiB beside them.
CORE_HOUR: Final = 0.045  # USD
GIB_MONTH: Final = 4.0  # USD, memory
DISK_GIB_MONTH: Final = 0.10  # USD

ASSUMPTIONS: Final[Sequence[tuple[str, str, str]]] = (
    (
        "base load",
        f"{BASE_ACCOUNTS:,} accounts, {BASE_RATE:g} events/s in the busiest hour",
        "a mid-sized firm; ten times the mean",
    ),
    ("simulated", f"{ACCOUNTS:,} accounts, {PARTITIONS:,} partitions", "the issue's; a thousand times the base"),
    ("the simulated group", f"{WORKERS} workers", "more than the cores ask for: partitions a worker stay few"),
    (
        "accounts' shares of events",
        f"Zipf, exponent {EXPONENT:g} ({', '.join(f'{each:g}' for each in EXPONENTS)} beside)",
        "0.8: retail; 1: everything is a few",
    ),
    ("a core in the busiest hour", f"{UTILISATION:.0%} used", "the rest is for catching up"),
    ("one Redis", f"at most {MEMORY_GIB:g} GiB, one core", "a larger one takes minutes to fork, load and fail over"),
    ("copies", f"Redis {COPIES}, Kafka {BROKER_COPIES}", "outlives the loss of one machine"),
    (
        "prices, USD",
        f"core-hour {CORE_HOUR:g}, GiB of memory a month {GIB_MONTH:g}, of disk {DISK_GIB_MONTH:g}",
        "list prices; sellers differ by three",
    ),
    ("arrivals", "Poisson at every partition", "accounts do not know of one another"),
)


class Figures(NamedTuple):
    """What was measured. CPU is in seconds for one event, of the worker, the broker and Redis; times are seconds.

    Attributes:
        core, broker, redis: of the full core at full speed.
        step: CPU of one step, whatever it holds: what an event costs at 500 a second more than at full speed.
        bytes_per_account: in Redis, of an account of twenty events.
        restored_per_second: accounts that a worker reads back from the changelog.
        session: until the group gives up a worker that is gone; of the product's settings.
        restart: of a worker with a name of its own, until its partitions go on.
        pause: of a rebalance, for a worker that has `paused_at` partitions after it; `per_partition` what each more adds.
        paused_at: the number of partitions at which `pause` was measured.
    """

    core: float
    broker: float
    redis: float
    step: float
    bytes_per_account: float
    restored_per_second: float
    session: float
    restart: float
    pause: float
    per_partition: float
    paused_at: int

    def pause_at(self, partitions: int) -> float:
        """Return the seconds of a rebalance for a worker with so many partitions, on the line through what was measured."""
        return self.pause + self.per_partition * (partitions - self.paused_at)


def figures(results: Mapping[str, Any], measured: Mapping[str, Any], session: float) -> Figures:
    """Return the figures of the files. Raises KeyError where a measure is missing."""
    found = {name: measure["medians"] for name, measure in results["measures"].items()}
    core, growth = found["core"]["clientward worker"], [*found["growth"].values()][-1]
    slow, fast = found["latency"]["clientward, 500/s"]["cpu_program"], found["counting"]["clientward"]["cpu_program"]
    back = measured["restoring"]
    few, many = measured["pauses"][0], measured["pauses"][-1]
    pauses = [each["leave_ms"] / 1000 for each in (few, many)]  # one worker is left with all partitions
    slope = (pauses[1] - pauses[0]) / max(many["partitions"] - few["partitions"], 1)
    return Figures(
        core["cpu_program"] / MILLION,
        core["cpu_broker"] / MILLION,
        core["cpu_redis"] / MILLION,
        max(slow - fast, 0.0) / MILLION,
        growth["bytes_per_account"],
        back["accounts"] / max(back["emptied_seconds"] - back["kept_seconds"], 0.1),
        session,
        few["restart_ms"] / 1000,
        pauses[0],
        max(slope, 0.0),
        few["partitions"],
    )


class Load(NamedTuple):
    """What a multiple of the base load needs, in the busiest hour."""

    factor: int
    accounts: int
    rate: float
    workers: int
    worker_cores: float
    broker_cores: float
    redis_cores: float
    redis_gib: float
    masters: int


def load(factor: int, by: Figures) -> Load:
    """Return what so many times the base load needs."""
    accounts, rate = factor * BASE_ACCOUNTS, factor * BASE_RATE
    gib = accounts * by.bytes_per_account / GIB
    masters = max(ceil(gib / MEMORY_GIB), ceil(rate * by.redis / UTILISATION))
    workers = ceil(rate * by.core / UTILISATION)
    return Load(factor, accounts, rate, workers, rate * by.core, rate * by.broker, rate * by.redis, gib, masters)


def event_price(by: Figures) -> float:
    """Return the USD of the CPU of a million events, at the utilisation assumed."""
    return (by.core + by.broker + by.redis) * MILLION / HOUR / UTILISATION * CORE_HOUR


def account_price(by: Figures) -> tuple[float, float]:
    """Return the GiB of memory of a million accounts, copies included, and their USD a month, with the changelog's disk."""
    once = by.bytes_per_account * MILLION / GIB
    return once * COPIES, once * (COPIES * GIB_MONTH + BROKER_COPIES * DISK_GIB_MONTH)
