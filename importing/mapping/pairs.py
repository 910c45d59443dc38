"""`--map FIELD=COLUMN` as SQL: the simple case of a mapping, a message a row."""

from collections.abc import Mapping as Table
from datetime import date
from typing import Any, Final, get_args

import msgspec

from importing.errors import ImportingError
from importing.mapping.mapping import TOPICS, Mapping, Query
from importing.mapping.words_of import known_words
from importing.reading.bench import Bench, quoted
from relationship.contract.messages import MESSAGE_TYPES, Message

#: Fields that may be taken from the message's own id where nothing else is given.
OWN_IDS: Final = frozenset({"event_id", "ticket_id", "meeting_id"})
#: The function that reads what a field takes.
READERS: Final = {"money": "money", "moment": "moment", "day": "calendar_day", "truth": "yes", "number": "number"}
MONEY: Final = frozenset({"amount", "list_price"})


class MissingFieldsError(ImportingError):
    """Pairs that leave out a field which a message cannot be without."""


def type_of(what: str) -> type[Message]:
    """Return the type of what a query yields."""
    return MESSAGE_TYPES[TOPICS[what]]


def fields_of(what: str) -> dict[str, msgspec.structs.FieldInfo]:
    """Return the fields of a kind of message, by name."""
    return {field.name: field for field in msgspec.structs.fields(type_of(what))}


def mapping_of_pairs(
    what: str, pairs: Table[str, str], constants: Table[str, str], words: Table[str, object]
) -> Mapping:
    """Return the mapping that pairs of field and column come to. Raises ImportingError.

    A currency that is not mapped is the one that the amount's cell names, or `--currency`.
    """
    fields = fields_of(what)
    for field in (*pairs, *constants, *words):
        if field.rpartition(".")[2] not in fields:
            raise ImportingError(f"no field {field!r} in {what}; there are: {', '.join(fields)}")
    if twice := sorted(set(pairs) & set(constants)):
        raise ImportingError(f"{twice[0]} is both mapped and set: choose --map or --set")
    cells = {field: cell_sql(what, field, quoted(column)) for field, column in pairs.items()}
    if "amount" in pairs and "currency" not in {*pairs, *constants}:
        cells["currency"] = f"currency({quoted(pairs['amount'])})"
    given = cells.keys() | constants.keys() | OWN_IDS
    missing = [name for name, field in fields.items() if field.required and name not in given]
    if missing:
        raise MissingFieldsError(
            f"{what} need {', '.join(missing)}: give --map FIELD=COLUMN or --set FIELD=VALUE for each"
        )
    listed = ", ".join(f"{cell} AS {field}" for field, cell in cells.items())
    return Mapping("--map", f"{what} by --map", (Query(what, f"SELECT {listed or '_line'} FROM file"),))


def check_pairs(bench: Bench, pairs: Table[str, str]) -> dict[str, str]:
    """Return the pairs with the columns' own names. Raises ImportingError where a column is not there, or several times."""
    folded = {name.casefold(): name for name in bench.columns}
    for column in pairs.values():
        if column in bench.twice:
            raise ImportingError(f"several columns are called {column!r}: rename all but one")
        if column.casefold() not in folded:
            raise ImportingError(f"no column {column!r}; there are: {', '.join(bench.columns)}")
    return {field: folded[column.casefold()] for field, column in pairs.items()}


def cell_sql(what: str, field: str, cell: str) -> str:
    """Return the SQL that reads a cell as what a field takes."""
    if field == "account_id":
        return cell
    if function := READERS.get(kind_of(what, field)):
        return f"{function}({cell})"
    if known_words(f"{what}.{field}"):
        return f"word('{what}.{field}', {cell})"
    return f"filled({cell})"


def kind_of(what: str, field: str) -> str:
    """Return what a field takes: `money`, `moment`, `day`, `truth`, `number` or `text`; `other` for what is nested."""
    if field in MONEY:
        return "money"
    return _kind(fields_of(what)[field].type)


def _kind(wanted: Any) -> str:
    if wanted is date:
        return "day"
    names = {"datetime": "moment", "bool": "truth", "float": "number", "int": "number", "str": "text"}
    if isinstance(wanted, type) and wanted.__name__ in names:
        return names[wanted.__name__]
    if get_args(wanted):
        kinds = [_kind(each) for each in get_args(wanted)]
        return next((kind for kind in kinds if kind != "other"), "other")
    return "text" if isinstance(wanted, str) else "other"
