"""What a mapping's SQL may call: `money`, `number`, `moment`, `calendar_day`, `minutes`, `yes`, `word`, `currency` and more.

What most cells look like is read by DuckDB itself; the rest goes to `cells`. A cell that cannot be read is NULL, and its
text is kept with the reason, so that whoever builds the message can tell which it was.
"""

import re
from collections.abc import Callable
from datetime import tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from importing.answers import Answers
from importing.cells.amounts import currency_in, fit_amount, parse_amount
from importing.cells.times import parse_day, parse_local, parse_moment
from importing.cells.words import NOTHING, Words, is_nothing, parse_yes
from importing.cells.zones import find_zone
from importing.errors import Misfit
from importing.mapping.words_of import known_words
from importing.reading.bench import Bench, literal

#: Distinct cells whose reading is remembered: days and amounts come again and again.
REMEMBERED: Final = 1 << 16
#: Reasons kept at most; a column that is wrong from top to bottom needs no more.
MOST_MISFITS: Final = 200_000

PLAIN_AMOUNT: Final = r"-?[0-9]{1,18}(\.([0-9]{1,2}|[0-9]{4,8}))?"
PLAIN_MOMENT: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?[+-][0-9]{2}:[0-9]{2}"
#: What was answered stands in the macros: a variable would be known to one connection only.
MACROS: Final = """
CREATE OR REPLACE MACRO money(x) AS CASE WHEN {plain_amount} THEN TRY_CAST(trim(x) AS DECIMAL(26, 8)) ELSE money_of(x) END;
CREATE OR REPLACE MACRO number(x) AS CASE WHEN regexp_full_match(trim(x), '-?[0-9]{{1,12}}')
    THEN TRY_CAST(trim(x) AS DECIMAL(18, 6)) ELSE number_of(x) END;
CREATE OR REPLACE MACRO moment(x) AS CASE WHEN regexp_full_match(x, '{plain_moment}') THEN x ELSE moment_of(x, NULL) END,
    (x, z) AS CASE WHEN regexp_full_match(x, '{plain_moment}') THEN x ELSE moment_of(x, z) END;
CREATE OR REPLACE MACRO calendar_day(x) AS CASE
    WHEN regexp_full_match(x, '[0-9]{{4}}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])') THEN x ELSE day_of(x) END;
CREATE OR REPLACE MACRO minutes(a, b) AS minutes_of(a, b);
CREATE OR REPLACE MACRO yes(x) AS yes_of(x);
CREATE OR REPLACE MACRO word(f, x) AS word_of(f, x);
CREATE OR REPLACE MACRO currency(x) AS coalesce(currency_of(x), {currency}),
    (x, y) AS coalesce(currency_of(x), currency_of(y), {currency});
CREATE OR REPLACE MACRO own(x) AS regexp_matches(x, {domains});
CREATE OR REPLACE MACRO id_of(x) AS
    CASE WHEN lower(trim(x)) NOT IN ({nothing}) THEN regexp_replace(x, '^([0-9]+)[.,]0$', '\\1') END;
CREATE OR REPLACE MACRO filled(x) AS CASE WHEN lower(trim(x)) NOT IN ({nothing}) THEN trim(x) END;
"""

Misfits = dict[tuple[str, str], str]


class Functions:
    """The functions of one import, by what was answered.

    Attributes:
        misfits: why a cell could not be read, by function and text.
        moved: times that daylight saving skipped or repeated, and which it did.
    """

    def __init__(self, bench: Bench) -> None:
        self.misfits: Misfits = {}
        self.moved: dict[str, str] = {}
        self._bench = bench
        self._answers = Answers()
        self._zone: tzinfo | None = None
        self._words: dict[str, Words] = {}
        self._register()
        self.answer(Answers())

    def answer(self, answers: Answers) -> None:
        """Read cells by these answers from now on."""
        self._answers = answers
        self._zone = find_zone(answers.zone) if answers.zone else None
        self._words = {}
        self.forget()
        domains = "|".join(re.escape(each.lower().lstrip("@")) for each in answers.own_domains)
        plain = f"regexp_full_match(trim(x), '{PLAIN_AMOUNT}')"
        self._bench.con.execute(
            MACROS.format(
                plain_amount="false" if answers.point == "," else plain,
                plain_moment=PLAIN_MOMENT,
                nothing=", ".join(map(literal, sorted(NOTHING))),
                currency=f"CAST({literal(answers.currency) if answers.currency else 'NULL'} AS VARCHAR)",
                domains=literal(f"(?i)@([^@]*\\.)?({domains})>?\\s*$" if domains else "$.^"),
            )
        )

    def forget(self) -> None:
        """Forget which cells could not be read: whatever is read from now on is told anew."""
        self.misfits.clear()
        self.moved.clear()
        for cached in self._cached:
            cached.cache_clear()

    def _register(self) -> None:
        con: Any = self._bench.con  # its stub knows no texts for the ways of handling NULL
        self._cached: list[Any] = []
        one: list[tuple[str, Callable[..., Any], str]] = [
            ("money_of", self._money, "DECIMAL(26, 8)"),
            ("number_of", self._number, "DECIMAL(18, 6)"),
            ("day_of", self._day, "VARCHAR"),
            ("yes_of", self._yes, "BOOLEAN"),
            ("currency_of", currency_in, "VARCHAR"),
        ]
        two: list[tuple[str, Callable[..., Any], str]] = [
            ("moment_of", self._moment, "VARCHAR"),
            ("minutes_of", self._minutes, "DECIMAL(18, 6)"),
            ("word_of", self._word, "VARCHAR"),
        ]
        for arguments, functions in ((["VARCHAR"], one), (["VARCHAR", "VARCHAR"], two)):
            for name, function, result in functions:
                con.create_function(name, self._guarded(name, function), arguments, result, null_handling="special")

    def _guarded(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that yields None for what holds nothing or cannot be read, and remembers why."""
        which = -1 if name == "word_of" else 0

        @lru_cache(maxsize=REMEMBERED)
        def guarded(*cells: str | None) -> Any:
            text = cells[which]
            if text is None or (name != "word_of" and is_nothing(text)):
                return None
            try:
                return function(*cells)
            except Misfit as misfit:
                if len(self.misfits) < MOST_MISFITS:
                    self.misfits[name, text.strip()] = str(misfit)
                return None

        self._cached.append(guarded)
        # DuckDB counts a function's arguments by its signature.
        if name in {"moment_of", "minutes_of", "word_of"}:
            return lambda one, two: guarded(one, two)  # noqa: PLW0108 - as above
        return lambda one: guarded(one)  # noqa: PLW0108 - as above

    def _money(self, text: str) -> Decimal:
        return fit_amount(parse_amount(text, self._answers.point), rounding=self._answers.rounding)[0]

    def _number(self, text: str) -> Decimal:
        found = parse_amount(text, self._answers.point)
        if abs(found) >= Decimal(10) ** 12:
            raise Misfit("more than 12 digits before the point")
        return found.quantize(Decimal("0.000001"))

    def _moment(self, text: str, zone: str | None) -> str:
        own = find_zone(zone) if zone and zone.strip() else self._zone
        found = parse_moment(text, self._answers.first, own)
        if found.moved:
            self.moved[text] = found.moved
        return found.at.isoformat()

    def _day(self, text: str) -> str:
        return parse_day(text, self._answers.first).isoformat()

    def _minutes(self, start: str, end: str | None) -> Decimal | None:
        """Return how long something took by the clock on the wall, or by the offsets where both have one."""
        if end is None or is_nothing(end):
            return None
        begun, over = (parse_local(each, self._answers.first) for each in (start, end))
        if (begun.tzinfo is None) != (over.tzinfo is None):
            begun, over = begun.replace(tzinfo=None), over.replace(tzinfo=None)
        took = over - begun
        return Decimal(took.days * 1440) + (Decimal(took.seconds) / 60).quantize(Decimal("0.000001"))

    def _yes(self, text: str) -> bool:
        return parse_yes(text)

    def _word(self, field: str, text: str) -> str | None:
        words = self._words.get(field)
        if words is None:
            table = self._answers.words.get(field, {})
            words = self._words[field] = Words(table, known_words(field))
        try:
            return words.translate(text) or None
        except Misfit:
            if is_nothing(text):
                return None
            raise
