"""What next: the smallest further evidence that would change an account's status again, found by applying it.

Each kind of evidence is applied to a copy of the account, once, twice and so on, a week apart, until a rule fires; the kind
that needs the fewest is named, with all that was assumed of it. A test does exactly what it says, and it is true.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final, NamedTuple

from relationship.classify.ends import ends_at
from relationship.classify.fold import advance
from relationship.classify.timers import lapse_at
from relationship.classify.transitions import GATE_SLACK, leaving_border
from relationship.contract import enums, times
from relationship.policy.compiled import Policy
from relationship.state import facts as f
from relationship.state.account import CANDIDATE, CLIENT, CUSTOMER, LAPSED, PROSPECT, Account, copy

MOST_STEPS: Final = 6  # pieces of one kind of evidence; what needs more is not "next"
YEAR_US: Final = 365 * times.DAY_US  # looked ahead for the fading of a client that cannot lapse
APART_US: Final = 7 * times.DAY_US  # between two pieces of evidence: a week is a usual pace of contact


class Step(NamedTuple):
    """One kind of further evidence: its words for one and for several, and the fact that it is at an event time (µs)."""

    one: str
    many: str
    fact: Callable[[int], f.Fact]


def _meeting(kind: str, t: int) -> f.Fact:
    return f.MeetingFact(
        t, "", enums.MEETING_KINDS.index(kind), 60.0, 0, enums.INITIATORS.index("account"), 1, 1, f.OUTCOME_MET
    )


def _ticket(kind: str, t: int) -> f.Fact:
    return f.TicketFact(t, "", t & 0xFFFFFFFF, 0, enums.TICKET_KINDS.index(kind), 0, 0, None, None, 0, None)


def _purchase(t: int) -> f.Fact:
    return f.PurchaseFact(t, "", "1", "EUR", 0, 0, None, None, None)


PURCHASE: Final = Step("a purchase of goods", "purchases of goods", _purchase)
PLANNING: Final = Step(
    "a planning meeting of an hour in person, which it asks for and whose outcome is met",
    "planning meetings of an hour in person, which it asks for and whose outcomes are met",
    lambda t: _meeting("planning", t),
)
REVIEW: Final = Step(
    "a review meeting of an hour in person, which it asks for and whose outcome is met",
    "review meetings of an hour in person, which it asks for and whose outcomes are met",
    lambda t: _meeting("review", t),
)
ADVICE: Final = Step(
    "a new ticket by e-mail in which it asks for advice",
    "new tickets by e-mail in which it asks for advice",
    lambda t: _ticket("advice", t),
)

STEPS: Final = {
    PROSPECT: (PURCHASE,),
    CUSTOMER: (ADVICE, PLANNING, REVIEW),
    CANDIDATE: (PLANNING, REVIEW, ADVICE),
    CLIENT: (),
    LAPSED: (PURCHASE,),
}
NUMBERS: Final = ("", "one", "two", "three", "four", "five", "six")
AT_LATEST_US: Final = (
    14 * times.DAY_US
)  # after the first day named on which the first piece may come: it is said, and holds


class Nearest(NamedTuple):
    """What would change the status: how often which step is needed, from which event time (µs) on, and what it leads to."""

    pieces: int
    target: int
    step: Step
    since: int


def _since(account: Account, policy: Policy) -> int:
    """Return when the first piece counts: in a week, or once the status has been held for every minimum time."""
    return max(account.t + APART_US, account.since + policy.longest_stay_us)


def _tried(account: Account, step: Step, policy: Policy, since: int) -> Iterator[int | None]:
    """Apply a step up to `MOST_STEPS` times, a week apart; yield after each the effective status, None while it is the same.

    Ends where the account would lapse or be demoted in between.
    """
    trial, t = copy(account), since
    status = trial.effective_status
    for _ in range(MOST_STEPS):
        changes, _ = advance(trial, step.fact(t), policy)
        if changes and any(change.direction in {"lapse", "demotion"} for change in changes):
            return
        yield trial.effective_status if trial.effective_status != status else None
        t += APART_US


def nearest(account: Account, policy: Policy) -> Nearest | None:
    """Return what changes the status with the fewest pieces, whether the first comes at once or at the latest; or None."""
    since = _since(account, policy)
    tries = [(step, _tried(account, step, policy, since)) for step in STEPS[account.status]]
    for count in range(1, MOST_STEPS + 1):
        for step, tried in tries:
            target = next(tried, None)
            if target is not None and _holds_later(account, Nearest(count, target, step, since), policy):
                return Nearest(count, target, step, since)
    return None


def _holds_later(account: Account, found: Nearest, policy: Policy) -> bool:
    """Tell whether it leads to the same where the first piece comes as late as is said."""
    later = [*islice(_tried(account, found.step, policy, found.since + AT_LATEST_US), found.pieces)]
    return len(later) == found.pieces and later[-1] == found.target


def fades_on(account: Account, policy: Policy, until: int) -> int | None:
    """Return the event time (µs), to a week, when a client has faded below the border without contact; or None.

    `until` is the end of the time looked at.
    """
    low, high = 0, (until - account.t) // APART_US
    if high <= 0 or not _faded(account, account.t + high * APART_US, policy):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _faded(account, account.t + middle * APART_US, policy) else (middle, high)
    return account.t + high * APART_US


def _faded(account: Account, t: int, policy: Policy) -> bool:
    trial = copy(account)
    reading = advance(trial, PURCHASE.fact(t), policy)[1]
    return reading.score < leaving_border(trial, reading) or not reading.gate(GATE_SLACK)


def what_next(account: Account, policy: Policy) -> str:
    """Return one sentence that says what would change the status next, with everything that it takes to be so."""
    if account.override:
        return f"Held by a person until {_day(account.override.until)}; then the evidence decides again."
    silence = lapse_at(account, policy)
    lapse = f"silence until {_day(silence)} would make it lapsed" if silence is not None else ""
    if account.status == CLIENT:
        return _sentence("; ".join(part for part in (*_ends_of_a_client(account, policy, silence), lapse) if part))
    best = nearest(account, policy)
    if best is None:
        far = f"no {MOST_STEPS} pieces of one kind of evidence would change it"
        return _sentence(f"{far}; {lapse}" if lapse else far)
    first, last = _day(best.since), _day(best.since + AT_LATEST_US)
    if best.pieces == 1:
        words = f"{best.step.one}, between {first} and {last},"
    else:
        words = f"{NUMBERS[best.pieces]} {best.step.many}, a week apart, the first between {first} and {last},"
    gain = f"{words} would make it a {enums.STATUSES[best.target]}"
    return _sentence(f"{gain}; {lapse}" if lapse else gain)


def _ends_of_a_client(account: Account, policy: Policy, silence: int | None) -> Iterator[str]:
    """Yield what would end a client's standing before silence does."""
    end = ends_at(account)
    if end is not None:
        yield f"its agreement ends on {_day(end)}, and its standing with it unless there is another"
    horizon = silence if silence is not None else account.t + YEAR_US
    faded = fades_on(account, policy, horizon)
    if faded is not None:
        yield f"if it meets and writes to nobody, a purchase of goods after {_day(faded)} no longer keeps it a client"
    yield "a notice would end it at once"


def _day(t: int) -> str:
    return times.rfc3339(t)[:10]


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip("; ") + "."
