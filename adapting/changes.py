"""A row's update or deletion, as corrections of what was said of it: the contract replaces and withdraws events by id.

What a row said before is mapped by the same SQL as what it says now, and the two are compared by id. What is new of an
updated row is published and corrected too: had the row once said it and taken it back, the event alone would be a repeat.
"""

from collections.abc import Iterator
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final

import msgspec

from adapting.decoding import Decoded
from adapting.mapping import Mapped, Outcome
from relationship.contract.messages import COMMANDS, Command, Message

MOST_EVENT_ID: Final = 128  # characters
#: Corrections of one time are put in order by their ids: offsets are written with as many digits.
OFFSET_DIGITS: Final = 12


def combine(decoded: Decoded, before: Outcome, after: Outcome) -> Outcome:
    """Return what a record comes to, by what its row said before (nothing, where it is no change) and says now."""
    if isinstance(before, str) or isinstance(after, str):
        return before if isinstance(before, str) else after
    if decoded.changed_at is None:
        return after
    return list(_changes(decoded, decoded.changed_at, _by_id(before), _by_id(after)))


_Id = tuple[str, str, str]


def _by_id(mapped: list[Mapped]) -> dict[_Id, Mapped]:
    return {(each.topic, each.message.account_id, each.message.event_id): each for each in mapped}


def _changes(decoded: Decoded, at: datetime, before: dict[_Id, Mapped], after: dict[_Id, Mapped]) -> Iterator[Mapped]:
    for key, each in before.items():
        if key not in after:
            yield _correction(decoded, at, each, None)
    for key, each in after.items():
        if key not in before:
            yield each
        if key not in before or before[key] != each:
            yield _correction(decoded, at, each, plain(each.message))


def _correction(decoded: Decoded, at: datetime, mapped: Mapped, value: dict[str, Any] | None) -> Mapped:
    record, message = decoded.record, mapped.message
    place = f"{record.topic}:{record.partition}:{record.offset:0{OFFSET_DIGITS}}"
    what = blake2b(f"{mapped.topic} {message.event_id}".encode(), digest_size=12).hexdigest()
    id_ = f"{place[-(MOST_EVENT_ID - len(what) - 1) :]}~{what}"
    command = Command(
        event_id=id_,
        account_id=message.account_id,
        occurred_at=max(at, message.occurred_at),  # a correction is folded where it stands, which is after its event
        command="correct",
        corrects=message.event_id,
        topic=mapped.topic,
        value=value,
    )
    return Mapped(COMMANDS, command)


def plain(message: Message) -> dict[str, Any]:
    """Return a message as JSON has it, without the fields that were not given; a withdrawal's null value is one that was."""
    kept = {name: part for name in message.__struct_fields__ if (part := getattr(message, name)) is not None}
    if isinstance(message, Command) and message.value is None:
        kept["value"] = None
    found: dict[str, Any] = msgspec.to_builtins(
        {name: part for name, part in kept.items() if part is not msgspec.UNSET}
    )
    return found
