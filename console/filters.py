"""What an address asks for, as a filter: each value checked, and what does not fit told in a line."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any, Final, get_args

from console.visit import Visit, WrongInputError
from relationship.contract.decisions import Direction, Standing
from relationship.contract.messages import Industry, Status

INDUSTRIES: Final[tuple[str, ...]] = get_args(Industry)
STATUSES: Final[tuple[str, ...]] = get_args(Status)
DIRECTIONS: Final[tuple[str, ...]] = get_args(Direction)
STANDINGS: Final[tuple[str, ...]] = get_args(Standing)
OUTCOMES: Final = ("done", "refused")


def one_of(visit: Visit, name: str, allowed: Collection[str]) -> Any:
    """Return a value that is one of several, or None. Raises WrongInputError."""
    value = visit.asked(name)
    if value and value not in allowed:
        raise WrongInputError(f"{name}: there is no such; there are {', '.join(sorted(allowed))}")
    return value or None


def time_of(visit: Visit, name: str) -> datetime | None:
    """Return a time, in UTC where it names no offset, or None. Raises WrongInputError."""
    value = visit.asked(name)
    if not value:
        return None
    try:
        found = datetime.fromisoformat(value)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise WrongInputError(f"{name}: give a day or a time, such as 2026-01-31 or 2026-01-31T12:00") from None


def share_of(visit: Visit, name: str) -> float | None:
    """Return a share of 1 that was given in per cent, or None. Raises WrongInputError."""
    value = visit.asked(name)
    if not value:
        return None
    try:
        found = float(value)
    except ValueError:
        found = -1.0
    if not 0 <= found <= 100:  # noqa: PLR2004 - per cent; nan is none of it
        raise WrongInputError(f"{name}: give a number from 0 to 100")
    return found / 100


def account_of(visit: Visit, name: str = "account") -> str | None:
    """Return the account that is asked for, whatever is shown of it, or None. Raises WrongInputError."""
    value = visit.asked(name)
    return visit.real_id(value) if value else None
