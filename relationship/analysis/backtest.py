"""Backtest: two policies over one history. Who would have been classified otherwise, when, and at which cost.

A course is an account's status over event time by the decisions in force in the end: what was told and later undone
by a correction is not held against a policy. Where exactly one of the two says client, one of them is wrong: the cost is
that of a year of the mistake, by the first policy's `[costs]`, in proportion to the time. Who is right, only a truth
says: where there is one (a course by hand, or the simulator's), each policy's own mistakes are priced.
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

YEAR_US: Final = 365.25 * times.DAY_US
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
        return (self.until - self.since) / YEAR_US


class Otherwise(NamedTuple):
    """One account that the policies class differently for a time.

    `if_a` is what B's mistake costs should A be right, `if_b` what A's costs should B be.
    """

    account_id: str
    span: Span
    if_a: float
    if_b: float


class Bill(NamedTuple):
    """What one policy's mistakes cost, measured on a truth: years of false and of missed clients, and their price."""

    false_years: float
    missed_years: float
    cost: float


class Courses:
    """Collects the decisions of one run, and gives the courses that are in force in the end."""

    def __init__(self) -> None:
        self._told: dict[str, list[Reclassification]] = {}
        self.industries: dict[str, int] = {}

    def see(self, sends: Iterable[Outgoing]) -> None:
        """Take in what a step of the replay sent."""
        for sent in sends:
            if sent.topic == RECLASSIFIED and sent.value is not None:
                told = msgspec.json.decode(sent.value, type=Reclassification)
                self._told.setdefault(sent.key, []).append(told)
                self.industries[sent.key] = enums.INDUSTRIES.index(told.segment.industry)

    def of(self, account_id: str) -> Course:
        """Return an account's course; empty where nothing was decided."""
        told = self._told.get(account_id, [])
        undone = {each.supersedes for each in told}
        held = [each for each in told if each.direction != "correction" and each.event_id not in undone]
        return sorted((_micros(each.effective_at), each.to) for each in held)

    def accounts(self) -> set[str]:
        """Return the accounts of which anything was decided."""
        return set(self._told)


def _micros(text: str) -> int:
    return times.micros(datetime.fromisoformat(text))


def spans(a: Course, b: Course, until: int) -> Iterator[Span]:
    """Yield the times, up to `until` (µs), through which each of two courses says one status, in order."""
    moments = sorted({t for t, _ in (*a, *b) if t < until})
    for since, end in pairwise([*moments, until]):
        yield Span(since, end, status_at(a, since), status_at(b, since))


def status_at(course: Course, moment: int) -> str:
    """Return the status of a course at a moment (µs)."""
    status = START
    for since, each in course:
        if since > moment:
            break
        status = each
    return status


def otherwise(account_id: str, a: Course, b: Course, until: int, costs: tuple[float, float]) -> Iterator[Otherwise]:
    """Yield the times through which one account is classed differently. `costs` are of a false and a missed client."""
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


def bill(truth: Mapping[str, Course], told: Courses, accounts: Iterable[str], until: int, policy: Policy) -> Bill:
    """Return what a run's mistakes cost against the truth, by the costs of `policy`."""
    false_years = missed_years = cost = 0.0
    for account_id in accounts:
        false_client, missed_client = policy.costs(told.industries.get(account_id))
        for span in spans(truth[account_id], told.of(account_id), until):
            if span.a != CLIENT and span.b == CLIENT:
                false_years, cost = false_years + span.years, cost + span.years * false_client
            elif span.a == CLIENT and span.b != CLIENT:
                missed_years, cost = missed_years + span.years, cost + span.years * missed_client
    return Bill(false_years, missed_years, cost)
