"""Time zones by the names that people's systems give them: IANA's, Rails's (`Eastern Time (US & Canada)`), Windows's."""

from datetime import UTC, timedelta, timezone, tzinfo
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from importing.errors import Misfit

#: Names that Rails and Windows have for zones, as ActiveSupport::TimeZone and CLDR's windowsZones map them; lower case.
NAMED: Final = {
    "utc": "UTC",
    "gmt": "UTC",
    "z": "UTC",
    "coordinated universal time": "UTC",
    "international date line west": "Etc/GMT+12",
    "hawaii": "Pacific/Honolulu",
    "hawaiian standard time": "Pacific/Honolulu",
    "alaska": "America/Juneau",
    "alaskan standard time": "America/Anchorage",
    "pacific time (us & canada)": "America/Los_Angeles",
    "pacific standard time": "America/Los_Angeles",
    "pacific time": "America/Los_Angeles",
    "arizona": "America/Phoenix",
    "us mountain standard time": "America/Phoenix",
    "mountain time (us & canada)": "America/Denver",
    "mountain standard time": "America/Denver",
    "mountain time": "America/Denver",
    "central time (us & canada)": "America/Chicago",
    "central standard time": "America/Chicago",
    "central time": "America/Chicago",
    "saskatchewan": "America/Regina",
    "mexico city": "America/Mexico_City",
    "bogota": "America/Bogota",
    "lima": "America/Lima",
    "eastern time (us & canada)": "America/New_York",
    "eastern standard time": "America/New_York",
    "eastern time": "America/New_York",
    "indiana (east)": "America/Indiana/Indianapolis",
    "us eastern standard time": "America/Indiana/Indianapolis",
    "atlantic time (canada)": "America/Halifax",
    "atlantic standard time": "America/Halifax",
    "newfoundland": "America/St_Johns",
    "newfoundland standard time": "America/St_Johns",
    "brasilia": "America/Sao_Paulo",
    "e. south america standard time": "America/Sao_Paulo",
    "buenos aires": "America/Argentina/Buenos_Aires",
    "argentina standard time": "America/Argentina/Buenos_Aires",
    "santiago": "America/Santiago",
    "azores": "Atlantic/Azores",
    "gmt standard time": "Europe/London",
    "london": "Europe/London",
    "edinburgh": "Europe/London",
    "dublin": "Europe/Dublin",
    "lisbon": "Europe/Lisbon",
    "w. europe standard time": "Europe/Berlin",
    "central europe standard time": "Europe/Budapest",
    "central european standard time": "Europe/Warsaw",
    "romance standard time": "Europe/Paris",
    "amsterdam": "Europe/Amsterdam",
    "berlin": "Europe/Berlin",
    "bern": "Europe/Zurich",
    "zurich": "Europe/Zurich",
    "brussels": "Europe/Brussels",
    "copenhagen": "Europe/Copenhagen",
    "madrid": "Europe/Madrid",
    "paris": "Europe/Paris",
    "prague": "Europe/Prague",
    "rome": "Europe/Rome",
    "stockholm": "Europe/Stockholm",
    "vienna": "Europe/Vienna",
    "warsaw": "Europe/Warsaw",
    "athens": "Europe/Athens",
    "gtb standard time": "Europe/Bucharest",
    "fle standard time": "Europe/Kiev",
    "helsinki": "Europe/Helsinki",
    "kyiv": "Europe/Kiev",
    "israel standard time": "Asia/Jerusalem",
    "jerusalem": "Asia/Jerusalem",
    "south africa standard time": "Africa/Johannesburg",
    "pretoria": "Africa/Johannesburg",
    "turkey standard time": "Europe/Istanbul",
    "istanbul": "Europe/Istanbul",
    "moscow": "Europe/Moscow",
    "russian standard time": "Europe/Moscow",
    "arabian standard time": "Asia/Dubai",
    "abu dhabi": "Asia/Dubai",
    "india standard time": "Asia/Kolkata",
    "new delhi": "Asia/Kolkata",
    "mumbai": "Asia/Kolkata",
    "kolkata": "Asia/Kolkata",
    "bangkok": "Asia/Bangkok",
    "se asia standard time": "Asia/Bangkok",
    "china standard time": "Asia/Shanghai",
    "beijing": "Asia/Shanghai",
    "hong kong": "Asia/Hong_Kong",
    "singapore": "Asia/Singapore",
    "singapore standard time": "Asia/Singapore",
    "perth": "Australia/Perth",
    "tokyo": "Asia/Tokyo",
    "osaka": "Asia/Tokyo",
    "tokyo standard time": "Asia/Tokyo",
    "seoul": "Asia/Seoul",
    "korea standard time": "Asia/Seoul",
    "adelaide": "Australia/Adelaide",
    "brisbane": "Australia/Brisbane",
    "sydney": "Australia/Sydney",
    "aus eastern standard time": "Australia/Sydney",
    "melbourne": "Australia/Melbourne",
    "auckland": "Pacific/Auckland",
    "wellington": "Pacific/Auckland",
    "new zealand standard time": "Pacific/Auckland",
}
#: Abbreviations that mean one offset wherever such exports are made, in hours.
ABBREVIATIONS: Final = {
    "EST": -5,
    "EDT": -4,
    "CST": -6,
    "CDT": -5,
    "MST": -7,
    "MDT": -6,
    "PST": -8,
    "PDT": -7,
    "AKST": -9,
    "AKDT": -8,
    "HST": -10,
    "WET": 0,
    "WEST": 1,
    "CET": 1,
    "CEST": 2,
    "MEZ": 1,
    "MESZ": 2,
    "EET": 2,
    "EEST": 3,
    "MSK": 3,
    "JST": 9,
    "AEST": 10,
    "AEDT": 11,
}


@cache
def find_zone(name: str) -> tzinfo:
    """Return the zone of a name. Raises Misfit where no such zone is known."""
    plain = " ".join(name.split())
    if plain.startswith("(") and ") " in plain:  # `(GMT-05:00) Eastern Time (US & Canada)`
        plain = plain.partition(") ")[2]
    known = NAMED.get(plain.lower(), plain)
    if known == "UTC":
        return UTC
    if known in ABBREVIATIONS:
        return timezone(timedelta(hours=ABBREVIATIONS[known]))
    try:
        return ZoneInfo(known)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Misfit("no time zone") from error
