"""What was refused, and why: the dead letters, counted by reason, and the newest of them whole.

Those that were sent again or given up (`actions/dead_letters.py`) are left out unless they are asked for.
"""

from datetime import datetime
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from relationship.contract.outcome import Reason
from streams.config.settings import Settings
from streams.kafka.letters import read_letters
from streams.wire.records import Header
from streams.wire.redriving import Letter, LetterFilter, State, times_redriven
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
        state: whether it is still open, or was sent again (redriven), or given up (discarded).
        redriven: how often the record had been sent again before this refusal.
        headers: the record's own.
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
    state: State = "open"
    redriven: int = 0
    headers: list[Header] = []


class Refusals(Struct, frozen=True):
    """The dead letters.

    Attributes:
        total: how many there are, of the reason asked for.
        reasons: how many by reason, whatever reason was asked for; those of which there are none are left out.
        newest: the newest of the reason asked for, the newest last.
    """

    total: int
    reasons: dict[Reason, int]
    newest: list[Refusal]


async def refusals(
    settings: Settings, reason: Reason | None = None, limit: int = LIMIT, *, wanted: LetterFilter | None = None
) -> Refusals:
    """Return the dead letters, counted, and the newest `limit` of a reason, or of all. Raises ServerError, TopicsError.

    Those that `wanted` takes, and without it all that are open; a `reason` comes before that of `wanted`.
    """
    choice = LetterFilter() if wanted is None else wanted
    choice = choice if reason is None else replace(choice, reason=reason)
    counts = dict.fromkeys(Reason, 0)
    newest = Newest[Refusal](limit)
    with server_errors(settings):
        async for letter in read_letters(settings):
            if choice.takes_any_reason(letter):
                counts[letter.content.reason] += 1
            if choice.takes(letter):
                newest.add(_Stored(letter.stored_ms, letter.partition, letter.offset), _refusal(letter))
    return Refusals(newest.total, {each: count for each, count in counts.items() if count}, newest.items())


class _Stored(NamedTuple):
    """When and where a dead letter was stored."""

    timestamp: int
    partition: int
    offset: int


def _refusal(letter: Letter) -> Refusal:
    content = letter.content
    return Refusal(
        topic=content.topic,
        partition=content.partition,
        offset=content.offset,
        reason=content.reason,
        text=content.text,
        refused_at=content.refused_at,
        key=content.key,
        value=content.value,
        omitted=content.omitted,
        dead_letter_partition=letter.partition,
        dead_letter_offset=letter.offset,
        stored_at=stored_at(_Stored(letter.stored_ms, letter.partition, letter.offset)),
        state=letter.state,
        redriven=times_redriven(content.headers),
        headers=content.headers,
    )
