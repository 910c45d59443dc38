"""The soak itself: servers, one worker, a feed at a steady rate, a reader of the decisions, a look every few seconds."""

import asyncio
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, NamedTuple, Protocol

import msgspec
from aiohttp import ClientError, ClientSession
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from redis.asyncio import Redis

from benchmarks.programs import WORKER, Running, running, shipped
from benchmarks.report import say
from benchmarks.soak.feed import Fed, Feed, probe_share_at
from benchmarks.soak.holding import Holding, holding
from benchmarks.soak.sampling import Sample, Sampler
from benchmarks.stand import Stand, producer, stand
from benchmarks.watching import START_SECONDS, answers
from relationship.contract.outcome import REJECTED
from streams.embedded.ports import LOOPBACK, free_ports
from streams.kafka.admin import ensure_topics

PARTITIONS: Final = 12  # as shipped
TICK_SECONDS: Final = 0.005
SAMPLE_SECONDS: Final = 5.0
# Seconds for the worker to fold what is left when the feed ends.
END_SECONDS: Final = 60.0
READY_POLL_SECONDS: Final = 0.2
GROUP: Final = "soak"


class Sizes(NamedTuple):
    """How long, events a second, accounts of the fixed set, and how many of them the worker may keep in its cache."""

    minutes: float
    rate: int
    accounts: int
    cache: int


class Soak(NamedTuple):
    """What was seen: the samples, what must have become of the records, what did, and the probes answered of all."""

    samples: list[Sample]
    expected: Mapping[str, int]
    held: Mapping[str, int]
    holding: Holding
    answered: tuple[int, int]


class Source(Protocol):
    """What records come from."""

    def next(self, now: datetime) -> Fed:
        """Return the next record, told as of this moment."""


class _Caused(msgspec.Struct):
    caused_by: str


_caused: Final = msgspec.json.Decoder(_Caused).decode


class Load:
    """Publishes the feed at a rate, and notes how long each probe's decision took."""

    def __init__(self, feed: Source, sender: AIOKafkaProducer, consumer: AIOKafkaConsumer) -> None:
        self.published = 0
        self.probes = 0
        self.answered = 0
        self._feed = feed
        self._sender = sender
        self._consumer = consumer
        self._took: list[float] = []
        self._longest: dict[int, float] = {}
        self._sent: dict[str, float] = {}

    async def publish(self, rate: int, seconds: float) -> None:
        """Publish at a rate for so long."""
        started = time.perf_counter()
        first = self.published
        while (elapsed := time.perf_counter() - started) < seconds:
            now = datetime.now(UTC)
            for _ in range(int(elapsed * rate) - (self.published - first)):
                await self._one(now)
            await asyncio.sleep(TICK_SECONDS)
        await self._sender.flush()

    async def _one(self, now: datetime) -> None:
        event, probe = self._feed.next(now)
        if probe:
            self.probes += 1
            self._sent[probe] = time.perf_counter()
        self.published += 1
        await self._sender.send(event.topic, event.value, key=event.key, partition=event.partition)

    async def read(self) -> None:
        """Note decisions until cancelled."""
        async for record in self._consumer:
            sent = self._sent.pop(_caused(record.value).caused_by, None)
            if sent is not None:
                self.answered += 1
                took = time.perf_counter() - sent
                self._took.append(took)
                self._longest[record.partition] = max(took, self._longest.get(record.partition, 0.0))

    def taken(self) -> list[float]:
        """Return the seconds that the answers took since this was last asked."""
        taken, self._took = self._took, []
        return taken

    def longest(self) -> dict[int, float]:
        """Return the most seconds that an answer took of each partition, since this was last asked."""
        longest, self._longest = self._longest, {}
        return longest


async def soak(sizes: Sizes) -> Soak:
    """Run it. Raises RunFailedError where the worker ends."""
    port = free_ports(1)[0]
    environment = {"CLIENTWARD_WEB_PORT": str(port), "CLIENTWARD_CACHE_ACCOUNTS": str(sizes.cache)}
    program, feed = shipped(WORKER), Feed(sizes.accounts, PARTITIONS, probe_share=probe_share_at(sizes.rate))
    program = program._replace(environment={**program.environment, **environment})
    page = f"http://{LOOPBACK}:{port}"
    with stand(PARTITIONS) as on:
        await ensure_topics(on.settings(GROUP))
        async with (
            answers(on) as consumer,
            producer(on) as sender,
            running(program, on, GROUP) as (run,),
            ClientSession() as session,
            Redis.from_url(on.redis) as redis,
        ):
            await until_ready(run, session, page)
            load = Load(feed, sender, consumer)
            sampler = Sampler(on, run.pid, f"{page}/metrics", session, redis)
            samples = await _watched(sizes, run, load, sampler)
            held = await asyncio.to_thread(holding, on.redis, GROUP, PARTITIONS)
            letters = await _dead_letters(on)
    counts = {"applied": held.applied, "repeat": held.repeats, "refused": letters}
    return Soak(samples, feed.expected, counts, held, (load.answered, load.probes))


async def until_ready(run: Running, session: ClientSession, page: str, probe: str = "readyz") -> None:
    """Return when a program's page answers a probe well: a worker's, that it folds all its partitions.

    Raises RunFailedError where the program ends first.
    """
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        run.check()
        try:
            async with session.get(f"{page}/{probe}") as answer:
                if answer.ok:
                    return
        except ClientError:
            pass  # it does not listen yet
        await asyncio.sleep(READY_POLL_SECONDS)
    raise run.failure("was not ready in time")


async def _watched(sizes: Sizes, run: Running, load: Load, sampler: Sampler) -> list[Sample]:
    """Publish, looking every few seconds; then look until all is folded."""
    samples: list[Sample] = []
    reading = asyncio.create_task(load.read())
    publishing = asyncio.create_task(load.publish(sizes.rate, sizes.minutes * 60))
    try:
        while not publishing.done():
            await asyncio.wait((publishing, reading), timeout=SAMPLE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if reading.done():
                reading.result()
            run.check()
            samples.append(await sampler.sample(load.published, load.taken()))
            _tell(samples[-1])
        publishing.result()
        samples.append(await _last(run, load, sampler))
    finally:
        for task in (publishing, reading):
            task.cancel()
        await asyncio.gather(publishing, reading, return_exceptions=True)
    return samples


async def _last(run: Running, load: Load, sampler: Sampler) -> Sample:
    """Return a sample taken when everything is folded and answered, or when the time for that is over."""
    deadline = time.monotonic() + END_SECONDS
    while True:
        run.check()
        sample = await sampler.sample(load.published, load.taken())
        done = sample.folded >= load.published and not sample.lag_events and load.answered >= load.probes
        if done or time.monotonic() > deadline:
            return sample
        await asyncio.sleep(READY_POLL_SECONDS)


def _tell(sample: Sample) -> None:
    latency = "" if sample.p50_ms is None else f", p50 {sample.p50_ms:.0f} ms, p99 {sample.p99_ms:.0f} ms"
    say(
        f"{sample.seconds:5.0f} s: {sample.folded:,} folded, lag {sample.lag_events}, worker {sample.worker_mib:.1f} MiB,"
        f" Redis {sample.redis_mib:.1f} MiB, worker {sample.worker_cpu:.2f} cores{latency}"
    )


async def _dead_letters(on: Stand) -> int:
    """Return how many records the dead-letter topic has, by reading it."""
    places = [TopicPartition(REJECTED, number) for number in range(on.partitions)]
    async with AIOKafkaConsumer(bootstrap_servers=on.kafka, auto_offset_reset="earliest") as consumer:
        consumer.assign(places)
        ends, found = await consumer.end_offsets(places), 0
        while any([await consumer.position(place) < ends[place] for place in places]):
            fetched = await consumer.getmany(timeout_ms=1_000)
            found += sum(map(len, fetched.values()))
    return found
