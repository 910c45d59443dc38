"""How a file's dates and amounts are meant, by all of its cells; and what is left for a person to say, as a question."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from importing.answers import Answers
from importing.cells.amounts import currency_in
from importing.cells.times import NO_ZONE, parse_moment
from importing.errors import Misfit, QuestionError
from importing.mapping.syntax import Syntax
from importing.reading.bench import Bench, quoted

#: Cells looked at to see whether times need a zone, and amounts a currency.
SAMPLE: Final = 2_000

DATED: Final = r"^\D{0,12}(\d{1,2})[/-]\s?(\d{1,2})[/-]\s?\d{2,4}(\D|$)"
EITHER_AMOUNT: Final = r"^\D*[1-9]\d{0,2}[.,]\d{3}\D*$"
COMMA_AMOUNT: Final = r"(^[^,]*,(\d{1,2}|\d{4,})\D*$)|(\.\d{3},\d+\D*$)"
POINT_AMOUNT: Final = r"(^[^.]*\.(\d{1,2}|\d{4,})\D*$)|(,\d{3}\.\d+\D*$)"

#: Fields that are read as these, whether or not a query calls the function.
FIELDS: Final = {
    "moment": ("occurred_at",),
    "calendar_day": ("due_on", "paid_on"),
    "money": ("amount", "list_price"),
    "number": ("quantity",),
    "currency": (),
}


class Reads:
    """Which columns of the file are read as what, by all of a mapping's queries."""

    def __init__(self, bench: Bench, syntaxes: Sequence[Syntax], names: dict[str, str]) -> None:
        self._names = names
        self._known = {name: name for name, *_ in bench.con.cursor().execute("DESCRIBE file").fetchall()}
        self.syntaxes = syntaxes

    def columns(self, function: str, argument: int | None = None) -> list[str]:
        """Return the columns that a function reads."""
        return self.there(self._calls(function, argument))

    def _calls(self, function: str, argument: int | None) -> Iterator[str]:
        for syntax in self.syntaxes:
            for call in syntax.calls:
                if call.name == function:
                    chosen = call.arguments if argument is None else call.arguments[argument : argument + 1]
                    yield from (name for columns in chosen for name in columns)
            for field in FIELDS.get(function, ()):
                yield from syntax.fields.get(field, ())

    def there(self, names: Iterable[str]) -> list[str]:
        """Return those names that are columns of the file, each once."""
        folded = {name.casefold(): name for name in self._known}
        return list(dict.fromkeys(folded[name.casefold()] for name in names if name.casefold() in folded))

    def name(self, column: str) -> str:
        """Return the file's own name of a column."""
        return self._names.get(column, column)

    def calls(self, function: str) -> bool:
        """Tell whether any query calls a function."""
        return any(call.name == function for syntax in self.syntaxes for call in syntax.calls)

    def without_zone(self) -> list[str]:
        """Return the columns of times to which the query gives no zone of their own."""
        names = []
        for syntax in self.syntaxes:
            called = {
                name for call in syntax.calls if call.name == "moment" for part in call.arguments for name in part
            }
            plain = (name for field in FIELDS["moment"] for name in syntax.fields.get(field, ()) if name not in called)
            one = (call for call in syntax.calls if call.name == "moment" and len(call.arguments) == 1)
            names += [*plain, *(name for call in one for name in call.arguments[0])]
        return self.there(names)


def settle(bench: Bench, reads: Reads, answers: Answers, known: dict[str, str], notes: list[str]) -> Answers:
    """Return the answers with what the file settles, noted; `known` is true of all such files. Raises QuestionError."""
    answers = _settle_order(bench, reads, answers, known, notes)
    answers = _settle_point(bench, reads, answers, known, notes)
    answers = _settle_zone(bench, reads, answers, known, notes)
    answers = _settle_currency(bench, reads, answers, known, notes)
    if reads.calls("own") and not answers.own_domains:
        raise QuestionError(
            "The domains of your own people's e-mail addresses, such as firm.example?",
            "--own-domain",
            "which of the people are yours? say --own-domain firm.example",
        )
    return answers


def _settle_order(bench: Bench, reads: Reads, answers: Answers, known: dict[str, str], notes: list[str]) -> Answers:
    if answers.first is not None:
        return answers
    columns = [*reads.columns("moment"), *reads.columns("calendar_day"), *reads.columns("minutes")]
    either, day, month = "", 0, 0
    for column in dict.fromkeys(columns):
        first, second = (f"TRY_CAST(regexp_extract({quoted(column)}, '{DATED}', {at}) AS INTEGER)" for at in (1, 2))
        row = (
            bench.con.cursor()
            .execute(
                "SELECT count(*) FILTER (a > 12), count(*) FILTER (b > 12), "
                "count(*) FILTER (a <= 12 AND b <= 12 AND a <> b) "
                f"FROM (SELECT {first} AS a, {second} AS b FROM file WHERE {quoted(column)} IS NOT NULL)"
            )
            .fetchone()
        )
        days, months, eithers = row or (0, 0, 0)
        day, month, either = day + days, month + months, either or (column if eithers else "")
    if not either or (day and month):
        return answers
    if day or month:
        notes.append(f"dates have the {'day' if day else 'month'} first, as some of them show")
        return replace(answers, first="day" if day else "month")
    if said := known.get("dates"):
        first = "day" if said.startswith("day") else "month"
        other = "month" if first == "day" else "day"
        notes.append(f"dates are read {first} first, as such files have them; --{other}-first says otherwise")
        return replace(answers, first="day" if first == "day" else "month")
    example = _example(bench, either, DATED)
    raise QuestionError(
        f"{reads.name(either)}: is {example!r} day first or month first?",
        "--day-first/--month-first",
        f"column {reads.name(either)}: {example!r} could be day first or month first: say --day-first or --month-first",
        ("day", "month"),
    )


def _settle_point(bench: Bench, reads: Reads, answers: Answers, known: dict[str, str], notes: list[str]) -> Answers:
    if answers.point is not None:
        return answers
    columns = list(dict.fromkeys([*reads.columns("money"), *reads.columns("number")]))
    either = next((column for column in columns if _has(bench, column, EITHER_AMOUNT)), None)
    if either is None:
        return answers
    comma = any(_has(bench, column, COMMA_AMOUNT) for column in columns)
    point = any(_has(bench, column, POINT_AMOUNT) for column in columns)
    if comma and point:
        return answers
    if comma or point:
        notes.append(f"decimals follow a {'comma' if comma else 'point'}, as some amounts show")
        return replace(answers, point="," if comma else ".")
    if said := known.get("decimal"):
        return replace(answers, point="," if said == "comma" else ".")
    example = _example(bench, either, EITHER_AMOUNT)
    raise QuestionError(
        f"{reads.name(either)}: in {example!r}, does the sign stand before decimals (no: between thousands)?",
        "--decimal",
        f"column {reads.name(either)}: {example!r} could have thousands or decimals: say --decimal point or --decimal comma",
        ("point", "comma"),
    )


def _settle_zone(bench: Bench, reads: Reads, answers: Answers, known: dict[str, str], notes: list[str]) -> Answers:
    if answers.zone is not None:
        return answers
    if said := known.get("zone"):
        return replace(answers, zone=said)
    days = False
    for column in reads.without_zone():
        for cell in _cells(bench, column):
            try:
                days = parse_moment(cell, answers.first or "day", None).whole_day or days
            except Misfit as misfit:
                if str(misfit) == NO_ZONE:
                    if said := known.get("zone?"):
                        notes.append(f"times that name no zone are taken as {said}; --zone says another")
                        return replace(answers, zone=said)
                    raise QuestionError(
                        f"{reads.name(column)}: in which time zone is {cell!r}?",
                        "--zone",
                        f"column {reads.name(column)}: {cell!r} has no time zone: say --zone, such as --zone Europe/Zurich",
                    ) from None
    if days:
        notes.append("days without a time are taken as midnight UTC; --zone says another zone")
    return answers


def _settle_currency(bench: Bench, reads: Reads, answers: Answers, known: dict[str, str], notes: list[str]) -> Answers:
    if answers.currency is not None or "currency" in answers.constants or not reads.calls("currency"):
        return answers
    if said := known.get("currency"):
        notes.append(f"amounts that name no currency are {said}, as in all such files; --currency says another")
        return replace(answers, currency=said)
    columns = reads.columns("currency")
    if any(currency_in(cell) for column in columns for cell in _cells(bench, column)):
        return answers
    raise QuestionError(
        "In which currency are the amounts (a code, such as EUR)?",
        "--currency",
        "nothing names the currency of the amounts: say --currency, such as --currency EUR",
    )


def _has(bench: Bench, column: str, pattern: str) -> bool:
    found = bench.one(f"SELECT 1 FROM file WHERE regexp_matches({quoted(column)}, '{pattern}') LIMIT 1")
    return found is not None


def _example(bench: Bench, column: str, pattern: str) -> str:
    return str(
        bench.one(f"SELECT {quoted(column)} FROM file WHERE regexp_matches({quoted(column)}, '{pattern}') LIMIT 1")
    )


def _cells(bench: Bench, column: str) -> list[str]:
    rows = bench.stream(
        f"SELECT DISTINCT c FROM (SELECT CAST({quoted(column)} AS VARCHAR) AS c FROM file "
        f"WHERE {quoted(column)} IS NOT NULL LIMIT {SAMPLE}) ORDER BY c"
    )
    return [cell for (cell,) in rows]
