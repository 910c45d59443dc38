"""A worker as a queue: partitions whose records arrive at random, served in steps, one step at a time. Pure, seeded.

A step takes what one partition has waiting, up to a limit, and keeps the worker's one core for a fixed time and for a time
by the record; every record of it is done when the step is. The worker goes round over the partitions that have records. So
a busy worker takes larger steps, and the fixed part is shared by more records: that is why it stays stable up to the speed
of the records alone.
"""

import heapq
from collections import deque
from collections.abc import Callable, Sequence
from random import Random
from typing import Final, NamedTuple

# What a step costs: of so many ordinary records and so many of the hot account, in seconds.
Cost = Callable[[int, int], float]
PERCENT: Final = 100
# Share of the simulated time that is not looked at: the queue starts empty.
WARM: Final = 0.1


class Arrival(NamedTuple):
    """A record: when it arrives, in seconds, of which partition it is, and whether it is the hot account's."""

    at: float
    partition: int
    hot: bool = False


class Waits(NamedTuple):
    """Seconds from arrival until the record's step was done, sorted: of the ordinary records, and of some of them.

    `beside` are those of the hot account's partition, `busy` is the share of the time in which the core worked.
    """

    ordinary: Sequence[float]
    beside: Sequence[float]
    busy: float


def quantile(values: Sequence[float], share: float) -> float:
    """Return a quantile of sorted values; 0 where there are none."""
    return values[min(int(share * len(values)), len(values) - 1)] if values else 0.0


def arrivals(
    rates: Sequence[float], seconds: float, chance: Random, hot: tuple[int, float] | None = None
) -> list[Arrival]:
    """Return Poisson arrivals at each partition's rate, in order; `hot` adds a partition's account and its rate."""
    streams = [_stream(rate, seconds, number, chance) for number, rate in enumerate(rates)]
    if hot:
        streams.append(_stream(hot[1], seconds, hot[0], chance, hot=True))
    return list(heapq.merge(*streams))


def _stream(rate: float, seconds: float, partition: int, chance: Random, *, hot: bool = False) -> list[Arrival]:
    found, at = [], 0.0
    while rate > 0 and (at := at + chance.expovariate(rate)) < seconds:
        found.append(Arrival(at, partition, hot))
    return found


def serve(coming: Sequence[Arrival], partitions: int, most: int, cost: Cost) -> Waits:
    """Serve arrivals, which are in order, in steps of at most so many records."""
    queues: list[deque[Arrival]] = [deque() for _ in range(partitions)]
    turn: deque[int] = deque()  # partitions with records, in the order of their turn
    now, busy, position, done = 0.0, 0.0, 0, list[tuple[Arrival, float]]()
    while position < len(coming) or turn:
        if not turn:
            now = max(now, coming[position].at)
        while position < len(coming) and coming[position].at <= now:
            each = coming[position]
            if not queues[each.partition]:
                turn.append(each.partition)
            queues[each.partition].append(each)
            position += 1
        queue = queues[turn[0]]
        step = [queue.popleft() for _ in range(min(most, len(queue)))]
        heated = sum(each.hot for each in step)
        spent = cost(len(step) - heated, heated)
        now, busy = now + spent, busy + spent
        done += [(each, now - each.at) for each in step]
        if queue:
            turn.rotate(-1)
        else:
            turn.popleft()
    return _waits(done, busy / now if now else 0.0)


def _waits(done: Sequence[tuple[Arrival, float]], busy: float) -> Waits:
    place = next((each.partition for each, _ in done if each.hot), None)
    begin = done[-1][0].at * WARM if done else 0.0
    ordinary = [(each, wait) for each, wait in done if not each.hot and each.at >= begin]
    beside = sorted(wait for each, wait in ordinary if each.partition == place)
    return Waits(sorted(wait for _, wait in ordinary), beside, busy)
