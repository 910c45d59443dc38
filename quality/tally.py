"""The tally: what was told against what was true, over many courses. Pure, and ignorant of how anything was decided.

What is counted:

- precision and recall of `client` among the accounts at the end, and over all account-days;
- the delay of each true turn to client until the account stands as one, a turn never told being infinitely late;
- a flap: two crossings of the border of `client`, either way round, less than 90 days apart;
- needless changes: changes between client, lapsed and neither, beyond those of the truth; who is prospect, customer or
  candidate is neither, so the steps on the way up are no fault.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from math import inf, sqrt
from statistics import median, quantiles
from typing import Any, Final

from quality.courses import Course, Timeline
from simulator.scoring import CLIENT, rate

DAY: Final = 86_400.0  # seconds
YEAR: Final = 365.25 * DAY
FLAP_DAYS: Final = 90
START: Final = "prospect"

Stays = list[tuple[float, float]]


def timeline_of(course: Course) -> Timeline:
    """Return the true statuses of a course's account, as a timeline."""
    return tuple((since.timestamp(), status) for since, status in course.truth.phases)


def status_at(timeline: Timeline, moment: float) -> str:
    """Return the status in force at a moment (POSIX seconds)."""
    current = START
    for since, status in timeline:
        if since > moment:
            break
        current = status
    return current


def stays(timeline: Timeline, end: float) -> Stays:
    """Return the stretches spent as a client, (from, to) in POSIX seconds, the last one cut at `end`."""
    found, since = [], None
    for moment, status in timeline:
        if moment > end:
            break
        if status == CLIENT:
            since = moment if since is None else since
        elif since is not None:
            found.append((since, moment))
            since = None
    return [*found, (since, end)] if since is not None else found


def flaps(timeline: Timeline, end: float) -> int:
    """Return how many pairs of neighbouring crossings of the client border lie less than `FLAP_DAYS` apart."""
    crossings = [moment for stay in stays(timeline, end) for moment in stay if moment < end]
    return sum(later - earlier < FLAP_DAYS * DAY for earlier, later in pairwise(crossings))


def changes(timeline: Timeline) -> int:
    """Return how often an account becomes a client, lapses, or becomes neither."""
    statuses = [START, *(status if status in {CLIENT, "lapsed"} else START for _, status in timeline)]
    return sum(one != other for one, other in pairwise(statuses))


def shared_days(one: Stays, other: Stays) -> float:
    """Return the days that lie in stretches of both."""
    overlaps = (min(a[1], b[1]) - max(a[0], b[0]) for a in one for b in other)
    return sum(max(0.0, overlap) for overlap in overlaps) / DAY


def delays(true: Stays, told: Stays) -> list[float]:
    """Return for each true stay the days until it was told: 0 where the account stood as client, infinity for never."""
    return [
        min((max(0.0, since - turn) for since, until in told if until > turn and since < left), default=inf) / DAY
        for turn, left in true
    ]


def interval(found: int, of: int) -> list[float]:
    """Return Wilson's 95 % interval of a share, rounded to four digits."""
    z = 1.96
    middle, spread = found + z * z / 2, z * sqrt(found * (of - found) / of + z * z / 4)
    return [round((middle - spread) / (of + z * z), 4), round((middle + spread) / (of + z * z), 4)]


def _rounded(value: float | None, digits: int = 4) -> float | None:
    return None if value is None or value == inf else round(value, digits)


@dataclass
class Tally:
    """Counts over courses; `summary` tells them. Days are days, and `told` is of accounts unless it says days."""

    accounts: int = 0
    years: float = 0.0
    flaps: int = 0
    true_flaps: int = 0
    needless: int = 0
    missing: int = 0
    corrections: int = 0
    days_found: float = 0.0
    days_told: float = 0.0
    days_true: float = 0.0
    delays: list[float] = field(default_factory=list)
    confusion: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, course: Course, end: datetime) -> None:
        """Count one course."""
        until, truth = end.timestamp(), timeline_of(course)
        true, told = stays(truth, until), stays(course.told, until)
        self.accounts += 1
        self.years += (until - truth[0][0]) / YEAR
        self.flaps += flaps(course.told, until)
        self.true_flaps += flaps(truth, until)
        more = changes(course.told) - changes(truth)
        self.needless += max(0, more)
        self.missing += max(0, -more)
        self.corrections += course.corrections
        self.days_found += shared_days(true, told)
        self.days_told += sum(b - a for a, b in told) / DAY
        self.days_true += sum(b - a for a, b in true) / DAY
        self.delays += delays(true, told)
        self.confusion[status_at(truth, until), status_at(course.told, until)] += 1

    def summary(self) -> dict[str, Any]:
        """Return all measures, ready for JSON; a share that has nothing below the line is None."""
        clients = rate(self.confusion, CLIENT)
        late = sorted(self.delays)
        return {
            "accounts": self.accounts,
            "account_years": round(self.years, 1),
            "clients": clients.true,
            "told": clients.told,
            "found": clients.found,
            "precision": _rounded(clients.precision),
            "precision_95": interval(clients.found, clients.told) if clients.told else None,
            "recall": _rounded(clients.recall),
            "recall_95": interval(clients.found, clients.true) if clients.true else None,
            "precision_days": _rounded(self.days_found / self.days_told if self.days_told else None),
            "recall_days": _rounded(self.days_found / self.days_true if self.days_true else None),
            "turns": len(late),
            "turns_never_told": late.count(inf),
            "delay_median_days": _rounded(median(late) if late else None, 1),
            "delay_p90_days": _rounded(quantiles(late, n=10)[-1] if len(late) > 1 and late[-2] < inf else None, 1),
            "flaps": self.flaps,
            "flaps_per_year": _rounded(self.flaps / self.years),
            "true_flaps": self.true_flaps,
            "needless_changes_per_year": _rounded(self.needless / self.years),
            "missing_changes_per_year": _rounded(self.missing / self.years),
            "corrections_per_year": _rounded(self.corrections / self.years),
        }

    def confusions(self) -> list[dict[str, Any]]:
        """Return the confusion matrix as rows of truth, told and accounts."""
        return [
            {"truth": truth, "told": told, "accounts": count} for (truth, told), count in sorted(self.confusion.items())
        ]


def tally(courses: Iterable[Course], end: datetime) -> Tally:
    """Return the tally of courses up to `end`."""
    counted = Tally()
    for course in courses:
        counted.add(course, end)
    return counted


def broken_down(courses: Iterable[Course], end: datetime, by: str) -> list[dict[str, Any]]:
    """Return a summary for each value of an attribute of the truth (`industry`, `difficulty`, `persona`), by name."""
    groups: dict[str, list[Course]] = {}
    for course in courses:
        groups.setdefault(getattr(course.truth, by), []).append(course)
    return [{by: name, **tally(groups[name], end).summary()} for name in sorted(groups)]
