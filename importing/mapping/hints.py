"""What a field may be, in words for a person; and whether what was said of a field for every row fits it."""

from typing import Final

import msgspec
import msgspec.inspect

from importing.cells.times import parse_day, parse_moment
from importing.cells.words import parse_yes
from importing.errors import ImportingError, Misfit
from importing.mapping.mapping import TOPICS
from importing.mapping.pairs import fields_of, kind_of
from importing.mapping.words_of import known_words
from relationship.contract.currencies import CURRENCIES

# What a field has to look like, for those whose own rule would be hard to read.
HINTS: Final = {
    "account_id": "1 to 255 bytes of UTF-8",
    "amount": "an exact decimal, such as 1234.50",
    "list_price": "an exact decimal, such as 1234.50",
    "currency": "an ISO 4217 code, such as EUR; --currency says it for all",
    "occurred_at": "a day or a time, such as 2024-01-31 or 2024-01-31T09:30:00+01:00",
    "due_on": "a day, such as 2024-01-31",
    "paid_on": "a day, such as 2024-01-31",
    "contract": "id, kind and signed_on of an agreement",
}


def hint(what: str, field: str) -> str:
    """Return what a field may be, in words."""
    if field in HINTS:
        return HINTS[field]
    fields = fields_of(what)
    if field not in fields:
        return "see the contract"
    info = msgspec.inspect.type_info(fields[field].type)
    parts = info.types if isinstance(info, msgspec.inspect.UnionType) else (info,)
    chosen = next((part for part in parts if isinstance(part, msgspec.inspect.LiteralType)), None)
    if chosen:
        return f"one of {', '.join(map(str, chosen.values))}; --words {field}:FROM=TO translates"
    if kind_of(what, field) == "truth":
        return "TRUE or FALSE, yes or no"
    return "a number in the bounds of the contract" if kind_of(what, field) == "number" else "see the contract"


def check_said(field: str, text: str) -> None:
    """Raise ImportingError where what was said of a field, such as `kind` or `meetings.kind`, fits no kind of message."""
    what, _, name = field.rpartition(".")
    if text in known_words(field):
        return
    owners = [each for each in ([what] if what in TOPICS else TOPICS) if name in fields_of(each)]
    if not owners:
        raise ImportingError(f"no field {field!r} in {what or ', '.join(TOPICS)}")
    if not any(_fits(owner, name, text) for owner in owners):
        raise ImportingError(f"{text!r} does not fit {name}: {hint(owners[0], name)}")


def _fits(what: str, name: str, text: str) -> bool:
    kind = kind_of(what, name)
    try:
        if kind == "moment":
            parse_moment(text, "day", None)
        elif kind == "day":
            parse_day(text, "day")
        elif kind == "truth":
            parse_yes(text)
        else:
            msgspec.convert(text, fields_of(what)[name].type, strict=False)
    except (msgspec.ValidationError, Misfit):
        return False
    return name != "currency" or text in CURRENCIES
