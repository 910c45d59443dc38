"""Event time as integers: µs and days since the Unix epoch, in UTC, and their text in RFC 3339."""

from datetime import UTC, date, datetime, timedelta
from typing import Final

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - of times that are written with a Z behind them
EPOCH_DAY: Final = EPOCH.toordinal()
DAY_US: Final = 86_400_000_000  # microseconds in a day
MINUTE_US: Final = 60_000_000  # microseconds in a minute


def micros(time: datetime) -> int:
    """Return the µs since the epoch of an aware datetime, exactly."""
    since = time - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def datetime_of(t: int) -> datetime:
    """Return the UTC datetime of `t` µs since the epoch."""
    return EPOCH + timedelta(microseconds=t)


def date_of(t: int) -> date:
    """Return the date of `t` µs since the epoch, in UTC."""
    return date.fromordinal(EPOCH_DAY + t // DAY_US)


def rfc3339(t: int) -> str:
    """Return `t` µs since the epoch as RFC 3339 in UTC, with no more digits than it needs."""
    seconds, micros = divmod(t, 1_000_000)  # a timedelta of seconds is made in half the time of one of µs
    return (_NAIVE_EPOCH + timedelta(0, seconds, micros)).isoformat() + "Z"


def day(value: date) -> int:
    """Return a date as days since the epoch."""
    return value.toordinal() - EPOCH_DAY
