"""Rows as messages, a batch at a time, by the mapping's SQL over `records`; a row that does not map spoils no other.

A batch that a query fails on, or in which a cell cannot be read, is halved until the row at fault is alone: whatever is
wrong with it is then its own reason. `_line` is a row's place in the batch, and comes back with each message.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

import msgspec
from aiokafka import ConsumerRecord

from adapting.errors import AdapterError
from importing.answers import Answers
from importing.building.messages import Builder, Fault
from importing.errors import ImportingError
from importing.mapping.functions import Functions
from importing.mapping.mapping import TOLD, TOPICS, Mapping
from importing.mapping.prepare import Prepared, prepare
from importing.reading.bench import Bench, quoted
from relationship.contract.currencies import CURRENCIES
from relationship.contract.messages import Message

COLUMNS: Final = ("topic", "partition", "offset", "timestamp", "key", "value", "headers")
TYPES: Final = {"partition": "INTEGER", "offset": "BIGINT"}
MS: Final = 1000


class Row(NamedTuple):
    """A record, or one side of a change of a row, whose JSON is `value`."""

    record: ConsumerRecord
    value: bytes


class Mapped(NamedTuple):
    """A message and the topic that it belongs to."""

    topic: str
    message: Message


#: What a row came to: messages, none where the mapping leaves it out; or why it does not map.
Outcome = list[Mapped] | str


class Mapper:
    """A mapping made ready, with a table for a batch. Raises AdapterError where it cannot work on records."""

    def __init__(self, bench: Bench, mapping: Mapping, *, named: bool) -> None:
        self._bench = bench
        self._functions = Functions(bench)
        self._functions.answer(_answers(mapping))
        bench.name_columns(COLUMNS)
        listed = ", ".join(
            f"CAST({quoted(name)} AS {TYPES.get(name, 'VARCHAR')}) AS {quoted(name)}" for name in COLUMNS
        )
        bench.con.execute(f"CREATE VIEW records AS SELECT _file, _line, {listed} FROM raw")
        self._queries = [
            _checked(prepare(bench, query, f"{mapping.name}, query {number}", {}), mapping.name, number, named=named)
            for number, query in enumerate(mapping.queries, 1)
            if query.to != TOLD
        ]
        self._builders = [Builder(query, self._functions.misfits, ("", ""), rounding=False) for query in self._queries]

    def map(self, rows: Sequence[Row]) -> list[Outcome]:
        """Return what each row came to. Raises ImportingError where rows cannot be stored."""
        if not rows:
            return []
        self._store(rows)
        found = self._attempt(rows)
        if isinstance(found, list):
            return found
        if len(rows) == 1:
            return [found]
        middle = len(rows) // 2
        return [*self.map(rows[:middle]), *self.map(rows[middle:])]

    def _store(self, rows: Sequence[Row]) -> None:
        self._bench.con.execute("TRUNCATE raw")
        self._bench.add_rows(0, COLUMNS, ((line, _cells(row)) for line, row in enumerate(rows)))
        self._bench.con.execute(
            "UPDATE raw SET _file = _line"
        )  # so that equal rows of one record are numbered, and no others

    def _attempt(self, rows: Sequence[Row]) -> list[Outcome] | str:
        """Return what each row came to; or that one is at fault; of a single one, why."""
        self._functions.forget()
        found: list[Outcome] = [[] for _ in rows]
        try:
            for query, builder in zip(self._queries, self._builders, strict=True):
                self._read(query, builder, rows, found)
        except ImportingError as error:
            return str(error)
        if self._functions.misfits and (len(rows) > 1 or _lacks(found[0])):
            (function, _), why = next(iter(self._functions.misfits.items()))
            return f"{function.removesuffix('_of')}: {why}"
        return found

    def _read(self, query: Prepared, builder: Builder, rows: Sequence[Row], found: list[Outcome]) -> None:
        width = len(query.fields)
        for _, line, _, copy, *fields in self._bench.stream(query.sql):
            record, outcome = rows[line].record, found[line]
            made = f"{record.topic}:{record.partition}:{record.offset}:"
            built = builder.build(copy, tuple(fields[:width]), tuple(fields[width:]), made)
            fault = built if isinstance(built, Fault) else next(iter(built.faults), None)
            if fault is not None:
                found[line] = f"{fault.field}: {fault.reason}"
            elif isinstance(outcome, list) and not isinstance(built, Fault):
                outcome.append(Mapped(TOPICS[query.to], built.message))


def _lacks(outcome: Outcome) -> bool:
    """Tell whether what could not be read is missing: no message came of it, or one with an empty field."""
    return not outcome or isinstance(outcome, str) or any(_empty(each.message) for each in outcome)


def _empty(message: Message) -> bool:
    return any(getattr(message, name) is None for name in message.__struct_fields__ if name != "schema_version")


def _checked(query: Prepared, name: str, number: int, *, named: bool) -> Prepared:
    if not query.lined:
        raise AdapterError(f"{name}, query {number}: looks across records: no GROUP BY, UNION or WITH around the list")
    if named and not query.named:
        raise AdapterError(f"{name}, query {number}: add AS event_id of the row's own key: its changes are told by it")
    return query


def _answers(mapping: Mapping) -> Answers:
    """Return what the mapping's head says; nothing is guessed of a stream, and nobody is there to be asked."""
    known = mapping.known
    words: dict[str, dict[str, str]] = {}
    for field, table in mapping.words.items():
        for full in [field] if "." in field else [f"{what}.{field}" for what in TOPICS]:
            words.setdefault(full, {}).update(table)
    if known.get("currency", "EUR") not in CURRENCIES:
        raise AdapterError(f"{mapping.name}: no currency {known['currency']!r}; give an ISO 4217 code such as EUR")
    dates = known.get("dates")
    return Answers(
        zone=known.get("zone"),
        first="day" if dates == "day" else "month" if dates == "month" else None,
        point="," if known.get("decimal") == "comma" else ".",
        currency=known.get("currency"),
        words=words,
    )


def _cells(row: Row) -> tuple[str | None, ...]:
    record = row.record
    at = datetime.fromtimestamp(record.timestamp / MS, UTC).isoformat(timespec="milliseconds")
    headers = {name: _text(content) for name, content in record.headers}
    return (
        record.topic,
        str(record.partition),
        str(record.offset),
        at,
        _text(record.key),
        row.value.decode(),
        msgspec.json.encode(headers).decode(),
    )


def _text(content: bytes | None) -> str | None:
    return None if content is None else content.decode(errors="replace").replace("\0", "")
