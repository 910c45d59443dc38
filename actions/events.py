"""Publish a file of events to the topics of the intake."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Final, NamedTuple

from actions.errors import server_errors
from streams.config.settings import Settings
from streams.kafka.publisher import ProducerRecord
from streams.kafka.sending import producer, require_topics, send_batch
from streams.wire.lines import BadLine, parse_line

# Lines under way at once: enough to fill the batches of 12 partitions, few enough to hold in memory at a few kB each.
CHUNK: Final = 20_000

#: Is told of every line that is not published: its number, from 1, and why.
OnBadLine = Callable[[int, str], None]
#: Is told how many were published so far.
OnProgress = Callable[[int], None]


class SendCount(NamedTuple):
    """How many lines were published and how many were not; empty ones are neither."""

    sent: int
    bad: int


async def send_events(
    settings: Settings, lines: Iterable[tuple[int, bytes]], on_bad_line: OnBadLine, on_progress: OnProgress
) -> SendCount:
    """Publish numbered lines, keyed by account with murmur2, and return when Kafka has stored them all.

    A bad line is handed to `on_bad_line`, and the rest goes on. Raises TopicsError where a topic is missing, ServerError.
    The next lines are read while the brokers store the ones before.
    """
    sent = bad = 0
    known: set[str] = set()
    numbered = iter(lines)
    with server_errors(settings):
        async with producer(settings) as client:
            chunk = _read(numbered)
            while chunk.lines:
                await _require(settings, {record.topic for record in chunk.records}, known)
                storing = asyncio.create_task(send_batch(client, chunk.records))
                following = await asyncio.to_thread(_read, numbered)
                refused = _refused(chunk, await storing)
                for number, text in sorted([*chunk.bad, *refused]):
                    on_bad_line(number, text)
                bad += len(chunk.bad) + len(refused)
                sent += len(chunk.records) - len(refused)
                on_progress(sent)
                chunk = following
    return SendCount(sent, bad)


class _Chunk(NamedTuple):
    """Lines read at once.

    Attributes:
        lines: how many they are, empty ones included.
        numbers: those of the good ones, as `records` has them.
        bad: number and text of those that stand for no event.
    """

    lines: int
    numbers: list[int]
    records: list[ProducerRecord]
    bad: list[tuple[int, str]]


def _read(numbered: Iterator[tuple[int, bytes]]) -> _Chunk:
    numbers, records, bad, count = [], [], [], 0
    for number, text in islice(numbered, CHUNK):
        count += 1
        if text.isspace():
            continue
        line = parse_line(text)
        if isinstance(line, BadLine):
            bad.append((number, line.text))
        else:
            numbers.append(number)
            records.append(ProducerRecord(line.topic, None, line.key, line.value, line.headers))
    return _Chunk(count, numbers, records, bad)


def _refused(chunk: _Chunk, outcomes: Iterable[str | None]) -> list[tuple[int, str]]:
    return [(number, text) for number, text in zip(chunk.numbers, outcomes, strict=True) if text is not None]


async def _require(settings: Settings, topics: set[str], known: set[str]) -> None:
    """Raise TopicsError where a topic is missing; `known` are there, and those asked for join them."""
    if topics - known:
        await require_topics(settings, topics - known)
        known |= topics
