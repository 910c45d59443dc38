"""Publish a file of events to the topics of the intake."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Final, NamedTuple

from aiokafka import AIOKafkaProducer

from actions.errors import server_errors
from streams.config.settings import Settings
from streams.kafka.sending import Record, producer, require_topics, send_batch
from streams.wire.lines import BadLine, Line, parse_line

# Lines under way at once: enough to fill the batches of 12 partitions, few enough to hold in memory at 1 MB each.
BATCH: Final = 1_000

#: Is told of every line that is not published: its number, from 1, and why.
OnBadLine = Callable[[int, str], None]
#: Is told how many were published so far.
OnProgress = Callable[[int], None]


class SendCount(NamedTuple):
    """How many lines were published and how many were not; empty ones are neither."""

    sent: int
    bad: int


class _Numbered(NamedTuple):
    number: int
    line: Line


async def send_events(
    settings: Settings, lines: Iterable[bytes], on_bad_line: OnBadLine, on_progress: OnProgress
) -> SendCount:
    """Publish events, keyed by account with murmur2, and return when Kafka has stored them all.

    A bad line is handed to `on_bad_line`, and the rest goes on. Raises TopicsError where a topic is missing, ServerError.
    """
    sent = bad = 0
    known: set[str] = set()
    numbered = enumerate(lines, 1)
    with server_errors(settings):
        async with producer(settings) as client:
            while batch := list(islice(numbered, BATCH)):
                good = list(_good(batch, on_bad_line))
                await _require(settings, {each.line.topic for each in good}, known)
                stored = await _publish(client, good, on_bad_line)
                sent += stored
                bad += sum(not text.isspace() for _, text in batch) - stored
                on_progress(sent)
    return SendCount(sent, bad)


async def _require(settings: Settings, topics: set[str], known: set[str]) -> None:
    """Raise TopicsError where a topic is missing; `known` are there, and those asked for join them."""
    if topics - known:
        await require_topics(settings, topics - known)
        known |= topics


def _good(batch: Iterable[tuple[int, bytes]], on_bad_line: OnBadLine) -> Iterator[_Numbered]:
    for number, text in batch:
        if text.isspace():
            continue
        line = parse_line(text)
        if isinstance(line, BadLine):
            on_bad_line(number, line.text)
        else:
            yield _Numbered(number, line)


async def _publish(client: AIOKafkaProducer, good: list[_Numbered], on_bad_line: OnBadLine) -> int:
    records = [Record(each.line.topic, each.line.key, each.line.value, each.line.headers) for each in good]
    stored = 0
    for each, refusal in zip(good, await send_batch(client, records), strict=True):
        if refusal is None:
            stored += 1
        else:
            on_bad_line(each.number, refusal)
    return stored
