"""All queries of a mapping as one stream of messages in the order of time, with what did not fit told on the way."""

import heapq
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, Final, NamedTuple

import msgspec

from importing.building.messages import Builder, Built, Fault
from importing.building.refusals import Refusal, Refusals
from importing.building.tally import Tally
from importing.mapping.functions import Functions
from importing.mapping.mapping import TOLD, TOPICS
from importing.mapping.prepare import Prepared
from importing.reading.bench import Bench
from relationship.contract.messages import MESSAGE_TYPES, Message

#: Where messages of one time stand: a profile before what an account does.
RANKS: Final = {topic: rank for rank, topic in enumerate(MESSAGE_TYPES)}


#: What comes first, a message, and where it came from: file, line, and what was built.
Keyed = tuple[tuple[int, str, int, str], "Event", tuple[int | None, int | None, Built]]


class Event(NamedTuple):
    """A message and what it is one of."""

    what: str
    message: Message


class Sources(NamedTuple):
    """Names of the files' columns, for what is told: a mapping's own name of a column to the file's."""

    columns: dict[str, str]

    def name(self, query: Prepared, field: str) -> str:
        """Return the column that a field came from, or the field's own name."""
        found = query.columns.get(field, ())
        return self.columns.get(found[0], found[0]) if found else field


class Limits(NamedTuple):
    """Until when: nothing later than `until` counts, and no meeting has been held that is later than `now`."""

    now: datetime
    until: datetime | None

    def of(self, what: str) -> datetime | None:
        """Return the time after which a message of a kind does not count."""
        return self.until or (self.now if what == "meetings" else None)

    def reason(self) -> str:
        """Return why a later one does not."""
        return "is later than --until" if self.until else "is still to come; --until DAY takes it"


class Stream:
    """The messages of a mapping, once through.

    Attributes:
        tally: what was counted.
        refusals: what did not fit.
    """

    def __init__(
        self, bench: Bench, functions: Functions, sources: Sources, tally: Tally, refusals: Refusals, limits: Limits
    ) -> None:
        self.tally = tally
        self.refusals = refusals
        self._bench = bench
        self._functions = functions
        self._sources = sources
        self._limits = limits

    def events(self, queries: Sequence[Prepared], prefixes: tuple[str, str], *, rounding: bool) -> Iterator[Event]:
        """Yield the messages; each id once.

        Of one account and time they are in the order in which the core folds them, by topic and id: another would be
        corrected by it, and told twice.
        """
        for file, line, fault in self._bench.faults:
            self.refusals.add(Refusal(str(self._bench.files[file]), line, "-", "", fault))
        for query in queries:
            if query.to == TOLD:
                self._tell(query)
        merged = heapq.merge(
            *(
                self._read(query, Builder(query, self._functions.misfits, prefixes, rounding=rounding))
                for query in queries
                if query.to != TOLD
            ),
            key=lambda each: each[0],
        )
        yield from self._once(merged)

    def _tell(self, query: Prepared) -> None:
        for file, line, reason, column in self._bench.stream(query.sql):
            if reason:
                named = self._sources.columns.get(column, column) if column else "-"
                self.refusals.add(Refusal(self._file(file), line, named, "", reason))

    def _file(self, number: int | None) -> str:
        files = self._bench.files
        return str(files[number] if number is not None else files[0])

    def _read(self, query: Prepared, builder: Builder) -> Iterator[Keyed]:
        """Yield a query's messages in order, those of an account and a time by their ids."""
        for _, together in groupby(self._built(query, builder), key=lambda each: each[0][:2]):
            several = list(together)
            yield from several if len(several) == 1 else sorted(several, key=lambda each: each[0])

    def _built(self, query: Prepared, builder: Builder) -> Iterator[Keyed]:
        rank, width = RANKS[TOPICS[query.to]], len(query.fields)
        for row in self._bench.stream(query.sql):
            file, line, at, copy = row[:4]
            built = builder.build(copy, row[4 : 4 + width], row[4 + width :])
            if isinstance(built, Fault):
                self._refuse(query, file, line, built)
                continue
            limit = self._limits.of(query.to)
            if limit is not None and built.message.occurred_at > limit:
                self._refuse(query, file, line, Fault("occurred_at", "", self._limits.reason()))
                continue
            for fault in built.faults:
                self._refuse(query, file, line, fault)
            message = built.message
            yield (at or 0, message.account_id, rank, message.event_id), Event(query.to, message), (file, line, built)

    def _refuse(self, query: Prepared, file: int | None, line: int | None, fault: Fault) -> None:
        column = self._sources.name(query, fault.field)
        self.refusals.add(Refusal(self._file(file), line, column, fault.cell, fault.reason, kept=not fault.whole))

    def _once(self, merged: Iterator[Keyed]) -> Iterator[Event]:
        """Yield each id once: of one id all are of one account and time, or the later ones are for the worker to refuse."""
        now: Any = None
        seen: dict[tuple[str, str], Message] = {}
        for (at, account, *_), event, (file, line, built) in merged:
            if (at, account) != now:
                now, seen = (at, account), {}
            key = event.what, event.message.event_id
            if key not in seen:
                seen[key] = event.message
                self.tally.add(event.what, event.message, turned=built.turned)
                yield event
            elif seen[key] == event.message:
                self.tally.repeats += 1
            else:
                text = event.message.event_id
                self.refusals.add(Refusal(self._file(file), line, "event_id", text, "is another message's id too"))


def encode_line(event: Event) -> bytes:
    """Return a message as a line for `replay` and `send`; fields that were not given are left out."""
    message = event.message
    value = {name: part for name in message.__struct_fields__ if (part := getattr(message, name)) is not None}
    return msgspec.json.encode({"topic": TOPICS[event.what], "value": value}) + b"\n"
