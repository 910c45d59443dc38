"""Backtest: two policies over one history. Who would have been classified otherwise, when, and at which cost.

A course is an account's status over event time by the decisions in force in the end: a decision that was undone later does
not count against a policy. Where exactly one of the two policies says client, one of them is wrong, and the cost is that of
a year of the mistake, by the first policy's `[costs]`, in proportion to the time. Which one is wrong can only be said where
the true course is known (written by hand, or the simulator's); then each policy's own mistakes are priced.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import pairwise
from typing import Final, NamedTuple

import msgspec

from relationship.contract import enums, times
from relationship.contract.decisions import Reclassification
from relationship.contract.outcome import RECLASSIFIED, Outgoing
from relationship.policy.compiled import Policy

# The mean year of the Julian calendar: over several years, leap years included, costs add up to whole years.
JULIAN_YEAR_US: Final = 365.25 * times.DAY_US
CLIENT: Final = "client"
START: Final = "prospect"

Course = list[tuple[int, str]]  # (µs, status from then on), in order


class Span(NamedTuple):
    """A time (µs) through which two courses say these two statuses."""

    since: int
    until: int
    a: str
    b: str

    @property
    def years(self) -> float:
        """Its length in years."""
        return (self.until - self.since) / JULIAN_YEAR_US


class Otherwise(NamedTuple):
    """One account that the policies class differently for a time.

    `if_a` is what B's mistake costs should A be right, `if_b` what A's costs should B be.
    """

    account_id: str
    span: Span
    if_a: float
    if_b: float


class Bill(NamedTuple):
    """The cost of one policy's mistakes against the true courses: years of false and of missed clients, and their price."""

    false_years: float
    missed_years: float
    cost: float


class Courses:
    """Collects the decisions of one run, and returns the courses in force in the end."""

    def __init__(self) -> None:
        self._decisions: dict[str, list[Reclassification]] = {}
        self.industries: dict[str, int] = {}

    def see(self, sends: Iterable[Outgoing]) -> None:
        """Add the messages that a step of the replay sent."""
        for sent in sends:
            if sent.topic == RECLASSIFIED and sent.value is not None:
                decision = msgspec.json.decode(sent.value, type=Reclassification)
                self._decisions.setdefault(sent.key, []).append(decision)
                self.industries[sent.key] = enums.INDUSTRIES.index(decision.segment.industry)

    def of(self, account_id: str) -> Course:
        """Return an account's course; empty where nothing was decided."""
        decisions = self._decisions.get(account_id, [])
        undone = {each.supersedes for each in decisions}
        in_force = [each for each in decisions if each.direction != "correction" and each.event_id not in undone]
        return sorted((_micros(each.effective_at), each.to) for each in in_force)

    def accounts(self) -> set[str]:
        """Return the accounts of which anything was decided."""
        return set(self._decisions)


def _micros(text: str) -> int:
    return times.micros(datetime.fromisoformat(text))


def spans(a: Course, b: Course, until: int) -> Iterator[Span]:
    """Yield, in order, the spans up to `until` (µs) through which the status of both courses is constant."""
    starts = sorted({t for t, _ in (*a, *b) if t < until})
    for since, end in pairwise([*starts, until]):
        yield Span(since, end, status_at(a, since), status_at(b, since))


def status_at(course: Course, t: int) -> str:
    """Return the status of a course at event time `t` (µs)."""
    status = START
    for since, each in course:
        if since > t:
            break
        status = each
    return status


def otherwise(account_id: str, a: Course, b: Course, until: int, costs: tuple[float, float]) -> Iterator[Otherwise]:
    """Yield the spans through which an account is classified differently. `costs`: a year of a false, of a missed client."""
    false_client, missed_client = costs
    for span in spans(a, b, until):
        if span.a == span.b:
            continue
        if span.a == CLIENT:
            yield Otherwise(account_id, span, span.years * missed_client, span.years * false_client)
        elif span.b == CLIENT:
            yield Otherwise(account_id, span, span.years * false_client, span.years * missed_client)
        else:
            yield Otherwise(account_id, span, 0.0, 0.0)


def bill(truth: Mapping[str, Course], courses: Courses, accounts: Iterable[str], until: int, policy: Policy) -> Bill:
    """Return the cost of a run's mistakes against the true courses, by the costs of `policy`."""
    false_years = missed_years = cost = 0.0
    for account_id in accounts:
        false_client, missed_client = policy.costs(courses.industries.get(account_id))
        for span in spans(truth[account_id], courses.of(account_id), until):
            if span.a != CLIENT and span.b == CLIENT:
                false_years, cost = false_years + span.years, cost + span.years * false_client
            elif span.a == CLIENT and span.b != CLIENT:
                missed_years, cost = missed_years + span.years, cost + span.years * missed_client
    return Bill(false_years, missed_years, cost)
