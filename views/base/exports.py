"""States and decisions as messages, each once and only of accounts that are there: what a file for analysis is made of."""

from collections.abc import AsyncIterator
from typing import Any, Final

from relationship.contract.outcome import RECLASSIFIED, STATE
from streams.config.settings import Settings
from streams.kafka.reading import read_to_end
from views.errors import server_errors

# A decision that is its account's first, as the worker writes it: asked of every record, so without decoding it.
FIRST: Final = b'"transition_seq":1,'


async def states(settings: Settings) -> AsyncIterator[bytes]:
    """Give the last state of every account that has one, by account. Raises ServerError, TopicsError."""
    for _, value in sorted((await _current(settings)).items()):
        yield value


async def reclassifications(settings: Settings) -> AsyncIterator[bytes]:
    """Give every decision of the accounts that have a state, each once. Raises ServerError, TopicsError.

    An account that was erased, or merged into another, has none: its old decisions are left out.
    """
    present, begun, seen = set(await _current(settings)), await _beginnings(settings), set[bytes]()
    with server_errors(settings):
        async for record in read_to_end(settings, RECLASSIFIED):
            identity = _id_of(record)
            erased = record.key in begun and record.offset < begun[record.key][1]
            if record.key in present and not erased and identity not in seen:
                seen.add(identity)
                yield record.value


async def _current(settings: Settings) -> dict[bytes, bytes]:
    """Return the last state of every account that has one."""
    last: dict[bytes, bytes] = {}
    with server_errors(settings):
        async for record in read_to_end(settings, STATE):
            if record.value is None:
                last.pop(record.key, None)
            else:
                last[record.key] = record.value
    return last


async def _beginnings(settings: Settings) -> dict[bytes, tuple[bytes, int]]:
    """Return the id and offset of each account's first decision: the last that counts as number one.

    An account that comes again after its erasure counts from one anew; what was decided before is not there any more.
    """
    found: dict[bytes, tuple[bytes, int]] = {}
    with server_errors(settings):
        async for record in read_to_end(settings, RECLASSIFIED):
            if FIRST in record.value and found.get(record.key, (b"",))[0] != _id_of(record):
                found[record.key] = (_id_of(record), record.offset)
    return found


def _id_of(record: Any) -> bytes:
    return bytes(dict(record.headers).get("ce_id", b""))
