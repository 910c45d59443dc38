"""The door: files and what was said of them come in, messages in the order of time go out, with a tally and refusals."""

from collections.abc import Callable, Iterator
from collections.abc import Mapping as Table
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from importing.answers import Answers
from importing.building.refusals import Refusals
from importing.building.stream import Event, Limits, Sources, Stream
from importing.building.tally import Tally
from importing.cells.zones import find_zone
from importing.errors import ImportingError, Misfit
from importing.guessing.evidence import Reads, settle
from importing.guessing.fit import Fit, choose
from importing.guessing.proposals import check_words
from importing.mapping.functions import Functions
from importing.mapping.hints import check_said
from importing.mapping.mapping import TOPICS, Mapping, read_mapping
from importing.mapping.pairs import MissingFieldsError, check_pairs, mapping_of_pairs
from importing.mapping.prepare import Prepared, prepare
from importing.mapping.syntax import read_syntax
from importing.mapping.view import find_columns, show_file
from importing.presets.catalogue import preset, presets
from importing.reading.bench import Bench, open_bench, quoted
from importing.reading.load import Reading, load
from relationship.contract.currencies import CURRENCIES

#: More decimals than this in a cell are a binary tail or a quotient; `--round` takes them away.
#: Names of a missing column that an error lists.
NAMED: Final = 3
TAIL: Final = r"[.,]\d{9,}"


@dataclass(frozen=True)
class Request:
    """What is to be imported, and how.

    Attributes:
        files: the files, of one shape.
        what: the kind of message that `pairs` make; or a preset of that name.
        preset: name of a preset.
        sql: file of a mapping.
        pairs: columns by field; with a preset or a mapping, columns by the mapping's own names.
        account: column of the account; several joined by `|`, of which the first that is not empty counts.
        where: SQL that says which rows count.
        prefix: what ids start with.
        reading: how the files are read.
        answers: what was said.
        accepting: whether proposed words are taken.
        until: nothing that happened later is taken; of meetings, nothing later than `now`.
        now: the present.
        refused: file for all refusals.
        counting: whether accounts are counted.
        in_file_order: whether what `pairs` make keeps the order of the file.
    """

    files: tuple[Path, ...]
    reading: Reading
    now: datetime
    what: str = ""
    preset: str = ""
    sql: Path | None = None
    pairs: Table[str, str] = field(default_factory=dict)
    account: str | None = None
    where: str | None = None
    prefix: str | None = None
    answers: Answers = field(default_factory=Answers)
    accepting: bool = False
    until: datetime | None = None
    refused: Path | None = None
    counting: bool = False
    in_file_order: bool = False


class Import:
    """Files read, and ready to be mapped.

    Attributes:
        mapping: the mapping chosen; `fit` says why where it was guessed.
        notes: what a person should know, a line each.
        tally: what was counted, complete when all events were taken.
        refusals: what did not fit.
    """

    def __init__(self, bench: Bench, request: Request) -> None:
        self.tally = Tally(rows=bench.rows + len(bench.faults), accounts=set() if request.counting else None)
        self.notes = list(bench.notes)
        self.fit: Fit | None = None
        self._bench = bench
        self._request = request
        self._functions = Functions(bench)
        self._said = {**request.pairs, **({"account_id": request.account} if request.account else {})}
        self.mapping = self._choose()
        self._columns: dict[str, str] = {}
        self._queries = self._prepare()
        self.refusals = Refusals(request.refused)  # now that nothing is left to ask: it writes over a file

    def preview(self) -> Iterator[Event]:
        """Yield the messages; nothing is counted and nothing told."""
        yield from self._stream(Tally(), Refusals(None))

    def events(self) -> Iterator[Event]:
        """Yield the messages in the order of time."""
        yield from self._stream(self.tally, self.refusals)
        self._count_cells()
        self.refusals.close()

    def _stream(self, tally: Tally, refusals: Refusals) -> Iterator[Event]:
        request = self._request
        sugar = self.mapping.name == "--map"
        usual = f"csv-{request.what}-" if sugar else f"{self.mapping.name}:"
        made = usual if request.prefix is None else request.prefix
        own = "" if sugar or request.prefix is None else request.prefix
        limits = Limits(request.now, request.until)
        stream = Stream(self._bench, self._functions, Sources(self._columns), tally, refusals, limits)
        return stream.events(self._queries, (made, own), rounding=self._answers.rounding)

    def _choose(self) -> Mapping:
        request = self._request
        if request.sql is not None:
            return read_mapping(request.sql.name, request.sql.read_text(encoding="utf-8-sig"))
        if request.preset:
            return preset(request.preset)
        if request.what:
            return self._of_pairs() if request.pairs else preset(request.what)
        self.fit = choose(presets().values(), self._bench.columns, self._said)
        return self.fit.mapping

    def _of_pairs(self) -> Mapping:
        """Return what `--map` makes; what it leaves out is known by its name where the plain preset finds it."""
        what, constants, words = self._request.what, self._request.answers.constants, self._request.answers.words
        try:
            mapping_of_pairs(what, self._said, constants, words)  # its own mistakes come before those of the file
        except MissingFieldsError:
            plain = preset(what)
            own = {column.name for column in plain.columns}
            if own >= self._said.keys() and not find_columns(plain, self._bench.columns, self._said).missing:
                return plain
            raise
        return mapping_of_pairs(what, check_pairs(self._bench, self._said), constants, words)

    def _prepare(self) -> list[Prepared]:
        request, mapping, sugar = self._request, self.mapping, self.mapping.name == "--map"
        found = find_columns(mapping, self._bench.columns, {} if sugar else self._said)
        if found.missing:
            column = found.missing[0]
            names = " or ".join(map(repr, column.known_as[:NAMED])) + (
                " or the like" if column.known_as[NAMED:] else ""
            )
            raise ImportingError(
                f"{mapping.name} needs a column {names} for {column.name}: say --map {column.name}=COLUMN; "
                f"there are: {', '.join(self._bench.columns)}"
            )
        if not sugar and mapping.columns and not any(column.telling for column in mapping.columns):
            taken = ", ".join(f"{name} is {sources[0]!r}" for name, sources in found.sources.items())
            self.notes.append(f"columns by their names: {taken}; --map says otherwise")
        for column_name in self._bench.twice & {source for sources in found.sources.values() for source in sources}:
            self.notes.append(f"several columns are called {column_name!r}: the first is taken")
        self._columns = {name: sources[0] for name, sources in found.sources.items()}
        show_file(self._bench, mapping, found, request.where)
        syntaxes = [read_syntax(self._bench, query.sql, mapping.name) for query in mapping.queries]
        reads = Reads(self._bench, syntaxes, self._columns)
        answers = self._with_words(request.answers)
        known = {"zone?": "UTC", **mapping.known} if sugar else dict(mapping.known)
        answers = settle(self._bench, reads, answers, known, self.notes)
        if not sugar:
            answers = check_words(self._bench, reads, answers, self.notes, accepting=request.accepting)
        self._answers = answers
        self._reads = reads
        self._functions.answer(answers)
        what = mapping.name if len(mapping.queries) == 1 else mapping.name + ", query {}"
        return [
            prepare(
                self._bench,
                query,
                what.format(number),
                dict(answers.constants),
                in_file_order=request.in_file_order and sugar,
            )
            for number, query in enumerate(mapping.queries, 1)
        ]

    def _with_words(self, answers: Answers) -> Answers:
        """Return the answers with the mapping's words below the person's; a plain field is one of every message."""
        words: dict[str, dict[str, str]] = {}
        for field_name, table in self.mapping.words.items():
            for full in self._full(field_name):
                words.setdefault(full, {}).update(table)
        said = set()
        for field_name, given in answers.words.items():
            for full in self._full(field_name):
                words[full] = {**given, **{word: to for word, to in words.get(full, {}).items() if word not in given}}
                said.add(full)
        return replace(answers, words=words, said=frozenset(said))

    def _full(self, field_name: str) -> list[str]:
        if "." in field_name:
            return [field_name]
        return [f"{what}.{field_name}" for what in TOPICS]

    def _count_cells(self) -> None:
        """Count what was done to cells: each once, however often a query read it."""
        if self._request.where:
            self.tally.left_out = self._bench.rows - self._bench.one("SELECT count(*) FROM file")
        if self._answers.rounding:
            for column in self._reads.columns("money"):
                cell = quoted(column)
                self.tally.rounded += self._bench.one(
                    f"SELECT count(*) FROM file WHERE regexp_matches({cell}, '{TAIL}')"
                )
        for moved in self._functions.moved.values():
            self.tally.moved[moved] += 1


@contextmanager
def open_import(request: Request, on_read: Callable[[int], None] = lambda _: None) -> Iterator[Import]:
    """Read files and give what they come to. Raises ImportingError, QuestionError and OSError."""
    _check(request.answers)
    if request.preset:
        preset(request.preset)  # its mistakes come before a large file is read
    with open_bench() as bench:
        load(bench, request.files, request.reading, on_read)
        yield Import(bench, request)


def _check(answers: Answers) -> None:
    """Raise ImportingError where an answer names what there is not."""
    if answers.zone:
        try:
            find_zone(answers.zone)
        except Misfit as error:
            raise ImportingError(f"no time zone {answers.zone!r}; give a name such as Europe/Zurich") from error
    for name, text in answers.constants.items():
        check_said(name, text)
    for name, table in answers.words.items():
        for text in filter(None, table.values()):
            check_said(name, text)
    if answers.currency and answers.currency not in CURRENCIES:
        raise ImportingError(f"no currency {answers.currency!r}; give an ISO 4217 code such as EUR")
