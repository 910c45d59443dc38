"""What was refused, and why: the dead letters, counted by reason, and the newest of them whole."""

from datetime import datetime
from typing import Any

from msgspec import Struct

from relationship.contract.outcome import REJECTED, Reason
from streams.config.settings import Settings
from streams.kafka.reading import read_to_end
from streams.wire.dead_letters import Rejected, read_dead_letter
from views.errors import server_errors
from views.newest import LIMIT, Newest, stored_at


class Refusal(Struct, frozen=True):
    """One dead letter.

    Attributes:
        topic, partition, offset: where the refused record stood.
        reason, text: why it was refused: the code, and a sentence.
        refused_at: when, as the worker noted it; empty where it did not.
        key, value: the record's bytes, in base64 where this is encoded as JSON.
        omitted: what did not fit into the dead letter: "", "value", "value, headers" or "value, headers, key".
        dead_letter_partition, dead_letter_offset, stored_at: where the dead letter itself stands, and since when.
    """

    topic: str
    partition: int
    offset: int
    reason: Reason
    text: str
    refused_at: str
    key: bytes | None
    value: bytes | None
    omitted: str
    dead_letter_partition: int
    dead_letter_offset: int
    stored_at: datetime


class Refusals(Struct, frozen=True):
    """The dead letters.

    Attributes:
        total: how many there are, of the reason asked for.
        reasons: how many by reason, all of them, whatever was asked for; those of which there are none are left out.
        newest: the newest of the reason asked for, the newest last.
    """

    total: int
    reasons: dict[Reason, int]
    newest: list[Refusal]


async def refusals(settings: Settings, reason: Reason | None = None, limit: int = LIMIT) -> Refusals:
    """Return the dead letters, counted, and the newest `limit` of a reason, or of all. Raises ServerError, TopicsError."""
    counts = dict.fromkeys(Reason, 0)
    newest = Newest[Refusal](limit)
    with server_errors(settings):
        async for record in read_to_end(settings, REJECTED):
            dead_letter = read_dead_letter(record)
            if dead_letter is None:
                continue
            counts[dead_letter.reason] += 1
            if reason in {None, dead_letter.reason}:
                newest.add(record, _refusal(record, dead_letter))
    return Refusals(newest.total, {each: count for each, count in counts.items() if count}, newest.items())


def _refusal(record: Any, dead_letter: Rejected) -> Refusal:
    return Refusal(
        topic=dead_letter.topic,
        partition=dead_letter.partition,
        offset=dead_letter.offset,
        reason=dead_letter.reason,
        text=dead_letter.text,
        refused_at=dead_letter.refused_at,
        key=dead_letter.key,
        value=dead_letter.value,
        omitted=dead_letter.omitted,
        dead_letter_partition=record.partition,
        dead_letter_offset=record.offset,
        stored_at=stored_at(record),
    )
