"""How accounts fall on partitions, and partitions on the masters of a Redis Cluster: pure, seeded, exact where it can be.

Accounts' shares of the events follow Zipf's law: the account of rank r has r^-exponent of what the first has. The head of
the ranking is hashed account by account with the real partitioner, since single accounts matter there. Of the tail no
single account matters: what it puts on a partition is a sum of very many small, independent shares, so a normal deviate
with that sum's own mean and variance.
"""

from bisect import bisect_left
from collections.abc import Sequence
from random import Random
from typing import Final, NamedTuple

from redis.crc import REDIS_CLUSTER_HASH_SLOTS, key_slot

from benchmarks.events import SEED
from clientward_store.keys import keys_of
from streams.kafka.partitioning import partition_of_key

# Ranks that are hashed one by one: enough that the first left out has a share of no account.
HEAD: Final = 200_000


class Loads(NamedTuple):
    """Shares of all events by partition, adding up to 1, and the share of the largest account with its partition."""

    shares: Sequence[float]
    largest: float
    partition: int

    @property
    def mean(self) -> float:
        """A partition's fair share."""
        return 1 / len(self.shares)


def dice() -> Random:
    """Return the simulation's chance, which is the same every time."""
    return Random(SEED)  # noqa: S311 - for repeatable figures


def account_key(rank: int) -> bytes:
    """Return the key of the account of a rank."""
    return b"account-%d" % rank


def power_sum(first: int, last: int, exponent: float) -> float:
    """Return the sum of k^-exponent for k from `first` (not below 100) to `last`, by Euler and Maclaurin.

    Good to ten digits where `first` is large.
    """
    if last < first:
        return 0.0
    if exponent == 1.0:
        raise ValueError("an exponent of exactly 1 needs a logarithm: take 0.999")
    area = (last ** (1 - exponent) - first ** (1 - exponent)) / (1 - exponent)
    slopes = exponent * (first ** (-exponent - 1) - last ** (-exponent - 1)) / 12
    return float(area + (first**-exponent + last**-exponent) / 2 + slopes)


def loads(accounts: int, exponent: float, partitions: int, chance: Random, head: int = HEAD) -> Loads:
    """Return how the events of so many accounts fall on partitions."""
    head = min(head, accounts)
    weights = [rank**-exponent for rank in range(1, head + 1)]
    total = sum(weights) + power_sum(head + 1, accounts, exponent)
    found = [0.0] * partitions
    for rank, weight in enumerate(weights, start=1):
        found[partition_of_key(account_key(rank), partitions)] += weight / total
    tail = power_sum(head + 1, accounts, exponent) / total
    variance = power_sum(head + 1, accounts, 2 * exponent) / total**2 / partitions * (1 - 1 / partitions)
    deviates = [chance.gauss(0.0, variance**0.5) for _ in range(partitions)]
    middle = sum(deviates) / partitions  # what one partition has more, the others have less
    shares = [own + tail / partitions + deviate - middle for own, deviate in zip(found, deviates, strict=True)]
    return Loads(shares, weights[0] / total, partition_of_key(account_key(1), partitions))


def last_slots(masters: int) -> list[int]:
    """Return the last slot of each master, as `redis-cli --cluster create` deals them."""
    return [int(REDIS_CLUSTER_HASH_SLOTS * number / masters - 0.5) for number in range(1, masters + 1)]


def masters_of(group: str, partitions: int, masters: int) -> list[int]:
    """Return the master of each partition of a table."""
    lasts = last_slots(masters)
    slots = (key_slot(keys_of(group, number).values.encode()) for number in range(partitions))
    return [bisect_left(lasts, slot) for slot in slots]


def by_master(group: str, shares: Sequence[float], masters: int) -> list[float]:
    """Return the sum of the partitions' shares on each master."""
    found = [0.0] * masters
    for share, master in zip(shares, masters_of(group, len(shares), masters), strict=True):
        found[master] += share
    return found
