"""Calendars (iCalendar, RFC 5545): a row for every time that an event takes place, recurrences and exceptions worked out.

icalendar reads them and recurring-ical-events works out the recurrences, in the window of days that was asked for. An event
that recurs more often than any meeting does is told and left out: rules of a few bytes can say a billion times.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

from importing.errors import ImportingError
from importing.reading.bench import Bench

COLUMNS: Final = (
    "uid",
    "occurrence",
    "start",
    "end",
    "all day",
    "summary",
    "location",
    "status",
    "organizer",
    "attendees",
    "conference",
    "categories",
    "product",
)
#: Of one event: a meeting every day for 27 years.
MOST_RECURRENCES: Final = 10_000
BEGIN: Final = re.compile(rb"(?im)^BEGIN:VEVENT\s*$")
#: Where an event says that it is held on a screen.
CONFERENCE: Final = (
    "X-GOOGLE-CONFERENCE",
    "CONFERENCE",
    "X-MICROSOFT-SKYPETEAMSMEETINGURL",
    "X-MICROSOFT-ONLINEMEETINGCONFLINK",
)


class Window(NamedTuple):
    """The days of which meetings are taken: what begins before `until`, and from `since` on."""

    until: datetime
    since: datetime = datetime(1970, 1, 2, tzinfo=UTC)


def read_calendar(bench: Bench, path: Path, window: Window) -> None:
    """Read a calendar into the bench. Raises ImportingError."""
    raw = path.read_bytes()
    calendars = _parse(path, raw)
    file = bench.add_file(path)
    lines = _lines(raw)
    for calendar in calendars:
        _leave_out(bench, file, calendar, lines, window)
    bench.name_columns(COLUMNS)
    rows = [row for calendar in calendars for row in _rows(bench, path, calendar, window)]
    bench.add_rows(file, COLUMNS, rows)


def _parse(path: Path, raw: bytes) -> list[Any]:
    try:
        import icalendar  # noqa: PLC0415 - an extra's
    except ImportError as error:
        raise ImportingError(
            "icalendar is not installed, and it reads calendars: pip install 'clientward[import]'"
        ) from error
    try:
        found = [each for each in icalendar.Calendar.from_ical(raw, multiple=True) if each.name == "VCALENDAR"]
    except (ValueError, KeyError, IndexError) as error:
        first = str(error).strip().splitlines()[0][:80]
        raise ImportingError(f"{path}: is no calendar that can be read ({first}): export it again as .ics") from error
    if not found:
        raise ImportingError(f"{path}: is no calendar that can be read (it has no end): export it again as .ics")
    return found


def _lines(raw: bytes) -> Iterator[int]:
    """Yield the line on which each event begins."""
    at, line = 0, 1
    for match in BEGIN.finditer(raw):
        line += raw.count(b"\n", at, match.start())
        at = match.start()
        yield line


def _leave_out(bench: Bench, file: int, calendar: Any, lines: Iterator[int], window: Window) -> None:
    """Give every event its line, and take out those that recur too often or whose times cannot be read."""
    for event in list(calendar.walk("VEVENT")):
        line = next(lines, 0)
        event.add("X-CLIENTWARD-LINE", str(line))
        if fault := _fault(event, window):
            bench.faults.append((file, line, fault))
            calendar.subcomponents.remove(event)


def _fault(event: Any, window: Window) -> str:
    start = event.get("DTSTART")
    if start is None or not isinstance(getattr(start, "dt", None), date):
        return "an event with no DTSTART that can be read"
    for rule in _rules(event):
        often = _recurs_too_often(rule, start.dt, window)
        if often:
            return often
    return ""


def _rules(event: Any) -> list[Any]:
    rules = event.get("RRULE")
    return rules if isinstance(rules, list) else [rules] if rules else []


def _recurs_too_often(rule: Any, start: date, window: Window) -> str:
    from dateutil.rrule import rrulestr  # noqa: PLC0415 - an extra's

    frequency = str(next(iter(rule.get("FREQ", [""])), "")).upper()
    if frequency in {"SECONDLY", "MINUTELY"}:
        return f"an event that recurs {frequency.lower()} is no meeting: left out"
    naive = datetime(*start.timetuple()[:6])  # noqa: DTZ001 - naive like the rule
    plain = re.sub(r";?UNTIL=[^;]*", "", rule.to_ical().decode())
    try:
        times: Any = rrulestr(plain.strip(";"), dtstart=naive)
    except (ValueError, TypeError) as error:
        return f"a rule of recurrence that cannot be read ({str(error)[:60]})"
    end = window.until.replace(tzinfo=None)
    stop = next(iter(rule.get("UNTIL", [])), None)
    if isinstance(stop, date):
        end = min(end, datetime(stop.year, stop.month, stop.day, 23, 59, 59))  # noqa: DTZ001 - naive like the rule
    count = sum(1 for _ in islice((each for each in _upto(times, end)), MOST_RECURRENCES + 1))
    if count > MOST_RECURRENCES:
        return f"an event that recurs more than {MOST_RECURRENCES:,} times: left out; --until DAY may narrow it"
    return ""


def _upto(times: Any, end: datetime) -> Iterator[datetime]:
    for each in times:
        if each > end:
            return
        yield each


def _rows(bench: Bench, path: Path, calendar: Any, window: Window) -> Iterator[tuple[int, list[str]]]:
    import recurring_ical_events  # noqa: PLC0415 - an extra's

    product = str(calendar.get("PRODID", ""))
    try:
        query = recurring_ical_events.of(calendar, skip_bad_series=True)
        for event in query.after(window.since):
            start = event.start
            if _moment(start) >= window.until:
                bench.notes.append(
                    f"{path}: events from {window.until:%Y-%m-%d} on are left out; --until DAY takes them"
                )
                return
            yield int(event.get("X-CLIENTWARD-LINE", "0")), _cells(event, product)
    except (ValueError, TypeError, OverflowError) as error:
        raise ImportingError(f"{path}: its recurrences cannot be worked out ({str(error)[:80]})") from error


def _moment(start: date) -> datetime:
    if not isinstance(start, datetime):
        return datetime(start.year, start.month, start.day, tzinfo=UTC)
    return start if start.tzinfo else start.replace(tzinfo=UTC)


def _cells(event: Any, product: str) -> list[str]:
    people = [_address(each) for each in _listed(event.get("ATTENDEE")) if _comes(each)]
    organizer = _address(event.get("ORGANIZER")) if event.get("ORGANIZER") else ""
    recurs = event.get("RECURRENCE-ID")
    conference = next((str(event[name]) for name in CONFERENCE if event.get(name)), "")
    return [
        str(event.get("UID", "")),
        recurs.dt.isoformat() if recurs is not None else "",
        event.start.isoformat(),
        event.end.isoformat(),
        "false" if isinstance(event.start, datetime) else "true",
        str(event.get("SUMMARY", "")),
        str(event.get("LOCATION", "")),
        str(event.get("STATUS", "")),
        organizer,
        ";".join(dict.fromkeys(each for each in people if each)),
        conference,
        ",".join(_categories(event)),
        product,
    ]


def _categories(event: Any) -> list[str]:
    found = event.get("CATEGORIES")
    return [str(each) for part in _listed(found) for each in getattr(part, "cats", [part])]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _comes(attendee: Any) -> bool:
    """Tell whether somebody was to come: not who declined, nor a room."""
    parameters = getattr(attendee, "params", {})
    return str(parameters.get("PARTSTAT", "")).upper() != "DECLINED" and str(
        parameters.get("CUTYPE", "")
    ).upper() not in {"ROOM", "RESOURCE"}


def _address(value: Any) -> str:
    return re.sub(r"(?i)^mailto:", "", str(value)).strip().lower()
