"""From a CSV file's rows to messages of the contract: which column becomes which field, and what does not fit.

Rules: an empty cell is a field that was not given; a day without a time is its midnight, and a time without an offset
is local, both in the zone asked for; an amount is an exact decimal and never passes through a float; an account's id is
taken as it is, blanks and all, since ids are opaque. A message without an id of its own gets one from its row's number
and content: importing a file twice gives the same ids, and two equal rows stay two.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import msgspec
import msgspec.inspect

from relationship.contract.currencies import CURRENCIES
from relationship.contract.messages import MEETINGS, MESSAGE_TYPES, PURCHASES, TICKETS, Intake, Message
from streams.wire.rules import broken_rule

TOPICS: Final = {"purchases": PURCHASES, "tickets": TICKETS, "meetings": MEETINGS}
# Fields that may be taken from the message's own id where nothing else is given.
OWN_IDS: Final = frozenset({"event_id", "ticket_id", "meeting_id"})
PATH: Final = re.compile(r"`?\$\.(\w+)`?|field `(\w+)`")
INFINITE: Final = frozenset({"inf", "+inf", "infinity", "+infinity"})  # numbers to Python, and not to JSON
SHOWN: Final = 60  # characters of a cell that an error repeats

# What a field has to look like, for those whose own rule would be hard to read.
HINTS: Final = {
    "account_id": "1 to 255 bytes of UTF-8",
    "amount": "an exact decimal with a point, such as 1234.50, at least 0",
    "list_price": "an exact decimal with a point, such as 1234.50, at least 0",
    "currency": "an ISO 4217 code, such as EUR",
    "occurred_at": "a day or a time, such as 2024-01-31 or 2024-01-31T09:30:00+01:00",
    "due_on": "a day, such as 2024-01-31",
    "paid_on": "a day, such as 2024-01-31",
}


class UsageError(Exception):
    """What was asked for cannot work on this file; the text is one line and says what to do."""


class BadRow(NamedTuple):
    """A row that became no message: its first line in the file, the column (or field) at fault, and what is wrong."""

    line: int
    column: str
    text: str


class Plan(NamedTuple):
    """How rows become messages.

    Attributes:
        what: `purchases`, `tickets` or `meetings`.
        columns: the column of each field that has one.
        constants: fields that are the same in every row.
        values: for a field, what to write for what stands in the column.
        zone: the zone of times that name none.
        prefix: what the ids made here start with.
    """

    what: str
    columns: Mapping[str, str]
    constants: Mapping[str, str]
    values: Mapping[str, Mapping[str, str]]
    zone: tzinfo
    prefix: str

    @property
    def topic(self) -> str:
        """The topic of the messages."""
        return TOPICS[self.what]

    @property
    def type(self) -> type[Message]:
        """The type of the messages."""
        return MESSAGE_TYPES[self.topic]


def check_plan(plan: Plan) -> None:
    """Raise UsageError where the plan names a field that there is not, or leaves out one that is required."""
    fields = {field.name: field for field in msgspec.structs.fields(plan.type)}
    for field in (*plan.columns, *plan.constants, *plan.values):
        if field not in fields:
            raise UsageError(f"no field {field!r} in {plan.what}; there are: {', '.join(fields)}")
    if twice := sorted(set(plan.columns) & set(plan.constants)):
        raise UsageError(f"{twice[0]} is both mapped and set: choose --map or --set")
    for field, text in _fixed(plan):
        _check_fixed(field, text, fields[field].type, plan)
    given = plan.columns.keys() | plan.constants.keys() | OWN_IDS
    missing = [name for name, field in fields.items() if field.required and name not in given]
    if missing:
        raise UsageError(
            f"{plan.what} need {', '.join(missing)}: give --map FIELD=COLUMN or --set FIELD=VALUE for each"
        )


def _fixed(plan: Plan) -> Iterator[tuple[str, str]]:
    """Yield what the plan itself says of fields, which is wrong for every row or for none."""
    yield from plan.constants.items()
    for field, known in plan.values.items():
        yield from ((field, text) for text in known.values() if text)


def _check_fixed(field: str, text: str, wanted: Any, plan: Plan) -> None:
    try:
        msgspec.convert(_parse_time(text, plan.zone) if field == "occurred_at" else text, wanted, strict=False)
        fits = field != "currency" or text in CURRENCIES
    except msgspec.ValidationError:
        fits = False
    if not fits:
        raise UsageError(f"{text!r} does not fit {field}: {_hint(field, plan.type)}")


def _choices(wanted: Any) -> str:
    info = msgspec.inspect.type_info(wanted)
    parts = info.types if isinstance(info, msgspec.inspect.UnionType) else (info,)
    literal = next((part for part in parts if isinstance(part, msgspec.inspect.LiteralType)), None)
    if literal:
        return f"one of {', '.join(map(str, literal.values))}; --map-values translates"
    if any(isinstance(part, msgspec.inspect.BoolType) for part in parts):
        return "TRUE or FALSE; --map-values translates"
    return "a number in the bounds of the contract" if _is_number(parts) else "see the contract"


def _is_number(parts: Iterable[Any]) -> bool:
    return any(isinstance(part, msgspec.inspect.FloatType | msgspec.inspect.IntType) for part in parts)


def read_rows(lines: Iterable[str], plan: Plan, delimiter: str = ",") -> Iterator[Message | BadRow]:
    """Yield a message or a bad row for each row. Raises UsageError where a column of the plan is not in the file."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    header = next(_rows(reader), None)
    if not isinstance(header, list):
        raise UsageError("the file has no first line with the names of its columns")
    places = {field: _place(header, column) for field, column in plan.columns.items()}
    number, line = 0, reader.line_num + 1
    for row in _rows(reader):
        if isinstance(row, BadRow):
            yield row
        elif row:
            number += 1
            yield _message(row, header, places, plan, number, line)
        line = reader.line_num + 1


def _rows(reader: Any) -> Iterator[list[str] | BadRow]:
    """Yield the reader's rows; a row that is no CSV becomes a bad row, and the rest goes on."""
    while True:
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield BadRow(reader.line_num, "-", f"no CSV: {error}")


def _place(header: Sequence[str], column: str) -> int:
    if header.count(column) > 1:
        raise UsageError(f"{header.count(column)} columns are called {column!r}: rename all but one")
    if column in header:
        return header.index(column)
    raise UsageError(f"no column {column!r}; there are: {', '.join(header)}")


def _message(
    row: list[str], header: list[str], places: Mapping[str, int], plan: Plan, number: int, line: int
) -> Message | BadRow:
    if len(row) != len(header):
        return BadRow(line, "-", f"{len(row)} cells where the first line has {len(header)}")
    cells = {field: row[place] for field, place in places.items()} | dict(plan.constants)
    try:
        value = _value(cells, plan)
        _name(value, plan, number, row)
        message: Message = msgspec.convert(value, plan.type, strict=False)
    except msgspec.ValidationError as error:
        return _bad_row(line, str(error), cells, plan)
    refused = broken_rule(message)
    return _bad_row(line, refused.text, cells, plan) if refused else message


def _value(cells: Mapping[str, str], plan: Plan) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for field, cell in cells.items():
        known = plan.values.get(field, {}).get(cell, cell)
        text = known if field == "account_id" else known.strip()
        if text:
            value[field] = _parse_time(text, plan.zone) if field == "occurred_at" else text
        if text.lower() in INFINITE and field == "quantity":
            raise msgspec.ValidationError("at `$.quantity`")
    return value


def _parse_time(text: str, zone: tzinfo) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise msgspec.ValidationError("Invalid time - at `$.occurred_at`") from error
    return found if found.tzinfo else found.replace(tzinfo=zone)


def _name(value: dict[str, Any], plan: Plan, number: int, row: Sequence[str]) -> None:
    """Give the message the ids that it has not got."""
    if "event_id" not in value:
        content = blake2b("\x1f".join(row).encode(), digest_size=8).hexdigest()
        value["event_id"] = f"{plan.prefix}{number}-{content}"
    for field in OWN_IDS & set(plan.type.__struct_fields__):
        value.setdefault(field, value["event_id"])


def _bad_row(line: int, text: str, cells: Mapping[str, str], plan: Plan) -> BadRow:
    found = PATH.search(text)
    field = (found.group(1) or found.group(2)) if found else "-"
    column = plan.columns.get(field, field)
    cell = cells.get(field, "")
    if not cell.strip():
        return BadRow(line, column, f"{field} is empty")
    shown = cell if len(cell) <= SHOWN else f"{cell[:SHOWN]}…"
    return BadRow(line, column, f"{shown!r} does not fit {field}: {_hint(field, plan.type)}")


def _hint(field: str, message_type: type[Message]) -> str:
    """Return what a field may be, in words."""
    wanted = next((part.type for part in msgspec.structs.fields(message_type) if part.name == field), Any)
    return HINTS.get(field) or _choices(wanted)


def encode_line(topic: str, message: Intake) -> bytes:
    """Return a message as a line for `replay` and `send`; fields that were not given are left out."""
    value = {name: part for name in message.__struct_fields__ if (part := getattr(message, name)) is not None}
    return msgspec.json.encode({"topic": topic, "value": value}) + b"\n"
