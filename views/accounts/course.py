"""An account's score over time, as its record has it: at each event kept, and between events once a while. Pure."""

from typing import Final

from msgspec import Struct

from relationship.classify.fold import advance
from relationship.classify.timers import decay, run_timers
from relationship.classify.transitions import Reading, client_border, leaving_border, read
from relationship.contract import enums, times
from relationship.contract.messages import Status
from relationship.policy.schedule import Rules
from relationship.state import facts as f
from relationship.state.account import Account, copy
from relationship.state.record import decode
from relationship.timeline.history import base_of

SAMPLES: Final = 120  # between events, over the whole course: a chart is some hundreds of pixels wide
HUNDREDTHS: Final = 100.0  # of a point, in a reading


class CoursePoint(Struct, frozen=True):
    """The score (0-100) and the status at a time; `is_event`: an event tells it, and not the clock."""

    at: str
    score: float
    status: Status
    is_event: bool


class Course(Struct, frozen=True):
    """The score over time, oldest first, and the bars that the policy in force has for the account's trade, in points.

    The course begins where the record's history does: what came before is folded together.
    """

    account_id: str
    points: list[CoursePoint]
    client_up: float
    client_down: float
    candidate_up: float
    candidate_down: float


def course_of(account_id: str, raw: bytes, now: int, rules: Rules) -> Course:
    """Return the course of a stored record up to a moment (µs since the epoch). Raises RecordError for other bytes."""
    record = decode(raw)
    account, facts = base_of(record), record.facts()
    points: list[CoursePoint] = []
    for t, fact in _moments(facts, now):
        if fact is not None:
            _, reading = advance(account, fact, rules)
            points.append(_point(account, reading, t, is_event=True))
        else:
            points.append(_between(account, t, rules))
    reading = read(account, rules.at(account.t))
    trade = reading.trade
    client = (client_border(account, reading), leaving_border(account, reading))
    bars = (*client, trade.candidate_up, trade.candidate_down)
    return Course(account_id, points, *(each / HUNDREDTHS for each in bars))


def _moments(facts: list[f.Fact], now: int) -> list[tuple[int, f.Fact | None]]:
    """Return the times of a course, in order: the facts', and even steps from the first to now."""
    if not facts:
        return []
    first, end = facts[0].t, max(now, facts[-1].t)
    step = max((end - first) // SAMPLES, times.DAY_US)
    steps: list[tuple[int, f.Fact | None]] = [(t, None) for t in range(first + step, end, step)]
    merged = [*((fact.t, fact) for fact in facts), *steps, (end, None)]
    return sorted(merged, key=lambda each: (each[0], each[1] is None))


def _between(account: Account, t: int, rules: Rules) -> CoursePoint:
    """Return the point between events, on a copy: a fold decays at facts and timers alone, and to look changes nothing."""
    then = copy(account)
    run_timers(then, t + 1, rules)
    decay(then, t, rules)
    return _point(then, read(then, rules.at(t)), t, is_event=False)


def _point(account: Account, reading: Reading, t: int, *, is_event: bool) -> CoursePoint:
    return CoursePoint(times.rfc3339(t), reading.score / HUNDREDTHS, enums.STATUSES[account.effective_status], is_event)
