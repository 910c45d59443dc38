"""A webhook as the records to store: whose it is, what it says, and what cannot be mapped.

A sender tries again for days what is not answered with 2xx, and then ends the webhook. So what is its own and cannot be
mapped is stored as a dead letter and answered 202: it is not lost, and no second try would mend it. What the mapping leaves
out, an event of no interest, is answered 200 and counted.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Final

import msgspec
import structlog
from aiokafka import ConsumerRecord

from adapting.errors import AdapterError
from adapting.mapping import Mapped, Mapper, Outcome, Row
from adapting.publishing import letter_of, records_of, refusal
from hooks.errors import HooksError, SignatureError
from hooks.file import Taken, read_hooks
from hooks.signatures import Delivery, verify
from importing.errors import ImportingError
from importing.reading.bench import open_bench
from intake.formats import BadRequestError
from intake.hooking import Heard
from intake.watching import FileWatch
from relationship.contract.outcome import Reason, Refused
from streams.config.settings import Settings
from streams.kafka.publisher import ProducerRecord
from streams.wire.codecs import Codec, Limits

log = structlog.get_logger(__name__)

#: What a record of a webhook is told to be of: a dead letter names it, and so does the mapping's `topic`.
TOPIC: Final = "hooks.{}"
#: Headers that are kept with a body, for the mapping and for a dead letter: none that signs, or that is a key.
KEPT: Final = ("content-type", "x-shopify-topic", "webhook-id", "x-zendesk-webhook-id")
#: Elements of a body that is a list: as many as a worker takes at once.
MOST_ROWS: Final = 10_000


class Hooks:
    """The hooks of INTAKE.toml as they stand now. Use `running`. While the file cannot be read the last good ones count."""

    def __init__(self, settings: Settings, path: Path) -> None:
        """Read them. Raises HooksError, OSError."""
        self._path = path
        self._watch = FileWatch(path)
        self._codec = Codec(Limits(**settings.record_limits()))
        self._threads = ThreadPoolExecutor(1, "hooks")  # a connection to DuckDB serves one at a time
        self._open = ExitStack()
        self._taken: Mapping[str, Taken] = {}
        self._mappers: Mapping[str, Mapper] = {}
        self._read()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep what the mappings need until the block ends."""
        try:
            yield
        finally:
            await asyncio.get_running_loop().run_in_executor(self._threads, self._open.close)
            self._threads.shutdown()

    def _read(self) -> None:
        taken = read_hooks(self._path)
        opened, mappers = self._threads.submit(_mappers, self._path, taken).result()
        old, self._open = self._open, opened
        self._taken, self._mappers = taken, mappers
        self._threads.submit(old.close)

    def _renew(self) -> None:
        if not self._watch.has_changed():
            return
        try:
            self._read()
        except (HooksError, OSError) as error:
            log.error("the hooks cannot be read anew; those of before count", reason=str(error))  # noqa: TRY400
        else:
            log.info("hooks read anew", hooks=len(self._taken))

    async def hear(self, name: str, headers: Mapping[str, str], body: bytes, now: float) -> Heard:
        """Return what a request to /hooks/`name` comes to at `now` (seconds since the epoch).

        Raises BadRequestError: 404 for a hook that is none, 401 for a request that is not its sender's, or not of now.
        """
        self._renew()
        taken = self._taken.get(name)
        if taken is None:
            raise BadRequestError(404, "no such hook")
        try:
            verify(taken.hook.sender, Delivery(headers, body, taken.hook.url), taken.secrets(), now)
        except SignatureError as error:
            raise BadRequestError(401, str(error)) from None
        except (HooksError, OSError) as error:
            log.error("a hook's secrets cannot be read", hook=name, reason=str(error))  # noqa: TRY400
            raise BadRequestError(500, "the hook's secret cannot be read: see the log") from None
        rows = [Row(_record(name, headers, each, now), each) for each in _apart(body)]
        loop = asyncio.get_running_loop()
        outcomes = await loop.run_in_executor(self._threads, partial(_mapped, self._mappers[name], rows))
        return self._heard(taken, rows, outcomes)

    def _heard(self, taken: Taken, rows: Sequence[Row], outcomes: Sequence[Outcome]) -> Heard:
        heard = Heard([], [], 0, [])
        for row, outcome in zip(rows, outcomes, strict=True):
            found = self._records(taken, outcome)
            if isinstance(found, Refused):
                log.warning("a webhook does not map: a dead letter", hook=taken.name, reason=found.text)
                heard.dead.append(letter_of(row.record, found))
            elif found:
                heard.records.extend(found)
                heard.ids.extend(each.message.event_id for each in outcome if isinstance(each, Mapped))
            else:
                heard = heard._replace(ignored=heard.ignored + 1)
        return heard

    def _records(self, taken: Taken, outcome: Outcome) -> list[ProducerRecord] | Refused:
        if isinstance(outcome, str):
            return refusal(Reason.SCHEMA, outcome)
        for each in outcome:
            if each.topic not in taken.hook.topics:
                return refusal(Reason.SCHEMA, f"the hook may not say {each.topic}: see its topics")
        return records_of(outcome, taken.name, self._codec)


def _mappers(path: Path, taken: Mapping[str, Taken]) -> tuple[ExitStack, dict[str, Mapper]]:
    """Return the mappings of hooks, made ready, and what closes them. Raises HooksError."""
    opened = ExitStack()
    mappers = {}
    for name, each in taken.items():
        with _or_close(opened):
            try:
                mappers[name] = Mapper(opened.enter_context(open_bench()), each.mapping, named=True)
            except (AdapterError, ImportingError) as error:
                raise HooksError(f"{path}: hook {name}: {error}") from None
    return opened, mappers


@contextmanager
def _or_close(opened: ExitStack) -> Iterator[None]:
    try:
        yield
    except BaseException:
        opened.close()
        raise


def _mapped(mapper: Mapper, rows: Sequence[Row]) -> list[Outcome]:
    try:
        return mapper.map(rows)
    except ImportingError as error:
        return [str(error) for _ in rows]


def _apart(body: bytes) -> list[bytes]:
    """Return the events of a body: the elements of a list, as HubSpot sends, else the body itself, whatever it is."""
    try:
        found = msgspec.json.decode(body, type=list[msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return [body]
    if len(found) > MOST_ROWS:
        raise BadRequestError(413, f"a list may have {MOST_ROWS:,} elements")
    return [bytes(each) for each in found]


def _record(name: str, headers: Mapping[str, str], body: bytes, now: float) -> ConsumerRecord:
    """Return a webhook as a record of a foreign topic; its offset is the moment (ms)."""
    at = int(now * 1000)
    kept = [(each, headers[each].encode()) for each in KEPT if each in headers]
    return ConsumerRecord(TOPIC.format(name), 0, at, at, 0, None, body, None, -1, len(body), kept)
