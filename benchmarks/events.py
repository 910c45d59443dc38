"""What is measured with: purchases to count, and markers among them. `benchmarks.simulation` has the simulator's accounts.

A marker is a purchase of an account of its own, `marker-<partition>-<count>`, where `count` says how many events its
partition holds up to and including it. Every program answers a marker, and only a marker, on the answers' topic: so an
observer sees from outside how far it is. To the relationship core a first purchase is a promotion, which is the answer.
"""

import random
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from relationship.contract.messages import PURCHASES
from relationship.contract.outcome import RECLASSIFIED
from streams.kafka.partitioning import partition_of_key

ANSWERS: Final = RECLASSIFIED
MARKER: Final = "marker-"
# Half a day ago: what is counted is a backlog of today's, as after a night's outage, and no history of last year's.
START: Final = datetime.now(UTC) - timedelta(hours=12)
PER_SECOND: Final = 100  # events of a second of event time
SEED: Final = 20261123
# Records of one partition between two markers: close enough to time a program that does a thousand a second, and far
# enough apart to cost nobody anything.
MARKER_EVERY: Final = 250


class Event(NamedTuple):
    """One record to publish. `at` is its event time as RFC 3339."""

    topic: str
    partition: int
    key: bytes
    value: bytes
    at: str


def purchase(number: int, account: str, at: str, cents: int = 950, stem: str = "") -> bytes:
    """Return the JSON of a purchase, about 190 bytes; its id is its number, after what its producer's ids begin with."""
    return (
        f'{{"event_id":"{stem}p{number}","account_id":"{account}","occurred_at":"{at}",'
        f'"amount":"{cents // 100}.{cents % 100:02d}","currency":"EUR","kind":"goods","channel":"web",'
        f'"category":"home","quantity":1}}'
    ).encode()


def moment(seconds: int) -> str:
    """Return the event time so many seconds after the start."""
    return (START + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def now(_: int = 0) -> str:
    """Return the wall clock as an event time."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def spread(number: int) -> str:
    """Return the event time of a backlog's event."""
    return moment(number // PER_SECOND)


def skewed(events: int, accounts: int, partitions: int, at: Callable[[int], str] = spread) -> Iterator[Event]:
    """Yield purchases of accounts drawn with a skew: number ⌊accounts · u²⌋, so that 1 % of them have 10 % of the events."""
    chance = random.Random(SEED)  # noqa: S311 - for repeatable figures
    places = {n: partition_of_key(b"a%d" % n, partitions) for n in range(accounts)}
    for number in range(events):
        account = int(accounts * chance.random() ** 2)
        yield _purchase(number, account, places[account], at(number), chance.randrange(100, 10_000))


def one_each(accounts: int, partitions: int) -> Iterator[Event]:
    """Yield one purchase of every account."""
    for number in range(accounts):
        yield _purchase(number, number, partition_of_key(b"a%d" % number, partitions), spread(number), 950)


def _purchase(number: int, account: int, partition: int, at: str, cents: int) -> Event:
    return Event(PURCHASES, partition, b"a%d" % account, purchase(number, f"a{account}", at, cents), at)


def marked(events: Iterable[Event], partitions: int) -> Iterator[Event]:
    """Yield the events with markers among them: the first and the last of every partition, and every so many between."""
    counts = dict.fromkeys(range(partitions), 0)
    lasts: dict[int, Event] = {}
    for event in events:
        partition = event.partition
        if counts[partition] % MARKER_EVERY == 0:
            counts[partition] += 1
            yield marker(partition, counts[partition], event.at)
        counts[partition] += 1
        lasts[partition] = event
        yield event
    for partition, last in lasts.items():
        yield marker(partition, counts[partition] + 1, last.at)


def marker(partition: int, count: int, at: str) -> Event:
    """Return the marker of a partition's `count`th event."""
    account = f"{MARKER}{partition}-{count}"
    value = purchase(0, account, at).replace(b'"p0"', b'"%s"' % account.encode())  # a decision's id must be its own
    return Event(PURCHASES, partition, account.encode(), value, at)


def marker_place(key: bytes) -> tuple[int, int] | None:
    """Return the partition and the count of a marker's key, or None for another key."""
    if not key.startswith(MARKER.encode()):
        return None
    partition, count = key.decode().removeprefix(MARKER).split("-")
    return int(partition), int(count)
