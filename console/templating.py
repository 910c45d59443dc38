"""Templates: Jinja with everything escaped, undefined names an error, and numbers and times as people read them."""

import math
from datetime import UTC, datetime
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

MINUTE, HOUR, DAY = 60, 3_600, 86_400  # seconds
NONE: Final = "\N{EN DASH}"  # where there is no value


def templates() -> Environment:
    """Return the templates. Whatever their name: what comes from outside is escaped."""
    found = Environment(
        autoescape=True,
        loader=PackageLoader("console"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    found.filters |= {
        "number": number,
        "seconds": seconds,
        "moment": moment,
        "day": day,
        "micros": at_micros,
        "percent": percent,
        "size": size,
    }
    return found


def number(value: float | None, digits: int = 0) -> str:
    """Return a number with its thousands apart; a dash where there is none."""
    return NONE if value is None or math.isnan(value) else f"{value:,.{digits}f}"


def percent(share: float | None) -> str:
    """Return a share of 1 in per cent."""
    return NONE if share is None else f"{share * 100:.0f} %"


def seconds(value: float | None) -> str:
    """Return a span of time in the largest unit that says enough."""
    if value is None:
        return NONE
    for unit, name in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min")):
        if value >= 2 * unit:
            return f"{value / unit:.0f} {name}"
    if value >= 1:
        return f"{value:.1f} s"
    return f"{value * 1000:.0f} ms" if value > 0 else "0 s"


def moment(value: Any) -> str:
    """Return a time to the second, in UTC."""
    found = _time(value)
    return NONE if found is None else f"{found:%Y-%m-%d %H:%M:%S}"


def day(value: Any) -> str:
    """Return the day of a time, in UTC."""
    found = _time(value)
    return NONE if found is None else f"{found:%Y-%m-%d}"


def at_micros(value: int) -> datetime:
    """Return the time of so many µs since the epoch, in UTC."""
    return datetime.fromtimestamp(value / 1e6, UTC)


def _time(value: Any) -> datetime | None:
    if not value:
        return None
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    return found.astimezone(UTC)


KILO: Final = 1_024


def size(value: float | None) -> str:
    """Return bytes in the unit that fits."""
    if value is None:
        return NONE
    for unit in ("B", "kB", "MB", "GB"):
        if value < KILO:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= KILO
    return f"{value:.1f} TB"
