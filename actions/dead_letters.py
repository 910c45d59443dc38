"""Send dead letters again, or give them up; either is noted beside them and in the audit.

For each portion: the audit's entry first, so that nothing is done that nobody answers for; then the records; then the note
that they were sent. Whoever is interrupted between the last two has sent a portion without its note, and begun again sends
it once more: under the same event_ids, which a worker recognises as repeats.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, Literal

from aiokafka import AIOKafkaProducer
from msgspec import Struct

from actions.auditing import audit_entry, now, require_reason
from actions.errors import server_errors
from actions.policies import require_name
from relationship.contract.outcome import AUDIT, REJECTED, Outgoing
from streams.config.settings import Settings
from streams.kafka.letters import read_erased, read_letters, write_audit, write_notes
from streams.kafka.publisher import ProducerRecord
from streams.kafka.sending import producer, require_topics, send_batch
from streams.wire.redriving import Letter, LetterFilter, Note, counted, places_of, redriven_headers, why_not

# Letters sent between two notes, and so the most that an interrupted run sends twice.
PORTION: Final = 500
LIMIT: Final = 1_000  # letters of one run unless told otherwise: they are held in memory

OnProgress = Callable[[int], None]
Kind = Literal["redriven", "discarded"]
ACTIONS: Final[Mapping[Kind, str]] = {"redriven": "dlq-redrive", "discarded": "dlq-discard"}


class Moved(Struct, frozen=True):
    """What came of letters that were chosen.

    Attributes:
        chosen: how many fit the filter, up to the limit, the oldest first.
        done: how many were redriven or discarded; of a dry run, how many would have been.
        left: why how many were not.
    """

    chosen: int
    done: int
    left: dict[str, int]


class Run(Struct, frozen=True, kw_only=True):
    """How letters are to be moved.

    Attributes:
        by, why: who does it, and for which reason; both go into the audit.
        wanted: which letters.
        limit: how many at most, the oldest of them.
        rate: how many a second at most; None is as fast as Kafka takes them.
        lateness_days: how late a record may be in this run, where that is more than the workers allow.
        dry: count only, and write nothing.
    """

    by: str
    why: str
    wanted: LetterFilter = LetterFilter()
    limit: int = LIMIT
    rate: float | None = None
    lateness_days: int | None = None
    dry: bool = False


async def redrive(settings: Settings, run: Run, on_progress: OnProgress = lambda _: None) -> Moved:
    """Send dead letters again to the topics that they came from. Raises InputError, TopicsError, ServerError."""
    _require(run)
    with server_errors(settings):
        chosen = await _chosen(settings, run)
        erased = await read_erased(settings) if chosen else {}
        left = Counter(why for letter in chosen if (why := why_not(letter, erased)))
        good = [letter for letter in chosen if why_not(letter, erased) is None]
        if run.dry or not good:
            return Moved(len(chosen), len(good), dict(left))
        await require_topics(settings, {AUDIT, REJECTED, *(letter.content.topic for letter in good)})
        async with producer(settings) as client:
            done = await _send_all(client, run, good, left, on_progress)
    return Moved(len(chosen), done, dict(left))


async def discard(settings: Settings, run: Run) -> Moved:
    """Give dead letters up: they stay in the topic, and no view counts them. Raises InputError, TopicsError, ServerError."""
    _require(run)
    with server_errors(settings):
        chosen = await _chosen(settings, run)
        if not run.dry and chosen:
            async with producer(settings) as client:
                for letters in portions(chosen, PORTION):
                    await write_audit(client, _audit("discarded", run, letters))
                    await write_notes(client, _notes("discarded", run, places_of(letters)))
    return Moved(len(chosen), len(chosen), {})


def portions(letters: Sequence[Letter], size: int) -> Iterator[Sequence[Letter]]:
    """Cut letters into portions of `size`."""
    for start in range(0, len(letters), size):
        yield letters[start : start + size]


def portion_size(rate: float | None) -> int:
    """Return how many letters to send at once: as many as a second allows, and no more than `PORTION`."""
    return PORTION if rate is None else max(1, min(PORTION, int(rate)))


def _require(run: Run) -> None:
    if run.dry:
        return
    require_name(run.by)
    require_reason(run.why)


async def _chosen(settings: Settings, run: Run) -> list[Letter]:
    """Return the oldest letters that are wanted."""
    found: list[Letter] = []
    async for letter in read_letters(settings):
        if run.wanted.takes(letter):
            found.append(letter)
            if len(found) >= 2 * run.limit:
                found = _oldest(found, run.limit)
    return _oldest(found, run.limit)


def _oldest(letters: Iterable[Letter], limit: int) -> list[Letter]:
    return sorted(letters, key=lambda letter: letter.order)[:limit]


async def _send_all(
    client: AIOKafkaProducer, run: Run, good: Sequence[Letter], left: Counter[str], on_progress: OnProgress
) -> int:
    done, size = 0, portion_size(run.rate)
    for letters in portions(good, size):
        started = time.monotonic()
        done += await _send(client, run, letters, left)
        on_progress(done)
        if run.rate is not None and done < len(good):
            await asyncio.sleep(max(0.0, len(letters) / run.rate - (time.monotonic() - started)))
    return done


async def _send(client: AIOKafkaProducer, run: Run, letters: Sequence[Letter], left: Counter[str]) -> int:
    """Send one portion, and note what Kafka took; return how many that are."""
    await write_audit(client, _audit("redriven", run, letters))
    outcomes = await send_batch(client, [_record(letter, run.lateness_days) for letter in letters])
    refused = {number for number, outcome in enumerate(outcomes) if outcome is not None}
    left.update(outcome for outcome in outcomes if outcome is not None)
    await write_notes(client, _notes("redriven", run, places_of(letters, refused)))
    return len(letters) - len(refused)


def _record(letter: Letter, lateness_days: int | None) -> ProducerRecord:
    content = letter.content
    headers = redriven_headers(content.headers, lateness_days)
    return ProducerRecord(content.topic, None, content.key, content.value, headers)


def _notes(kind: Kind, run: Run, places: Mapping[int, list[int]]) -> list[Note]:
    at = now()
    return [Note(kind, partition, offsets, run.by, run.why, at) for partition, offsets in places.items()]


def _audit(kind: Kind, run: Run, letters: Sequence[Letter]) -> Outgoing:
    """Return the audit's entry on a portion."""
    allowed = "" if run.lateness_days is None else f", up to {run.lateness_days} days late"
    detail = f"{len(letters)} dead letters ({counted(letters)}){allowed}: {run.why}"
    return audit_entry(ACTIONS[kind], detail, run.by)
