"""The obvious rivals: rules that firms use in place of a classifier, each as a score that steps up and down over time.

A rival calls an account a client while its score is at its threshold or above. It is given more than it would have:
every message once and in the order of events, no spoiled records, amounts in one currency at the right rate, a new score
at the moment at which anything changes, and the window and the threshold that serve it best on the tuning seeds (the
highest F1 of `client` at the end).
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Final, NamedTuple

from quality.courses import Course, Timeline
from relationship.contract import messages as m
from simulator import AccountTruth
from simulator.casting import MONEY
from simulator.scoring import CLIENT

DAY: Final = 86_400.0  # seconds
WINDOWS: Final = (30.0, 60.0, 90.0, 180.0, 365.0, inf)  # days; inf is since ever
FIFTHS: Final = 5

# (POSIX seconds, score from then on), in order.
Steps = list[tuple[float, float]]
Messages = Sequence[m.Message]


class Rival(NamedTuple):
    """A rule: its `name` (its family), its `setting` (of which the tuning takes the best), and its score over time."""

    name: str
    setting: str
    steps: Callable[[Messages], Steps]


class Tuned(NamedTuple):
    """A rival with the threshold that served it best; `f1` is that of the tuning seeds."""

    rival: Rival
    threshold: float
    f1: float


def dollars(message: m.Message) -> float:
    """Return what a purchase brought in US dollars, at the simulator's rates; less than 0 for a refund."""
    if not isinstance(message, m.Purchase):
        return 0.0
    amount = float(message.amount) / MONEY[message.currency].rate
    return -amount if message.entry == "refund" else amount


def contact(message: m.Message) -> float:
    """Return 1 for a ticket opened or a meeting, whoever started it and whoever came."""
    opened = isinstance(message, m.Ticket) and message.status == "opened"
    return float(opened or isinstance(message, m.Meeting))


TICKET_POINTS: Final = {"advice": 10.0, "feedback": 10.0, "requirement_change": 10.0, "cancellation": -25.0}
MEETING_POINTS: Final = {"webinar": 5.0, "workshop": 10.0, "sales": 10.0}


def points(message: m.Message) -> float:
    """Return the points that a CRM's lead scoring usually gives: by kind of activity, none for what it cannot see."""
    if isinstance(message, m.Purchase):
        return -10.0 if message.entry == "refund" else 5.0
    if isinstance(message, m.Ticket):
        return TICKET_POINTS.get(message.kind, 3.0) if message.status == "opened" else 0.0
    if isinstance(message, m.Meeting):
        return -5.0 if message.no_show else MEETING_POINTS.get(message.kind, 15.0)
    return 0.0


def at(message: m.Message) -> float:
    """Return when a message happened, in POSIX seconds."""
    return message.occurred_at.timestamp()


def windowed(worth: Callable[[m.Message], float], days: float) -> Callable[[Messages], Steps]:
    """Return the score that sums a worth over the messages of the last so many days."""

    def steps(messages: Messages) -> Steps:
        moves = [(at(each), amount) for each in messages if (amount := worth(each))]
        moves += [(moment + days * DAY, -amount) for moment, amount in moves] if days < inf else []
        total, found = 0.0, []
        for moment, amount in sorted(moves):
            total = round(total + amount, 6)
            found.append((moment, total))
        return found

    return steps


def won_at(messages: Messages) -> float:
    """Return the moment of the stage `won`: a contract in the profile or signed in a meeting; infinity for never."""
    signed = (
        at(each)
        for each in messages
        if (isinstance(each, m.Profile) and each.contract) or (isinstance(each, m.Meeting) and each.contract_signed)
    )
    return min(signed, default=inf)


def staged(days: float) -> Callable[[Messages], Steps]:
    """Return the points of the last so many days, which count from the stage `won` on."""
    scored = windowed(points, days)

    def steps(messages: Messages) -> Steps:
        won, found = won_at(messages), scored(messages)
        before = [score for moment, score in found if moment <= won]
        start = [(won, before[-1])] if won < inf and before else []
        return start + [step for step in found if step[0] > won]

    return steps


@dataclass(frozen=True, slots=True)
class Fifths:
    """The edges between the fifths of the tuning base at the end: days since the last purchase, purchases, dollars."""

    recency: tuple[float, ...]
    frequency: tuple[float, ...]
    money: tuple[float, ...]


def edges(values: Iterable[float]) -> tuple[float, ...]:
    """Return the four values that part a base into fifths."""
    ordered = sorted(values)
    return tuple(ordered[len(ordered) * fifth // FIFTHS] for fifth in range(1, FIFTHS))


def fifths_of(accounts: Iterable[Messages], end: float, days: float) -> Fifths:
    """Return the edges of a base at `end` (POSIX seconds) over the purchases of the last so many days."""
    recencies, frequencies, moneys = [], [], []
    for messages in accounts:
        bought = [(at(each), dollars(each)) for each in messages if dollars(each) > 0]
        recent = [amount for moment, amount in bought if end - moment < days * DAY]
        if recent:
            recencies.append((end - bought[-1][0]) / DAY)
            frequencies.append(float(len(recent)))
            moneys.append(sum(recent))
    return Fifths(edges(recencies), edges(frequencies), edges(moneys))


def rfm(fifths: Fifths, days: float, least_recency: int) -> Callable[[Messages], Steps]:
    """Return frequency's and money's ranks (2-10 together) while recency's rank is at least the one given, else 0."""
    quiet = fifths.recency[FIFTHS - least_recency]

    def steps(messages: Messages) -> Steps:
        bought = [(at(each), dollars(each)) for each in messages if dollars(each) > 0]
        moments = [moment + after * DAY for moment, _ in bought for after in (0.0, quiet, days) if after < inf]
        return [(moment, score(bought, moment)) for moment in sorted(moments)]

    def score(bought: list[tuple[float, float]], now: float) -> float:
        recent = [each for each in bought if now - days * DAY < each[0] <= now]
        if not recent or now - recent[-1][0] >= quiet * DAY:
            return 0.0
        frequency = bisect_right(fifths.frequency, len(recent)) + 1
        return frequency + bisect_right(fifths.money, sum(amount for _, amount in recent)) + 1

    return steps


def rivals(fifths: dict[float, Fifths]) -> list[Rival]:
    """Return every rival in every setting; `fifths` are the edges by window."""
    found = []
    for days in WINDOWS:
        span = "since ever" if days == inf else f"in {days:.0f} days"
        found += [
            Rival("total spend", span, windowed(dollars, days)),
            Rival("number of contacts", span, windowed(contact, days)),
            Rival("points", span, windowed(points, days)),
            Rival("points and stage", f"{span}, with a contract won", staged(days)),
        ]
    for days, edged in fifths.items():
        found += [
            Rival("RFM segments", f"in {days:.0f} days, recency {r} or 5", rfm(edged, days, r)) for r in (2, 3, 4)
        ]
    return found


def final_score(steps: Steps, end: float) -> float:
    """Return the score in force at `end` (POSIX seconds)."""
    current = -inf
    for moment, score in steps:
        if moment > end:
            break
        current = score
    return current


def best_threshold(scores: Sequence[float], true: Sequence[bool]) -> tuple[float, float]:
    """Return the threshold with the highest F1 and that F1: half-way to the score below it, and above 0.

    Who has a score of 0 or none has given the rule no sign, and is no client by any threshold.
    """
    ranked = sorted(zip(scores, true, strict=True), reverse=True)
    of, found, best = sum(true), 0, (inf, 0.0)
    for told, (score, is_true) in enumerate(ranked, 1):
        found += is_true
        below = ranked[told][0] if told < len(ranked) else -inf
        if below < score > 0:
            f1 = 2 * found / (told + of)
            if f1 > best[1]:
                best = ((score + max(below, 0.0)) / 2, f1)
    return best


def tuned(rival: Rival, base: Sequence[tuple[AccountTruth, Messages]], end: float) -> Tuned:
    """Return a rival with its best threshold on a base."""
    scores = [final_score(rival.steps(messages), end) for _, messages in base]
    true = [truth.phases[-1][1] == CLIENT for truth, _ in base]
    return Tuned(rival, *best_threshold(scores, true))


def course(tuned_rival: Tuned, truth: AccountTruth, messages: Messages) -> Course:
    """Return what a rival says of an account over time."""
    told: list[tuple[float, str]] = []
    for moment, score in tuned_rival.rival.steps(messages):
        status = CLIENT if score >= tuned_rival.threshold else "customer"
        if status != (told[-1][1] if told else "customer"):
            told.append((moment, status))
    timeline: Timeline = tuple(told)
    return Course(truth, timeline)
