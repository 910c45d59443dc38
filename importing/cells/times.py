"""Times and days as people write them.

Known are ISO 8601 with its variants, days before months and months before days, month names in several languages, clocks of
twelve hours, offsets, zones and their abbreviations, seconds, milliseconds and microseconds since 1970, and the day numbers
of spreadsheets. `1/2/2024` could be either of two days: the file's other dates or a person have to say. Points between
day and month are written only where the day comes first.

A local time that daylight saving skipped is the time that a clock not put forward would show (02:30 is 03:30); of one that
comes twice the first is taken. Both are for the caller to count.
"""

import re
import unicodedata
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import Final, NamedTuple

from importing.answers import Order
from importing.cells.zones import ABBREVIATIONS, find_zone
from importing.errors import Misfit

MONTHS_OF_A_YEAR: Final = 12
HALF_DAY: Final = 12  # hours
FIRST_SHORT_YEAR: Final = 70  # of two digits: 1970 to 2069
EITHER: Final = "could be a day or a month first: say --day-first or --month-first"
NO_ZONE: Final = "has no time zone: say --zone"
#: Day 0 of spreadsheets, and the days taken for one: 1954 to 2119, so that no year or count is one.
SHEET_DAY_ZERO: Final = datetime(1899, 12, 30, tzinfo=UTC)
SHEET_DAYS: Final = (20_000, 80_000)

MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "jan januar january janvier janv enero ene gennaio gen januari janeiro jaen jan",
            "feb februar february fevrier fevr fev febrero febbraio februari fevereiro",
            "mar march mars marz maerz mrz marzo maart mrt marco",
            "apr april avril avr abril abr aprile",
            "may mai mayo maggio mag mei maio",
            "jun june juni juin junio giugno giu junho",
            "jul july juli juillet juil julio luglio lug julho",
            "aug august aout agosto ago augustus",
            "sep sept september septembre septiembre settembre set setembro",
            "oct october okt oktober octobre octubre ottobre ott outubro out",
            "nov november novembre noviembre novembro",
            "dec december dez dezember decembre diciembre dic dicembre dezembro",
        ),
        1,
    )
    for name in names.split()
}
_CLOCK = (
    r"(?P<hour>\d{1,2})(?:[:.h](?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?)?"
    r"\s*(?P<half>[ap]\.?\s?m\.?|uhr)?"
)
_ZONE = r"(?P<zone>z|(?:utc|gmt)?\s?[+-]\d{2}(?::?\d{2})?|\(?[a-z]{2,5}\)?|\[?[a-z_]+/[a-z_/+-]+\]?)?"
_REST = rf"(?:(?:\s*t\s*|,?\s+(?:at\s+|um\s+|à\s+)?(?:-\s+)?){_CLOCK}\s*{_ZONE})?"
_BASIC = rf"(?:t?(?P<hour>\d{{2}})(?P<minute>\d{{2}})(?P<second>\d{{2}})?(?P<fraction>$.)?(?P<half>$.)?{_ZONE})?"
_NTH = r"(?:st|nd|rd|th|er|º|\.)?"
_DE = r"(?:de\s+)?"
_YEAR = r"(?P<year>\d{4}|\d{2})"
_WEEKDAY = r"(?:[^\W\d_]{2,10}\.?,?\s+)?"
FORMS: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?P<year>\d{{4}})(?P<mark>[-/.])(?P<month>\d{{1,2}})[-/.](?P<day>\d{{1,2}}){_REST}",
        rf"(?P<year>(?:19|20)\d{{2}})(?P<month>\d{{2}})(?P<day>\d{{2}}){_BASIC}",
        rf"{_WEEKDAY}(?P<one>\d{{1,2}})(?P<mark>[-/.])\s?(?P<two>\d{{1,2}})(?P=mark)\s?{_YEAR}{_REST}",
        rf"{_WEEKDAY}(?P<day>\d{{1,2}}){_NTH}[\s/-]*{_DE}(?P<name>[^\W\d_]{{3,10}})\.?[\s,/-]*{_DE}{_YEAR}{_REST}",
        rf"{_WEEKDAY}(?P<name>[^\W\d_]{{3,10}})\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+{_YEAR}{_REST}",
    )
)
NUMBER: Final = re.compile(r"\d+(\.\d+)?")
OFFSET: Final = re.compile(r"(?:UTC|GMT)?\s?([+-])(\d{2}):?(\d{2})?")
#: Seconds, milliseconds and microseconds since 1970, told apart by how many digits they have from 2001 to 2286.
EPOCHS: Final = {10: 1, 13: 1_000, 16: 1_000_000}


class Moment(NamedTuple):
    """A moment as a cell told it.

    Attributes:
        at: the moment, with an offset.
        moved: `skipped` or `repeated` where daylight saving had such an hour; empty elsewhere.
        whole_day: whether the cell told a day and no time.
    """

    at: datetime
    moved: str = ""
    whole_day: bool = False


class _Parts(NamedTuple):
    day: date
    clock: time | None
    zone: str


def parse_moment(text: str, first: Order | None, zone: tzinfo | None) -> Moment:
    """Return the moment that a cell tells; a day is its midnight. Raises Misfit.

    A day needs no zone: without one it is midnight in UTC, since nobody can say at what time of it something happened.
    """
    plain = text.strip()
    counted = _epoch(plain)
    if isinstance(counted, datetime) and counted.tzinfo is not None:
        return Moment(counted)
    parts = _Parts(counted.date(), counted.time() if "." in plain else None, "") if counted else _parse(plain, first)
    local = datetime.combine(parts.day, parts.clock or time())
    own = _zone(parts.zone) if parts.zone else zone
    if own is None:
        if parts.clock is not None:
            raise Misfit(NO_ZONE)
        own = UTC
    placed = _placed(local, own)
    return placed._replace(whole_day=parts.clock is None, moved=placed.moved if parts.clock else "")


def parse_day(text: str, first: Order | None) -> date:
    """Return the day that a cell tells; of a moment, the day that stands there. Raises Misfit."""
    counted = _epoch(text.strip())
    return counted.date() if counted else _parse(text.strip(), first).day


def parse_local(text: str, first: Order | None) -> datetime:
    """Return what the clock showed, and with an offset only where the cell has one. Raises Misfit."""
    counted = _epoch(text.strip())
    if counted:
        return counted
    parts = _parse(text.strip(), first)
    local = datetime.combine(parts.day, parts.clock or time())
    return local.replace(tzinfo=_zone(parts.zone)) if parts.zone else local


def _placed(local: datetime, zone: tzinfo) -> Moment:
    """Return a local time in its zone, on a day on which the clocks are changed too."""
    try:
        at = local.replace(tzinfo=zone)
        back = at.astimezone(UTC).astimezone(zone)
        moved = "skipped" if back.replace(tzinfo=None) != local else ""
        if not moved and at.utcoffset() != at.replace(fold=1).utcoffset():
            moved = "repeated"
    except OverflowError as error:
        raise Misfit("no time of this calendar") from error
    return Moment(back, moved)


def _epoch(text: str) -> datetime | None:
    """Return what a plain number says: a moment with an offset, or a spreadsheet's day and time without one."""
    if NUMBER.fullmatch(text) is None:
        return None
    whole, _, fraction = text.partition(".")
    if scale := EPOCHS.get(len(whole)):
        micros = int(whole) * 1_000_000 // scale + int(fraction[:6].ljust(6, "0") or 0) // scale
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
    if len(whole) == len("45352") and SHEET_DAYS[0] <= int(whole) <= SHEET_DAYS[1]:
        seconds = round(float(f"0.{fraction}") * 86_400) if fraction else 0
        return (SHEET_DAY_ZERO + timedelta(days=int(whole), seconds=seconds)).replace(tzinfo=None)
    return None


def _parse(text: str, first: Order | None) -> _Parts:
    for form in FORMS:
        if found := form.fullmatch(text):
            return _Parts(_day(found.groupdict(), first), _clock(found.groupdict()), found["zone"] or "")
    raise Misfit("no time")


def _day(found: dict[str, str | None], first: Order | None) -> date:
    year = int(found["year"] or 0)
    if len(found["year"] or "") == len("24"):
        year += 1900 if year >= FIRST_SHORT_YEAR else 2000
    if "one" in found:
        month, day = _ordered(int(found["one"] or 0), int(found["two"] or 0), found["mark"] or "", first)
    else:
        month = _month(found["name"] or "") if "name" in found else int(found["month"] or 0)
        day = int(found["day"] or 0)
    try:
        return date(year, month, day)
    except ValueError as error:
        raise Misfit("no day of the calendar") from error


def _ordered(one: int, two: int, mark: str, first: Order | None) -> tuple[int, int]:
    """Return month and day."""
    order = "day" if mark == "." else first
    if order is None:
        if one > MONTHS_OF_A_YEAR or one == two:
            return two, one
        if two <= MONTHS_OF_A_YEAR:
            raise Misfit(EITHER)
        order = "month"
    return (two, one) if order == "day" else (one, two)


def _month(name: str) -> int:
    plain = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    if plain not in MONTHS:
        raise Misfit("no time")
    return MONTHS[plain]


def _clock(found: dict[str, str | None]) -> time | None:
    if found["hour"] is None:
        return None
    hour, half = int(found["hour"]), (found["half"] or "").lower()
    if half[:1] in {"a", "p"}:
        if not 1 <= hour <= HALF_DAY:
            raise Misfit("no time of the clock")
        hour = hour % HALF_DAY + (HALF_DAY if half[0] == "p" else 0)
    elif found["minute"] is None and not half:
        raise Misfit("no time")
    fraction = (found["fraction"] or "")[:6].ljust(6, "0")
    second = min(int(found["second"] or 0), 59) if found["second"] == "60" else int(found["second"] or 0)
    try:
        return time(hour, int(found["minute"] or 0), second, int(fraction))
    except ValueError as error:
        raise Misfit("no time of the clock") from error


def _zone(text: str) -> tzinfo:
    name = text.strip("[]() ")
    if name.upper() in {"Z", "UTC", "GMT"}:
        return UTC
    if found := OFFSET.fullmatch(name.upper()):
        size = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
        if size >= timedelta(hours=24):
            raise Misfit("no offset")
        return timezone(-size if found[1] == "-" else size)
    if name.upper() in ABBREVIATIONS:
        return timezone(timedelta(hours=ABBREVIATIONS[name.upper()]))
    return find_zone(name)
